/* What lies behind the first-level caches, and page walks. */
#ifndef MEMORY_H
#define MEMORY_H

#include "timing/model.h"

/* The address space of an effective mode, as in hart/tlb.h; 0: no page table. */
uint64_t memory_space(const struct hart *hart, enum mode mode);

/* Cycles until a line of pa arrives that the first level misses, if it is asked for at cycle `at`. `exclusive`: it is going to be written. */
unsigned memory_latency(struct model *model, uint64_t pa, uint64_t at, bool exclusive);

/* Walk for va from cycle `at` on and enter the page: cycles of its PTE reads. The walk may fault: nothing is entered then. */
unsigned memory_walk(struct model *model, struct pages *pages, uint64_t va, uint64_t at, enum access access,
                     const struct mmu_context *context);

/* A walk took so many cycles, `fixed` of them besides its PTE reads: those belong to the S- or VS-stage, unless only the G-stage was
 * walked. Sets model->walk_second. */
void memory_share(struct model *model, unsigned cycles, unsigned fixed);

/* The pending fence: drop what it names from both TLBs. */
void memory_fence(struct model *model);

#endif
