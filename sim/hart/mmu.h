/*
 * Address translation and protection: VS-stage, G-stage and PMP. One walker serves the hardware, HLV/HSV and the
 * debugger.
 */
#ifndef MMU_H
#define MMU_H

#include "hart/hart.h"

enum access { ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH };

/* In which context an access happens. mmu_context() computes it from CSRs for the current instruction; HLV/HSV and the
 * debugger make their own. Everything that decides permission is here: the walker reads no other CSR but satp, vsatp,
 * hgatp and *envcfg (ADUE). */
struct mmu_context {
	enum mode mode; /* effective mode: MPRV/MPV/MPP and SPVP applied */
	bool sum;       /* S-mode may touch U pages (sstatus.SUM, or vsstatus.SUM when effective V=1) */
	bool mxr;       /* loads from execute-only pages at every stage (sstatus.MXR) */
	bool vmxr;      /* likewise, VS-stage only (vsstatus.MXR; only when effective V=1) */
	bool hlvx;      /* HLVX: execute permission instead of read */
	bool forced;    /* HLV/HLVX/HSV or MPRV: explicit access as if in `mode` */
	uint8_t masked; /* upper bits of the address that are ignored (PMLEN): 0, 7 or 16 */
};

struct translation {
	uint64_t va;
	uint64_t pa;
	uint64_t gpa;         /* guest-physical address when V=1; equals pa otherwise */
	uint8_t page_shift;   /* 12, 21, 30...: smaller of both stages */
	uint8_t first_shift;  /* of the S- or VS-stage */
	bool global;          /* whatever the ASID */
	/* What this context may do with the page without another walk (writable: D is set). */
	bool readable, writable, executable;
	bool uniform_pmp;     /* one PMP verdict for the whole 4 KiB page: the L0 filter may hold it */
};

/* Translate one access of `size` bytes that does not cross a page boundary. False: hart->trap is filled (page fault,
 * guest-page fault with tval2, access fault; tinst only for implicit VS-stage accesses: the pseudoinstruction; the
 * caller adds transformed instructions for explicit accesses). tval = va. Looks in the TLB first; a hit that lacks the
 * permission (or D, for a store) walks again: the walk alone decides which fault it is. Writing satp, vsatp, hgatp or
 * PMP CSRs forgets no TLB entry: only fences do, and they raise EFFECT_TRANSLATE. */
bool mmu_translate(struct hart *hart, uint64_t va, unsigned size, enum access access, const struct mmu_context *context,
                   struct translation *result);

/* The context of an ordinary load/store (MPRV applied) or fetch by the current instruction. */
struct mmu_context mmu_context_data(const struct hart *hart);
struct mmu_context mmu_context_fetch(const struct hart *hart);
/* The context of `mode`'s own loads and stores, or (fetch) instruction fetches, were the hart in that mode. */
struct mmu_context mmu_context_in(const struct hart *hart, enum mode mode, bool fetch);
/* The context of HLV/HLVX/HSV (hstatus.SPVP). */
struct mmu_context mmu_context_hypervisor(const struct hart *hart, bool hlvx);

/* The address that an explicit access to va in this context means: pointer masking applied. norm:pm_apply_explicit */
uint64_t mmu_unmasked(const struct hart *hart, const struct mmu_context *context, uint64_t va);

/* Are data accesses of this effective mode big-endian (MBE, SBE, UBE, VSBE)? */
bool mmu_big_endian(const struct hart *hart, enum mode mode);

/* The address space of an effective mode, as hart/tlb.h cuts it up; 0 when no page table is in force. */
uint64_t mmu_space(const struct hart *hart, enum mode mode);

/* Is a physical access of `size` bytes at pa allowed by PMP for this effective mode? The decoded form of the PMP CSRs
 * is brought up to date when the epoch in hart->context has changed or EFFECT_TRANSLATE is pending: after any write. */
bool pmp_allows(const struct hart *hart, uint64_t pa, unsigned size, enum access access, enum mode mode);
/* A number that is another one after every change of what PMP allows. */
uint64_t pmp_version(const struct hart *hart);

enum walk_stage { STAGE_S, STAGE_VS, STAGE_G };

