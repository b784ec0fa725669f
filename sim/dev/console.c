#include "dev/console.h"

#include <errno.h>
#include <poll.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "base/say.h"
#include "trace/trace.h"

enum { LINE_LIMIT = 4096, INPUT_SIZE = 256, WAITING_MS = 1, STUCK_MS = 20 };

struct watch {
	regex_t regex;
	bool present, matched;
};

struct console {
	struct console_config config;
	struct trace *trace;
	FILE *out;  /* NULL: discarded */
	bool ended;
	bool terminal, raw;
	struct termios saved;
	struct watch watches[2]; /* by enum console_match */
	char line[LINE_LIMIT];
	size_t line_length;
	uint8_t buffer[INPUT_SIZE];
	size_t buffer_at, buffer_count;
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

static int open_serial(struct console *console, const char *serial)
{
	if (strcmp(serial, "null") == 0) {
		console->ended = true;
	} else if (strncmp(serial, "file:", 5) == 0) {
		console->ended = true;
		console->out = fopen(serial + 5, "we");
		if (!console->out) {
			say("%s: %s", serial + 5, strerror(errno));
			return -1;
		}
	} else {
		console->out = stdout;
		console->ended = console->config.deaf;
		console->terminal = !console->ended && isatty(STDIN_FILENO) == 1;
	}
	return 0;
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
	    open_serial(console, config->serial ? config->serial : "stdio") != 0) {
		console_close(console);
		return NULL;
	}
	return console;
}

void console_close(struct console *console)
{
	if (!console)
		return;
	console_raw(console, false);
	for (unsigned i = 0; i < 2; i++)
		if (console->watches[i].present)
			regfree(&console->watches[i].regex);
	if (console->out == stdout)
		fflush(stdout);
	else if (console->out)
		fclose(console->out);
	free(console);
}

void console_set_trace(struct console *console, struct trace *trace)
{
	console->trace = trace;
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
	if (console->trace && trace_wants(console->trace, TRACE_CONSOLE)) {
		struct trace_event event = { .type = TRACE_CONSOLE, .cycle = now, .value = { byte } };
		trace_emit(console->trace, &event);
	}
}

void console_flush(struct console *console)
{
	if (console->out)
		fflush(console->out);
	if (console->line_length != 0)
		match_line(console);
}

/* How long the host may sleep for input, in milliseconds. */
static int patience(const struct console *console)
{
	switch (console->config.idle ? console->config.idle(console->config.context) : CONSOLE_BUSY) {
	case CONSOLE_STUCK:
		return STUCK_MS;
	case CONSOLE_WAITING:
		return console->terminal ? WAITING_MS : 0;
	default:
		return 0;
	}
}

/* Fill the buffer with what stdin has now. */
static void fill_input(struct console *console)
{
	console_raw(console, true);
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	if (poll(&input, 1, patience(console)) <= 0)
		return;
	ssize_t count = read(STDIN_FILENO, console->buffer, sizeof(console->buffer));
	if (count > 0) {
		console->buffer_at = 0;
		console->buffer_count = (size_t)count;
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		console->ended = true;
	}
}

int console_read(struct console *console)
{
	if (console->buffer_at == console->buffer_count && !console->ended) {
		console_flush(console);
		fill_input(console);
	}
	if (console->buffer_at < console->buffer_count)
		return console->buffer[console->buffer_at++];
	return console->ended ? CONSOLE_END : CONSOLE_NOTHING;
}

void console_raw(struct console *console, bool raw)
{
	if (!console->terminal || console->raw == raw)
		return;
	if (!raw) {
		tcsetattr(STDIN_FILENO, TCSADRAIN, &console->saved);
		console->raw = false;
		return;
	}
	if (tcgetattr(STDIN_FILENO, &console->saved) != 0)
		return;
	/* no echo, no line editing; ISIG stays, so that ^C still ends rvsim */
	struct termios settings = console->saved;
	settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	settings.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	console->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) == 0;
}

int console_check(const struct console *console)
{
	if (!console->out || !ferror(console->out))
		return 0;
	return say("the console's output could not be written whole");
}

bool console_saw_expected(const struct console *console)
{
	return console->watches[CONSOLE_EXPECTED].matched;
}
