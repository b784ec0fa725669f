#include "dev/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/event_queue.h"
#include "base/say.h"
#include "base/state.h"
#include "dev/frontier.h"
#include "dev/host_output.h"

enum {
	CONSOLE_VERSION = 5,
	/* Simulated time in which the rest of a line comes, after all that is expected has matched within it. */
	REST_TICKS = 10000,
	/* ... after which a line stands, when the guest asks for input. */
	STANDS_TICKS = 100000,
};

struct console {
	struct console_config config;
	struct host_output output;
	struct host_input *input;
	struct line_watch *watch;
	struct event rest; /* what is expected has matched: the line may still end */
	bool has_rest;
	bool settled; /* config.matched has been called, for whatever reason */
	uint64_t written; /* cycle of the last byte */
	struct frontier shown; /* bytes */
	bool stamps, middle; /* show times; a line has begun */
	bool in_line; /* likewise, and nobody else has ended it on the host */
};

static void satisfied(struct console *console)
{
	if (console->settled)
		return;
	console->settled = true;
	if (console->has_rest)
		event_cancel(console->config.events, &console->rest);
	console->config.matched(console->config.context, NULL, "");
}

static void rest_due(void *context, uint64_t cycle)
{
	(void)cycle;
	satisfied(context);
}

/* Input comes from where output goes. */
static int open_input(struct console *console)
{
	const struct console_config *config = &console->config;
	bool pty = console->output.pty;
	struct host_input_config input = {
	    .none = !pty && (config->deaf || strcmp(config->serial, "stdio") != 0),
	    .pty = pty,
	    .pty_fd = console->output.fd,
	    .keys = config->keys && !pty,
	    .whole = config->whole,
	    .log = config->log,
	    .idle = config->idle,
	    .give_up = config->give_up,
	    .trouble = config->trouble,
	    .command = config->command,
	    .context = config->context,
	};
	console->input = host_input_open(&input);
	return console->input ? 0 : -1;
}

/* What can be refused comes before what makes files empty. */
static int open_parts(struct console *console)
{
	const struct console_config *config = &console->config;
	console->watch = line_watch_new(config->patterns, config->pattern_count);
	if (!console->watch)
		return -1;
	bool pty = strcmp(config->serial, "pty") == 0; /* its input needs it */
	if ((pty && host_output_open(&console->output, config->serial) != 0) || open_input(console) != 0)
		return -1;
	if (config->events && event_init(&console->rest, config->events, rest_due, console) != 0)
		return say("out of memory for the console");
	console->has_rest = config->events != NULL;
	console->output.give_up = config->give_up;
	console->output.context = config->context;
	return pty ? 0 : host_output_open(&console->output, config->serial);
}

struct console *console_open(const struct console_config *config)
{
	struct console *console = calloc(1, sizeof(*console));
	if (!console) {
		say("out of memory for the console");
		return NULL;
	}
	console->config = *config;
	console->output.fd = -1;
	if (!console->config.serial)
		console->config.serial = "stdio";
	if (open_parts(console) != 0) {
		console_close(console);
		return NULL;
	}
	return console;
}

void console_close(struct console *console)
{
	if (!console)
		return;
	if (console->has_rest)
		event_drop(console->config.events, &console->rest);
	host_input_close(console->input);
	line_watch_free(console->watch);
	host_output_close(&console->output);
	free(console);
}

/* Tell what the last byte, or the line's end, has made match. */
static void tell_matches(struct console *console, uint64_t now)
{
	const char *line;
	const struct console_pattern *failed = line_watch_failed(console->watch, &line);
	if (console->settled || (!failed && !line_watch_satisfied(console->watch)))
		return;
	if (failed) {
		console->settled = true;
		console->config.matched(console->config.context, failed, line);
	} else if (!console->has_rest || !line_watch_begun(console->watch)) {
		satisfied(console);
	} else if (console->rest.heap_index == SIZE_MAX) {
		event_schedule(console->config.events, &console->rest,
		               now + REST_TICKS * console->config.cycles_per_tick);
	}
}

void console_stamp(struct console *console) { console->stamps = !console->stamps; }

