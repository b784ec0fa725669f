/* Breakpoints, watchpoints and catchpoints: looked at from outside, after each step, so that they cannot change a
 * run. */
#include <stdlib.h>
#include <string.h>
#include "csr/csr.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "hart/trap.h"

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

bool points_active(const struct debugger *debugger) { return debugger->point_count != 0; }

static bool set_break(struct debugger *debugger, const char *args, bool temporary)
{
	const char *rest = args;
	uint64_t address;
	if (*rest == '*')
		rest++;
	if (!expression(debugger, &rest, &address))
		return false;
	const char *condition = NULL;
	if (strncmp(rest, "if ", 3) == 0)
		condition = rest + 3;
	else if (*rest)
		return complain(debugger, "what is `%s'?", rest);
	uint64_t ignored;
	if (condition && !expression_all(debugger, condition, &ignored))
		return false;
	struct stop_point *point = add(debugger, args);
	if (!point)
		return complain(debugger, "no memory");
	point->kind = POINT_BREAK;
	point->temporary = temporary;
	point->address = address;
	point->condition = condition ? strdup(condition) : NULL;
	fprintf(debugger->out, "breakpoint %u at 0x%llx\n", point->number, (unsigned long long)address);
	return true;
}

COMMAND(cmd_break, 70, "break", "b", "LOC [if EXPR]", "stop before the instruction at LOC (symbol or address)")
{
	return set_break(debugger, args, false);
}
COMMAND(cmd_tbreak, 80, "tbreak", "tb", "LOC [if EXPR]", "the same, once") { return set_break(debugger, args, true); }

/* Memory is watched where the address leads now: later world switches do not move a watchpoint. */
static bool read_watched(const struct debugger *debugger, uint64_t pa, unsigned size, uint64_t *value)
{
	*value = 0;
	return bus_peek(&debugger->machine->bus, pa, value, size);
}

COMMAND(cmd_watch, 90, "watch", "wa", "ADDR [SIZE]", "stop when memory at virtual ADDR (8 bytes, or SIZE) changes")
{
	const char *rest = args;
	uint64_t address, size = 8, value;
	if (!expression(debugger, &rest, &address) || (*rest && !expression_all(debugger, rest, &size)))
		return false;
	if (size < 1 || size > 8)
		return complain(debugger, "a watchpoint has 1 to 8 bytes");
	if (!debug_physical(current(debugger), address, &address) ||
	    !read_watched(debugger, address, (unsigned)size, &value))
		return complain(debugger, "cannot read 0x%llx", (unsigned long long)address);
	struct stop_point *point = add(debugger, args);
	if (!point)
		return complain(debugger, "no memory");
	point->kind = POINT_WATCH;
	point->address = address;
	point->size = (unsigned)size;
	point->last = value;
	fprintf(debugger->out, "watchpoint %u at physical 0x%llx, %u bytes\n", point->number,
	        (unsigned long long)address, point->size);
	return true;
}

/* A trap cause: a number, i and a number for interrupts, or nothing. */
static bool parse_cause(struct debugger *debugger, const char *text, uint64_t *cause)
{
	bool interrupt = *text == 'i';
	if (!expression_all(debugger, text + interrupt, cause))
		return false;
	if (interrupt)
		*cause |= UINT64_C(1) << 63;
	return true;
}

