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

static int by_cycle(const void *left, const void *right)
{
	const struct merged *a = left, *b = right;
	if (a->cycle != b->cycle)
		return a->cycle < b->cycle ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

/* Those up to this cycle go. */
static void take_to(struct merge *merge, uint64_t cycle)
{
	size_t gone = 0;
	qsort(merge->held, merge->count, sizeof *merge->held, by_cycle);
	for (; gone < merge->count && merge->held[gone].cycle <= cycle; gone++)
		merge->take(merge->context, &merge->held[gone]);
	merge->taken = cycle;
	merge->count -= gone;
	memmove(merge->held, merge->held + gone, merge->count * sizeof *merge->held);
}

void merge_put(struct merge *merge, uint64_t cycle, const struct trace_event *event)
{
	enum { MANY = 1 << 16 };
	if (cycle > merge->furthest)
		merge->furthest = cycle;
	if (merge->count >= MANY && merge->count == merge->capacity &&
	    merge->furthest > merge->taken + 2 * merge->window)
		take_to(merge, merge->furthest - merge->window);
	if (ARRAY_RESERVE(merge->held, merge->count, 1, &merge->capacity) != 0) {
		merge->failed = true;
		return;
	}
	merge->held[merge->count++] = (struct merged){cycle > merge->taken ? cycle : merge->taken, merge->number++,
	                                              *event};
}

int merge_end(struct merge *merge)
{
	if (merge->count)
		take_to(merge, UINT64_MAX);
	free(merge->held);
	return merge->failed ? -1 : 0;
}
