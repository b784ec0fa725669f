#include "debug/debug.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <readline/history.h>
#include <readline/readline.h>
#include "csr/csr.h"
#include "debug/debugger.h"
#include "engine/exec.h"
#include "base/say.h"
#include "base/symbols.h"

typedef bool command_function(struct debugger *debugger, const char *args);

static command_function cmd_hart, cmd_trace, cmd_source, cmd_help, cmd_quit;

struct command {
	command_function *run;
	const char *name, *shortest, *args, *help;
};

static const struct command commands[] = {
#define COMMAND(function, name, shortest, args, help) {function, name, shortest, args, help},
#include "debug/commands.def"
#undef COMMAND
};

enum { COMMANDS = sizeof commands / sizeof commands[0], MAX_DEPTH = 16, LINE_BYTES = 1 << 16 };

/* ---- words ---- */

bool complain(struct debugger *debugger, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vfprintf(debugger->out, format, args);
	va_end(args);
	fputc('\n', debugger->out);
	return false;
}

const char *next_word(const char **text, size_t *length)
{
	const char *start = *text + strspn(*text, " \t");
	*length = strcspn(start, " \t");
	*text = start + *length;
	*text += strspn(*text, " \t");
	return start;
}

bool word_is(const char *word, size_t length, const char *what)
{
	return length == strlen(what) && strncmp(word, what, length) == 0;
}

bool parse_mode(const char *text, size_t length, enum mode *mode)
{
	for (unsigned i = 0; i < MODE_COUNT; i++)
		if (strlen(mode_name(i)) == length && strncasecmp(text, mode_name(i), length) == 0) {
			*mode = i;
			return true;
		}
	return false;
}

/* A command by its name or an unambiguous abbreviation no shorter than the table says. */
static const struct command *find_command(const char *word, size_t length)
{
	for (unsigned i = 0; i < COMMANDS; i++) {
		const struct command *command = &commands[i];
		if (length >= strlen(command->shortest) && length <= strlen(command->name) &&
		    strncmp(word, command->name, length) == 0)
			return command;
	}
	return NULL;
}

/* ---- commands about the debugger itself ---- */

static bool cmd_hart(struct debugger *debugger, const char *args)
{
	uint64_t number = debugger->hart;
	if (*args && !expression_all(debugger, args, &number))
		return false;
	if (number >= debugger->machine->hart_count)
		return complain(debugger, "no hart %llu: there are %u", (unsigned long long)number, debugger->machine->hart_count);
	debugger->hart = (unsigned)number;
	debug_print_place(debugger, current(debugger));
	return true;
}

static bool cmd_trace(struct debugger *debugger, const char *args)
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
	int result = trace_record(machine->trace, on, path, events);
	free(path);
	for (unsigned i = 0; i < machine->hart_count; i++)
		exec_set_tracing(&machine->harts[i], trace_wants_insns(machine->trace));
	return result == 0;
}

static bool cmd_help(struct debugger *debugger, const char *args)
{
	size_t length;
	const char *word = next_word(&args, &length);
	const struct command *one = length ? find_command(word, length) : NULL;
	if (length && !one)
		return complain(debugger, "no command `%.*s'", (int)length, word);
	for (unsigned i = 0; i < COMMANDS; i++)
		if (!one || one == &commands[i])
			fprintf(debugger->out, "%-9s %-14s %s\n", commands[i].name, commands[i].args, commands[i].help);
	return true;
}

static bool cmd_quit(struct debugger *debugger, const char *args)
{
	(void)args;
	debugger->quit = true;
	return true;
}

/* ---- reading ---- */

static void execute_command(struct debugger *debugger, const char *line)
{
	const char *text = line + strspn(line, " \t");
	size_t length = strcspn(text, " \t/");
	if (length == 0 || *text == '#')
		return;
	const struct command *command = find_command(text, length);
	if (!command) {
		complain(debugger, "no command `%.*s': try help", (int)length, text);
		return;
	}
	const char *args = text + length;
	args += strspn(args, " \t");
	command->run(debugger, args);
	fflush(debugger->out);
}