/* As QEMU writes it, but of simulated time. */
static void show_time(struct console *console, uint64_t now)
{
	enum { TICKS_PER_MS = 10000 };
	char text[32];
	uint64_t ms = now / console->config.cycles_per_tick / TICKS_PER_MS;
	snprintf(text, sizeof(text), "[%02u:%02u:%02u.%03u] ", (unsigned)(ms / 3600000), (unsigned)(ms / 60000 % 60),
	         (unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
	for (const char *c = text; *c; c++)
		host_output_put(&console->output, (uint8_t)*c);
}

static void show_byte(struct console *console, uint8_t byte, uint64_t now)
{
	if (console->stamps && !console->middle)
		show_time(console, now);
	console->middle = console->in_line = byte != '\n';
	host_output_put(&console->output, byte);
}

void console_write(struct console *console, uint8_t byte, uint64_t now)
{
	if (!frontier_pass(&console->shown))
		show_byte(console, byte, now);
	console->written = now;
	if (console->config.pattern_count != 0) {
		line_watch_byte(console->watch, byte);
		tell_matches(console, now);
	}
	if (console->config.written)
		console->config.written(console->config.context, byte, now);
}

void console_flush(struct console *console) { host_output_flush(&console->output); }

bool console_in_line(struct console *console, int fd)
{
	struct stat shown, asked;
	bool in_line = console->in_line && console->output.fd >= 0 && fstat(console->output.fd, &shown) == 0 &&
	               fstat(fd, &asked) == 0 && shown.st_dev == asked.st_dev && shown.st_ino == asked.st_ino;
	console->in_line &= !in_line;
	return in_line;
}

void console_attend(struct console *console)
{
	if (!console)
		return;
	host_output_flush(&console->output);
	host_input_attend(console->input);
}

void console_end(struct console *console)
{
	host_output_flush(&console->output);
	line_watch_stands(console->watch);
}

/* The guest asks for more than there is: a prompt may be standing there. */
static void before_asking(struct console *console, uint64_t now)
{
	if (!host_input_empty(console->input))
		return;
	host_output_flush(&console->output);
	if (!line_watch_begun(console->watch) ||
	    now - console->written < STANDS_TICKS * console->config.cycles_per_tick)
		return;
	line_watch_stands(console->watch);
	tell_matches(console, now);
}

bool console_ended(struct console *console, uint64_t now)
{
	before_asking(console, now);
	return host_input_ended(console->input, now);
}

int console_read(struct console *console, uint64_t now)
{
	before_asking(console, now);
	return host_input_read(console->input, now);
}

bool console_type(struct console *console, const uint8_t *bytes, size_t size)
{
	return host_input_type(console->input, bytes, size);
}

int console_take_back(struct console *console) { return host_input_take_back(console->input); }

void console_raw(struct console *console, bool raw) { host_input_raw(console->input, raw); }

bool console_at_terminal(const struct console *console) { return host_input_at_terminal(console->input); }

int console_finish(struct console *console)
{
	int result = 0;
	host_input_finish(console->input);
	host_output_close(&console->output);
	if (console->output.error != 0)
		result = say("the console's output could not be written whole: %s", strerror(console->output.error));
	return result;
}

uint64_t console_unasked(const struct console *console) { return host_input_unasked(console->input); }

uint64_t console_given(const struct console *console, uint64_t *hash) { return host_input_given(console->input, hash); }

const struct line_watch *console_watch(const struct console *console) { return console->watch; }

void console_forget(struct console *console)
{
	frontier_forget(&console->shown);
	host_input_forget(console->input);
}

void console_save(const struct console *console, struct state_writer *writer)
{
	state_write_begin(writer, "console", CONSOLE_VERSION);
	state_write_u64(writer, console->settled);
	state_write_u64(writer, console->written);
	state_write_u64(writer, console->shown.at);
	state_write_u64(writer, console->has_rest);
	if (console->has_rest)
		event_save(&console->rest, writer);
	line_watch_save(console->watch, writer);
	host_input_save(console->input, writer);
	state_write_end(writer);
}

bool console_restore(struct console *console, struct state_reader *reader)
{
	state_read_begin(reader, "console", CONSOLE_VERSION);
	console->settled = state_read_limited(reader, 1);
	console->written = state_read_u64(reader);
	console->shown.at = state_read_u64(reader);
	if (state_read_u64(reader) != console->has_rest && !reader->failed)
		return state_refuse(reader, "console: of another kind of machine");
	if (console->has_rest)
		event_restore(console->config.events, &console->rest, reader);
	bool same;
	if (!line_watch_restore(console->watch, reader, &same) || !host_input_restore(console->input, reader))
		return false;
	console->settled &= same;
	if (!same && console->has_rest) /* what has matched was something else */
		event_cancel(console->config.events, &console->rest);
	return state_read_end(reader);
}
