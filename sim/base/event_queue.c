#include "base/event_queue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/say.h"

void event_queue_init(struct event_queue *queue)
{
	*queue = (struct event_queue){ 0 };
}

void event_queue_free(struct event_queue *queue)
{
	free(queue->heap);
	*queue = (struct event_queue){ 0 };
}

void event_init(struct event *event, void (*run)(void *context, uint64_t cycle), void *context)
{
	*event = (struct event){ .run = run, .context = context, .heap_index = SIZE_MAX };
}

static bool earlier(const struct event *a, const struct event *b)
{
	return a->cycle != b->cycle ? a->cycle < b->cycle : a->sequence < b->sequence;
}

static void place(struct event_queue *queue, size_t index, struct event *event)
{
	queue->heap[index] = event;
	event->heap_index = index;
}

static void sift_up(struct event_queue *queue, size_t index, struct event *event)
{
	while (index > 0) {
		size_t parent = (index - 1) / 2;
		if (!earlier(event, queue->heap[parent]))
			break;
		place(queue, index, queue->heap[parent]);
		index = parent;
	}
	place(queue, index, event);
}

static void sift_down(struct event_queue *queue, size_t index, struct event *event)
{
	for (;;) {
		size_t child = 2 * index + 1;
		if (child >= queue->count)
			break;
		if (child + 1 < queue->count && earlier(queue->heap[child + 1], queue->heap[child]))
			child++;
		if (!earlier(queue->heap[child], event))
			break;
		place(queue, index, queue->heap[child]);
		index = child;
	}
	place(queue, index, event);
}

void event_schedule(struct event_queue *queue, struct event *event, uint64_t cycle)
{
	event_cancel(queue, event);
	if (queue->count == queue->capacity) {
		size_t capacity = queue->capacity ? 2 * queue->capacity : 16;
		struct event **heap = realloc(queue->heap, capacity * sizeof(struct event *));
		if (!heap) {
			say("out of memory for events");
			abort();
		}
		queue->heap = heap;
		queue->capacity = capacity;
	}
	event->cycle = cycle;
	event->sequence = queue->next_sequence++;
	sift_up(queue, queue->count++, event);
}

void event_cancel(struct event_queue *queue, struct event *event)
{
	size_t index = event->heap_index;
	if (index == SIZE_MAX)
		return;
	assert(index < queue->count && queue->heap[index] == event);
	event->heap_index = SIZE_MAX;
	struct event *last = queue->heap[--queue->count];
	if (last == event)
		return;
	sift_down(queue, index, last);
	sift_up(queue, last->heap_index, last);
}

void event_run(struct event_queue *queue, uint64_t now)
{
	while (queue->count && queue->heap[0]->cycle <= now) {
		struct event *event = queue->heap[0];
		event_cancel(queue, event);
		event->run(event->context, event->cycle);
	}
}
