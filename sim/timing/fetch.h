/* The instruction cache, as the frontend asks it. */
#ifndef FETCH_H
#define FETCH_H

#include "timing/model.h"

/* Cycles until a line that the instruction cache misses is there, if it is asked for at cycle `at`; and put it
 * there. */
unsigned fetch_miss_cycles(struct model *model, uint64_t pa, uint64_t at);
void fetch_fill(struct model *model, uint64_t pa);

/* fence.i: all lines are gone. Cycles that the cache is busy. */
uint16_t fetch_flush(struct model *model);

#endif
