/* Things that happen at a cycle: a queue keyed (cycle, sequence), so that order never depends on host addresses. */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event {
	uint64_t cycle, sequence;
	void (*run)(void *context, uint64_t cycle);
	void *context;
	size_t heap_index; /* SIZE_MAX when not queued */
};

struct event_queue {
	struct event **heap;
	size_t count, capacity;
	uint64_t next_sequence;
};

void event_queue_init(struct event_queue *queue);
void event_queue_free(struct event_queue *queue);

/* The owner keeps the struct event; one owner, at most one queued time: scheduling again moves it. */
void event_init(struct event *event, void (*run)(void *context, uint64_t cycle), void *context);
void event_schedule(struct event_queue *queue, struct event *event, uint64_t cycle);
void event_cancel(struct event_queue *queue, struct event *event);

/* Cycle of the first event; UINT64_MAX when there is none. */
static inline uint64_t event_next(const struct event_queue *queue)
{
	return queue->count ? queue->heap[0]->cycle : UINT64_MAX;
}

/* Run every event with cycle <= now, in order. */
void event_run(struct event_queue *queue, uint64_t now);

#endif
