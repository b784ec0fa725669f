/* Options in, exit status out. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/host_clock.h"
#include "base/host_signals.h"
#include "base/say.h"
#include "cli/options.h"
#include "debug/debug.h"
#include "watch/check.h"
#include "watch/golden.h"
#include "dev/console.h"
#include "machine/machine.h"
#include "machine/outputs.h"
#include "machine/sched.h"
#include "machine/signature.h"
#include "machine/snapshot_file.h"
#include "machine/stats.h"
#include "trace/trace.h"

enum exit_status {
	EXIT_PASS = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_LIMIT = 3,
	EXIT_VIOLATION = 4,
	EXIT_OWN_FAULT = 5,
	EXIT_SCRIPT = 6,
	EXIT_GOLDEN = 7,
	EXIT_SIGNAL = 128,
};

/* A file that is opened must not take the place of a standard stream that was closed. */
static void hold_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* How the program thought it went. */
static int program_status(const struct machine *machine)
{
	switch (machine->stop) {
	case STOP_PASS:
	case STOP_MATCHED:
	case STOP_RESET:
	case STOP_QUIT:
	case STOP_DEBUG: return EXIT_PASS;
	case STOP_LIMIT: return EXIT_LIMIT;
	default: return EXIT_FAILED;
	}
}

/* How it went with the debugger, if there was one. */
struct debugged {
	enum debug_result result;
	int code; /* the user's own; -1: none */
};

/* --expect and --fail-on have the last word over that, or over the debugger's: they see the last line of a run that a limit
 * ended, too. */
static int watched_status(const struct machine *machine, int code)
{
	const struct line_watch *watch = console_watch(machine->console);
	int status = code >= 0 ? code : program_status(machine);
	const char *line;
	size_t at = 0;
	if (line_watch_failed(watch, &line))
		return EXIT_FAILED;
	if (status == EXIT_PASS && line_watch_missing(watch, &at))
		return EXIT_FAILED;
	return code < 0 && status == EXIT_LIMIT && line_watch_satisfied(watch) ? EXIT_PASS : status;
}

/* The contract's table. */
static int exit_status(const struct machine *machine, struct debugged debugged)
{
	switch (machine->stop) {
	case STOP_SIGNAL: return EXIT_SIGNAL + (int)machine->exit_code;
	case STOP_CHECK: return EXIT_VIOLATION;
	case STOP_FAULT: return EXIT_OWN_FAULT;
	case STOP_GOLDEN: return EXIT_GOLDEN;
	case STOP_INPUT: return EXIT_USAGE;
	default: break;
	}
	switch (debugged.result) {
	case DEBUG_UNUSABLE: return EXIT_USAGE;
	case DEBUG_FAILED: return EXIT_SCRIPT;
	default: return watched_status(machine, debugged.code);
	}
}

/* What --expect and --fail-on have to say, but for what stopped the machine. */
static void tell_watched(const struct machine *machine, int status)
{
	const struct line_watch *watch = console_watch(machine->console);
	const struct console_pattern *pattern;
	const char *line;
	pattern = line_watch_failed(watch, &line);
	if (pattern && strncmp(machine->stop_message, "--fail-on", strlen("--fail-on")) != 0)
		say("--fail-on '%s' matched: %s", pattern->text, line);
	if (status == EXIT_PASS || machine->stop == STOP_SIGNAL || machine->stop == STOP_FAULT ||
	    machine->stop == STOP_GOLDEN || machine->stop == STOP_INPUT)
		return;
	for (size_t at = 0; (pattern = line_watch_missing(watch, &at)) != NULL;)
		say("--expect '%s' never matched", pattern->text);
}

static void tell(const struct machine *machine, int status)
{
	if (machine->config->quiet)
		return;
	/* a limit that came after all that was expected is no news */
	if (machine->stop_message[0] != '\0' && !(machine->stop == STOP_LIMIT && status == EXIT_PASS))
		say("%s", machine->stop_message);
	uint64_t unasked = machine->stop == STOP_INPUT ? 0 : machine_unasked(machine);
	if (unasked != 0)
		say("%s: the run ended before %" PRIu64 " of the recorded inputs were asked for",
		    machine->config->replay, unasked);
	tell_watched(machine, status);
}

