/*
 * The near filter: places that are in both the first-level data TLB and the data cache, so that an access to them is a
 * hit that needs no model at all. It is a subset of what both hold: whatever leaves either leaves the filter.
 *
 * Places are lines. Stores of a cache that writes through never wait for a line, and where there is no other hart to
 * lose it they are told by page.
 *
 * When a line leaves the cache, what knows it for reading is found from its slot in the cache; what knows it for writing
 * may be of a line that is not there, and is searched for.
 */
#ifndef NEAR_H
#define NEAR_H

#include <stdbool.h>
#include <stdint.h>
#include "isa/privileged.h"
#include "timing/l1_tlb.h"

/* For reading, and for writing by page: more than first-level caches have lines, since places that share an entry displace each
 * other. For writing by line: few, since they are searched. */
enum { NEAR_ENTRIES = 4096, NEAR_SEARCHED = 1024, NEAR_BANKS = MODE_COUNT * 2 };

/* No address less its place's bits, with the three that misalignment would leave, is this: lines have 16 bytes at
 * least. */
#define NEAR_EMPTY UINT64_C(8)

/* A place whose every access of one direction hits in the TLB and in the cache: host address = va + addend. */
struct near_entry {
	uint64_t tag; /* va of the place; NEAR_EMPTY when there is none */
	uint64_t addend;
	struct page_path path; /* what a use does to the TLB's tree */
};

/* Accesses of one direction. */
struct near_view {
	struct near_entry entries[NEAR_ENTRIES];
	/* bit i % 64 of filled[i / 64]: entry i may hold something; so that what has to go is found without a search */
	uint64_t filled[NEAR_ENTRIES / 64];
};

/* One bank per effective data context, as in engine/l0.h. */
struct near_bank {
	struct near_view read, write;
};

/* How large places are, and which entry is theirs. */
struct near_grain {
	uint64_t mask; /* -(bytes of a place) */
	unsigned shift;
	unsigned entries; /* a power of two */
};

static inline unsigned near_index(const struct near_grain *grain, uint64_t va)
{
	return (unsigned)(va >> grain->shift) & (grain->entries - 1);
}

/* Which entries know a slot of the cache for reading: 0: none; NEAR_MANY: more than one did; else 1 + bank * NEAR_ENTRIES + entry. */
typedef uint16_t near_slot;
#define NEAR_MANY UINT16_MAX
_Static_assert(NEAR_BANKS *NEAR_ENTRIES < NEAR_MANY, "an entry has a number");

struct near_filter {
	const struct near_bank *bank; /* of the current effective data mode */
	struct near_grain read, write;
	struct near_bank *current; /* the same; NULL: one that stays empty */
	unsigned number; /* its place in `banks` */
	unsigned used; /* bit n: bank n has an entry that may hold something */
	struct near_bank *banks[NEAR_BANKS]; /* NULL: not chosen so far */
	near_slot *slots; /* of each slot of the cache */
};

/* A cache of so many slots. `stores`: the place of a store, in bytes: a line, or PAGE_SIZE. 0, or -1: no memory. */
int near_init(struct near_filter *near, unsigned line_bytes, unsigned slots, unsigned stores);
void near_free(struct near_filter *near);

/* Choose the bank (index, or -1: the one that stays empty; so it does where the host has no memory for another). */
void near_select(struct near_filter *near, int bank);

/* The place of va, which a data access may reach at `host`, translated by `path`'s entry of the TLB. A read: it is in that
 * slot of the cache. */
void near_put_read(struct near_filter *near, uint64_t va, const uint8_t *host, const struct page_path *path, int slot);
void near_put_write(struct near_filter *near, uint64_t va, const uint8_t *host, const struct page_path *path);

/* Forget all of it; a line of DRAM for reading, which is in that slot; for writing; the writable view of a
 * DRAM page; what an entry of the TLB has translated. */
void near_flush(struct near_filter *near);
void near_drop_read(struct near_filter *near, const uint8_t *host, int slot);
void near_drop_write(struct near_filter *near, const uint8_t *host);
void near_forget_page(struct near_filter *near, const uint8_t *host);
void near_drop_page(struct near_filter *near, const struct page_entry *old);

/* Does it know the access? Then *host is where it happens, and the TLB has been used. */
static inline bool near_find(const struct near_view *view, const struct near_grain *grain, struct l1_tlb *tlb,
                             uint64_t va, unsigned size, uint8_t **host)
{
	const struct near_entry *entry = &view->entries[near_index(grain, va)];
	*host = (uint8_t *)(uintptr_t)(va + entry->addend);
	if (__builtin_expect((va & (grain->mask | (size - 1))) != entry->tag, 0))
		return false;
	l1_tlb_follow(tlb, &entry->path);
	return true;
}

#endif
