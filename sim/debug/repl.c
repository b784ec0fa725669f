/* Reads commands and runs them. The table of commands stands here, and what speaks of commands. */
#include "debug/repl.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "debug/commands.h"
#include "debug/debugger.h"

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

const char *repl_command_name(size_t index) { return index < COMMANDS ? commands[index].name : NULL; }

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

bool cmd_help(struct debugger *debugger, const char *args)
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

bool cmd_source(struct debugger *debugger, const char *args)
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
