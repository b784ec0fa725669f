#include "debug/display.h"

#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "debug/commands.h"
#include "debug/source.h"
#include "source/format.h"

struct displayed {
	unsigned number;
	char letter;
	char *text;
};

struct displays {
	struct displayed *items;
	size_t count, capacity;
	unsigned last;
};

static void show_one(struct debugger *debugger, const struct displayed *item)
{
	struct evaluated evaluated;
	bool failed = debugger->failed;
	if (item->letter)
		fprintf(debugger->out, "%u: /%c %s = ", item->number, item->letter, item->text);
	else
		fprintf(debugger->out, "%u: %s = ", item->number, item->text);
	if (evaluate_all(debugger, item->text, false, &evaluated)) {
		print_evaluated(debugger, &evaluated, item->letter);
		fputc('\n', debugger->out);
	}
	debugger->failed = failed; /* what is not there at one stop may be at the next */
}

void display_all(struct debugger *debugger)
{
	const struct displays *displays = debugger->source->displays;
	for (size_t i = 0; displays && i < displays->count; i++)
		show_one(debugger, &displays->items[i]);
}

void display_free(struct debugger *debugger)
{
	struct displays *displays = debugger->source->displays;
	for (size_t i = 0; displays && i < displays->count; i++)
		free(displays->items[i].text);
	if (displays)
		free(displays->items);
	free(displays);
	debugger->source->displays = NULL;
}

COMMAND(cmd_display, 175, "display", "disp", "[/F EXPR | EXPR]", "show a value at every stop; without: all of them now")
{
	struct evaluated evaluated;
	char letter = 0;
	if (!*args) {
		display_all(debugger);
		return true;
	}
	if (*args == '/') {
		letter = args[1];
		if (!format_is_letter(letter) || (args[2] != ' ' && args[2] != '\t'))
			return complain(debugger, "no format `%s': /x d u t o c a z s f", args);
		args += 2 + strspn(args + 2, " \t");
	}
	if (!evaluate_all(debugger, args, false, &evaluated))
		return false;
	if (!debugger->source->displays)
		debugger->source->displays = calloc(1, sizeof *debugger->source->displays);
	struct displays *displays = debugger->source->displays;
	char *text = strdup(args);
	if (!text || !displays || ARRAY_RESERVE(displays->items, displays->count, 1, &displays->capacity) != 0) {
		free(text);
		return complain(debugger, "no memory");
	}
	displays->items[displays->count++] = (struct displayed){++displays->last, letter, text};
	show_one(debugger, &displays->items[displays->count - 1]);
	return true;
}

COMMAND(cmd_undisplay, 176, "undisplay", "und", "[N]", "show value N no more, or none")
{
	struct displays *displays = debugger->source->displays;
	uint64_t number;
	if (!*args) {
		display_free(debugger);
		return true;
	}
	if (!expression_all(debugger, args, &number))
		return false;
	for (size_t i = 0; displays && i < displays->count; i++)
		if (displays->items[i].number == number) {
			free(displays->items[i].text);
			displays->count--;
			memmove(&displays->items[i], &displays->items[i + 1],
			        (displays->count - i) * sizeof *displays->items);
			return true;
		}
	return complain(debugger, "no display %llu", (unsigned long long)number);
}
