/* Breakpoints, watchpoints and catchpoints: looked at from outside, after each step, so that they cannot change a
 * run. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/symbols.h"
#include "csr/csr.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/evaluate.h"
#include "debug/locate.h"
#include "debug/view.h"
#include "hart/trap.h"

struct stop_point *points_numbered(struct debugger *debugger, uint64_t number)
{
	for (unsigned i = 0; i < debugger->point_count; i++)
		if (debugger->points[i].number == number)
			return &debugger->points[i];
	complain(debugger, "no stop point %llu", (unsigned long long)number);
	return NULL;
}

bool points_each(struct debugger *debugger, const char *args, point_function *function)
{
	size_t length;
	if (!*args) {
		for (unsigned i = debugger->point_count; i-- > 0;)
			function(debugger, &debugger->points[i]);
		return true;
	}
	while (*args) {
		const char *word = next_word(&args, &length);
		char *end;
		unsigned long first = strtoul(word, &end, 10), last = first;
		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (!isdigit((unsigned char)*word) || end != word + length || last < first)
			return complain(debugger, "no number of a stop point: `%.*s'", (int)length, word);
		if (last >= debugger->next_number)
			return complain(debugger, "no stop point %lu", last);
		for (unsigned long number = first; number <= last; number++) {
			struct stop_point *point = points_numbered(debugger, number);
			if (!point || !function(debugger, point))
				return false;
		}
	}
	return true;
}

static struct stop_point *add(struct debugger *debugger, const char *text)
{
	struct stop_point *points = realloc(debugger->points, (debugger->point_count + 1) * sizeof *points);
	if (!points)
		return NULL;
	debugger->points = points;
	struct stop_point *point = &points[debugger->point_count++];
	memset(point, 0, sizeof *point);
	point->number = debugger->next_number++;
	point->text = strdup(text);
	return point;
}

static void drop(struct debugger *debugger, unsigned index)
{
	free(debugger->points[index].condition);
	free(debugger->points[index].text);
	free(debugger->points[index].commands);
	free(debugger->points[index].others);
	debugger->point_count--;
	memmove(&debugger->points[index], &debugger->points[index + 1],
	        (debugger->point_count - index) * sizeof *debugger->points);
}

void points_free(struct debugger *debugger)
{
	while (debugger->point_count)
		drop(debugger, debugger->point_count - 1);
	free(debugger->points);
	debugger->points = NULL;
}

bool points_active(const struct debugger *debugger)
{
	unsigned active = 0;
	for (unsigned i = 0; i < debugger->point_count; i++)
		active += !debugger->points[i].disabled;
	return active != 0;
}

static void print_break(struct debugger *debugger, const struct stop_point *point, const struct locations *locations)
{
	fprintf(debugger->out, "breakpoint %u at 0x%llx", point->number, (unsigned long long)point->address);
	for (size_t i = 0; i < point->other_count; i++)
		fprintf(debugger->out, ", 0x%llx", (unsigned long long)point->others[i]);
	if (locations->has_line) {
		fputs(": ", debugger->out);
		print_plain(debugger->out, locations->line.file, strlen(locations->line.file));
		fprintf(debugger->out, ":%u", locations->line.line);
	}
	fputc('\n', debugger->out);
}

/* The addresses go over to the point: the first, then the others. */
static bool break_at(struct debugger *debugger, const char *args, const char *condition, bool temporary,
                     struct locations *locations)
{
	struct stop_point *point = add(debugger, args);
	if (!point)
		return complain(debugger, "no memory");
	point->kind = POINT_BREAK;
	point->temporary = temporary;
	point->address = locations->addresses[0];
	point->other_count = locations->count - 1;
	point->place = locations->place;
	point->condition = condition ? strdup(condition) : NULL;
	memmove(locations->addresses, locations->addresses + 1, point->other_count * sizeof *locations->addresses);
	point->others = locations->addresses;
	locations->addresses = NULL;
	print_break(debugger, point, locations);
	return true;
}