COMMAND(cmd_catch, 100, "catch", "cat", "trap [CAUSE] | world [MODE] | csr [NAME] | tp | irq", "stop when it happens")
{
	static const struct {
		const char *name;
		enum trace_type type;
	} kinds[] = {
	    {"trap", TRACE_TRAP}, {"world", TRACE_WORLD}, {"csr", TRACE_CSR}, {"tp", TRACE_TP}, {"irq", TRACE_IRQ},
	};
	const char *rest = args;
	size_t length;
	const char *word = next_word(&rest, &length);
	unsigned kind = 0;
	while (kind < 5 && !word_is(word, length, kinds[kind].name))
		kind++;
	if (kind == 5)
		return complain(debugger, "catch trap [CAUSE] | world [MODE] | csr [NAME] | tp | irq");
	uint64_t argument = 0;
	enum mode mode;
	switch (kinds[kind].type) {
	case TRACE_TRAP:
		if (*rest && !parse_cause(debugger, rest, &argument))
			return false;
		break;
	case TRACE_WORLD:
		if (*rest && !parse_mode(rest, strlen(rest), &mode))
			return complain(debugger, "no mode `%s': M HS U VS VU", rest);
		argument = *rest ? mode : 0;
		break;
	case TRACE_CSR:
		if (*rest && !csr_info_by_name(rest))
			return complain(debugger, "no CSR `%s'", rest);
		argument = *rest ? csr_info_by_name(rest)->num : 0;
		break;
	default:
		if (*rest)
			return complain(debugger, "what is `%s'?", rest);
	}
	struct stop_point *point = add(debugger, args);
	if (!point)
		return complain(debugger, "no memory");
	point->kind = POINT_CATCH;
	point->type = kinds[kind].type;
	point->has_argument = *rest != '\0';
	point->argument = argument;
	fprintf(debugger->out, "catchpoint %u: %s\n", point->number, args);
	return true;
}

COMMAND(cmd_delete, 110, "delete", "d", "[N]", "remove stop point N, or all")
{
	uint64_t number;
	if (!*args) {
		while (debugger->point_count)
			drop(debugger, debugger->point_count - 1);
		return true;
	}
	if (!expression_all(debugger, args, &number))
		return false;
	for (unsigned i = 0; i < debugger->point_count; i++)
		if (debugger->points[i].number == number) {
			drop(debugger, i);
			return true;
		}
	return complain(debugger, "no stop point %llu", (unsigned long long)number);
}

void points_print(struct debugger *debugger)
{
	static const char *const kinds[] = {"break", "watch", "catch"};
	if (!debugger->point_count)
		fprintf(debugger->out, "no stop points\n");
	for (unsigned i = 0; i < debugger->point_count; i++) {
		const struct stop_point *point = &debugger->points[i];
		fprintf(debugger->out, "%-3u %-6s %s%s, hit %llu times\n", point->number, kinds[point->kind],
		        point->text, point->temporary ? " (once)" : "", (unsigned long long)point->hits);
	}
}

static void hit(struct debugger *debugger, struct stop_point *point, unsigned hart, const char *what)
{
	point->hits += !debugger->searching;
	debugger->stopped = true;
	debugger->stopped_before = point->kind == POINT_WATCH;
	debugger->hart = hart;
	snprintf(debugger->reason, sizeof debugger->reason, "%s %u: %s", what, point->number, point->text);
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
	if (!read_watched(debugger, point->address, point->size, &value) || value == point->last)
		return;
	char what[96];
	snprintf(what, sizeof what, "0x%llx -> 0x%llx, watchpoint", (unsigned long long)point->last,
	         (unsigned long long)value);
	point->last = value;
	hit(debugger, point, moved->id, what);
}

void points_refresh(struct debugger *debugger)
{
	for (unsigned i = 0; i < debugger->point_count; i++) {
		struct stop_point *point = &debugger->points[i];
		if (point->kind == POINT_WATCH)
			read_watched(debugger, point->address, point->size, &point->last);
	}
}

void points_check(struct debugger *debugger, struct hart *moved)
{
	for (unsigned i = 0; i < debugger->point_count; i++) {
		struct stop_point *point = &debugger->points[i];
		if (point->kind == POINT_WATCH)
			check_watch(debugger, point, moved);
		if (point->kind != POINT_BREAK || point->address != moved->pc || moved->waiting ||
		    !condition_holds(debugger, point, moved->id))
			continue;
		hit(debugger, point, moved->id, "breakpoint");
		if (point->temporary && !debugger->searching)
			drop(debugger, i--);
	}
}

static bool point_matches(const struct stop_point *point, const struct trace_event *event)
{
	if (point->kind != POINT_CATCH || point->type != event->type)
		return false;
	if (!point->has_argument)
		return true;
	return point->argument == (event->type == TRACE_WORLD ? event->mode : event->value[0]);
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
		if (!point_matches(&debugger->points[i], event))
			continue;
		char what[128];
		describe_event(event, what, sizeof what);
		hit(debugger, &debugger->points[i], event->hart, what);
	}
}
