/* Options in, exit status out. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "debug/debug.h"
#include "base/host_clock.h"
#include "watch/check.h"
#include "dev/console.h"
#include "machine/machine.h"
#include "cli/options.h"
#include "base/say.h"
#include "machine/sched.h"
#include "machine/signature.h"
#include "machine/stats.h"
#include "trace/trace.h"

#ifdef __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

enum exit_status {
	EXIT_PASS = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_LIMIT = 3,
	EXIT_VIOLATION = 4,
	EXIT_OWN_FAULT = 5,
};

/* Killed while the console has the terminal in raw mode: give it back first. Needs no memory of what it was before. */
static void give_terminal_back(int number)
{
	struct termios settings;
	if (tcgetattr(STDIN_FILENO, &settings) == 0) {
		settings.c_lflag |= ICANON | ECHO | IEXTEN;
		settings.c_iflag |= ICRNL | IXON;
		tcsetattr(STDIN_FILENO, TCSANOW, &settings);
	}
	raise(number); /* SA_RESETHAND: now it kills */
}

static void own_fault(int number)
{
	static const char text[] =
	    "rvsim: a fault of rvsim itself; please report it with this command line and its input files\n";
	(void)number;
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)ignored;
	_exit(EXIT_OWN_FAULT);
}

static void install(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = (int)SA_RESETHAND};
	sigaction(number, &action, NULL);
}

static void install_handlers(bool debug)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	for (unsigned i = 0; !SANITIZED && i < sizeof(faults) / sizeof(faults[0]); i++)
		install(faults[i], own_fault); /* a sanitizer's own report says more */
	if (debug || !isatty(STDIN_FILENO))
		return;
	install(SIGINT, give_terminal_back);
	install(SIGTERM, give_terminal_back);
	install(SIGHUP, give_terminal_back);
}

/* The contract's table; --expect and --fail-on have the last word over how the program thought it went. */
static int exit_status(const struct machine *machine)
{
	bool waits = machine->config->expect && !console_saw_expected(machine->console);
	switch (machine->stop) {
	case STOP_CHECK: return EXIT_VIOLATION;
	case STOP_LIMIT: return EXIT_LIMIT;
	case STOP_INPUT: return EXIT_USAGE;
	case STOP_FAULT: return EXIT_OWN_FAULT;
	case STOP_PASS:
	case STOP_RESET:
	case STOP_DEBUG: return waits && machine->stop != STOP_DEBUG ? EXIT_FAILED : EXIT_PASS;
	default: return EXIT_FAILED;
	}
}

static void tell(const struct machine *machine, int status)
{
	if (machine->config->quiet)
		return;
	if (machine->stop_message[0] != '\0')
		fprintf(stderr, "rvsim: %s\n", machine->stop_message);
	uint64_t unasked = machine->stop == STOP_INPUT ? 0 : console_unasked(machine->console);
	if (unasked != 0)
		say("%s: the run ended before %" PRIu64 " of the recorded inputs were asked for",
		    machine->config->replay, unasked);
	if (status == EXIT_FAILED && machine->config->expect && !console_saw_expected(machine->console))
		say("--expect never matched: %s", machine->config->expect);
}

/* Files written at the end; a failure makes the whole run unusable. */
static int write_results(struct machine *machine, double seconds)
{
	const struct config *config = machine->config;
	int result = console_finish(machine->console);
	check_finish(machine->check);
	trace_finish(machine->trace, machine->harts, machine->hart_count);
	if (config->signature_path && signature_write(config->signature_path, machine) != 0)
		result = -1;
	if (config->stats_path && stats_write(config->stats_path, machine, seconds) != 0)
		result = -1;
	if (trace_close(machine->trace) != 0)
		result = -1;
	machine->trace = NULL;
	return result;
}

/* Run to the end, or to where the debugger's user leaves it. 0, or -1 after a line on stderr. */
static int run_machine(struct machine *machine)
{
	if (!machine->config->debug && !machine->config->debug_cmd) {
		sched_run(machine);
		return 0;
	}
	int result = debug_run(machine);
	if (machine->stop == RUNNING)
		machine_stop(machine, STOP_DEBUG, 0, NULL);
	return result;
}

static int run_config(const struct config *config)
{
	struct machine machine;
	if (machine_init(&machine, config) != 0)
		return EXIT_USAGE;
	int status = EXIT_PASS;
	if (!config->dump_dtb) {
		double start = host_seconds();
		int result = run_machine(&machine);
		double seconds = host_seconds() - start;
		console_raw(machine.console, false);
		console_flush(machine.console);
		status = result == 0 ? exit_status(&machine) : EXIT_USAGE;
		tell(&machine, status);
		if (write_results(&machine, seconds) != 0)
			status = EXIT_USAGE;
	}
	machine_free(&machine);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = EXIT_PASS;
	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_RUN:
		install_handlers(options.config.debug || options.config.debug_cmd);
		status = run_config(&options.config);
		break;
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