static bool set_break(struct debugger *debugger, const char *args, bool temporary)
{
	const char *rest = args, *condition = NULL;
	struct locations locations;
	bool good = locate(debugger, &rest, &locations);
	if (good && strncmp(rest, "if ", 3) == 0)
		condition = rest + 3;
	else if (good && *rest)
		good = complain(debugger, "what is `%s'?", rest);
	good = good && (!condition || expression_for(debugger, condition, locations.addresses[0])) &&
	       break_at(debugger, args, condition, temporary, &locations);
	locations_free(&locations);
	return good;
}

COMMAND(cmd_break, 70, "break", "b", "LOC [if EXPR]",
        "stop before the instruction at LOC: function, FILE:LINE, *EXPR, address")
{
	return set_break(debugger, args, false);
}
COMMAND(cmd_tbreak, 80, "tbreak", "tb", "LOC [if EXPR]", "the same, once") { return set_break(debugger, args, true); }

/* Memory is watched where the address leads now: later world switches do not move a watchpoint. */
static bool read_watched(const struct debugger *debugger, const struct stop_point *point, uint64_t *value)
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
	struct stop_point *point = add(debugger, text);
	if (!point)
		return complain(debugger, "no memory");
	point->kind = POINT_WATCH;
	point->in_register = wanted->in_register;
	point->hart = wanted->hart;
	point->address = wanted->address;
	point->size = wanted->size;
	point->last = wanted->last;
	if (point->in_register)
		fprintf(debugger->out, "watchpoint %u: %s of hart %u\n", point->number, text, point->hart);
	else
		fprintf(debugger->out, "watchpoint %u at physical 0x%llx, %u bytes\n", point->number,
		        (unsigned long long)point->address, point->size);
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

COMMAND(cmd_watch, 90, "watch", "wa", "VAR | $REG | ADDR [SIZE] | phys ADDR [SIZE]",
        "stop when a variable, a register of this hart, or memory (8 bytes, or SIZE) changes")
{
	const char *rest = args;
	struct stop_point point = {.hart = debugger->hart};
	uint64_t size = 8;
	bool physical = word_is_next(&rest, "phys");
	if (!physical && !word_is_next(&rest, "-l"))
		word_is_next(&rest, "-location");
	if (!*rest)
		return complain(debugger, "watch VAR | $REG | ADDR [SIZE] | phys ADDR [SIZE]");
	if (!(physical ? expression(debugger, &rest, &point.address) : watched_place(debugger, &rest, &point, &size)) ||
	    (*rest && !point.in_register && !expression_all(debugger, rest, &size)))
		return false;
	if (*rest && point.in_register)
		return complain(debugger, "what is `%s'?", rest);
	if (size < 1 || size > 8)
		return complain(debugger, "a watchpoint has 1 to 8 bytes");
	point.size = (unsigned)size;
	uint64_t address = point.address;
	if ((!physical && !point.in_register && !debug_physical(current(debugger), address, &point.address)) ||
	    !read_watched(debugger, &point, &point.last))
		return complain(debugger, "cannot read 0x%llx", (unsigned long long)address);
	return begin_watching(debugger, args, &point);
}

/* ---- catch ---- */

/* "load guest-page fault", however its words are joined and whatever their case. */
static bool same_words(const char *text, const char *name)
{
	for (; *text && *name; text++, name++) {
		bool joined = strchr(" -_/", *name) != NULL;
		if (joined ? !strchr(" -_/", *text) : tolower((unsigned char)*text) != tolower((unsigned char)*name))
			return false;
	}
	return *text == *name;
}

static bool cause_by_name(const char *text, uint64_t *cause)
{
	for (uint64_t code = 0; code < 128; code++) { /* exceptions, then interrupts */
		*cause = code % 64 | (code / 64) << 63;
		if (cause_exists(code / 64, code % 64) && same_words(text, cause_name(code / 64, code % 64)))
			return true;
	}
	return false;
}

