/* Commands about the debugger itself. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/repl.h"
#include "debug/travel.h"
#include "engine/exec.h"
#include "machine/outputs.h"

/* Of the harts that a list names, `all` or numbers and ranges: a bit each. *args goes behind it. False after a complaint. */
static bool parse_harts(struct debugger *debugger, const char **args, bool chosen[HARTS_MAX])
{
	unsigned count = debugger->machine->hart_count;
	bool any = false;
	for (const char *word; isdigit((unsigned char)*(word = *args)); any = true) {
		char *end;
		unsigned long first = strtoul(word, &end, 10), last = first;
		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if ((*end && *end != ' ' && *end != '\t') || first > last || last >= count)
			return complain(debugger, "`%.*s': harts are 0 to %u", (int)strcspn(word, " \t"), word,
			                count - 1);
		for (unsigned long i = first; i <= last; i++)
			chosen[i] = true;
		*args = end + strspn(end, " \t");
	}
	size_t length;
	const char *before = *args, *word = next_word(args, &length);
	if (!any && word_is(word, length, "all"))
		any = memset(chosen, true, count) != NULL;
	else
		*args = before;
	return (any && **args) || complain(debugger, "hart apply all|H|H-H... COMMAND");
}

/* The hart that was chosen is so again behind it, wherever the command went. */
static bool apply_to_harts(struct debugger *debugger, const char *args)
{
	bool chosen[HARTS_MAX] = {0}, good = parse_harts(debugger, &args, chosen);
	unsigned before = debugger->hart;
	for (unsigned i = 0; good && i < debugger->machine->hart_count && !debugger->quit; i++) {
		if (!chosen[i])
			continue;
		debugger->hart = i;
		fprintf(debugger->out, "hart %u:\n", i);
		good = repl_command(debugger, args) && !debug_interrupted(debugger);
	}
	debugger->hart = before;
	return good;
}

COMMAND(cmd_hart, 60, "hart", "h", "[H] | apply all|H|H-H... COMMAND",
        "show or choose the hart that commands speak of; run a command for several")
{
	uint64_t number = debugger->hart;
	size_t length;
	const char *rest = args, *word = next_word(&rest, &length);
	if (word_is(word, length, "apply"))
		return apply_to_harts(debugger, rest);
	if (*args && !expression_all(debugger, args, &number))
		return false;
	if (number >= debugger->machine->hart_count)
		return complain(debugger, "no hart %llu: there are %u", (unsigned long long)number,
		                debugger->machine->hart_count);
	debugger->hart = (unsigned)number;
	debug_print_place(debugger, current(debugger));
	return true;
}

COMMAND(cmd_trace, 200, "trace", "tra", "on [FILE [EVENTS]] | off", "record events to a file")
{
	struct machine *machine = debugger->machine;
	size_t length;
	const char *word = next_word(&args, &length);
	uint32_t events = 0;
	char *path = NULL;
	bool on = word_is(word, length, "on");
	if (!on && !word_is(word, length, "off"))
		return complain(debugger, "trace on [FILE [EVENTS]] or trace off");
	if (*args) {
		const char *file = next_word(&args, &length);
		path = strndup(file, length);
		if (*args && trace_parse_events(args, &events) != 0) {
			free(path);
			return complain(debugger, "no such events: %s", args);
		}
	}
	int result = path ? outputs_check_one(machine->config, "trace on", path) : 0;
	if (result == 0)
		result = trace_record(machine->trace, on, path, events);
	free(path);
	for (unsigned i = 0; i < machine->hart_count; i++)
		exec_set_tracing(&machine->harts[i], trace_wants_insns(machine->trace));
	travel_trace_anew(debugger);
	return result == 0;
}

COMMAND(cmd_system_reset, 222, "system_reset", "system_r", "", "reset the machine, when it runs next")
{
	(void)args;
	if (debug_is_over(debugger))
		return false;
	if (!travel_change(debugger))
		return false;
	machine_ask_for_reset(debugger->machine);
	return true;
}

COMMAND(cmd_system_powerdown, 224, "system_powerdown", "system_p", "", "there is no power button: quit")
{
	(void)args;
	return complain(debugger, "system_powerdown: this machine has no power button (quit leaves)");
}

COMMAND(cmd_stop, 226, "stop", "stop", "", "it has stopped: a prompt is only there while nothing runs")
{
	(void)args;
	(void)debugger;
	return true;
}

COMMAND(cmd_quit, 230, "quit", "q", "[CODE]", "leave; CODE: the exit status (0..255), unless something worse happened")
{
	uint64_t code;
	if (*args && !expression_all(debugger, args, &code))
		return false;
	if (*args && code > UINT8_MAX)
		return complain(debugger, "quit %s: an exit status is 0 to %u", args, UINT8_MAX);
	if (*args)
		debugger->code = (int)code;
	debugger->quit = true;
	return true;
}
