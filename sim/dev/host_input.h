/*
 * Where bytes from the host come from. Host input enters simulated state here and, as frames, in network.h, and nowhere else.
 *
 * A terminal is live: what has been typed is there when the guest asks. Any other standard input is read to its end
 * when the guest asks for the first time, however long that takes: when the host delivers it then makes no difference.
 * A recording gives the bytes that it has, when the guest asks as it did then; if it asks at other times, the
 * recording is of another run, and the machine is told to stop.
 */
#ifndef HOST_INPUT_H
#define HOST_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "dev/host_terminal.h"
#include "dev/recording.h"

struct host_input;
struct state_reader;
struct state_writer;

/* What the machine does meanwhile: some hart runs; all wait; all wait, and no timer will ever wake one. */
enum console_idle { CONSOLE_BUSY, CONSOLE_WAITING, CONSOLE_STUCK };

enum { CONSOLE_NOTHING = -1, CONSOLE_END = -2, CONSOLE_BREAK = -3 };

struct host_input_config {
	bool none;        /* standard input is not for the guest */
	bool keys, whole, pty; /* of a terminal: as in struct host_terminal_config */
	int pty_fd;
	struct input_log *log; /* NULL: nothing is recorded, nor replayed */
	/* Asked before a terminal is looked at. May be NULL. */
	enum console_idle (*idle)(void *context);
	/* Asked now and then while the end of standard input is awaited: true, and there is nothing. May be NULL. */
	bool (*give_up)(void *context);
	/* There will be nothing more; `message` is one line. May be NULL. */
	void (*trouble)(void *context, enum input_trouble trouble, const char *message);
	/* A key for rvsim. May be NULL where there are none. */
	void (*command)(void *context, enum console_command command);
	void *context;
};

/* NULL after a line on stderr. */
struct host_input *host_input_open(const struct host_input_config *config);
/* The run has ended: a recording says when. */
void host_input_finish(struct host_input *input);
/* Finishes, and gives the terminal back. NULL is allowed. */
void host_input_close(struct host_input *input);

/* Nothing is left of what has been got from the host: the next read asks for more. */
bool host_input_empty(const struct host_input *input);
/* The guest asks at cycle `now`: a byte, CONSOLE_BREAK, CONSOLE_NOTHING for now, or CONSOLE_END for ever. */
int host_input_read(struct host_input *input, uint64_t now);
/* The same question, without taking the byte: will it be CONSOLE_END? */
bool host_input_ended(struct host_input *input, uint64_t now);
/* What the guest has read: how many bytes, and FNV-1a of them. */
uint64_t host_input_given(const struct host_input *input, uint64_t *hash);

/* As if typed: the guest gets it when it asks next. False: it has been told that there is no input, or input is a
 * recording. */
bool host_input_type(struct host_input *input, const uint8_t *bytes, size_t size);

/* A byte that was typed at the terminal and that the guest has not asked for is somebody else's: the first there is, or -1. */
int host_input_take_back(struct host_input *input);

/* Put the terminal into raw mode, or give it back. No-op unless input comes from one. */
void host_input_raw(struct host_input *input, bool raw);
bool host_input_at_terminal(const struct host_input *input);
/* Now and then while the machine runs: host_terminal_attend. */
void host_input_attend(struct host_input *input);

/* How much of a recording nobody has asked for: 0 without one. */
uint64_t host_input_unasked(const struct host_input *input);

/* What the guest was given after this moment, when it was here before, it is given whenever it asks. */
void host_input_forget(struct host_input *input);

/* Parts of the console's section: bytes that have been got and not asked for, and the place in a recording. */
void host_input_save(const struct host_input *input, struct state_writer *writer);
bool host_input_restore(struct host_input *input, struct state_reader *reader);

#endif