/* A trap cause: its name, a number, or i and a number for interrupts. */
static bool parse_cause(struct debugger *debugger, const char *text, uint64_t *cause)
{
	if (cause_by_name(text, cause))
		return true;
	bool interrupt = *text == 'i' && isdigit((unsigned char)text[1]);
	if (!interrupt && (isalpha((unsigned char)*text) || *text == '_'))
		return complain(debugger, "no cause `%s': a number, iN for interrupts, or a name like `%s'", text,
		                cause_name(false, CAUSE_LOAD_GUEST_PAGE));
	if (!expression_all(debugger, text + interrupt, cause))
		return false;
	if (*cause > UINT32_MAX || !cause_exists(interrupt, (unsigned)*cause))
		return complain(debugger, "no %s has the cause %s", interrupt ? "interrupt" : "exception",
		                text + interrupt);
	*cause |= (uint64_t)interrupt << 63;
	return true;
}

static const char catch_usage[] =
    "catch trap [CAUSE] | exit [CAUSE] | switch [ZONE] | world [MODE] | csr [NAME] | tp | irq";

static bool parse_catch_argument(struct debugger *debugger, const char *rest, struct stop_point *point)
{
	unsigned space;
	enum mode mode;
	point->has_argument = *rest != '\0';
	if (!*rest)
		return true;
	if (point->type == TRACE_TRAP || point->which == CATCH_EXIT)
		return parse_cause(debugger, rest, &point->argument);
	if (point->which == CATCH_SWITCH) {
		if (!debug_zone(debugger, &rest, &space))
			return false;
		point->argument = space;
		return !*rest || complain(debugger, "what is `%s'?", rest);
	}
	if (point->type == TRACE_WORLD) {
		if (!parse_mode(rest, strlen(rest), &mode))
			return complain(debugger, "no mode `%s': M HS U VS VU", rest);
		point->argument = mode;
		return true;
	}
	const struct csr_info *info = point->type == TRACE_CSR ? csr_info_by_name(rest) : NULL;
	if (point->type == TRACE_CSR && !info)
		return complain(debugger, "no CSR `%s'", rest);
	if (!info)
		return complain(debugger, "what is `%s'?", rest);
	point->argument = info->num;
	return true;
}

COMMAND(cmd_catch, 100, "catch", "cat", "trap|exit [CAUSE] | switch [ZONE] | world [MODE] | csr [NAME] | tp | irq",
        "stop when it happens; at a switch into or out of a guest with what it left with and got back")
{
	static const struct {
		const char *name;
		enum trace_type type;
		int which;
	} kinds[] = {
	    {"trap", TRACE_TRAP, CATCH_EVENT}, {"world", TRACE_WORLD, CATCH_EVENT},
	    {"exit", TRACE_WORLD, CATCH_EXIT}, {"switch", TRACE_WORLD, CATCH_SWITCH},
	    {"csr", TRACE_CSR, CATCH_EVENT},   {"tp", TRACE_TP, CATCH_EVENT},
	    {"irq", TRACE_IRQ, CATCH_EVENT},
	};
	enum { KINDS = sizeof kinds / sizeof kinds[0] };
	const char *rest = args;
	size_t length;
	const char *word = next_word(&rest, &length);
	unsigned kind = 0;
	while (kind < KINDS && !word_is(word, length, kinds[kind].name))
		kind++;
	if (kind == KINDS)
		return complain(debugger, "%s", catch_usage);
	struct stop_point caught = {.kind = POINT_CATCH, .type = kinds[kind].type, .which = kinds[kind].which};
	if (!parse_catch_argument(debugger, rest, &caught))
		return false;
	struct stop_point *point = add(debugger, args);
	if (!point)
		return complain(debugger, "no memory");
	point->kind = POINT_CATCH;
	point->type = caught.type;
	point->which = caught.which;
	point->has_argument = caught.has_argument;
	point->argument = caught.argument;
	fprintf(debugger->out, "catchpoint %u: %s\n", point->number, args);
	return true;
}

