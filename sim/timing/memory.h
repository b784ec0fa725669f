/* What lies behind the first-level caches, and page walks. */
#ifndef MEMORY_H
#define MEMORY_H

#include "timing/model.h"

/* The address space of an effective mode, as in hart/tlb.h; 0: no page table. */
uint64_t memory_space(const struct hart *hart, enum mode mode);

/* Cycles until a line of pa arrives that the first level misses, if it is asked for at cycle `at`. `exclusive`: it is
 * going to be written. */
unsigned memory_latency(struct model *model, uint64_t pa, uint64_t at, bool exclusive);

/* The TLB `pages` misses va at cycle `at`: look in the second level or walk, and enter the page; cycles of all that.
 * model->walk_second is the G-stage's part of them; *page the new entry's index. The walk may fault: nothing is
 * entered then, and *page is -1. */
unsigned memory_walk(struct model *model, struct pages *pages, uint64_t va, uint64_t at, enum access access,
                     const struct mmu_context *context, int *page);

/* A PTE is read at cycle `at`: cycles beyond those of a hit in the data cache. */
unsigned memory_read_pte(struct model *model, uint64_t pa, uint64_t at);

/* The pending fence: drop what it names from both TLBs. */
void memory_fence(struct model *model);

#endif
