/* The page-table walker: both stages, every mode, for the hardware and the debugger alike. */
#ifndef WALK_H
#define WALK_H

#include "hart/mmu.h"
#include "hart/tlb.h"

/* One translation that is under way. */
struct walk {
	struct hart *hart;
	const struct mmu_context *context;
	enum access access; /* the original one: every fault is reported as its kind. norm:H_vm_gpapriv */
	uint64_t va;
	bool update;        /* A and D may be written, reads are counted; false: nothing changes */
	walk_visitor *visitor;
	void *visitor_context;
	struct trap *trap;
};

/* What the leaves of both stages say about va. */
struct walk_result {
	uint64_t pa, gpa;    /* of va itself; gpa = pa when V=0 */
	uint8_t page_shift;  /* the smaller page of both stages */
	uint8_t first_shift; /* page of the S- or VS-stage leaf */
	uint8_t second_shift; /* of the G-stage leaf; of both: 63 where the stage is Bare */
	uint8_t first, second; /* enum perm of the S- or VS-stage, and of the G-stage */
	bool global;
};

/* False: walk->trap is filled. PMP of the final address is the caller's to check. */
bool walk_translate(struct walk *walk, struct walk_result *result);

/* The scheme of a stage under a value of its satp, vsatp or hgatp: levels (0: Bare), bits of the address that index the root
 * table, its physical address (VS-stage: guest-physical), and in which order bytes of PTEs stand. */
struct walk_scheme {
	unsigned levels, root_bits;
	uint64_t root;
	bool big_endian;
};
struct walk_scheme walk_scheme(const struct hart *hart, enum walk_stage stage, uint64_t atp);
/* Why a PTE of a level is not valid there, or NULL. */
const char *walk_pte_invalid(const struct hart *hart, enum walk_stage stage, uint64_t atp, unsigned level,
                             uint64_t pte);

/* Fill walk->trap with a fault of the original access. `kind` is the load's cause of it; tval2 and tinst only mean
 * something for guest-page faults. Returns false. */
bool walk_fault(struct walk *walk, enum cause load_kind, uint64_t tval2, uint64_t tinst);

/* Who asks for a page, as far as the bits of one stage's leaf decide. */
struct asker {
	bool user; /* U-mode; the G-stage always sees it so */
	bool sum, mxr, hlvx;
};

static inline struct asker asker_first(const struct mmu_context *context)
{
	return (struct asker){
	    .user = mode_priv(context->mode) == 0,
	    .sum = context->sum,
	    .mxr = context->mxr || context->vmxr, /* norm:vsstatus_mxr_vm, norm:sstatus_mxr_vm */
	    .hlvx = context->hlvx,
	};
}

static inline struct asker asker_second(const struct mmu_context *context)
{
	/* norm:H_vm_gpapriv: always as though in U-mode; vsstatus.MXR does not reach the G-stage */
	return (struct asker){.user = true, .mxr = context->mxr, .hlvx = context->hlvx};
}

/* Which accesses a leaf's U, R, W, X bits allow: PERM_R for loads, PERM_W for stores, PERM_X for fetches. */
static inline uint8_t leaf_grants(uint8_t perms, struct asker asker)
{
	uint8_t grants = perms & (PERM_R | PERM_W | PERM_X);
	if (asker.hlvx) /* norm:hlsv_u_op: execute permission takes the place of read permission */
		grants = (uint8_t)((grants & ~PERM_R) | (perms & PERM_X ? PERM_R : 0));
	else if (asker.mxr && perms & PERM_X) /* norm:mstatus_mxr_op */
		grants |= PERM_R;
	if (perms & PERM_ANYONE)
		return grants;
	if (asker.user)
		return perms & PERM_U ? grants : 0;
	if (perms & PERM_U) /* norm:mstatus_sum_op; S-mode never executes a U page */
		return asker.sum ? grants & ~PERM_X : 0;
	return grants;
}

static inline uint8_t perm_needed(enum access access)
{
	return access == ACCESS_LOAD ? PERM_R : access == ACCESS_STORE ? PERM_W : PERM_X;
}

#endif
