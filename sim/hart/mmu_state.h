/* What struct mmu holds; for mmu.c, walk.c and pmp.c only. */
#ifndef MMU_STATE_H
#define MMU_STATE_H

#include "hart/mmu.h"
#include "hart/pmp.h"
#include "hart/tlb.h"

struct mmu {
	struct tlb tlb;
	struct pmp pmp;
	struct mmu_stats stats;
};

#endif
