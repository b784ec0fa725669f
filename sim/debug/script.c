/* Commands that make a script a test: what must hold, what the guest must write, and what it is to read. */
#include <stdlib.h>
#include <string.h>
#include "base/words.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/points.h"
#include "debug/travel.h"
#include "dev/console.h"
#include "dev/line_watch.h"

COMMAND(cmd_assert, 212, "assert", "as", "EXPR", "the script has failed (exit status 6) unless EXPR is true")
{
	uint64_t value;
	if (!expression_all(debugger, args, &value))
		return false;
	return value != 0 || complain(debugger, "assert: %s: does not hold", args);
}

/* ---- expect ---- */

/* Look at what was written already, which is used up to where it matches. */
static void hear_again(struct debugger *debugger, struct line_watch *watch)
{
	size_t at = 0, count = debugger->heard.count;
	while (at < count && !line_watch_satisfied(watch))
		line_watch_byte(watch, debugger->heard.bytes[at++]);
	if (at != 0)
		memmove(debugger->heard.bytes, debugger->heard.bytes + at, count - at);
	debugger->heard.count = count - at;
}

static bool done_heard(struct debugger *debugger, const struct hart *moved, void *context)
{
	(void)debugger;
	(void)moved;
	return line_watch_satisfied(context);
}

COMMAND(cmd_expect, 214, "expect", "exp", "REGEX",
        "run until the guest has written a line like this, since the last one expected")
{
	const struct console_pattern pattern = {CONSOLE_EXPECTED, args};
	if (!*args)
		return complain(debugger, "expect REGEX");
	struct line_watch *watch = line_watch_new(&pattern, 1);
	if (!watch)
		return false;
	hear_again(debugger, watch);
	debugger->heard.watch = watch;
	if (!line_watch_satisfied(watch) && debugger->machine->stop == RUNNING) {
		debug_run_until(debugger, true, done_heard, watch);
		if (!line_watch_satisfied(watch))
			debug_report_stop(debugger);
	}
	debugger->heard.watch = NULL;
	line_watch_stands(watch);
	bool satisfied = line_watch_satisfied(watch);
	line_watch_free(watch);
	return satisfied || complain(debugger, "expect: %s: did not come", args);
}

/* ---- type ---- */

/* What stands behind a backslash at *text, which moves behind it; -1: nothing known. */
static int escaped(const char **text)
{
	static const char names[] = "nrtabe\\\"", values[] = "\n\r\t\a\b\033\\\"";
	char name = *(*text)++;
	const char *known = name ? strchr(names, name) : NULL;
	if (known)
		return values[known - names];
	if (name != 'x' || hex_digit((*text)[0]) < 0 || hex_digit((*text)[1]) < 0)
		return -1;
	*text += 2;
	return hex_digit((*text)[-2]) << 4 | hex_digit((*text)[-1]);
}

COMMAND(cmd_type, 216, "type", "ty", "\"TEXT\"", "console input for the guest, as if typed: \\n \\r \\t \\e \\xNN")
{
	uint8_t *bytes = malloc(strlen(args) + 1);
	size_t size = 0;
	const char *text = args + 1;
	bool good = bytes && *args == '"';
	for (; good && *text && *text != '"';) {
		int byte = (uint8_t)*text++;
		if (byte == '\\')
			byte = escaped(&text);
		good = byte >= 0;
		bytes[size++] = (uint8_t)byte;
	}
	good = good && *text == '"' && text[1] == '\0';
	if (!good)
		complain(debugger, "type \"TEXT\", where \\n \\r \\t \\e \\xNN \\\" \\\\ are known");
	else if (!travel_change(debugger))
		good = false;
	else if (!console_type(debugger->machine->console, bytes, size))
		good = complain(debugger,
		                "type: the guest has been told that there is no input, or it is a recording's");
	free(bytes);
	return good;
}

COMMAND(cmd_echo, 218, "echo", "ec", "TEXT", "say TEXT: a mark in what a script says")
{
	fprintf(debugger->out, "%s\n", args);
	return true;
}
