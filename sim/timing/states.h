/* The pipeline states that have occurred, by number. Equal states have equal numbers, so a block can be looked up by
 * the state it starts in. */
#ifndef STATES_H
#define STATES_H

#include "timing/pipe.h"

enum { STATE_BUCKETS = 1 << 14 };

struct states {
	struct pipe *list;
	uint32_t *next; /* of the same bucket; 0: none */
	uint32_t count, capacity;
	uint32_t buckets[STATE_BUCKETS];
};

int states_init(struct states *states); /* 0, or -1: no memory */
void states_free(struct states *states);

/* Forget all but state 0, which is that of a reset. */
void states_clear(struct states *states);

/* The number of a settled state; the table grows as needed. */
uint32_t states_number(struct states *states, const struct pipe *pipe);

#endif
