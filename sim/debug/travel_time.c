/* Going to a time: goto, checkpoint, restart; and who wrote there last. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "base/json.h"
#include "debug/commands.h"
#include "debug/points.h"
#include "debug/travel.h"
#include "debug/travel_parts.h"
#include "machine/sched.h"

/* ---- goto ---- */

/* From where it is, slice by slice: the position before the slice in which this cycle comes. */
static bool slice_before_cycle(struct debugger *debugger, uint64_t cycle, uint64_t *position)
{
	enum { SLICES_PER_LOOK = 256 };
	struct machine *machine = debugger->machine;
	travel_resume(debugger);
	*position = machine_position(machine);
	for (unsigned slices = 1; machine_now(machine) < cycle && machine->stop == RUNNING; slices++) {
		*position = machine_position(machine);
		sched_slice(machine);
		travel_attend(debugger);
		if (slices % SLICES_PER_LOOK == 0 && debug_interrupted(debugger))
			return complain(debugger, "goto: interrupted on the way");
	}
	return true;
}

/* The last position known, not later than the cycle. */
static uint64_t checkpoint_before_cycle(const struct history *history, uint64_t cycle)
{
	struct history_entry entry;
	uint64_t position = history_first(history);
	for (size_t i = 0; history_at(history, i, &entry) && entry.cycle <= cycle; i++)
		position = entry.position;
	return position;
}

/* The first moment at which the machine has come to this cycle. */
static bool go_to_cycle(struct debugger *debugger, struct history *history, uint64_t cycle)
{
	uint64_t position;
	if (machine_now(debugger->machine) >= cycle && !travel_go(debugger, checkpoint_before_cycle(history, cycle)))
		return false;
	debugger->travelling = true;
	bool near = slice_before_cycle(debugger, cycle, &position);
	debugger->travelling = false;
	if (!near || !travel_go(debugger, position))
		return false;
	debugger->travelling = true;
	while (machine_now(debugger->machine) < cycle && debugger->machine->stop == RUNNING) {
		sched_step(debugger->machine);
		travel_attend(debugger);
	}
	debugger->travelling = false;
	points_refresh(debugger);
	if (machine_now(debugger->machine) < cycle)
		return complain(debugger, "goto: the machine stops before that cycle");
	return true;
}

/* start, end, or a cycle: the machine's, or with a sign so many from where it is. */
static bool go_where_told(struct debugger *debugger, struct history *history, const char *args)
{
	uint64_t cycle, now = machine_now(debugger->machine);
	if (strcmp(args, "start") == 0)
		return travel_go(debugger, history_first(history));
	if (strcmp(args, "end") == 0)
		return travel_go(debugger, history_last(history));
	bool later = *args == '+', earlier = *args == '-';
	if (!expression_all(debugger, args + (later || earlier), &cycle))
		return false;
	if (earlier && cycle > now)
		return complain(debugger, "goto: cycle %" PRIu64 " is less than %" PRIu64 " cycles from the start", now,
		                cycle);
	return go_to_cycle(debugger, history, later ? now + cycle : earlier ? now - cycle : cycle);
}

COMMAND(cmd_goto, 56, "goto", "go", "CYCLE | +N | -N | start | end",
        "be where the machine is at that cycle: back in the past, or on without stopping")
{
	struct history *history = travel_past(debugger);
	if (!history)
		return false;
	if (!*args)
		return complain(debugger, "goto CYCLE | +N | -N | start | end");
	debugger->stopped = false;
	return travel_report(debugger, go_where_told(debugger, history, args));
}

/* ---- checkpoints ---- */

static bool set_size(struct debugger *debugger, const char *text, uint64_t *value)
{
	return expression_all(debugger, text, value);
}

void travel_stop(struct debugger *debugger)
{
	if (!debugger->travel)
		return;
	debugger->travel->off = true;
	debugger->machine->pause_at = 0;
}

/* "every", "budget", "on", "off". False: it is no setting. `*good`: whether it was obeyed. */
static bool set_keeping(struct debugger *debugger, const char *args, bool *good)
{
	size_t length;
	uint64_t value = 0;
	const char *word = next_word(&args, &length);
	struct travel *travel = debugger->travel;
	*good = true;
	if (word_is(word, length, "off") && travel) {
		travel_stop(debugger);
	} else if (word_is(word, length, "every") && travel_past(debugger)) {
		*good = strcmp(args, "auto") == 0 || set_size(debugger, args, &value);
		if (*good)
			history_settings(travel->history)->every = value;
	} else if (word_is(word, length, "budget") && travel_past(debugger)) {
		*good = set_size(debugger, args, &value);
		if (*good)
			history_settings(travel->history)->budget = value << 20;
	} else {
		return false;
	}
	return true;
}

