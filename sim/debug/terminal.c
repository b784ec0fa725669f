/* The terminal: readline, with what the command takes to complete, and a history of sessions. */
#include "debug/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <readline/history.h>
#include <readline/readline.h>
#include "base/host_signals.h"
#include "debug/complete.h"
#include "debug/debugger.h"
#include "debug/point_commands.h"
#include "debug/repl.h"
#include "dev/console.h"
#include "machine/display.h"

/* readline hands its callbacks no context. What it does have is one pointer to a text of the program's own, its
 * name, by which an inputrc file can tell programs apart: that text stands in here. */
struct reading {
	struct debugger *debugger;
	unsigned *lines; /* of this session that are in the history */
	char name[sizeof "rvsim"];
};

enum { HISTORY_MAX = 1000 }; /* lines */

static const struct reading *reading_now(void)
{
	return (const struct reading *)(rl_readline_name - offsetof(struct reading, name));
}

static struct debugger *reading_debugger(void) { return reading_now()->debugger; }

static const char *prompt_of(const struct debugger *debugger) { return debugger->reading ? ">" : "(rvsim) "; }

/* The next candidate from *index on that begins with the text; NULL: there is none. */
static const char *next_match(const char *text, candidate_function *candidate, size_t *index,
                              char buffer[CANDIDATE_BYTES])
{
	const char *name;
	while ((name = candidate(reading_debugger(), (*index)++, buffer)) != NULL &&
	       strncmp(name, text, strlen(text)) != 0)
		;
	return name;
}

/* As readline wants them: what all have in common, each of them, NULL. One alone is what they have in common. NULL:
 * none, or no memory. */
static char **completions(const char *text, candidate_function *candidate)
{
	char buffer[CANDIDATE_BYTES], other[CANDIDATE_BYTES];
	const char *name;
	size_t count = 0, first = 0;
	for (size_t i = 0; next_match(text, candidate, &i, other) != NULL;)
		count++;
	char **list = count ? calloc(count + 2, sizeof *list) : NULL;
	if (!list)
		return NULL;
	const char *one = next_match(text, candidate, &first, buffer);
	size_t common = strlen(one);
	count = 0;
	for (size_t i = 0; (name = next_match(text, candidate, &i, other)) != NULL;) {
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
	candidate_function *candidate = complete_by(rl_line_buffer, (size_t)start);
	rl_attempted_completion_over = candidate != NULL; /* files are readline's own */
	return candidate ? completions(text, candidate) : NULL;
}

/* A command, or NULL: the user has closed the terminal. While it runs the terminal is not readline's. */
static void line_typed(char *line)
{
	struct debugger *debugger = reading_debugger();
	rl_callback_handler_remove();
	if (line && *line) {
		add_history(line);
		++*reading_now()->lines;
	}
	if (line)
		repl_line(debugger, line);
	else
		debugger->quit = true;
	free(line);
	if (!debugger->quit)
		rl_callback_handler_install(prompt_of(reading_debugger()), line_typed);
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
	point_commands_forget(reading_debugger());
	rl_callback_handler_install(prompt_of(reading_debugger()), line_typed);
}

static void attend_signals(struct debugger *debugger)
{
	if (host_signals_take(SIGTSTP)) {
		rl_callback_handler_remove();
		host_signals_suspend();
		host_signals_take(SIGCONT);
		rl_callback_handler_install(prompt_of(reading_debugger()), line_typed);
	}
	display_attend_stopped(debugger->machine);
	debugger->quit |= machine_called_off(debugger->machine) || debugger->machine->window_closed;
	if (debugger->machine->wants_debugger)
		cancel_line();
	debugger->machine->wants_debugger = false;
}

/* Is there a key for us? First those that came while the guest ran and that it has not asked for. */
static bool wait_for_key(struct debugger *debugger)
{
	enum { LOOK_MS = 100, WINDOW_MS = 20 };
	struct pollfd look = {.fd = STDIN_FILENO, .events = POLLIN};
	int key = display_typed(debugger->machine);
	if (key < 0)
		key = console_take_back(debugger->machine->console);
	if (key < 0)
		return poll(&look, 1, debugger->machine->window || debugger->machine->view ? WINDOW_MS : LOOK_MS) > 0;
	rl_stuff_char(key);
	return true;
}

static void read_keys(struct debugger *debugger)
{
	rl_callback_handler_install(prompt_of(reading_debugger()), line_typed);
	while (!debugger->quit) {
		bool ready = wait_for_key(debugger);
		attend_signals(debugger);
		if (ready && !debugger->quit)
			rl_callback_read_char();
	}
	rl_callback_handler_remove();
}

/* ---- history ---- */

/* $RVSIM_HISTORY, or a file in the user's home; NULL: none is kept. */
static char *history_path(void)
{
	const char *own = getenv("RVSIM_HISTORY"), *home = getenv("HOME");
	char *path = NULL;
	if (own)
		return *own ? strdup(own) : NULL;
	return home && *home && asprintf(&path, "%s/.rvsim_history", home) >= 0 ? path : NULL;
}

/* What sessions before have typed. */
static void history_begin(const char *path)
{
	struct stat status;
	stifle_history(HISTORY_MAX);
	if (path && stat(path, &status) == 0 && S_ISREG(status.st_mode))
		read_history(path);
}

/* Lines of this session go behind those that another has written meanwhile. */
static void history_end(struct debugger *debugger, const char *path, unsigned lines)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600) : -1;
	struct stat status;
	bool good = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	            append_history((int)(lines < HISTORY_MAX ? lines : HISTORY_MAX), path) == 0 &&
	            history_truncate_file(path, HISTORY_MAX) == 0;
	if (path && lines && !good && getenv("RVSIM_HISTORY"))
		complain(debugger, "%s: the history cannot be kept there", path);
	if (fd >= 0)
		close(fd);
	clear_history();
}

void terminal_read(struct debugger *debugger)
{
	unsigned lines = 0;
	const struct reading reading = {debugger, &lines, "rvsim"};
	char *path = history_path();
	const char *name = rl_readline_name;
	rl_readline_name = reading.name;
	rl_attempted_completion_function = complete_line;
	rl_outstream = stderr;
	rl_catch_signals = 0;
	rl_initialize();
	rl_bind_keyseq("\\C-ad", key_continue);
	rl_bind_keyseq("\\C-ax", key_quit);
	debugger->typing = true;
	history_begin(path);
	read_keys(debugger);
	history_end(debugger, path, lines);
	free(path);
	debugger->typing = false;
	rl_attempted_completion_function = NULL;
	rl_readline_name = name;
}
