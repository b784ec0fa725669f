/* Page tables as ranges of addresses that follow each other on both sides, with the same rights. */
#ifndef TABLES_H
#define TABLES_H

#include "debug/debugger.h"
#include "hart/mmu.h"

enum { TABLE_SHIFTS = 6 }; /* pages of 4 KiB, 64 KiB (NAPOT), 2 MiB, 1 GiB, 512 GiB, 256 TiB */

struct table_range {
	uint64_t va, pa, size; /* G-stage: guest-physical and physical; VS-stage: virtual and guest-physical */
	uint64_t rights;       /* PTE_R to PTE_D, and PTE_PBMT */
	uint64_t pages[TABLE_SHIFTS]; /* how many of each size; of NAPOT sixteenths of them */
	const char *whose;     /* for who puts ranges of several tables together */
};

struct table_ranges {
	struct table_range *ranges;
	size_t count, capacity;
	bool whole; /* false: there were too many PTEs, no memory, or the user had enough */
};

/* What the tables of a stage map under this value of satp, vsatp or hgatp; VS-stage tables lie in what the hart's hgatp
 * maps. In the order of va. Nothing has side effects. */
void tables_read(struct debugger *debugger, struct hart *hart, enum walk_stage stage, uint64_t atp,
                 struct table_ranges *ranges);
void tables_free(struct table_ranges *ranges);

#endif