/* One line as typed: the empty one repeats the last. */
static void execute_line(struct debugger *debugger, char *line)
{
	size_t length = strlen(line);
	while (length && isspace((unsigned char)line[length - 1]))
		line[--length] = '\0';
	if (length == 0) {
		if (debugger->last_line)
			execute_command(debugger, debugger->last_line);
		return;
	}
	free(debugger->last_line);
	debugger->last_line = strdup(line);
	execute_command(debugger, line);
}

/* The next line, without its end. False at the stream's end, or with the reason why it cannot be read that far. */
static bool read_command(FILE *in, char line[LINE_BYTES], const char **reason)
{
	size_t length = 0;
	int c;
	while ((c = getc(in)) > 0 && c != '\n' && length < LINE_BYTES - 1)
		line[length++] = (char)c;
	line[length] = '\0';
	if (c == EOF && ferror(in))
		*reason = strerror(errno);
	else if (c == '\0' || (c > 0 && c != '\n'))
		*reason = "not lines of text";
	return !*reason && (c != EOF || length);
}

/* NULL, or why the stream could not be read to its end. */
static const char *read_stream(struct debugger *debugger, FILE *in)
{
	char *line = malloc(LINE_BYTES);
	const char *reason = line ? NULL : strerror(errno);
	while (!reason && !debugger->quit && read_command(in, line, &reason))
		execute_line(debugger, line);
	free(line);
	return reason;
}

static bool cmd_source(struct debugger *debugger, const char *args)
{
	if (debugger->depth == MAX_DEPTH)
		return complain(debugger, "source: %s: too deep", args);
	FILE *in = fopen(args, "r");
	if (!in)
		return complain(debugger, "source: %s: %s", args, strerror(errno));
	debugger->depth++;
	const char *reason = read_stream(debugger, in);
	debugger->depth--;
	fclose(in);
	return !reason || complain(debugger, "source: %s: %s", args, reason);
}

/* ---- the terminal ---- */

/* readline's completion has no context argument; the debugger that is reading stands here, for one thread at a time. */
static _Thread_local const struct debugger *completing;

static char *complete_from(const char *text, int state, const char *(*name)(size_t index))
{
	static _Thread_local size_t index;
	if (state == 0)
		index = 0;
	for (const char *candidate; (candidate = name(index)) != NULL;) {
		index++;
		if (strncmp(candidate, text, strlen(text)) == 0)
			return strdup(candidate);
	}
	return NULL;
}

static const char *command_name(size_t index) { return index < COMMANDS ? commands[index].name : NULL; }

/* CSRs, then symbols. */
static const char *argument_name(size_t index)
{
	size_t csrs = 0;
	while (csr_info_at(csrs))
		csrs++;
	if (index < csrs)
		return csr_info_at(index)->name;
	const struct symbol *symbol = symbols_at(completing->machine->symbols, index - csrs);
	return symbol ? symbol->name : NULL;
}

static char *generate_command(const char *text, int state) { return complete_from(text, state, command_name); }
static char *generate_argument(const char *text, int state) { return complete_from(text, state, argument_name); }

static char **complete_line(const char *text, int start, int end)
{
	(void)end;
	rl_attempted_completion_over = 1;
	return rl_completion_matches(text, start == 0 ? generate_command : generate_argument);
}

static void read_terminal(struct debugger *debugger)
{
	completing = debugger;
	rl_attempted_completion_function = complete_line;
	rl_outstream = stderr;
	for (char *line; !debugger->quit && (line = readline("(rvsim) ")) != NULL; free(line)) {
		if (*line)
			add_history(line);
		execute_line(debugger, line);
	}
	completing = NULL;
}

/* --debug-cmd names a file, or is commands itself, separated by semicolons or newlines. */
static int run_debug_cmd(struct debugger *debugger, const char *text)
{
	FILE *in = fopen(text, "r");
	if (in) {
		const char *reason = read_stream(debugger, in);
		fclose(in);
		return reason ? say("--debug-cmd %s: %s", text, reason) : 0;
	}
	char *copy = strdup(text), *rest = copy;
	if (!copy)
		return -1;
	for (char *line; !debugger->quit && (line = strsep(&rest, ";\n")) != NULL;)
		if (*line)
			execute_line(debugger, line);
	free(copy);
	return 0;
}

/* What --debug reads. */
static int read_commands(struct debugger *debugger)
{
	const char *reason = NULL;
	if (debugger->interactive)
		read_terminal(debugger);
	else
		reason = read_stream(debugger, stdin);
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