static bool delete_one(struct debugger *debugger, struct stop_point *point)
{
	drop(debugger, (unsigned)(point - debugger->points));
	return true;
}

COMMAND(cmd_delete, 110, "delete", "d", "[N | N-M]...", "remove stop points, or all")
{
	return points_each(debugger, args, delete_one);
}

void points_print(struct debugger *debugger)
{
	static const char *const kinds[] = {"break", "watch", "catch"};
	if (!debugger->point_count)
		fprintf(debugger->out, "no stop points\n");
	for (unsigned i = 0; i < debugger->point_count; i++) {
		const struct stop_point *point = &debugger->points[i];
		fprintf(debugger->out, "%-3u %-6s %s%s%s, hit %llu times", point->number, kinds[point->kind],
		        point->text, point->temporary ? " (once)" : "", point->disabled ? " (disabled)" : "",
		        (unsigned long long)point->hits);
		if (point->ignored)
			fprintf(debugger->out, ", ignored %llu times more", (unsigned long long)point->ignored);
		fputc('\n', debugger->out);
		for (const char *line = point->commands; line && *line; line += strcspn(line, "\n") + 1)
			fprintf(debugger->out, "        %.*s\n", (int)strcspn(line, "\n"), line);
	}
}

static void point_json(const struct stop_point *point, struct json *json)
{
	static const char *const kinds[] = {"break", "watch", "catch"};
	json_open(json, NULL, '{');
	json_u64(json, "number", point->number);
	json_string(json, "kind", kinds[point->kind]);
	json_string(json, "text", point->text);
	json_string(json, "condition", point->condition);
	json_string(json, "commands", point->commands);
	json_bool(json, "once", point->temporary);
	json_bool(json, "enabled", !point->disabled);
	json_u64(json, "hits", point->hits);
	json_hex(json, "ignored", point->ignored);
	json_open(json, "addresses", '[');
	if (point->kind != POINT_CATCH && !point->in_register)
		json_hex(json, NULL, point->address);
	for (size_t i = 0; i < point->other_count; i++)
		json_hex(json, NULL, point->others[i]);
	json_close(json, ']');
	if (point->kind == POINT_WATCH) {
		json_u64(json, "size", point->size);
		json_hex(json, "value", point->last);
	}
	json_close(json, '}');
}

void points_json(const struct debugger *debugger, struct json *json)
{
	json_open(json, "stop_points", '[');
	for (unsigned i = 0; i < debugger->point_count; i++)
		point_json(&debugger->points[i], json);
	json_close(json, ']');
}

/* Behind those of others that are met by the same step. */
static void obey_later(struct debugger *debugger, const char *commands)
{
	char *all;
	if (!commands || asprintf(&all, "%s%s", debugger->to_obey ? debugger->to_obey : "", commands) < 0)
		return;
	free(debugger->to_obey);
	debugger->to_obey = all;
}

/* False: it stops nothing, this time. */
static bool hit(struct debugger *debugger, struct stop_point *point, unsigned hart, const char *what)
{
	if (!debugger->searching) {
		point->hits++;
		if (point->ignored) {
			point->ignored--;
			return false;
		}
		obey_later(debugger, point->commands);
	}
	debugger->stopped = true;
	debugger->at_switch = point->kind == POINT_CATCH && point->which != CATCH_EVENT;
	debugger->stopped_before = point->kind == POINT_WATCH;
	debugger->hart = hart;
	snprintf(debugger->reason, sizeof debugger->reason, "%s %u: %s", what, point->number, point->text);
	return true;
}

static bool condition_holds(struct debugger *debugger, const struct stop_point *point, unsigned hart)
{
	uint64_t value = 1;
	unsigned before = debugger->hart;
	debugger->hart = hart;
	if (point->condition)
		expression_all(debugger, point->condition, &value);
	debugger->hart = before;
	return value != 0;
}

