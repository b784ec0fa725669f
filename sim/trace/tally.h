/*
 * A count for each different value, and what follows from them. Percentile p of n values is the smallest value that at
 * least p % of them do not exceed (nearest rank).
 */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>
#include <stdint.h>
#include "base/state.h"

/* Different values and how often each came: open addressing; `keys` are valid where counts is not 0. */
struct tally {
	uint64_t *keys, *counts;
	size_t used, capacity; /* capacity: a power of two or 0 */
	uint64_t total;        /* sum of counts */
	uint64_t lost;         /* values not counted because there was no memory */
};

void tally_add(struct tally *tally, uint64_t key, uint64_t count);
uint64_t tally_sum(const struct tally *tally); /* of all values */
uint64_t tally_count(const struct tally *tally, uint64_t key); /* of one value */
void tally_merge(struct tally *into, const struct tally *from);
void tally_free(struct tally *tally);

/* As a part of an open section. Restored into an empty one. */
void tally_save(const struct tally *tally, struct state_writer *writer);
void tally_restore(struct tally *tally, struct state_reader *reader);

struct tally_summary {
	uint64_t count, min, median, p99, max;
};
/* Every member 0 when the tally is empty. */
struct tally_summary tally_summary(const struct tally *tally);

#endif
