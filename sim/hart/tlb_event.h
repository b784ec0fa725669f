/*
 * Tells observers that a TLB has changed: events of type tlb (base/trace_tlb.h). For whoever models a TLB, the
 * architecture's or a core's. Where filling in what is told costs something, ask tlb_event_wanted first; nothing here
 * changes the hart.
 */
#ifndef TLB_EVENT_H
#define TLB_EVENT_H

#include "hart/hart.h"
#include "hart/mmu.h"

/* An entry. */
struct tlb_page {
	uint64_t va;
	uint64_t space;       /* as in hart/tlb.h */
	bool located;         /* gpa and pa are known */
	uint64_t gpa, pa;     /* what va leads to; gpa = pa when V=0 */
	uint8_t first_shift;  /* pages of the leaf PTEs, log2 of bytes; 63: Bare; 0: not known */
	uint8_t second_shift;
};

static inline bool tlb_event_wanted(const struct hart *hart) { return hart_wants(hart, TRACE_TLB); }

/* page->va: the address that missed. reads: PTEs of the S- or VS-stage, and of the G-stage, that were read for it. */
void tlb_event_fill(struct hart *hart, enum trace_tlb_unit unit, const struct tlb_page *page, enum access access,
                    unsigned reads_first, unsigned reads_second);
void tlb_event_evict(struct hart *hart, enum trace_tlb_unit unit, const struct tlb_page *page);
/* `entries` of the unit's have gone. vmid: of hgatp, for stage VS. */
void tlb_event_fence(struct hart *hart, enum trace_tlb_unit unit, enum trace_tlb_stage stage, const struct fence *fence,
                     unsigned vmid, unsigned entries);

#endif
