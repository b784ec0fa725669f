/* The debugger's entrance: debug.h. */
#include "debug/debug.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/say.h"
#include "debug/debugger.h"
#include "debug/points.h"
#include "debug/gdb/gdb.h"
#include "debug/point_commands.h"
#include "debug/repl.h"
#include "debug/source.h"
#include "debug/switches.h"
#include "debug/terminal.h"
#include "debug/travel.h"

/* --debug-cmd names a file, or is commands itself, separated by semicolons or newlines. */
static int run_debug_cmd(struct debugger *debugger, const char *text)
{
	int fd = open(text, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		const char *reason = repl_stream(debugger, fd);
		close(fd);
		return reason ? say("--debug-cmd %s: %s", text, reason) : 0;
	}
	char *copy = strdup(text), *rest = copy;
	if (!copy)
		return -1;
	for (char *line; !debugger->quit && (line = strsep(&rest, ";\n")) != NULL;)
		if (*line)
			repl_line(debugger, line);
	point_commands_end(debugger);
	free(copy);
	return 0;
}

/* What --debug reads. */
static int read_commands(struct debugger *debugger)
{
	const char *reason = NULL;
	if (debugger->machine->debugged)
		terminal_read(debugger);
	else
		reason = repl_stream(debugger, STDIN_FILENO);
	return reason ? say("standard input: %s", reason) : 0;
}

static enum debug_result run_scripts(struct debugger *debugger)
{
	const struct config *config = debugger->machine->config;
	int result = 0;
	debugger->stops_at_errors = true;
	if (config->debug_cmd)
		result = run_debug_cmd(debugger, config->debug_cmd);
	debugger->stops_at_errors = false;
	if (config->debug && !debugger->quit && result == 0)
		result = read_commands(debugger);
	if ((config->gdb.port || config->gdb.path) && !debugger->quit && result == 0)
		result = gdb_serve(debugger);
	return result != 0 ? DEBUG_UNUSABLE : debugger->failed ? DEBUG_FAILED : DEBUG_DONE;
}

enum debug_result debug_run(struct machine *machine, int *code)
{
	struct debugger debugger = {
	    .observer = {.event = debug_observe, .wanted = UINT32_MAX, .strict = true},
	    .machine = machine,
	    .out = stderr,
	    .next_number = 1,
	    .code = -1,
	};
	debugger.traps = calloc(machine->hart_count, sizeof *debugger.traps);
	debugger.lookout = lookout_new(machine);
	if (!debugger.traps || !debugger.lookout || !source_open(&debugger)) {
		source_close(&debugger);
		lookout_free(debugger.lookout);
		free(debugger.traps);
		*code = -1;
		say("debugger: no memory");
		return DEBUG_UNUSABLE;
	}
	struct lookout_client client = points_client(&debugger);
	lookout_join(debugger.lookout, LOOKOUT_POINTS, &client);
	observers_add(&machine->observers, &debugger.observer);
	debugger.travel = travel_new(&debugger);
	enum debug_result result = run_scripts(&debugger);
	*code = debugger.code;
	travel_free(debugger.travel);
	debugger.travel = NULL;
	observers_remove(&machine->observers, &debugger.observer);
	points_free(&debugger);
	lookout_free(debugger.lookout);
	point_commands_forget(&debugger);
	free(debugger.to_obey);
	source_close(&debugger);
	debug_names_free(&debugger);
	switches_free(&debugger);
	free(debugger.heard.bytes);
	free(debugger.traps);
	free(debugger.last_line);
	return result;
}
