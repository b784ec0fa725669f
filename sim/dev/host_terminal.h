/*
 * Standard input when it is a terminal, or a pseudo-terminal: raw while the guest has it, given back on every way out; and keys that are for
 * rvsim, as QEMU has them: ctrl-A and a letter.
 */
#ifndef HOST_TERMINAL_H
#define HOST_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

/* What a user asks for with ctrl-A and x; d or c; s; t. ctrl-A h is answered here, ctrl-A b is KEY_BREAK. */
enum console_command { COMMAND_QUIT, COMMAND_DEBUGGER, COMMAND_SAVE, COMMAND_TIMES };

enum { KEY_BREAK = 0x100, KEY_BYTE = 0xff }; /* what else is typed is a byte */

struct host_terminal_config {
	bool keys;  /* ctrl-A begins a command */
	bool whole; /* ^C, ^Z and ^\ are the guest's: they raise no signals */
	bool pty;   /* not standard input, but a pseudo-terminal of our own, whose other end others open and close: */
	int pty_fd;
	void (*typed)(void *context, uint16_t key);
	void (*command)(void *context, enum console_command command);
	void *context, *command_context;
};

struct host_terminal {
	struct host_terminal_config config;
	int fd;
	bool present, ended;
	bool wanted; /* raw, but for when it is another's */
	bool raw;
	bool escape; /* ctrl-A was typed */
	struct termios saved, set; /* as it was found, and as it is while it is raw */
};

/* Without a terminal at standard input, or a pseudo-terminal, it is not present. */
void host_terminal_open(struct host_terminal *terminal, const struct host_terminal_config *config);

/* Into raw mode, or given back. While we are in the background the terminal is left alone. */
void host_terminal_raw(struct host_terminal *terminal, bool raw);

/* Wait for keys, no longer than `patience` milliseconds, and pass them on. */
void host_terminal_look(struct host_terminal *terminal, int patience);

/* Now and then: obey what suspends and resumes the process, and commands (not before it is raw). */
void host_terminal_attend(struct host_terminal *terminal);

#endif
