/*
 * The machine's console: where UART and HTIF bytes go, and where input comes from. Output lines are watched for
 * --expect and --fail-on. Host input enters simulated state here and nowhere else.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

struct console;
struct trace;

enum console_match { CONSOLE_EXPECTED, CONSOLE_FAILED };

/* What the machine does meanwhile: some hart runs; all wait; all wait, and no timer will ever wake one. */
enum console_idle { CONSOLE_BUSY, CONSOLE_WAITING, CONSOLE_STUCK };

enum { CONSOLE_NOTHING = -1, CONSOLE_END = -2 };

struct console_config {
	const char *serial;           /* "stdio", "file:F", "null" */
	bool deaf;                    /* standard input is somebody else's: there is no input */
	const char *expect, *fail_on; /* POSIX extended regular expressions, or NULL */
	/* A watched line matched; called at most once for each expression. */
	void (*matched)(void *context, enum console_match match, const char *line);
	/* Asked before input is looked for. May be NULL. */
	enum console_idle (*idle)(void *context);
	void *context;
};

/* NULL after a line on stderr. */
struct console *console_open(const struct console_config *config);
/* Flushes output and gives the terminal back. NULL is allowed. */
void console_close(struct console *console);
void console_set_trace(struct console *console, struct trace *trace);

void console_write(struct console *console, uint8_t byte, uint64_t now);
/* A byte of input, CONSOLE_NOTHING for now, or CONSOLE_END for ever. Never blocks while a hart runs. While
 * all wait it may sleep a little: so an idle machine at a terminal keeps to real time, and one that only input can wake
 * leaves the host alone. */
int console_read(struct console *console);
/* Show what was written so far, and let --expect look at an unfinished line (a prompt). */
void console_flush(struct console *console);

/* Put the host's terminal into raw mode, or give it back (debugger prompt, end). No-ops unless stdin is a terminal. */
void console_raw(struct console *console, bool raw);
/* 0, or -1 after a line on stderr: some of the output could not be written. */
int console_check(const struct console *console);
bool console_saw_expected(const struct console *console);

#endif
