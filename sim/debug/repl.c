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
#include "debug/info.h"
#include "debug/point_commands.h"

enum { MAX_DEPTH = 16, LINE_BYTES = 1 << 16, SKIPPED_MAX = 1 << 26 };

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

/* Other names, which gdb has too. */
static const struct {
	const char *name, *command;
} aliases[] = {
    {"si", "step"},         {"stepi", "step"},       {"ni", "next"},
    {"nexti", "next"},      {"advance", "until"},    {"thread", "hart"},
    {"where", "bt"},        {"backtrace", "bt"},     {"disassemble", "disas"},
    {"inspect", "print"},   {"rs", "reverse-step"},  {"rsi", "reverse-step"},
    {"rn", "reverse-next"}, {"rni", "reverse-next"}, {"rc", "reverse-continue"},
    {"exit", "quit"},
};

static bool begins(const char *name, const char *word, size_t length)
{
	return length <= strlen(name) && strncmp(word, name, length) == 0;
}

static const char *alias_of(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
		if (word_is(word, length, aliases[i].name))
			return aliases[i].command;
	return NULL;
}

/* A command by its name, one of its aliases, an abbreviation no shorter than its row says, or one that nothing else
 * begins with. NULL: *count of them begin with it, whose names are in `text` as far as there is room. */
static const struct command *search_command(const char *word, size_t length, unsigned *count, char text[256])
{
	const char *alias = alias_of(word, length);
	const struct command *only = NULL;
	size_t used = 0;
	word = alias ? alias : word;
	length = alias ? strlen(alias) : length;
	for (const struct command *at = command_after(NULL); at; at = command_after(at))
		if (begins(at->name, word, length) && length >= strlen(at->shortest))
			return at;
	*count = 0;
	for (const struct command *at = command_after(NULL); at; at = command_after(at)) {
		if (!begins(at->name, word, length))
			continue;
		if (used < 256)
			used += (size_t)snprintf(text + used, 256 - used, "%s%s", *count ? ", " : "", at->name);
		++*count;
		only = at;
	}
	return *count == 1 ? only : NULL;
}

/* NULL after a complaint. */
static const struct command *find_command(struct debugger *debugger, const char *word, size_t length)
{
	unsigned count;
	char text[256];
	const struct command *command = search_command(word, length, &count, text);
	if (!command && count == 0)
		complain(debugger, "no command `%.*s': try help", length > 60 ? 60 : (int)length, word);
	else if (!command)
		complain(debugger, "ambiguous command `%.*s': %s", (int)length, word, text);
	return command;
}

const char *repl_command_named(const char *word, size_t length)
{
	unsigned count;
	char text[256];
	const struct command *command = length ? search_command(word, length, &count, text) : NULL;
	return command ? command->name : NULL;
}

/* ---- help ---- */

static const struct {
	unsigned first; /* place */
	const char *title;
} groups[] = {
    {0, "Running"},           {52, "Going back"},         {60, "Harts and frames"},       {70, "Stop points"},
    {120, "Looking at it"},   {161, "Source and values"}, {177, "Translation and traps"}, {192, "Programs"},
    {200, "Traces, scripts"}, {220, "The debugger"},
};
enum { GROUPS = sizeof groups / sizeof groups[0] };

static unsigned group_of(const struct command *command)
{
	unsigned group = GROUPS - 1;
	while (command->place < groups[group].first)
		group--;
	return group;
}

static void print_command(struct debugger *debugger, const struct command *command)
{
	fprintf(debugger->out, "%-9s %-14s %s\n", command->name, command->args, command->help);
}

static void print_aliases(struct debugger *debugger, const struct command *command)
{
	bool some = false;
	for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
		if (strcmp(aliases[i].command, command->name) != 0)
			continue;
		fprintf(debugger->out, "%s %s", some ? "," : "also called", aliases[i].name);
		some = true;
	}
	if (some)
		fputc('\n', debugger->out);
}

COMMAND(cmd_help, 220, "help", "he", "[COMMAND | info TOPIC]", "this list, or one command")
{
	size_t length;
	const char *word = next_word(&args, &length);
	unsigned group = GROUPS;
	if (length) {
		const struct command *one = find_command(debugger, word, length);
		if (!one)
			return false;
		if (*args && strcmp(one->name, "info") == 0)
			return info_topic_help(debugger, args);
		if (*args)
			return complain(debugger, "what is `%s'?", args);
		print_command(debugger, one);
		print_aliases(debugger, one);
		return true;
	}
	for (const struct command *command = command_after(NULL); command; command = command_after(command)) {
		if (group_of(command) != group)
			fprintf(debugger->out, "%s%s:\n", group == GROUPS ? "" : "\n", groups[group_of(command)].title);
		group = group_of(command);
		print_command(debugger, command);
	}
	fputs("\nAny abbreviation that means one command is taken.\n", debugger->out);
	return true;
}

