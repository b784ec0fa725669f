/*
 * The console that all zones and the hypervisor share.
 *
 * What a zone prints goes into a queue of its own, and from there to the machine's console in small pieces, by
 * whichever CPU has a moment (console_drain). So no call takes longer than a piece does, nobody waits for the console
 * while another CPU uses it, and zones that print take turns.
 *
 * With one zone its bytes go out as they come. With several, each zone's output is held until its line is complete and
 * goes out whole behind "[name] ", so lines of different zones never mix.
 */
#ifndef FIRMWARE_HOST_CONSOLE_H
#define FIRMWARE_HOST_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/harts.h"

#define CONSOLE_LINE_MAX 512   /* a longer line is broken */
#define CONSOLE_QUEUE_SIZE 2048u /* a power of 2 */
#define CONSOLE_END_MAX 256u   /* of the queue, kept for what is said at a zone's end */
#define CONSOLE_ROOM (CONSOLE_QUEUE_SIZE - CONSOLE_END_MAX - HARTS_MAX) /* of the queue, for what zones print */

/* Output of one zone on its way, oldest first. Positions run on for ever; what they stand for is modulo the size. */
struct console_queue {
	struct console_queue *next; /* of all queues */
	char prefix[64];            /* "[name] " */
	uint32_t prefix_length;

	uint32_t reserved;  /* atomic: up to here writers have taken room */
	uint32_t published; /* atomic: up to here they have filled it, in the order in which they took it */
	uint32_t sent;      /* atomic: up to here it has gone out; moved by the owner of the console */
	uint32_t end; /* where the report of the zone's end begins, if it has ended; written before it is published */
	bool has_ended;

	/* The owner's alone, about the line that begins or goes on at `sent`. */
	uint32_t line_end; /* behind its last byte, once that is known; else `sent` */
	uint32_t searched; /* how far that has been looked for */
	uint32_t prefix_left; /* bytes of its prefix that have not gone out */
	bool is_broken; /* it gets a newline that is not in the queue */
	bool is_begun; /* it has to go on before any other line */

	char text[CONSOLE_QUEUE_SIZE];
};

/* Whether zones' lines are to be told apart. Boot hart, before any zone runs, like console_add. */
void console_init(bool several_zones);

/* Makes an all-zero queue one of the console's. */
void console_add(struct console_queue *queue, const char *name);

/*
 * A whole line of the hypervisor's own, and before it whatever the queues hold; the newline is added. It has gone out
 * when this returns, however long that takes: for the machine's boot and its end.
 */
void console_line(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* Takes bytes into the queue, as many as there is room for, and returns how many. */
uint64_t console_zone_write(struct console_queue *queue, const char *text, uint64_t size);

static inline bool console_zone_has_room(const struct console_queue *queue)
{
	uint32_t used = __atomic_load_n(&queue->reserved, __ATOMIC_RELAXED) -
	                __atomic_load_n(&queue->sent, __ATOMIC_RELAXED);

	return used < CONSOLE_ROOM;
}

/* A byte by a CPU that has just found room for it: others may have taken that since, but then there is more. */
void console_zone_put(struct console_queue *queue, char byte);

/* Ends the zone's last line, if it was left unfinished, and adds a whole line about it, that has no prefix. Once, when
 * nobody writes to the queue any more, until it begins again. */
void console_zone_end(struct console_queue *queue, const char *text, ...) __attribute__((format(printf, 2, 3)));

/* True if all that was in the queue of an ended zone has gone out; then it may be written to again. */
bool console_zone_begin_again(struct console_queue *queue);

/* Sends what little fits in a short time. True if there may be more that could go out, be it because another CPU is
 * just sending: then this is to be called again soon. */
bool console_drain(void);

/* Sends all there is, unfinished lines too. For the machine's end. */
void console_flush(void);

#endif