static void check_watch(struct debugger *debugger, struct stop_point *point, const struct hart *moved)
{
	uint64_t value;
	if (point->in_register && point->hart != moved->id)
		return;
	if (!read_watched(debugger, point, &value) || value == point->last)
		return;
	char what[96];
	snprintf(what, sizeof what, "0x%llx -> 0x%llx, watchpoint", (unsigned long long)point->last,
	         (unsigned long long)value);
	point->last = value;
	hit(debugger, point, moved->id, what);
}

void points_refresh_one(struct debugger *debugger, struct stop_point *point)
{
	if (point->kind == POINT_WATCH)
		read_watched(debugger, point, &point->last);
}

void points_refresh(struct debugger *debugger)
{
	for (unsigned i = 0; i < debugger->point_count; i++)
		points_refresh_one(debugger, &debugger->points[i]);
}

static bool breaks_at(const struct stop_point *point, uint64_t pc)
{
	bool found = point->address == pc;
	for (size_t i = 0; i < point->other_count; i++)
		found |= point->others[i] == pc;
	return found;
}

void points_check(struct debugger *debugger, struct hart *moved)
{
	for (unsigned i = 0; i < debugger->point_count; i++) {
		struct stop_point *point = &debugger->points[i];
		if (point->disabled)
			continue;
		if (point->kind == POINT_WATCH)
			check_watch(debugger, point, moved);
		if (point->kind != POINT_BREAK || !breaks_at(point, moved->pc) || moved->waiting ||
		    !debug_is_there(debugger, moved, &point->place) || !condition_holds(debugger, point, moved->id))
			continue;
		if (hit(debugger, point, moved->id, "breakpoint") && point->temporary && !debugger->searching)
			drop(debugger, i--);
	}
}

/* Into a guest or out of one. */
static bool is_switch(const struct trace_event *event)
{
	return event->type == TRACE_WORLD && event->value[0] != TRACE_RESET &&
	       mode_virt((enum mode)event->from) != mode_virt((enum mode)event->mode);
}

static bool point_matches(const struct debugger *debugger, const struct stop_point *point,
                          const struct trace_event *event)
{
	if (point->disabled || point->kind != POINT_CATCH || point->type != event->type)
		return false;
	if (point->which != CATCH_EVENT && !is_switch(event))
		return false;
	if (point->which == CATCH_EXIT && mode_virt((enum mode)event->mode))
		return false;
	if (!point->has_argument)
		return true;
	if (point->which == CATCH_SWITCH)
		return point->argument == symbols_space_of(debugger->machine->symbols, event->value[2]);
	return point->argument ==
	       (event->type == TRACE_WORLD && point->which == CATCH_EVENT ? event->mode : event->value[0]);
}

static void describe_event(const struct trace_event *event, char *text, size_t size)
{
	switch (event->type) {
	case TRACE_TRAP:
		snprintf(text, size, "%s in %s, catchpoint", cause_name(event->value[0] >> 63, event->value[0] & 0xff),
		         mode_name(event->mode));
		break;
	case TRACE_WORLD:
		snprintf(text, size, "%s -> %s, catchpoint", mode_name(event->from), mode_name(event->mode));
		break;
	case TRACE_CSR:
		snprintf(text, size, "%s = 0x%llx, catchpoint", csr_info((unsigned)event->value[0])->name,
		         (unsigned long long)event->value[1]);
		break;
	default:
		snprintf(text, size, "%s = 0x%llx, catchpoint", event->type == TRACE_TP ? "tp" : "irq lines",
		         (unsigned long long)event->value[0]);
	}
}

void points_event(struct debugger *debugger, const struct trace_event *event)
{
	for (unsigned i = 0; i < debugger->point_count; i++) {
		if (!point_matches(debugger, &debugger->points[i], event))
			continue;
		char what[128];
		describe_event(event, what, sizeof what);
		hit(debugger, &debugger->points[i], event->hart, what);
	}
}
