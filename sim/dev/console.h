/*
 * The machine's console: where UART and HTIF bytes go, and where input comes from (dev/host_input.h). Output lines are
 * watched for --expect and --fail-on.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <stdint.h>
#include "dev/host_input.h"

struct console;

enum console_match { CONSOLE_EXPECTED, CONSOLE_FAILED };

struct console_config {
	const char *serial;           /* "stdio", "file:F", "null" */
	bool deaf;      /* standard input is somebody else's: there is no input */
	const char *expect, *fail_on; /* POSIX extended regular expressions, or NULL */
	/* A watched line matched; called at most once for each expression. */
	void (*matched)(void *context, enum console_match match, const char *line);
	/* A byte has been written. May be NULL. */
	void (*written)(void *context, uint8_t byte, uint64_t now);
	const char *record, *replay;  /* host input: files, or NULL */
	/* As in struct host_input_config. */
	enum console_idle (*idle)(void *context);
	bool (*give_up)(void *context);
	void (*trouble)(void *context, enum input_trouble trouble, const char *message);
	void *context;
};

/* NULL after a line on stderr. */
struct console *console_open(const struct console_config *config);
/* Flushes output and gives the terminal back. NULL is allowed. */
void console_close(struct console *console);

void console_write(struct console *console, uint8_t byte, uint64_t now);
/* A byte of input, CONSOLE_NOTHING for now, or CONSOLE_END for ever. At a terminal it never blocks while a hart
 * runs; while all wait it may sleep a little: so an idle machine keeps to real time, and one that only input can
 * wake leaves the host alone. */
int console_read(struct console *console, uint64_t now);
/* Will there never be more? Asks for it if nothing is left, and takes nothing away. */
bool console_ended(struct console *console, uint64_t now);

/* Show what was written so far, and let --expect look at an unfinished line (a prompt). */
void console_flush(struct console *console);

/* Put the host's terminal into raw mode, or give it back (debugger prompt, end). No-ops unless stdin is a terminal. */
void console_raw(struct console *console, bool raw);
/* At the end of a run: 0, or -1 after a line on stderr: some of the output, or of the recording, could not be
 * written. */
int console_finish(struct console *console);
/* How much of a recording being replayed nobody has asked for. */
uint64_t console_unasked(const struct console *console);
bool console_saw_expected(const struct console *console);

/* Its section: the unfinished line, which expressions have matched, and input (host_input_save). */
void console_save(const struct console *console, struct state_writer *writer);
bool console_restore(struct console *console, struct state_reader *reader);

#endif