COMMAND(cmd_checkpoint, 57, "checkpoint", "ch", "| every CYCLES|auto | budget MIB | off",
        "remember this moment for `restart'; or how the past is kept: info checkpoints")
{
	bool good;
	if (*args)
		return set_keeping(debugger, args, &good) ? good : complain(debugger, "what is `%s'?", args);
	struct history *history = debug_is_over(debugger) ? NULL : travel_past(debugger);
	if (!history)
		return false;
	unsigned number = history_mark(history);
	if (!number)
		return complain(debugger, "checkpoint: no memory");
	fprintf(debugger->out, "checkpoint %u at cycle %" PRIu64 "\n", number, machine_now(debugger->machine));
	return true;
}

COMMAND(cmd_restart, 58, "restart", "rest", "N", "go to checkpoint N")
{
	struct history *history = travel_past(debugger);
	struct history_entry entry;
	uint64_t number;
	if (!history || !expression_all(debugger, args, &number))
		return false;
	for (size_t i = 0; number && history_at(history, i, &entry); i++)
		if (entry.number == number) {
			debugger->stopped = false;
			return travel_report(debugger, travel_go(debugger, entry.position));
		}
	return complain(debugger, "no checkpoint %" PRIu64 ": info checkpoints", number);
}

void travel_print(struct debugger *debugger)
{
	struct history *history = travel_past(debugger);
	struct history_entry entry;
	unsigned own = 0;
	if (!history)
		return;
	for (size_t i = 0; history_at(history, i, &entry); i++) {
		own += !entry.number && !entry.changed;
		if (entry.number)
			fprintf(debugger->out, "%-3u cycle %" PRIu64 "\n", entry.number, entry.cycle);
		if (entry.changed)
			fprintf(debugger->out, "    cycle %" PRIu64 ": changed by a command\n", entry.cycle);
	}
	history_at(history, 0, &entry);
	fprintf(debugger->out, "the past is known from cycle %" PRIu64 " on: %u more snapshots, %zu MiB\n", entry.cycle,
	        own, (history_bytes(history) + (1 << 20) - 1) >> 20);
}

bool travel_json(struct debugger *debugger, struct json *json)
{
	struct history *history = travel_past(debugger);
	struct history_entry entry;
	unsigned own = 0;
	if (!history)
		return false;
	json_open(json, "checkpoints", '[');
	for (size_t i = 0; history_at(history, i, &entry); i++) {
		own += !entry.number && !entry.changed;
		if (!entry.number && !entry.changed)
			continue;
		json_open(json, NULL, '{');
		if (entry.number)
			json_u64(json, "number", entry.number);
		else
			json_null(json, "number");
		json_u64(json, "cycle", entry.cycle);
		json_bool(json, "changed", entry.changed);
		json_close(json, '}');
	}
	json_close(json, ']');
	history_at(history, 0, &entry);
	json_u64(json, "from", entry.cycle);
	json_u64(json, "snapshots", own);
	json_u64(json, "bytes", history_bytes(history));
	return true;
}

/* ---- last ---- */

static enum place before_store(struct debugger *debugger, const struct hart *moved, struct search *search)
{
	bool seen = debugger->noticed;
	(void)moved;
	(void)search;
	debugger->noticed = false;
	return seen ? PLACE_BEFORE : NO_PLACE;
}

static bool say_who(struct debugger *debugger, const struct search *search, uint64_t pa, unsigned size)
{
	uint64_t before = 0, after = 0;
	unsigned hart = debugger->hart;
	if (!travel_go(debugger, search->landing))
		return false;
	debugger->hart = search->hart;
	bus_peek(&debugger->machine->bus, pa, &before, size);
	debugger->searching = true;
	sched_step(debugger->machine);
	debugger->searching = false;
	bus_peek(&debugger->machine->bus, pa, &after, size);
	if (!travel_go(debugger, search->landing))
		debugger->hart = hart;
	fprintf(debugger->out, "0x%" PRIx64 " -> 0x%" PRIx64 " at physical 0x%" PRIx64 ", by\n", before, after, pa);
	return debug_report_stop(debugger);
}

COMMAND(cmd_last, 59, "last", "la", "ADDR [SIZE]", "back to the instruction that wrote the SIZE (8) bytes at ADDR last")
{
	struct history *history = travel_past(debugger);
	uint64_t address, size = 8, here = machine_position(debugger->machine);
	const char *rest = args;
	if (!history || !expression(debugger, &rest, &address) || (*rest && !expression_all(debugger, rest, &size)))
		return false;
	if (size < 1 || size > 8)
		return complain(debugger, "last: 1 to 8 bytes");
	if (!debug_physical(current(debugger), address, &address) ||
	    !bus_is_dram(&debugger->machine->bus, address, size))
		return complain(debugger, "last: 0x%" PRIx64 " is not in memory", address);
	debugger->stopped = false;
	debugger->travel->written.pa = address;
	debugger->travel->written.size = (unsigned)size;
	bus_flag(&debugger->machine->bus, address, PAGE_LOOK);
	bus_flag(&debugger->machine->bus, address + size - 1, PAGE_LOOK);
	struct search search = {.place = before_store, .limit = here};
	if (travel_find_noticed(debugger, &search))
		return say_who(debugger, &search, address, (unsigned)size);
	return travel_go(debugger, here) &&
	       complain(debugger, "nobody has written there since cycle 0 of what is known");
}
