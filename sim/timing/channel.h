/*
 * The channel to memory: one line at a time, each for the same number of cycles. Harts run in slices, so requests do
 * not come in the order of their cycles: a hart that lags must find the time that no other has used, and not queue
 * behind what one ahead of it took.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdint.h>
#include "base/state.h"

/* Slots of one line each, 64 a word; far enough back and ahead for any sensible quantum and backlog. */
enum { CHANNEL_WORDS = 256 };

struct channel {
	uint64_t used[CHANNEL_WORDS];
	uint64_t number[CHANNEL_WORDS]; /* of the word's first slot, / 64; what it held before is forgotten */
};

/* Take the first free slot at or after cycle `now`; a slot is `gap` > 0 cycles. Cycles until it begins. */
unsigned channel_take(struct channel *channel, unsigned gap, uint64_t now);

/* Section "channel". Refuses slots that stand where they cannot. */
void channel_save(const struct channel *channel, struct state_writer *writer);
bool channel_restore(struct channel *channel, struct state_reader *reader);

#endif
