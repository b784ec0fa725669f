/* The frontend's dynamic half: instruction cache and TLB, predictors, and what it does on wrong paths. */
#ifndef FETCH_H
#define FETCH_H

#include "timing/model.h"

/* Instruction `index` of a block sent the frontend astray (a misprediction to `wrong`, or 0: it was flushed, so
 * sequentially): let it run there for as long as it did. Cycles that the right path's fetch has to wait. */
uint16_t fetch_wrong_path(struct model *model, const struct block *block, unsigned index, const struct memo *memo, uint64_t wrong);

/* fence.i: all lines are gone. Cycles that the cache is busy. */
uint16_t fetch_flush(struct model *model);

/* A trap or a return has happened. */
void fetch_trapped(struct model *model);

#endif
