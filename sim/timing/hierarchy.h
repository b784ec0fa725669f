/*
 * The memory hierarchy: the data cache, what lies behind both first-level caches, and other harts' data caches,
 * between which a line that is written moves.
 */
#ifndef HIERARCHY_H
#define HIERARCHY_H

#include "timing/model.h"

/* Cycles until a line of pa arrives that the first level misses, if it is asked for at cycle `at`. `exclusive`: it is
 * going to be written. */
unsigned hierarchy_latency(struct model *model, uint64_t pa, uint64_t at, bool exclusive);

/* The data cache misses a line of DRAM at cycle `at`: it comes. Cycles beyond those of a hit. */
unsigned hierarchy_miss(struct model *model, uint64_t pa, uint64_t at, bool exclusive);

/* A line of DRAM is asked for to be written, through the data cache at cycle `at`. Cycles likewise. */
unsigned hierarchy_write(struct model *model, uint64_t pa, uint64_t at);

/* An atomic in memory throws out the whole set of va's line. */
void hierarchy_drop_set(struct model *model, uint64_t va);

#endif