/* Files written at the end; a failure makes the whole run unusable. */
static int write_results(struct machine *machine, double seconds)
{
	const struct config *config = machine->config;
	int result = config->save ? snapshot_write(machine, config->save) : 0;
	result |= machine_finish(machine);
	check_finish(machine->check);
	trace_finish(machine->trace, machine->harts, machine->hart_count);
	if (config->signature_path && signature_write(config->signature_path, machine) != 0)
		result = -1;
	if (config->stats_path && stats_write(config->stats_path, machine, seconds) != 0)
		result = -1;
	if (config->profile_path && trace_write_counts(machine->trace, config->profile_path) != 0)
		result = -1;
	if (trace_close(machine->trace) != 0)
		result = -1;
	machine->trace = NULL;
	return result;
}

/* Run to the end, or to where the debugger's user leaves it. */
static struct debugged run_machine(struct machine *machine)
{
	struct debugged debugged = {DEBUG_DONE, -1};
	const struct config *config = machine->config;
	host_signals_hold();
	machine_start_clock(machine);
	if (config->debug || config->debug_cmd || config->gdb.port || config->gdb.path) {
		debugged.result = debug_run(machine, &debugged.code);
	} else {
		console_raw(machine->console, config->nographic);
		sched_run(machine);
	}
	if (machine->stop == RUNNING)
		machine_stop(machine, STOP_DEBUG, 0, NULL);
	console_raw(machine->console, false);
	console_end(machine->console);
	return debugged;
}

/* How the run ended, in a golden file's words; NULL: it was ended from outside. */
static const char *ending(const struct machine *machine, char text[32])
{
	switch (machine->stop) {
	case STOP_PASS: return "passed";
	case STOP_MATCHED: return "all that was expected has come";
	case STOP_FAIL: snprintf(text, 32, "failed with %u", machine->exit_code); return text;
	case STOP_LIMIT: return "a limit was reached";
	case STOP_IDLE: return "nothing can run any more";
	case STOP_RESET: return "a reset ended it";
	default: return NULL;
	}
}

/* A run that is another one only by its end. */
static void end_golden(struct machine *machine)
{
	char text[32], message[GOLDEN_MESSAGE];
	const char *how = machine->golden ? ending(machine, text) : NULL;
	if (!how || golden_end(machine->golden, how, message))
		return;
	machine->golden_end = machine->stop;
	machine->stop = STOP_GOLDEN;
	snprintf(machine->stop_message, sizeof(machine->stop_message), "%s", message);
}

static int write_golden(struct machine *machine)
{
	char text[32];
	if (!machine->golden || !machine->config->golden.update)
		return 0;
	if (!ending(machine, text))
		return say("--golden %s: not written: the run did not come to its end", machine->config->golden.path);
	return golden_write(machine->golden);
}

static int run_and_tell(struct machine *machine)
{
	enum { HURRY_SECONDS = 10 };
	double start = host_seconds();
	struct debugged debugged = run_machine(machine);
	double seconds = host_seconds() - start;
	end_golden(machine);
	int status = exit_status(machine, debugged);
	tell(machine, status);
	if (machine->stop == STOP_GOLDEN && !machine->config->quiet)
		golden_tell(machine->golden);
	if (machine->stop == STOP_SIGNAL)
		host_signals_hurry(HURRY_SECONDS);
	bool written = (write_results(machine, seconds) | write_golden(machine)) == 0;
	return written || machine->stop == STOP_SIGNAL ? status : EXIT_USAGE;
}

static int run_config(const struct config *config)
{
	struct machine machine;
	if (outputs_check(config) != 0 || machine_init(&machine, config) != 0)
		return EXIT_USAGE;
	int status = EXIT_PASS;
	if (config->load && snapshot_read(&machine, config->load) != 0)
		status = EXIT_USAGE;
	else if (!config->dump_dtb)
		status = run_and_tell(&machine);
	machine_free(&machine);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = EXIT_PASS;
	hold_standard_streams();
	host_signals_begin(EXIT_OWN_FAULT);
	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_RUN: status = run_config(&options.config); break;
	case OPTIONS_DONE: break;
	default: status = EXIT_USAGE;
	}
	options_free(&options);
	if (fflush(stdout) != 0 && status == EXIT_PASS) {
		say("standard output: %s", strerror(errno));
		status = EXIT_USAGE;
	}
	return status;
}
