#include "base/event_queue.h"

#include <assert.h>
#include <stdlib.h>
#include "base/state.h"

void event_queue_init(struct event_queue *queue) { *queue = (struct event_queue){0}; }

void event_queue_free(struct event_queue *queue)
{
	free(queue->heap);
	*queue = (struct event_queue){0};
}

int event_init(struct event *event, struct event_queue *queue, void (*run)(void *context, uint64_t cycle),
               void *context)
{
	*event = (struct event){.context = context, .heap_index = SIZE_MAX};
	if (queue->places == queue->capacity) {
		size_t capacity = 2 * queue->capacity + 16;
		struct event **heap = realloc(queue->heap, capacity * sizeof(struct event *));
		if (!heap)
			return -1;
		queue->heap = heap;
		queue->capacity = capacity;
	}
	queue->places++;
	event->run = run;
	return 0;
}

void event_drop(struct event_queue *queue, struct event *event)
{
	if (!event->run || queue->places == 0)
		return;
	event_cancel(queue, event);
	queue->places--;
	event->run = NULL;
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

static void insert_event(struct event_queue *queue, struct event *event, uint64_t cycle, uint64_t sequence)
{
	assert(event->run && queue->count < queue->places);
	event->cycle = cycle;
	event->sequence = sequence;
	sift_up(queue, queue->count++, event);
}

void event_schedule(struct event_queue *queue, struct event *event, uint64_t cycle)
{
	event_cancel(queue, event);
	insert_event(queue, event, cycle, queue->next_sequence++);
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

enum { EVENTS_VERSION = 1 };

void event_queue_save(const struct event_queue *queue, struct state_writer *writer)
{
	state_write_begin(writer, "events", EVENTS_VERSION);
	STATE_WRITE(writer, queue->next_sequence);
	state_write_end(writer);
}

bool event_queue_restore(struct event_queue *queue, struct state_reader *reader)
{
	while (queue->count)
		event_cancel(queue, queue->heap[0]);
	return state_read_begin(reader, "events", EVENTS_VERSION) && STATE_READ(reader, queue->next_sequence) &&
	       state_read_end(reader);
}

void event_save(const struct event *event, struct state_writer *writer)
{
	bool queued = event->heap_index != SIZE_MAX;
	state_write_u64(writer, queued);
	state_write_u64(writer, queued ? event->cycle : 0);
	state_write_u64(writer, queued ? event->sequence : 0);
}

static bool sequence_is_free(const struct event_queue *queue, uint64_t sequence)
{
	for (size_t i = 0; i < queue->count; i++)
		if (queue->heap[i]->sequence == sequence)
			return false;
	return sequence < queue->next_sequence;
}

bool event_restore(struct event_queue *queue, struct event *event, struct state_reader *reader)
{
	bool queued = state_read_limited(reader, 1);
	uint64_t cycle = state_read_u64(reader), sequence = state_read_u64(reader);
	event_cancel(queue, event);
	if (reader->failed)
		return false;
	if (!queued)
		return true;
	if (!sequence_is_free(queue, sequence))
		return state_refuse(reader, "an event has no place in the queue");
	insert_event(queue, event, cycle, sequence);
	return true;
}
