/* A first-level TLB as the core has it: fully associative, with a tree of bits that points to the pseudo-least-recently
 * used entry. It says what is present; what a page means is the business of hart/mmu.c. */
#ifndef L1_TLB_H
#define L1_TLB_H

#include <stdbool.h>
#include <stdint.h>
#include "base/state.h"

struct page_entry {
	uint64_t vpn; /* va >> shift */
	uint64_t space; /* V, modes and ids, as in hart/tlb.h */
	uint64_t ignore; /* the ASID of a global page */
	uint8_t shift; /* 0: no entry */
	uint8_t first_shift;
};

/* What a use of an entry writes: the nodes from the root to it, each left pointing away from it. */
struct page_path {
	uint64_t mask, bits; /* nodes, and their values */
};

struct l1_tlb {
	struct page_entry *entries;
	struct page_path *paths; /* of each entry */
	unsigned count;
	uint64_t tree; /* bit 2^level - 1 + n: node n of a level points to its right half */
};

int l1_tlb_init(struct l1_tlb *tlb, unsigned count); /* 0, or -1: no memory */
/* As after l1_tlb_init. */
void l1_tlb_clear(struct l1_tlb *tlb);
void l1_tlb_free(struct l1_tlb *tlb);

/* The index of the entry for va, or -1. */
int l1_tlb_find(const struct l1_tlb *tlb, uint64_t va, uint64_t space);

/* Mostly the tree says so already; not to write it then keeps one use from waiting for the one before it. */
static inline void l1_tlb_follow(struct l1_tlb *tlb, const struct page_path *path)
{
	uint64_t change = (tlb->tree ^ path->bits) & path->mask;
	if (__builtin_expect(change != 0, 0))
		tlb->tree ^= change;
}

static inline void l1_tlb_touch(struct l1_tlb *tlb, unsigned index) { l1_tlb_follow(tlb, &tlb->paths[index]); }

/* Put an entry where the tree points; *old is what was there. Returns its index. */
int l1_tlb_insert(struct l1_tlb *tlb, const struct page_entry *entry, struct page_entry *old);

/* Likewise, but in a free place if there is one. */
int l1_tlb_put(struct l1_tlb *tlb, const struct page_entry *entry);

/* Section "l1 tlb": entries and the tree. Refuses another number of entries, and entries that cannot be. */
void l1_tlb_save(const struct l1_tlb *tlb, struct state_writer *writer);
bool l1_tlb_restore(struct l1_tlb *tlb, struct state_reader *reader);

/* One entry, as part of a section; false: reader->failed. */
void page_entry_save(const struct page_entry *entry, struct state_writer *writer);
bool page_entry_restore(struct page_entry *entry, struct state_reader *reader);

#endif
