/* Watchpoints: when memory or a register changes, or memory is read. */
#include <string.h>
#include "debug/commands.h"
#include "debug/evaluate.h"
#include "debug/points.h"
#include "debug/stack.h"
#include "debug/view.h"

/* Memory is watched where the address leads now: later world switches do not move a watchpoint. */
bool points_read_watched(const struct debugger *debugger, const struct stop_point *point, uint64_t *value)
{
	struct hart *hart = &debugger->machine->harts[point->hart];
	*value = 0;
	return point->in_register ? debug_register(hart, point->address, value)
	                          : bus_peek(&debugger->machine->bus, point->address, value, point->size);
}

/* A variable is watched where it is, whole; anything else is the address. */
static bool watched_place(struct debugger *debugger, const char **text, struct stop_point *point, uint64_t *size)
{
	struct evaluated evaluated;
	const char *start = *text;
	if (!evaluate(debugger, text, false, &evaluated))
		return false;
	const struct value *value = &evaluated.value;
	enum type_kind kind = type_kind(&value->type);
	point->address = value->address;
	point->in_register = value->kind == PLACE_REGISTER && !value->bit_size;
	if (point->in_register && stack_chosen(debugger))
		return complain(debugger, "registers of outer frames are in memory: frame 0 has the hart's own");
	if (point->in_register)
		return true;
	if (!type_is_word(&value->type) && value->kind == PLACE_MEMORY && kind != KIND_ARRAY && kind != KIND_FUNCTION) {
		point->address += value->bit_offset / 8;
		*size = value->bit_size ? (value->bit_offset % 8 + value->bit_size + 7) / 8 : type_size(&value->type);
		return true;
	}
	const char *reason = value_number(&evaluated.view.view, value, &point->address);
	return !reason || complain(debugger, "`%s': %s", start, reason);
}

static bool begin_watching(struct debugger *debugger, const char *text, const struct stop_point *wanted)
{
	static const char *const kinds[] = {
	    [WATCH_CHANGES] = "", [WATCH_READS] = "read ", [WATCH_ACCESSES] = "access "};
	struct stop_point *point = points_add(debugger, text);
	if (!point)
		return complain(debugger, "no memory");
	point->kind = POINT_WATCH;
	point->in_register = wanted->in_register;
	point->hart = wanted->hart;
	point->address = wanted->address;
	point->size = wanted->size;
	point->last = wanted->last;
	point->watched = wanted->watched;
	if (point->in_register)
		fprintf(debugger->out, "watchpoint %u: %s of hart %u\n", point->number, text, point->hart);
	else
		fprintf(debugger->out, "%swatchpoint %u at physical 0x%llx, %u bytes\n", kinds[point->watched],
		        point->number, (unsigned long long)point->address, point->size);
	return true;
}

/* Is this word, as a whole, next? Then go behind it. */
static bool word_is_next(const char **text, const char *wanted)
{
	size_t length;
	const char *rest = *text, *word = next_word(&rest, &length);
	if (!word_is(word, length, wanted))
		return false;
	*text = rest;
	return true;
}

/* What is told of loads: those of memory. */
static bool can_be_told(struct debugger *debugger, const struct stop_point *point)
{
	return point->watched == WATCH_CHANGES ||
	       (!point->in_register && bus_is_dram(&debugger->machine->bus, point->address, point->size)) ||
	       complain(debugger, "only reads of memory can be watched");
}

static bool set_watch(struct debugger *debugger, const char *args, struct stop_point *point)
{
	const char *rest = args;
	uint64_t size = 8;
	bool physical = word_is_next(&rest, "phys");
	point->hart = debugger->hart;
	if (!physical && !word_is_next(&rest, "-l"))
		word_is_next(&rest, "-location");
	if (!*rest)
		return complain(debugger, "watch VAR | $REG | ADDR [SIZE] | phys ADDR [SIZE]");
	if (!(physical ? expression(debugger, &rest, &point->address) : watched_place(debugger, &rest, point, &size)) ||
	    (*rest && !point->in_register && !expression_all(debugger, rest, &size)))
		return false;
	if (*rest && point->in_register)
		return complain(debugger, "what is `%s'?", rest);
	if (size < 1 || size > 8)
		return complain(debugger, "a watchpoint has 1 to 8 bytes");
	point->size = (unsigned)size;
	uint64_t address = point->address;
	if ((!physical && !point->in_register && !debug_physical(current(debugger), address, &point->address)) ||
	    !points_read_watched(debugger, point, &point->last))
		return complain(debugger, "cannot read 0x%llx", (unsigned long long)address);
	return can_be_told(debugger, point) && begin_watching(debugger, args, point);
}

COMMAND(cmd_watch, 90, "watch", "wa", "VAR | $REG | ADDR [SIZE] | phys ADDR [SIZE]",
        "stop when a variable, a register of this hart, or memory (8 bytes, or SIZE) changes")
{
	return set_watch(debugger, args, &(struct stop_point){.watched = WATCH_CHANGES});
}

COMMAND(cmd_rwatch, 91, "rwatch", "rw", "VAR | ADDR [SIZE] | phys ADDR [SIZE]",
        "stop behind an instruction that reads it")
{
	return set_watch(debugger, args, &(struct stop_point){.watched = WATCH_READS});
}

COMMAND(cmd_awatch, 92, "awatch", "aw", "VAR | ADDR [SIZE] | phys ADDR [SIZE]",
        "stop behind an instruction that reads or writes it")
{
	return set_watch(debugger, args, &(struct stop_point){.watched = WATCH_ACCESSES});
}
