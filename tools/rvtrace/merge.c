#include "merge.h"

#include <stdlib.h>
#include <string.h>
#include "base/array.h"

enum { WINDOW_LEAST = 1 << 16 };

void merge_begin(struct merge *merge, const char *config, merge_function *take, void *context)
{
	static const char key[] = "\"quantum\":";
	const char *quantum = strstr(config, key);
	uint64_t apart = quantum ? strtoull(quantum + sizeof key - 1, NULL, 10) : 0;
	*merge = (struct merge){.take = take, .context = context, .window = apart + WINDOW_LEAST};
}

static bool is_before(const struct merged *a, const struct merged *b)
{
	return a->cycle != b->cycle ? a->cycle < b->cycle : a->number < b->number;
}

/* The lane whose first event is due; NULL: none is up to this cycle. *bound: the first event of the others. */
static struct lane *first_lane(struct merge *merge, uint64_t cycle, struct merged *bound)
{
	struct lane *first = NULL;
	*bound = (struct merged){.cycle = cycle, .number = UINT64_MAX};
	for (unsigned i = 0; i < merge->lane_count; i++) {
		struct lane *lane = &merge->lanes[i];
		const struct merged *head = lane->first < lane->count ? &lane->held[lane->first] : NULL;
		if (!head || is_before(bound, head))
			continue;
		const struct merged *other = first ? &first->held[first->first] : NULL;
		if (other && is_before(other, head)) {
			*bound = *head;
			continue;
		}
		if (other)
			*bound = *other;
		first = lane;
	}
	return first;
}

static void close_gap(struct lane *lane)
{
	lane->count -= lane->first;
	memmove(lane->held, lane->held + lane->first, lane->count * sizeof *lane->held);
	lane->first = 0;
}

/* Those up to this cycle go. */
static void take_to(struct merge *merge, uint64_t cycle)
{
	struct merged bound;
	struct lane *lane;
	while ((lane = first_lane(merge, cycle, &bound)))
		while (lane->first < lane->count && !is_before(&bound, &lane->held[lane->first])) {
			merge->take(merge->context, &lane->held[lane->first++]);
			merge->count--;
		}
	for (unsigned i = 0; i < merge->lane_count; i++)
		close_gap(&merge->lanes[i]);
	merge->taken = cycle;
}

/* What a hart tells late is at the cycle it had come to: its order stays that of the trace. */
void merge_put(struct merge *merge, uint64_t cycle, const struct trace_event *event)
{
	enum { MANY = 1 << 14 };
	struct lane *lane = &merge->lanes[event->hart];
	if (event->hart >= merge->lane_count)
		merge->lane_count = event->hart + 1U;
	if (cycle > merge->furthest)
		merge->furthest = cycle;
	if (merge->count >= MANY && merge->furthest > merge->taken + 2 * merge->window)
		take_to(merge, merge->furthest - merge->window);
	if (ARRAY_RESERVE(lane->held, lane->count, 1, &lane->capacity) != 0) {
		merge->failed = true;
		return;
	}
	lane->last = cycle > lane->last ? cycle : lane->last;
	lane->last = lane->last > merge->taken ? lane->last : merge->taken;
	lane->held[lane->count++] = (struct merged){lane->last, merge->number++, *event};
	merge->count++;
}

int merge_end(struct merge *merge)
{
	if (merge->count)
		take_to(merge, UINT64_MAX);
	for (unsigned i = 0; i < merge->lane_count; i++)
		free(merge->lanes[i].held);
	return merge->failed ? -1 : 0;
}
