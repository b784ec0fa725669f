/*
 * What a user does with keyboard, pointer and touch screen, as devices have it. The host brings it when it likes, from a window or by
 * the debugger's commands; it becomes the guest's at events of simulated time alone, which are recorded with what came, as frames of networks are
 * (network.h). While some device listens, an event looks at the host every 2 ms of simulated time, whether anybody could type or not:
 * so a run without a window is the run with one that nobody touches.
 */
#ifndef USER_INPUT_H
#define USER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/event_queue.h"
#include "dev/host_input.h"

struct state_reader;
struct state_writer;

enum user_sort {
	USER_KEY,    /* code: a key's (keys.h); value: 1 down, 0 up */
	USER_BUTTON, /* code: a button's of the pointer (BTN_LEFT...); likewise */
	USER_WHEEL,  /* value: clicks away from the user */
	USER_MOVE,   /* code: 0 x, 1 y; value: how far */
	USER_PLACE,  /* code: 0 x, 1 y; value: 0 to USER_PLACE_MAX, over the whole screen */
	USER_TOUCH,  /* code: enum user_touch */
	USER_REPORT, /* what came before belongs together, and is all */
	USER_SORTS,
};

/* A finger has a slot, and in it a number as long as it stays down; then TOUCH_NUMBER is -1. */
enum user_touch { TOUCH_SLOT, TOUCH_NUMBER, TOUCH_X, TOUCH_Y, TOUCH_ANY /* 1: some finger is down */, TOUCH_CODES };

enum {
	USER_PLACE_MAX = 0x7fff,
	USER_SLOTS = 10,
	BTN_LEFT = 0x110,
	BTN_RIGHT = 0x111,
	BTN_MIDDLE = 0x112,
	BTN_SIDE = 0x113,
	BTN_EXTRA = 0x114,
	BTN_TOUCH = 0x14a,
};

/* As a recording has it too: 8 bytes, little-endian. */
struct user_event {
	uint16_t sort, code;
	int32_t value;
};

/* What it may use of the machine: as in struct network_host. */
struct user_host {
	struct event_queue *events;
	struct input_log *log;
	uint64_t cycles_per_tick;
	enum console_idle (*idle)(void *context);
	/* The host is waited for, so many seconds. */
	void (*wait)(void *context, double seconds);
	void (*trouble)(void *context, enum input_trouble trouble, const char *message);
	void *context;
};

/* A device that takes some of it. Of those that take one sort the one that began to listen last gets it. */
struct user_device {
	const char *name; /* as `info mice` shows it */
	unsigned sorts;   /* bit set of enum user_sort; USER_REPORT goes to all that got something before it */
	void (*take)(void *context, const struct user_event *event, uint64_t now);
	void *context;
	bool listens, told;
	uint64_t since; /* the cycle at which it began */
};

struct user_input;

/* NULL after a line on stderr. */
struct user_input *user_input_open(const struct user_host *host);
/* The run has ended: a recording says when. */
void user_input_finish(struct user_input *input);
/* NULL is allowed, here and in what follows of the host's side. */
void user_input_close(struct user_input *input);

/* ---- the host's side ---- */

/* There is a window: while all harts wait, simulated time does not run ahead of the host's. */
void user_input_live(struct user_input *input);
/* Something was done: of what is due at once, and then what is `hold` ticks of mtime later than that before it. False: input is a recording, or
 * there is no room. */
bool user_input_push(struct user_input *input, const struct user_event *event, uint64_t hold);
/* The buttons that the host's side holds down: bit n is BTN_LEFT + n. */
uint32_t user_input_buttons(const struct user_input *input);
/* Does a device listen to it? */
bool user_input_wanted(const struct user_input *input, enum user_sort sort);
/* The device that gets it; NULL: none listens. */
const struct user_device *user_input_device(const struct user_input *input, enum user_sort sort);
/* The n-th device there is, or NULL. */
const struct user_device *user_input_at(const struct user_input *input, unsigned n);
/* Is it what a recording says? */
bool user_input_replays(const struct user_input *input);
/* How many records of a recording have not come. */
uint64_t user_input_unasked(const struct user_input *input);
/* The machine goes another way from here than it did before: what came then will not come. */
void user_input_forget(struct user_input *input);

/* ---- for devices ---- */

/* The device lives as long as the input does. False: there are too many. */
bool user_input_attach(struct user_input *input, struct user_device *device);
/* Its driver is ready; no-op if it was. Or no longer. */
void user_input_listen(struct user_input *input, struct user_device *device, uint64_t now);
void user_input_leave(struct user_input *input, struct user_device *device);

/* Section "user input": the next look, and what has come. Which devices listen is theirs to save (`listens`, `since`). */
void user_input_save(const struct user_input *input, struct state_writer *writer);
bool user_input_restore(struct user_input *input, struct state_reader *reader);

#endif
