/* The preset's TLBs: what looking an address up costs, and what fences drop. */
#ifndef TRANSLATE_H
#define TRANSLATE_H

#include "timing/model.h"

/* The TLB `tlb` misses va at cycle `at`: look in the second level or walk, and enter the page; cycles of all that, in
 * *second the G-stage's part of them, in *page the new entry's index. The walk may fault: nothing is entered then, and
 * *page is -1. */
unsigned translate_walk(struct model *model, struct l1_tlb *tlb, uint64_t va, uint64_t at, enum access access,
                        const struct mmu_context *context, uint16_t *second, int *page);

/* A fence commits: drop what it names from all TLBs. */
void translate_fence(struct model *model, const struct pending_fence *fence);

#endif
