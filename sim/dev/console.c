#include "dev/console.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/say.h"
#include "base/state.h"

enum { LINE_LIMIT = 4096, CONSOLE_VERSION = 1 };

struct watch {
	regex_t regex;
	bool present, matched;
};

struct console {
	struct console_config config;
	FILE *out; /* NULL: discarded */
	struct host_input *input;
	struct watch watches[2]; /* by enum console_match */
	char line[LINE_LIMIT];
	size_t line_length;
};

static int compile(struct watch *watch, const char *option, const char *text)
{
	if (!text)
		return 0;
	int error = regcomp(&watch->regex, text, REG_EXTENDED | REG_NOSUB);
	if (error != 0) {
		char reason[128];
		regerror(error, &watch->regex, reason, sizeof(reason));
		say("--%s '%s': %s", option, text, reason);
		return -1;
	}
	watch->present = true;
	return 0;
}

static int open_output(struct console *console, const char *serial)
{
	if (strcmp(serial, "null") == 0)
		return 0;
	if (strncmp(serial, "file:", 5) != 0) {
		console->out = stdout;
		return 0;
	}
	console->out = fopen(serial + 5, "we");
	return console->out ? 0 : say("%s: %s", serial + 5, strerror(errno));
}

/* Input comes from where output goes. */
static int open_input(struct console *console)
{
	const struct console_config *config = &console->config;
	struct host_input_config input = {
	    .none = config->deaf || console->out != stdout,
	    .record = config->record,
	    .replay = config->replay,
	    .idle = config->idle,
	    .give_up = config->give_up,
	    .trouble = config->trouble,
	    .context = config->context,
	};
	console->input = host_input_open(&input);
	return console->input ? 0 : -1;
}

struct console *console_open(const struct console_config *config)
{
	struct console *console = calloc(1, sizeof(*console));
	if (!console) {
		say("out of memory for the console");
		return NULL;
	}
	console->config = *config;
	if (compile(&console->watches[CONSOLE_EXPECTED], "expect", config->expect) != 0 ||
	    compile(&console->watches[CONSOLE_FAILED], "fail-on", config->fail_on) != 0 ||
	    open_output(console, config->serial ? config->serial : "stdio") != 0 || open_input(console) != 0) {
		console_close(console);
		return NULL;
	}
	return console;
}

void console_close(struct console *console)
{
	if (!console)
		return;
	host_input_close(console->input);
	for (unsigned i = 0; i < 2; i++)
		if (console->watches[i].present)
			regfree(&console->watches[i].regex);
	if (console->out == stdout)
		fflush(stdout);
	else if (console->out)
		fclose(console->out);
	free(console);
}

static void match_line(struct console *console)
{
	console->line[console->line_length] = '\0';
	for (unsigned i = 0; i < 2; i++) {
		struct watch *watch = &console->watches[i];
		if (!watch->present || watch->matched || regexec(&watch->regex, console->line, 0, NULL, 0) != 0)
			continue;
		watch->matched = true;
		console->config.matched(console->config.context, (enum console_match)i, console->line);
	}
}

static void watch_byte(struct console *console, uint8_t byte)
{
	if (byte == '\n') {
		match_line(console);
		console->line_length = 0;
	} else if (byte != '\r' && byte != '\0') {
		if (console->line_length == LINE_LIMIT - 1) {
			match_line(console);
			console->line_length = 0;
		}
		console->line[console->line_length++] = (char)byte;
	}
}

void console_write(struct console *console, uint8_t byte, uint64_t now)
{
	if (console->out) {
		putc_unlocked(byte, console->out);
		if (byte == '\n')
			fflush(console->out);
	}
	if (console->watches[0].present || console->watches[1].present)
		watch_byte(console, byte);
	if (console->config.written)
		console->config.written(console->config.context, byte, now);
}

void console_flush(struct console *console)
{
	if (console->out)
		fflush(console->out);
	if (console->line_length != 0)
		match_line(console);
}

bool console_ended(struct console *console, uint64_t now)
{
	if (host_input_empty(console->input))
		console_flush(console);
	return host_input_ended(console->input, now);
}

int console_read(struct console *console, uint64_t now)
{
	if (host_input_empty(console->input))
		console_flush(console);
	return host_input_read(console->input, now);
}

void console_raw(struct console *console, bool raw) { host_input_raw(console->input, raw); }

int console_finish(struct console *console)
{
	int result = host_input_finish(console->input);
	if (console->out && ferror(console->out))
		result = say("the console's output could not be written whole");
	return result;
}

uint64_t console_unasked(const struct console *console) { return host_input_unasked(console->input); }

bool console_saw_expected(const struct console *console) { return console->watches[CONSOLE_EXPECTED].matched; }

void console_save(const struct console *console, struct state_writer *writer)
{
	state_write_begin(writer, "console", CONSOLE_VERSION);
	state_write_u64(writer, console->watches[CONSOLE_EXPECTED].matched);
	state_write_u64(writer, console->watches[CONSOLE_FAILED].matched);
	state_write_u64(writer, console->line_length);
	state_write(writer, console->line, console->line_length);
	host_input_save(console->input, writer);
	state_write_end(writer);
}

bool console_restore(struct console *console, struct state_reader *reader)
{
	state_read_begin(reader, "console", CONSOLE_VERSION);
	console->watches[CONSOLE_EXPECTED].matched = state_read_limited(reader, 1);
	console->watches[CONSOLE_FAILED].matched = state_read_limited(reader, 1);
	console->line_length = state_read_limited(reader, LINE_LIMIT - 1);
	state_read(reader, console->line, console->line_length);
	return host_input_restore(console->input, reader) && state_read_end(reader);
}
