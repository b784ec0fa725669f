/*
 * The L0 filter: pages whose every access of one direction succeeds without a model, so that a load or store is one
 * compare. It holds no page that somebody else must hear of stores to (bus.h), and nothing while the data context is
 * big-endian.
 */
#ifndef L0_H
#define L0_H

#include "base/bus.h"
#include "hart/hart.h"
#include "hart/mmu.h"

enum { L0_ENTRIES = 512 };

/* Bit 11 survives the mask of no access size, so this matches no address. */
#define L0_EMPTY UINT64_C(0x800)

/* One page whose every access of one direction succeeds without a model: host address = va + addend. */
struct l0_entry {
	uint64_t tag;     /* va of the page; L0_EMPTY when there is none */
	uint64_t addend;
};

/* One bank per effective data context (mode, SUM), so that a world switch forgets nothing. */
struct l0_bank {
	struct l0_entry read[L0_ENTRIES], write[L0_ENTRIES];
	bool used; /* holds something since its last flush */
};

/* Does the filter know this access (naturally aligned ones only)? Then *host is where it happens. */
static inline bool l0_find(const struct l0_entry *entries, uint64_t va, unsigned size, uint8_t **host)
{
	const struct l0_entry *entry = &entries[(va >> PAGE_SHIFT) % L0_ENTRIES];
	*host = (uint8_t *)(uintptr_t)(va + entry->addend);
	return __builtin_expect((va & (~UINT64_C(0xfff) | (size - 1))) == entry->tag, 1);
}

/* Recompute hart->l0 from mode, MPRV, SUM, MXR. */
void l0_select(struct hart *hart);
/* Is the data context that l0_select chose big-endian? */
bool l0_swaps(const struct hart *hart);

/* The page at va (as the program has it: masked bits stay in the tag) is one whose accesses succeed. */
void l0_fill(struct hart *hart, struct l0_entry *entries, const struct translation *translation, uint64_t va);

/* Forget everything, or the writable view of the DRAM page of pa (its flags changed). */
void l0_flush(struct hart *hart);
void l0_forget_page(struct hart *hart, uint64_t pa);

/* hart->bus is set. 0, or -1: no memory. */
int l0_init(struct hart *hart);
void l0_free(struct hart *hart);

#endif
