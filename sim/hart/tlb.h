/*
 * The TLB: virtual pages of both worlds, with the permissions of both stages, so that a change of SUM, MXR or mode
 * needs no new walk. Set-associative over all page sizes at once; round robin in a set, so deterministic.
 */
#ifndef TLB_H
#define TLB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one stage's leaf grants. A Bare stage is PERM_ALL. */
enum perm {
	PERM_R = 1 << 0,
	PERM_W = 1 << 1,
	PERM_X = 1 << 2,
	PERM_U = 1 << 3,
	PERM_D = 1 << 4,        /* dirty: a store needs no walk */
	PERM_ANYONE = 1 << 5,   /* the U bit is not looked at */
	PERM_ALL = PERM_R | PERM_W | PERM_X | PERM_D | PERM_ANYONE,
};

/* Where a virtual address lives: V, the modes and ids of satp or of vsatp and hgatp. The bits above the id of each half
 * are the MODE field: going to or from Bare takes effect without a fence. norm:sfence_vma_mode_effect */
enum {
	SPACE_ASID_LOW = 0, /* 16 bits */
	SPACE_MODE_LOW = 16, /* satp.MODE or vsatp.MODE, 4 bits */
	SPACE_VMID_LOW = 20, /* 14 bits */
	SPACE_GMODE_LOW = 36, /* hgatp.MODE, 4 bits */
	SPACE_VIRT_LOW = 40,
};

static inline unsigned space_asid(uint64_t space) { return space >> SPACE_ASID_LOW & 0xffff; }
static inline unsigned space_mode(uint64_t space) { return space >> SPACE_MODE_LOW & 0xf; }
static inline unsigned space_vmid(uint64_t space) { return space >> SPACE_VMID_LOW & 0x3fff; }
static inline bool space_virt(uint64_t space) { return space >> SPACE_VIRT_LOW & 1; }

struct tlb_entry {
	uint64_t vpn; /* va >> page_shift */
	uint64_t space;
	uint64_t ignore; /* bits of space a lookup does not compare: the ASID of a global page */
	uint64_t pa, gpa; /* of the page's first byte; gpa = pa when V=0 */
	uint8_t page_shift; /* 12, 16 (NAPOT), 21, 30...: the smaller page of both stages; 0: no entry */
	uint8_t first_shift; /* page of the S- or VS-stage leaf: what an address in a fence selects */
	uint8_t second_shift; /* page of the G-stage leaf; of both: 63 where the stage is Bare */
	uint8_t first; /* enum perm of the S- or VS-stage */
	uint8_t second; /* enum perm of the G-stage */
};

struct tlb {
	struct tlb_entry *entries; /* sets * ways */
	uint8_t *victim; /* per set: the way to be replaced next */
	unsigned sets, ways; /* sets is a power of two */
	uint64_t shifts; /* bit n: a page of 1 << n bytes may be present */
};

int tlb_init(struct tlb *tlb, unsigned entries); /* 0, or -1: no memory. At most `entries` >= 1 are used. */
void tlb_free(struct tlb *tlb);

/* The entry that translates va, or NULL. */
struct tlb_entry *tlb_find(const struct tlb *tlb, uint64_t va, uint64_t space);

/* Put an entry in, over any that holds the same page of the same space. *old is what was in its place: page_shift 0
 * if nothing was. */
void tlb_insert(struct tlb *tlb, const struct tlb_entry *entry, struct tlb_entry *old);

static inline void tlb_drop(struct tlb_entry *entry) { entry->page_shift = 0; }

/* Drop every entry for which the predicate holds. Returns how many those were. */
typedef bool tlb_predicate(const struct tlb_entry *entry, const void *context);
unsigned tlb_drop_where(struct tlb *tlb, tlb_predicate *predicate, const void *context);
void tlb_drop_all(struct tlb *tlb);

#endif
