/*
 * The machine's console: where UART and HTIF bytes go (dev/host_output.h), and where input comes from
 * (dev/host_input.h). Output lines are watched for --expect and --fail-on (dev/line_watch.h).
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "dev/host_input.h"
#include "dev/line_watch.h"

struct console;
struct event_queue;

struct console_config {
	const char *serial; /* "stdio", "file:F", "null", "pty" */
	bool deaf;          /* standard input is somebody else's: there is no input */
	bool keys;          /* at a terminal ctrl-A begins a command to rvsim */
	bool whole;         /* at a terminal ^C and the like are the guest's */
	const struct console_pattern *patterns;
	size_t pattern_count;
	struct event_queue *events; /* NULL: a run is satisfied at once, wherever a line stands */
	uint64_t cycles_per_tick;
	/* All that is expected has matched (NULL), or a pattern that must not, at `line`. Called once. */
	void (*matched)(void *context, const struct console_pattern *failed, const char *line);
	/* A byte has been written. May be NULL. */
	void (*written)(void *context, uint8_t byte, uint64_t now);
	struct input_log *log; /* as in struct host_input_config */
	/* As in struct host_input_config. */
	enum console_idle (*idle)(void *context);
	bool (*give_up)(void *context);
	void (*trouble)(void *context, enum input_trouble trouble, const char *message);
	void (*command)(void *context, enum console_command command);
	void *context;
};

/* NULL after a line on stderr. */
struct console *console_open(const struct console_config *config);
/* Flushes output and gives the terminal back. NULL is allowed. */
void console_close(struct console *console);

void console_write(struct console *console, uint8_t byte, uint64_t now);
/* A byte of input, CONSOLE_NOTHING for now, CONSOLE_BREAK, or CONSOLE_END for ever. At a terminal it never blocks while
 * a hart runs; while all wait it may sleep a little: so an idle machine keeps to real time, and one that only input can
 * wake leaves the host alone. */
int console_read(struct console *console, uint64_t now);
/* Will there never be more? Asks for it if nothing is left, and takes nothing away. */
bool console_ended(struct console *console, uint64_t now);
/* As if typed: the guest gets it when it asks next. False: there is no room, or its input is a recording. */
bool console_type(struct console *console, const uint8_t *bytes, size_t size);

/* host_input_take_back: for who reads from the terminal when the guest does not. */
int console_take_back(struct console *console);

/* The host's side, now and then while the machine runs: show what was written, obey keys. NULL is allowed. */
void console_attend(struct console *console);
/* From the next line on: show the simulated time in front of each, or no more. Nobody but the host sees it. */
void console_stamp(struct console *console);
/* Show what was written so far. */
void console_flush(struct console *console);
/* Does the last line that was shown on this file of the host (a descriptor) lack its end? Who asks ends it then. */
bool console_in_line(struct console *console, int fd);
/* The run is over: its last line is taken as it is. */
void console_end(struct console *console);

/* Put the host's terminal into raw mode, or give it back (debugger prompt, end). No-ops unless stdin is a terminal. */
void console_raw(struct console *console, bool raw);
/* Is a terminal's input the guest's? */
bool console_at_terminal(const struct console *console);
/* At the end of a run: 0, or -1 after a line on stderr: some of the output could not be written. */
int console_finish(struct console *console);
/* How much of a recording being replayed nobody has asked for. */
uint64_t console_unasked(const struct console *console);
uint64_t console_given(const struct console *console, uint64_t *hash); /* host_input_given */
const struct line_watch *console_watch(const struct console *console);

/* The machine goes another way from here than it did before: output is shown again, and input comes when it is asked for. */
void console_forget(struct console *console);

/* Its section: the unfinished line, which expressions have matched, and input (host_input_save). */
void console_save(const struct console *console, struct state_writer *writer);
bool console_restore(struct console *console, struct state_reader *reader);

#endif
