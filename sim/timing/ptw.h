/*
 * What a page walk costs: every PTE is read through the data cache, but for those that the walker remembers, as
 * Rocket's does (PTW.scala).
 *
 * One cache holds pointers of the S-stage and, where both stages translate, of the G-stage, by the physical address of
 * the PTE; the walk then goes on without a read. The other holds pointers of the VS-stage by the guest-physical address
 * of the PTE: a hit also saves the walk of the G-stage to it. Behind both first-level TLBs there may be a second level:
 * direct-mapped, of pages of any size, with ASID and VMID; a page of both stages is as large as the smaller of them.
 *
 * What a walk reads is kept: as long as all that decides it is the same, the PTEs among that, so is where it leads, and only its
 * cost has to be found out.
 */
#ifndef PTW_H
#define PTW_H

#include "hart/mmu.h"
#include "timing/l1_tlb.h"
#include "timing/timing.h"

/* What decides a walk besides the PTEs that it reads. */
struct walk_key {
	uint64_t page, first, second; /* va / PAGE_SIZE; satp or vsatp; hgatp, 0 without V */
	uint64_t menvcfg, henvcfg;
	uint64_t pmp;                 /* pmp_version */
	uint64_t context;             /* of struct mmu_context and of the access; in which order bytes stand */
};

/* A PTE that a walk has read, as far as it is needed to say what the walk costs. */
struct kept_step {
	uint64_t pa, address;
	uint64_t bytes; /* in memory */
	int slot;       /* of the data cache, where it was found the last time */
	enum walk_stage stage : 8;
	bool pointer, implicit;
};

enum { KEPT_WALKS = 1024, KEPT_STEPS = 35 }; /* Sv57 on Sv57x4: 5 * 6 + 5 */
struct kept_walk {
	struct walk_key key;
	struct translation translation;
	bool found; /* false: none is kept, or it faults */
	unsigned count;
	struct kept_step steps[KEPT_STEPS];
};

struct ptw {
	struct l1_tlb pointers, guest_pointers; /* vpn: address of the PTE / 8; no entries without walk.cache */
	struct page_entry *second;             /* second-level TLB; NULL: none */
	unsigned second_entries;
	uint64_t second_shifts;                /* bit n: a page of 1 << n bytes may be there */
	struct kept_walk *walks;               /* KEPT_WALKS, by page; no state of the machine */
};

struct model;

int ptw_init(struct ptw *ptw, const struct timing *timing); /* 0, or -1: no memory */
void ptw_free(struct ptw *ptw);
void ptw_clear(struct ptw *ptw); /* as after ptw_init */

/* The page's entry in the second-level TLB, or NULL; and put one there, if there is one: *old is what stood there. */
const struct page_entry *ptw_find(const struct ptw *ptw, uint64_t va, uint64_t space);
void ptw_insert(struct ptw *ptw, const struct page_entry *entry, struct page_entry *old);

/* Walk for va, the first PTE at cycle `at`: cycles of it, in *second those for the G-stage. The walk is valid until the next. */
unsigned ptw_walk(struct model *model, uint64_t va, uint64_t at, enum access access, const struct mmu_context *context,
                  unsigned *second, const struct kept_walk **walk);

/* A fence: pointers are forgotten, unless it names an address: then only leaves are meant. */
void ptw_forget_pointers(struct ptw *ptw);

/* Sections "l1 tlb" of both kinds of pointers, and "ptw": the second-level TLB. Refuses other numbers of entries,
 * and entries that cannot be. */
void ptw_save(const struct ptw *ptw, struct state_writer *writer);
bool ptw_restore(struct ptw *ptw, struct state_reader *reader);

#endif
