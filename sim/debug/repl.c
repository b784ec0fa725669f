/* Reads commands and runs them. The table of commands stands here, and what speaks of commands. */
#include "debug/repl.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "debug/commands.h"
#include "debug/debugger.h"

enum { MAX_DEPTH = 16, LINE_BYTES = 1 << 16 };

/* Every row that COMMAND() makes anywhere; the linker names the section's ends. */
extern const struct command *const __start_debug_commands[], *const __stop_debug_commands[];

/* The commands by place: the one after `previous`, the first after NULL, NULL after the last. */
static const struct command *command_after(const struct command *previous)
{
	const struct command *best = NULL;
	for (const struct command *const *at = __start_debug_commands; at < __stop_debug_commands; at++)
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

const char *repl_stream(struct debugger *debugger, FILE *in)
{
	char *line = malloc(LINE_BYTES);
	const char *reason = line ? NULL : strerror(errno);
	while (!reason && !debugger->quit && read_command(in, line, &reason))
		repl_line(debugger, line);
	free(line);
	return reason;
}

COMMAND(cmd_source, 210, "source", "so", "FILE", "read commands from a file")
{
	if (debugger->depth == MAX_DEPTH)
		return complain(debugger, "source: %s: too deep", args);
	FILE *in = fopen(args, "r");
	if (!in)
		return complain(debugger, "source: %s: %s", args, strerror(errno));
	debugger->depth++;
	const char *reason = repl_stream(debugger, in);
	debugger->depth--;
	fclose(in);
	return !reason || complain(debugger, "source: %s: %s", args, reason);
}
