/* Reads commands and runs them. The table of commands stands here, and what speaks of commands. */
#include "debug/repl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "debug/as_json.h"
#include "debug/commands.h"
#include "debug/debugger.h"

enum { MAX_DEPTH = 16, LINE_BYTES = 1 << 16 };

/* Every row that COMMAND() makes anywhere; the linker names the section's ends. */
extern const struct command *const first_row[] __asm__("__start_debug_commands");
extern const struct command *const rows_end[] __asm__("__stop_debug_commands");

/* The commands by place: the one after `previous`, the first after NULL, NULL after the last. */
static const struct command *command_after(const struct command *previous)
{
	const struct command *best = NULL;
	for (const struct command *const *at = first_row; at < rows_end; at++)
		if ((!previous || (*at)->place > previous->place) && (!best || (*at)->place < best->place))
			best = *at;
	return best;
}

const char *repl_command_name(size_t index)
{
	const struct command *command = command_after(NULL);
	while (command && index--)
		command = command_after(command);
	return command ? command->name : NULL;
}

/* A command by its name or an unambiguous abbreviation no shorter than its row says. */
static const struct command *find_command(const char *word, size_t length)
{
	const struct command *command = NULL;
	while ((command = command_after(command)) != NULL)
		if (length >= strlen(command->shortest) && length <= strlen(command->name) &&
		    strncmp(word, command->name, length) == 0)
			break;
	return command;
}

COMMAND(cmd_help, 220, "help", "he", "[COMMAND]", "this list, or one command")
{
	size_t length;
	const char *word = next_word(&args, &length);
	const struct command *one = length ? find_command(word, length) : NULL;
	if (length && !one)
		return complain(debugger, "no command `%.*s'", (int)length, word);
	for (const struct command *command = command_after(NULL); command; command = command_after(command))
		if (!one || one == command)
			fprintf(debugger->out, "%-9s %-14s %s\n", command->name, command->args, command->help);
	return true;
}

/* ---- reading ---- */

static void execute_command(struct debugger *debugger, const char *line)
{
	const char *text = line + strspn(line, " \t");
	bool may_fail = *text == '-', failed = debugger->failed;
	text += *text == '-';
	text += strspn(text, " \t");
	size_t length = strcspn(text, " \t/");
	if (length == 0 || *text == '#')
		return;
	const struct command *command = find_command(text, length);
	const char *args = text + length;
	args += strspn(args, " \t");
	bool done = command ? as_json_run(debugger, command, args)
	                    : complain(debugger, "no command `%.*s': try help", (int)length, text);
	debugger->failed = may_fail ? failed : debugger->failed || !(done || debugger->typing);
	/* what comes behind it was meant for another state */
	debugger->quit |= debugger->failed && debugger->stops_at_errors;
	fflush(debugger->out);
	/* the user wants to be out, or the host */
	debugger->quit |= machine_called_off(debugger->machine) || debugger->machine->stop == STOP_QUIT;
}

void repl_line(struct debugger *debugger, char *line)
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

/* What commands are read from. */
struct source {
	int fd;
	size_t at, count;
	char bytes[4096];
};

/* More of it, however long that takes. False: there is no more, the run is called off meanwhile, or a reason is given. */
static bool read_more(struct debugger *debugger, struct source *source, const char **reason)
{
	enum { LOOK_MS = 100 };
	struct pollfd look = {.fd = source->fd, .events = POLLIN};
	while (poll(&look, 1, LOOK_MS) <= 0)
		if (debug_interrupted(debugger)) {
			debugger->quit = true;
			return false;
		}
	ssize_t got = read(source->fd, source->bytes, sizeof(source->bytes));
	if (got < 0 && errno != EINTR && errno != EAGAIN)
		*reason = strerror(errno);
	source->at = 0;
	source->count = got > 0 ? (size_t)got : 0;
	return got > 0 || (got < 0 && !*reason);
}

/* The next line, without its end. False at the end, or with the reason why it cannot be read that far. */
static bool read_command(struct debugger *debugger, struct source *source, char line[LINE_BYTES], const char **reason)
{
	size_t length = 0;
	line[0] = '\0';
	for (;;) {
		if (source->at == source->count) {
			if (!read_more(debugger, source, reason))
				return !*reason && !debugger->quit && length != 0;
			continue;
		}
		char c = source->bytes[source->at++];
		if (c == '\n')
			return true;
		if (c == '\0' || length == LINE_BYTES - 1) {
			*reason = "not lines of text";
			return false;
		}
		line[length++] = c;
		line[length] = '\0';
	}
}

const char *repl_stream(struct debugger *debugger, int fd)
{
	struct source source = {.fd = fd};
	char *line = malloc(LINE_BYTES);
	const char *reason = line ? NULL : strerror(errno);
	while (!reason && !debugger->quit && read_command(debugger, &source, line, &reason))
		repl_line(debugger, line);
	free(line);
	return reason;
}

COMMAND(cmd_source, 210, "source", "so", "FILE", "read commands from a file")
{
	if (debugger->depth == MAX_DEPTH)
		return complain(debugger, "source: %s: too deep", args);
	int fd = open(args, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return complain(debugger, "source: %s: %s", args, strerror(errno));
	debugger->depth++;
	const char *reason = repl_stream(debugger, fd);
	debugger->depth--;
	close(fd);
	return !reason || complain(debugger, "source: %s: %s", args, reason);
}
