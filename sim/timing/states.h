/* The pipeline states that have occurred, by number. Equal states have equal numbers, so a block can be looked up by
 * the state it starts in. */
#ifndef STATES_H
#define STATES_H

#include <stdbool.h>
#include "timing/pipe.h"

/* SLACK: more than a block, its exits and what is settled in it can add. */
enum { STATE_BUCKETS = 1 << 14, STATES_MAX = 1 << 20, STATES_SLACK = 1 << 12 };

struct states {
	struct pipe *list;
	uint32_t *next; /* of the same bucket; 0: none */
	uint32_t count, limit; /* limit: when it is time to forget them */
	uint32_t buckets[STATE_BUCKETS];
};

int states_init(struct states *states); /* 0, or -1: no memory */
void states_free(struct states *states);

/* Forget all but state 0, which is that of a reset. */
void states_clear(struct states *states);

/* Is it time to forget them? Whoever makes blocks asks, each time: states_number needs room for what is to come. */
static inline bool states_full(const struct states *states) { return states->count >= states->limit; }

/* The number of a settled state. */
uint32_t states_number(struct states *states, const struct pipe *pipe);

#endif
