/* The terminal: readline, with commands, CSRs and symbols to complete. */
#include "debug/terminal.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <readline/history.h>
#include <readline/readline.h>
#include "base/host_signals.h"
#include "csr/csr.h"
#include "debug/debugger.h"
#include "debug/repl.h"
#include "dev/console.h"

/* readline hands its callbacks no context. What it does have is one pointer to a text of the program's own, its
 * name, by which an inputrc file can tell programs apart: that text stands in here. */
struct reading {
	struct debugger *debugger;
	char name[sizeof "rvsim"];
};

static struct debugger *reading_debugger(void)
{
	return ((const struct reading *)(rl_readline_name - offsetof(struct reading, name)))->debugger;
}

static const char prompt[] = "(rvsim) ";

/* Candidates of one kind: NULL past the last. */
typedef const char *candidate(struct debugger *debugger, size_t index);

static const char *command_candidate(struct debugger *debugger, size_t index)
{
	(void)debugger;
	return repl_command_name(index);
}

/* CSRs, then symbols. */
static const char *argument_candidate(struct debugger *debugger, size_t index)
{
	size_t csrs = 0;
	while (csr_info_at(csrs))
		csrs++;
	if (index < csrs)
		return csr_info_at(index)->name;
	return debug_name_candidate(debugger, index - csrs);
}

/* The next candidate from *index on that begins with the text; NULL: there is none. */
static const char *next_match(const char *text, candidate *candidate, size_t *index)
{
	const char *name;
	while ((name = candidate(reading_debugger(), (*index)++)) != NULL && strncmp(name, text, strlen(text)) != 0)
		;
	return name;
}

/* As readline wants them: what all have in common, each of them, NULL. One alone is what they have in common. NULL:
 * none, or no memory. */
static char **completions(const char *text, candidate *candidate)
{
	const char *name;
	size_t count = 0, first = 0;
	for (size_t i = 0; next_match(text, candidate, &i) != NULL;)
		count++;
	char **list = count ? calloc(count + 2, sizeof *list) : NULL;
	if (!list)
		return NULL;
	const char *one = next_match(text, candidate, &first);
	size_t common = strlen(one);
	count = 0;
	for (size_t i = 0; (name = next_match(text, candidate, &i)) != NULL;) {
		list[++count] = strdup(name);
		while (strncmp(one, name, common) != 0)
			common--;
	}
	list[0] = strndup(one, common);
	if (count == 1) {
		free(list[1]);
		list[1] = NULL;
	}
	return list;
}

static char **complete_line(const char *text, int start, int end)
{
	(void)end;
	rl_attempted_completion_over = 1;
	return completions(text, start == 0 ? command_candidate : argument_candidate);
}

/* A command, or NULL: the user has closed the terminal. While it runs the terminal is not readline's. */
static void line_typed(char *line)
{
	struct debugger *debugger = reading_debugger();
	rl_callback_handler_remove();
	if (line && *line)
		add_history(line);
	if (line)
		repl_line(debugger, line);
	else
		debugger->quit = true;
	free(line);
	if (!debugger->quit)
		rl_callback_handler_install(prompt, line_typed);
}

/* ctrl-A d and ctrl-A x, as where the guest has the terminal. */
static int key_continue(int count, int key)
{
	(void)count;
	(void)key;
	rl_replace_line("continue", 0);
	return rl_newline(1, '\n');
}

static int key_quit(int count, int key)
{
	(void)count;
	(void)key;
	rl_replace_line("quit", 0);
	return rl_newline(1, '\n');
}

/* ctrl-C: the line is forgotten. */
static void cancel_line(void)
{
	fputs("^C\n", stderr);
	rl_callback_handler_remove();
	rl_callback_handler_install(prompt, line_typed);
}

static void attend_signals(struct debugger *debugger)
{
	if (host_signals_take(SIGTSTP)) {
		rl_callback_handler_remove();
		host_signals_suspend();
		host_signals_take(SIGCONT);
		rl_callback_handler_install(prompt, line_typed);
	}
	debugger->quit |= machine_called_off(debugger->machine);
	if (debugger->machine->wants_debugger)
		cancel_line();
	debugger->machine->wants_debugger = false;
}

/* Is there a key for us? First those that came while the guest ran and that it has not asked for. */
static bool wait_for_key(struct debugger *debugger)
{
	enum { LOOK_MS = 100 };
	struct pollfd look = {.fd = STDIN_FILENO, .events = POLLIN};
	int key = console_take_back(debugger->machine->console);
	if (key < 0)
		return poll(&look, 1, LOOK_MS) > 0;
	rl_stuff_char(key);
	return true;
}

static void read_keys(struct debugger *debugger)
{
	rl_callback_handler_install(prompt, line_typed);
	while (!debugger->quit) {
		bool ready = wait_for_key(debugger);
		attend_signals(debugger);
		if (ready && !debugger->quit)
			rl_callback_read_char();
	}
	rl_callback_handler_remove();
}

void terminal_read(struct debugger *debugger)
{
	const struct reading reading = {debugger, "rvsim"};
	const char *name = rl_readline_name;
	rl_readline_name = reading.name;
	rl_attempted_completion_function = complete_line;
	rl_outstream = stderr;
	rl_catch_signals = 0;
	rl_initialize();
	rl_bind_keyseq("\\C-ad", key_continue);
	rl_bind_keyseq("\\C-ax", key_quit);
	debugger->typing = true;
	read_keys(debugger);
	debugger->typing = false;
	rl_attempted_completion_function = NULL;
	rl_readline_name = name;
}
