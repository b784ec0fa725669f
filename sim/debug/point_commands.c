/* What a user does with a stop point that is there: enable, disable, ignore, condition, commands. */
#include "debug/point_commands.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/points.h"
#include "debug/evaluate.h"

static bool enable(struct debugger *debugger, struct stop_point *point)
{
	if (point->disabled)
		points_refresh_one(debugger, point);
	point->disabled = false;
	return true;
}

static bool disable(struct debugger *debugger, struct stop_point *point)
{
	(void)debugger;
	point->disabled = true;
	return true;
}

COMMAND(cmd_enable, 111, "enable", "en", "[N | N-M]...", "have stop points, or all, stop the machine again")
{
	return points_each(debugger, args, enable);
}
COMMAND(cmd_disable, 112, "disable", "dis", "[N | N-M]...", "have stop points, or all, stop nothing until enabled")
{
	return points_each(debugger, args, disable);
}

/* The number in front, and go behind it. NULL after a complaint. */
static struct stop_point *numbered(struct debugger *debugger, const char *command, const char **args)
{
	char *end;
	size_t length;
	const char *word = next_word(args, &length);
	unsigned long number = strtoul(word, &end, 10);
	if (isdigit((unsigned char)*word) && end == word + length)
		return points_numbered(debugger, number);
	complain(debugger, "%s N: `%.*s' is no number of a stop point", command, (int)length, word);
	return NULL;
}

COMMAND(cmd_ignore, 113, "ignore", "ig", "N COUNT", "stop point N stops nothing the next COUNT times")
{
	uint64_t count;
	struct stop_point *point = numbered(debugger, "ignore", &args);
	if (!point)
		return false;
	if (!*args)
		return complain(debugger, "ignore N COUNT");
	if (!expression_all(debugger, args, &count))
		return false;
	if (count > INT64_MAX)
		return complain(debugger, "ignore: %s is no number of times", args);
	point->ignored = count;
	return true;
}

COMMAND(cmd_condition, 114, "condition", "cond", "N [EXPR]", "breakpoint N stops only where EXPR holds; or always")
{
	struct stop_point *point = numbered(debugger, "condition", &args);
	if (!point)
		return false;
	if (point->kind != POINT_BREAK)
		return complain(debugger, "condition: stop point %u is no breakpoint", point->number);
	if (*args && !expression_for(debugger, args, point->address))
		return false;
	const char *old = strstr(point->text, " if ");
	size_t place = old ? (size_t)(old - point->text) : strlen(point->text);
	char *condition = *args ? strdup(args) : NULL, *text;
	if (asprintf(&text, "%.*s%s%s", (int)place, point->text, *args ? " if " : "", args) < 0) {
		free(condition);
		return complain(debugger, "no memory");
	}
	free(point->condition);
	free(point->text);
	point->condition = condition;
	point->text = text;
	return true;
}

/* ---- commands ---- */

struct commands_reading {
	unsigned number; /* of the stop point */
	unsigned depth;  /* of lists in it */
	size_t size;
	char *lines;
};

void point_commands_forget(struct debugger *debugger)
{
	if (debugger->reading)
		free(debugger->reading->lines);
	free(debugger->reading);
	debugger->reading = NULL;
}

void point_commands_end(struct debugger *debugger)
{
	if (debugger->reading)
		complain(debugger, "commands %u: there is no `end'", debugger->reading->number);
	point_commands_forget(debugger);
}

COMMAND(
    cmd_commands, 115, "commands", "comm", "[N]",
    "the lines that follow, up to `end', are obeyed where stop point N (or the newest) stops; `silent' first: it says nothing")
{
	struct stop_point *point = debugger->point_count ? &debugger->points[debugger->point_count - 1] : NULL;
	if (*args)
		point = numbered(debugger, "commands", &args);
	else if (!point)
		complain(debugger, "commands: no stop points");
	if (!point)
		return false;
	if (*args)
		return complain(debugger, "what is `%s'?", args);
	debugger->reading = calloc(1, sizeof *debugger->reading);
	if (!debugger->reading)
		return complain(debugger, "no memory");
	debugger->reading->number = point->number;
	return true;
}

/* The list is whole. */
static void give(struct debugger *debugger)
{
	struct stop_point *point = points_numbered(debugger, debugger->reading->number);
	if (point) {
		free(point->commands);
		point->commands = debugger->reading->lines;
		debugger->reading->lines = NULL;
	}
	point_commands_forget(debugger);
}

bool point_commands_line(struct debugger *debugger, const char *line)
{
	enum { LIST_MAX = 1 << 20 };
	struct commands_reading *reading = debugger->reading;
	size_t length;
	if (!reading)
		return false;
	const char *rest = line, *word = next_word(&rest, &length);
	bool end = word_is(word, length, "end");
	if (end && reading->depth == 0) {
		give(debugger);
		return true;
	}
	if (length == 0)
		return true;
	reading->depth -= end;
	reading->depth += length >= strlen("comm") && strncmp(word, "commands", length) == 0;
	size_t size = strlen(line);
	char *lines = reading->size + size < LIST_MAX ? realloc(reading->lines, reading->size + size + 2) : NULL;
	if (!lines) {
		complain(debugger, "commands %u: too many lines", reading->number);
		return true;
	}
	snprintf(lines + reading->size, size + 2, "%s\n", line);
	reading->lines = lines;
	reading->size += size + 1;
	return true;
}
