/* Things that happen at a cycle: a queue keyed (cycle, sequence), so that order never depends on host addresses. */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state_writer;
struct state_reader;

struct event {
	uint64_t cycle, sequence;
	void (*run)(void *context, uint64_t cycle);
	void *context;
	size_t heap_index; /* SIZE_MAX when not queued */
};

struct event_queue {
	struct event **heap;
	size_t count, capacity;
	size_t places; /* events that may come to be queued: the heap has room for all */
	uint64_t next_sequence;
};

void event_queue_init(struct event_queue *queue);
void event_queue_free(struct event_queue *queue);

/* The owner keeps the struct event; one owner, at most one queued time: scheduling again moves it. Its place in the
 * queue is got here, when its owner is built, so that scheduling cannot fail later. 0, or -1: no memory. */
int event_init(struct event *event, struct event_queue *queue, void (*run)(void *context, uint64_t cycle),
               void *context);
/* Cancel it and give its place back. An event that is all zero, or of a queue that is freed already, needs none of
 * this. */
void event_drop(struct event_queue *queue, struct event *event);

void event_schedule(struct event_queue *queue, struct event *event, uint64_t cycle);
void event_cancel(struct event_queue *queue, struct event *event);

/* Cycle of the first event; UINT64_MAX when there is none. */
static inline uint64_t event_next(const struct event_queue *queue)
{
	return queue->count ? queue->heap[0]->cycle : UINT64_MAX;
}

/* Run every event with cycle <= now, in order. */
void event_run(struct event_queue *queue, uint64_t now);

/* The queue has a section of its own: the order that the next events will get. Restoring it empties the queue; then
 * each owner's event comes back, as a part of its owner's section, with the cycle and the place among equal cycles
 * that it had. False: refused. */
void event_queue_save(const struct event_queue *queue, struct state_writer *writer);
bool event_queue_restore(struct event_queue *queue, struct state_reader *reader);
void event_save(const struct event *event, struct state_writer *writer);
bool event_restore(struct event_queue *queue, struct event *event, struct state_reader *reader);

#endif
