/*
 * A network as a device has it: frames out, frames in. What the host brings becomes the guest's at events of simulated time alone,
 * which are recorded with what came; a replayed network asks no host at all.
 *
 * While a device listens, an event looks at the host: often while frames go either way, and after each look in vain half as
 * often, down to a hundredth. So a silent network costs next to nothing, and when the looks are depends on what was
 * recorded only. While all harts wait, a look waits for the host, so that time does not run ahead of it.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "dev/host_input.h"

struct event_queue;
struct network_config; /* host_net.h */
struct state_reader;
struct state_writer;

enum {
	FRAME_MIN = 14,    /* bytes of an Ethernet frame: its header */
	FRAME_MAX = 65535, /* shorter ones and longer ones are nobody's */
	NETWORKS_MAX = 8,
};

/* What it may use of the machine. Lives as long as it does. */
struct network_host {
	struct event_queue *events;
	struct input_log *log;
	uint64_t cycles_per_tick; /* of mtime, 10 MHz */
	uint64_t poll_ticks;      /* between two looks while frames go */
	enum console_idle (*idle)(void *context);
	/* A look has waited: the machine's moment to attend to signals and the console. */
	void (*attend)(void *context);
	/* As in struct host_input_config. */
	void (*trouble)(void *context, enum input_trouble trouble, const char *message);
	void *context;
};

struct network;

/* `index`: its place among networks, and of its stream in a recording. NULL after a line on stderr. */
struct network *network_open(const struct network_config *config, unsigned index, const struct network_host *host);
/* The run has ended: a recording says when. */
void network_finish(struct network *network);
/* NULL is allowed. */
void network_close(struct network *network);

/* The device that hears of frames: `arrived` is called after one or several came. One a network. */
void network_attach(struct network *network, void (*arrived)(void *context, uint64_t now), void *context);
/* From now on it takes frames. No-op if it does already. */
void network_listen(struct network *network, uint64_t now);
/* No longer: what waits is forgotten, and what comes stays with the host. */
void network_forget(struct network *network);

/* FRAME_MIN to FRAME_MAX bytes go out. */
void network_send(struct network *network, const uint8_t *frame, size_t size, uint64_t now);
/* The first of those that came and were not dropped; NULL: none. */
const uint8_t *network_frame(const struct network *network, size_t *size);
void network_drop(struct network *network);

/* How many records of a recording have not come. */
uint64_t network_unasked(const struct network *network);

/* The machine goes another way from here than it did before: what it sends is sent again, and frames that came then are lost. */
void network_forget_future(struct network *network);

/* Part of its device's section: what came and when the next look is. The host's side is not saved. */
void network_save(const struct network *network, struct state_writer *writer);
bool network_restore(struct network *network, struct state_reader *reader);

#endif
