/* The debugger's entrance: debug.h. */
#include "debug/debug.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/say.h"
#include "debug/debugger.h"
#include "debug/repl.h"
#include "debug/terminal.h"

/* --debug-cmd names a file, or is commands itself, separated by semicolons or newlines. */
static int run_debug_cmd(struct debugger *debugger, const char *text)
{
	FILE *in = fopen(text, "r");
	if (in) {
		const char *reason = repl_stream(debugger, in);
		fclose(in);
		return reason ? say("--debug-cmd %s: %s", text, reason) : 0;
	}
	char *copy = strdup(text), *rest = copy;
	if (!copy)
		return -1;
	for (char *line; !debugger->quit && (line = strsep(&rest, ";\n")) != NULL;)
		if (*line)
			repl_line(debugger, line);
	free(copy);
	return 0;
}

/* What --debug reads. */
static int read_commands(struct debugger *debugger)
{
	const char *reason = NULL;
	if (debugger->interactive)
		terminal_read(debugger);
	else
		reason = repl_stream(debugger, stdin);
	return reason ? say("standard input: %s", reason) : 0;
}

int debug_run(struct machine *machine)
{
	struct debugger debugger = {
	    .observer = {.event = debug_observe, .wanted = UINT32_MAX, .strict = true},
	    .machine = machine,
	    .out = stderr,
	    .interactive = isatty(STDIN_FILENO) && isatty(STDERR_FILENO),
	    .next_number = 1,
	};
	debugger.traps = calloc(machine->hart_count, sizeof *debugger.traps);
	if (!debugger.traps) {
		say("debugger: no memory");
		return -1;
	}
	observers_add(&machine->observers, &debugger.observer);
	/* Ctrl-C stays pending: running commands poll for it. */
	sigset_t interrupt, before;
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	if (debugger.interactive)
		sigprocmask(SIG_BLOCK, &interrupt, &before);
	int result = 0;
	if (machine->config->debug_cmd)
		result = run_debug_cmd(&debugger, machine->config->debug_cmd);
	if (machine->config->debug && !debugger.quit && result == 0)
		result = read_commands(&debugger);
	if (debugger.interactive)
		sigprocmask(SIG_SETMASK, &before, NULL);
	observers_remove(&machine->observers, &debugger.observer);
	points_free(&debugger);
	free(debugger.traps);
	free(debugger.last_line);
	return result;
}
