/*
 * The near filter: lines that are in both the first-level data TLB and the data cache, so that an access to them is a
 * hit that needs no model at all. It is a subset of what both hold: whatever leaves either leaves the filter.
 */
#ifndef NEAR_H
#define NEAR_H

#include <stdbool.h>
#include <stdint.h>
#include "isa/privileged.h"
#include "timing/l1_tlb.h"

enum { NEAR_ENTRIES = 1024, NEAR_BANKS = MODE_COUNT * 2 };

/* No address less its line's bits, with the three that misalignment would leave, is this: lines have 16 bytes at
 * least. */
#define NEAR_EMPTY UINT64_C(8)

/* A line whose every access of one direction hits in the TLB and in the cache: host address = va + addend. */
struct near_entry {
	uint64_t tag;        /* va of the line; NEAR_EMPTY when there is none */
	uint64_t addend;
	struct page_path path; /* what a use does to the TLB's tree */
};

/* One bank per effective data context, as in engine/l0.h. */
struct near_bank {
	struct near_entry read[NEAR_ENTRIES], write[NEAR_ENTRIES];
	/* bit i % 64 of filled[i / 64]: an entry i may hold something; so that what has to go is found without a
	 * search */
	uint64_t filled[NEAR_ENTRIES / 64];
};

struct near_filter {
	struct near_bank *bank; /* of the current effective data mode */
	uint64_t line_mask;     /* -(bytes of a data line) */
	unsigned line_shift;
	unsigned used;          /* bit n: bank n has an entry that may hold something */
	struct near_bank *banks; /* NEAR_BANKS and one that stays empty */
};

int near_init(struct near_filter *near, unsigned line_bytes); /* 0, or -1: no memory */
void near_free(struct near_filter *near);

/* Choose the bank (index, or -1: the one that stays empty). */
void near_select(struct near_filter *near, int bank);

/* The line of va, which a data access of that direction may reach at `host`, translated by `path`'s entry of the
 * TLB. */
void near_put(struct near_filter *near, uint64_t va, bool write, const uint8_t *host, const struct page_path *path);

/* Forget all of it; a line of DRAM, its offset in its page given (its views for writing, or all); the writable view
 * of a DRAM page; what an entry of the TLB has translated. */
void near_flush(struct near_filter *near);
void near_drop_line(struct near_filter *near, const uint8_t *host, uint64_t offset, bool reads);
void near_forget_page(struct near_filter *near, const uint8_t *host);
void near_drop_page(struct near_filter *near, const struct page_entry *old);

/* Does it know the access? Then *host is where it happens, and the TLB has been used. */
static inline bool near_find(const struct near_filter *near, struct l1_tlb *tlb, const struct near_entry *entries,
                             uint64_t va, unsigned size, uint8_t **host)
{
	const struct near_entry *entry = &entries[(va >> near->line_shift) % NEAR_ENTRIES];
	*host = (uint8_t *)(uintptr_t)(va + entry->addend);
	if (__builtin_expect((va & (near->line_mask | (size - 1))) != entry->tag, 0))
		return false;
	l1_tlb_follow(tlb, &entry->path);
	return true;
}

#endif