/* ---- reading ---- */

/* False: it failed, and what follows it in a list is not obeyed. */
bool repl_command(struct debugger *debugger, const char *text)
{
	size_t length = strcspn(text, " \t/");
	const struct command *command = find_command(debugger, text, length);
	const char *args = text + length;
	return command && as_json_run(debugger, command, args + strspn(args, " \t"));
}

static bool execute_command(struct debugger *debugger, const char *line)
{
	const char *text = line + strspn(line, " \t");
	bool may_fail = *text == '-', failed = debugger->failed;
	text += *text == '-';
	text += strspn(text, " \t");
	if (!*text || *text == '#')
		return true;
	free(debugger->to_obey);
	debugger->to_obey = NULL;
	bool done = repl_command(debugger, text);
	debugger->failed = may_fail ? failed : debugger->failed || !(done || debugger->typing);
	/* what comes behind it was meant for another state */
	debugger->quit |= debugger->failed && debugger->stops_at_errors;
	fflush(debugger->out);
	/* the user wants to be out, or the host */
	debugger->quit |= machine_called_off(debugger->machine) || debugger->machine->stop == STOP_QUIT;
	return done || may_fail;
}

/* What the stop points that were met are to have obeyed. Where that runs the machine to others, theirs takes its place. */
static void obey_stops(struct debugger *debugger)
{
	char *lines;
	while ((lines = debugger->to_obey) != NULL && !debugger->quit) {
		char *rest = lines;
		bool good = true;
		debugger->to_obey = NULL;
		for (char *line; good && !debugger->quit && !debugger->to_obey && (line = strsep(&rest, "\n")) != NULL;)
			if (!point_commands_line(debugger, line) && strcmp(line, "silent") != 0)
				good = execute_command(debugger, line) && !debug_interrupted(debugger);
		free(lines);
		if (!good)
			break;
	}
	free(debugger->to_obey);
	debugger->to_obey = NULL;
}

void repl_line(struct debugger *debugger, char *line)
{
	size_t length = strlen(line);
	while (length && isspace((unsigned char)line[length - 1]))
		line[--length] = '\0';
	if (point_commands_line(debugger, line))
		return;
	if (length != 0) {
		free(debugger->last_line);
		debugger->last_line = strdup(line);
	}
	debugger->repeating = length == 0;
	if (debugger->last_line)
		execute_command(debugger, debugger->last_line);
	debugger->repeating = false;
	obey_stops(debugger);
}

/* What commands are read from. */
struct source {
	int fd;
	unsigned line; /* number */
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

/* The next line, without its end. False at the end, or with the reason why it cannot be read that far. What is no line
 * of text is complained of, and is an empty one. */
static bool read_command(struct debugger *debugger, struct source *source, char line[LINE_BYTES], const char **reason)
{
	size_t length = 0, skipped = 0;
	const char *wrong = NULL;
	bool some = false;
	source->line++;
	while (source->at != source->count || read_more(debugger, source, reason)) {
		if (source->at == source->count)
			continue;
		char c = source->bytes[source->at++];
		some = true;
		if (c == '\n')
			break;
		if (c == '\0')
			wrong = "has a byte 0: it is not text";
		else if (length == LINE_BYTES - 1)
			wrong = wrong ? wrong : "is longer than 65535 bytes";
		else
			line[length++] = c;
		if (wrong && ++skipped == SKIPPED_MAX) { /* a device that gives bytes for ever */
			*reason = "not lines of text";
			return false;
		}
	}
	line[length] = '\0';
	if (wrong) {
		complain(debugger, "line %u %s", source->line, wrong);
		debugger->quit |= debugger->stops_at_errors;
		strcpy(line, "#");
	}
	return some && !*reason && !debugger->quit;
}

const char *repl_stream(struct debugger *debugger, int fd)
{
	struct source source = {.fd = fd};
	char *line = malloc(LINE_BYTES);
	const char *reason = line ? NULL : strerror(errno);
	while (!reason && !debugger->quit && read_command(debugger, &source, line, &reason))
		repl_line(debugger, line);
	free(line);
	point_commands_end(debugger);
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
