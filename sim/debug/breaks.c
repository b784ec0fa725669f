/* Breakpoints: before an instruction. */
#include <stdlib.h>
#include <string.h>
#include "debug/commands.h"
#include "debug/evaluate.h"
#include "debug/locate.h"
#include "debug/points.h"

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
	struct stop_point *point = points_add(debugger, args);
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
