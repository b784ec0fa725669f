/*
 * What tlb events hold.
 *
 * what    fill   an entry came, after a walk or from the TLB behind; `access` is what missed
 *         evict  an entry went because another came
 *         fence  a fence took `entries` of them
 * unit    tlb    what the architecture's translations are kept in (parameter tlb.entries), whatever the preset: the engine asks it
 *                less often than the program accesses memory
 *         itlb, dtlb, l2tlb    those of a preset
 * stage   S      translations by satp; VS: by vsatp and hgatp together. Of fences: SFENCE.VMA with V=0 is S, SFENCE.VMA with V=1
 *                and HFENCE.VVMA are VS, HFENCE.GVMA is G.
 * va      fill: the address that missed; evict: the entry's first; fence: the address it names, if it does
 * gpa     stage VS: the guest-physical address that va has; stage G: the address that the fence names, if it does
 * pa      the physical address that va has
 * asid    of the entry, or the one that the fence names, if it does
 * vmid    likewise, of the stages VS and G. A fence of stage VS is always one of the VMID in hgatp.
 * first, second            pages of the leaf PTEs: of the S- or VS-stage, and of the G-stage (stage VS)
 * reads_first, reads_second    fill: PTEs that were read for it: of the S- or VS-stage, and of the G-stage
 */
#ifndef TRACE_TLB_H
#define TRACE_TLB_H

enum trace_tlb_what { TLB_FILL, TLB_EVICT, TLB_FENCE };
enum trace_tlb_unit { UNIT_TLB, UNIT_ITLB, UNIT_DTLB, UNIT_L2TLB };
enum trace_tlb_stage { TLB_STAGE_S, TLB_STAGE_VS, TLB_STAGE_G };

/* Where the parts of struct trace_event's members begin. */
enum {
	TRACE_TLB_WHAT = 0,
	TRACE_TLB_UNIT = 2,
	TRACE_TLB_STAGE = 4, /* flags */
	TRACE_TLB_ADDRESS = 6, /* flags, a bit: fence: it names an address; else gpa and pa are known */
	TRACE_TLB_ID = 7,      /* flags, a bit: fence: it names an ASID or (stage G) a VMID */
	TRACE_TLB_ASID = 0,
	TRACE_TLB_VMID = 16, /* word */
	TRACE_TLB_FIRST = 0,
	TRACE_TLB_SECOND = 8,
	TRACE_TLB_READS_FIRST = 16,
	TRACE_TLB_READS_SECOND = 32, /* value[3] */
};

#endif
