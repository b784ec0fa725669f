/* Events of all harts in the order of their cycles, for formats in which time never goes back: a trace has each hart's in order, but
 * harts ahead of each other by a quantum. */
#ifndef MERGE_H
#define MERGE_H

#include "rvtrace.h"

struct merged {
	uint64_t cycle;
	uint64_t number; /* of those put in, from 0: the order of one cycle */
	struct trace_event event;
};

typedef void merge_function(void *context, const struct merged *merged);

struct merge {
	merge_function *take; /* called with each, in order */
	void *context;
	uint64_t window; /* cycles that a hart may be behind the furthest */
	uint64_t furthest, taken, number;
	struct lane { /* of a hart: its events, in order */
		struct merged *held;
		size_t first, count, capacity;
		uint64_t last;
	} lanes[TRACE_HARTS_MAX];
	unsigned lane_count;
	size_t count; /* of all */
	bool failed; /* no memory */
};

/* `config` of the trace says how far harts may be apart. */
void merge_begin(struct merge *merge, const char *config, merge_function *take, void *context);
void merge_put(struct merge *merge, uint64_t cycle, const struct trace_event *event);
/* All the rest. 0, or -1: there was no memory. */
int merge_end(struct merge *merge);

#endif