/* One PTE of a walk (or the fact that a stage was Bare) for whoever watches: debugger, timing. */
struct walk_step {
	enum walk_stage stage;
	unsigned level;      /* 2, 1, 0 in Sv39 */
	uint64_t address;    /* of the PTE (VS-stage: guest-physical); of the stage's input if !pte_read */
	uint64_t pa;         /* physical address of the PTE; 0 if it is not known */
	uint64_t pte;        /* value read, in the hart's byte order */
	bool pte_read;       /* false: the stage is Bare, or it was refused before the PTE could be read */
	bool leaf;           /* also true of a Bare stage */
	bool implicit;       /* G-stage walk for a VS-stage PTE, not for the final address */
	bool updated;        /* A or D was (or, in a walk without update, would be) set in this PTE: one more write */
	const char *verdict; /* NULL while fine, else the reason of the fault in words */
};
typedef void walk_visitor(void *context, const struct walk_step *step);

/* A walk without the TLB; `update` says whether A/D bits may be written (false: debugger; nothing at all changes, and
 * the fault goes to *trap instead of hart->trap). visitor may be NULL. */
bool mmu_walk(struct hart *hart, uint64_t va, unsigned size, enum access access, const struct mmu_context *context,
              bool update, walk_visitor *visitor, void *visitor_context, struct translation *result, struct trap *trap);

/* What a G-stage table, that of any value of hgatp, has for a guest-physical address; a Bare one maps all to itself.
 * False: nothing. A and D are not looked at, and nothing changes. */
struct guest_page {
	uint64_t pa;     /* of the address */
	uint8_t shift;   /* of the page: 12, 16 (NAPOT), 21...; 63: Bare */
	uint8_t perms;   /* enum perm (tlb.h) */
};
bool mmu_guest_page(struct hart *hart, uint64_t hgatp, uint64_t gpa, struct guest_page *page);

/* Where mmu_translate would lead for one byte, by the TLB first as it does, with nothing changed by the question: not
 * the TLB, no A or D, no fault raised. */
bool mmu_look(struct hart *hart, uint64_t va, enum access access, const struct mmu_context *context,
              struct translation *result);

/* Fences. *_valid false means all. Bits of the id beyond the implemented ASID or VMID length are ignored; addresses
 * match the page of the leaf PTE of the stage that is fenced. SFENCE.VMA with V=1 is mmu_fence_vvma: of the current
 * VMID. */
struct fence {
	bool address_valid, id_valid;
	uint64_t address, id;
};

/* What a fence forgets, in any cache of translations. */
enum fence_kind { FENCE_VMA, FENCE_VVMA, FENCE_GVMA };
struct fence_scope {
	enum fence_kind kind;
	struct fence fence;
	unsigned vmid; /* of the current guest: VS-stage fences */
};
struct mapping {
	uint64_t address;    /* of the first byte of what the entry holds */
	uint64_t space;      /* as mmu_space has it */
	uint8_t first_shift; /* page of the S- or VS-stage leaf */
	bool global;
};
struct fence_scope fence_scope(const struct hart *hart, enum fence_kind kind, const struct fence *fence);
bool fence_selects(const struct fence_scope *scope, const struct mapping *mapping);

void mmu_fence_vma(struct hart *hart, const struct fence *fence);             /* HS: address = va, id = ASID */
void mmu_fence_vvma(struct hart *hart, const struct fence *fence);            /* VS-stage of the current hgatp.VMID */
/* address = gpa, id = VMID. The address does not select: entries do not know the gpas of their VS-stage PTEs. */
void mmu_fence_gvma(struct hart *hart, const struct fence *fence);
void mmu_flush(struct hart *hart);         /* everything (PMP change, reset) */

/* hart->isa, hart->bus and hart->options are set. */
int mmu_init(struct hart *hart, unsigned tlb_entries); /* 0, or -1: no memory */
void mmu_free(struct hart *hart);

/* Save and restore the TLB and the statistics (base/state.h): section "mmu". False: reader->reason says why it does not
 * fit (another number of entries, damage); the TLB may hold a part of it then. */
struct state_writer;
struct state_reader;
void mmu_save(const struct hart *hart, struct state_writer *writer);
bool mmu_restore(struct hart *hart, struct state_reader *reader);

struct mmu_stats {
	uint64_t hits, misses; /* TLB, all accesses that reach it (the L0 filter keeps the rest away) */
	uint64_t pte_reads_s, pte_reads_vs, pte_reads_g;
	uint64_t pte_writes_s, pte_writes_vs, pte_writes_g; /* A and D updates */
	uint64_t fences;
};
const struct mmu_stats *mmu_stats(const struct hart *hart);
/* Every valid TLB entry, for `info tlb`. */
typedef void tlb_visitor(void *context, uint64_t va, uint64_t pa, unsigned page_shift, bool virt, unsigned asid,
                         unsigned vmid, const char *perms);
void mmu_visit_tlb(const struct hart *hart, tlb_visitor *visitor, void *visitor_context);

#endif
