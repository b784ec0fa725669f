#include "hart/walk.h"

#include <string.h>
#include "base/bus.h"
#include "hart/mmu_state.h"
#include "hart/pte.h"

/* Values for mtinst and htinst, RV64. norm:H_trap_xtinst_guestpage */
enum { TINST_PTE_READ = 0x3000, TINST_PTE_WRITE = 0x3020 };

/* One stage's translation scheme. */
struct regime {
	enum walk_stage stage;
	unsigned levels;    /* 3, 4, 5; 0: Bare */
	unsigned root_bits; /* bits of the address that index the root table */
	uint64_t root;
	bool hardware_ad;   /* Svadu: A and D are set by the walker, else by page fault (Svade) */
	bool pbmt, napot;
	bool big_endian;
};

/* What one stage is asked for. */
struct request {
	uint64_t address;
	enum access access;
	struct asker asker;
	bool implicit; /* G-stage: for a VS-stage PTE */
};

struct leaf {
	uint64_t address; /* what the request's address translates to */
	uint8_t shift;    /* of the page */
	uint8_t perms;    /* enum perm */
	bool global;
};

/* ---- faults and visitors ---- */

bool walk_fault(struct walk *walk, enum cause load_kind, uint64_t tval2, uint64_t tinst)
{
	static const int to_fetch[] = {[CAUSE_LOAD_ACCESS] = CAUSE_FETCH_ACCESS,
	                               [CAUSE_LOAD_PAGE] = CAUSE_FETCH_PAGE,
	                               [CAUSE_LOAD_GUEST_PAGE] = CAUSE_FETCH_GUEST_PAGE};
	*walk->trap = (struct trap){
	    .pending = true,
	    .gva = mode_virt(walk->context->mode), /* norm:hstatus_gva_op */
	    .cause = (uint8_t)(walk->access == ACCESS_FETCH   ? to_fetch[load_kind]
	                       : walk->access == ACCESS_STORE ? (int)load_kind + 2
	                                                      : (int)load_kind),
	    .tval = walk->va,
	    .tval2 = tval2,
	    .tinst = tinst,
	};
	return false;
}

static void visit_step(const struct walk *walk, const struct walk_step *step)
{
	if (walk->visitor)
		walk->visitor(walk->visitor_context, step);
}

/* This stage's own page fault: the verdict stands in the step. */
static bool page_fault(struct walk *walk, const struct regime *regime, const struct request *request,
                       struct walk_step *step, const char *verdict)
{
	step->verdict = verdict;
	visit_step(walk, step);
	if (regime->stage != STAGE_G)
		return walk_fault(walk, CAUSE_LOAD_PAGE, 0, 0);
	uint64_t tinst = !request->implicit ? 0 : request->access == ACCESS_STORE ? TINST_PTE_WRITE : TINST_PTE_READ;
	return walk_fault(walk, CAUSE_LOAD_GUEST_PAGE, request->address >> 2, tinst); /* norm:mtval2_trapval */
}

static bool access_fault(struct walk *walk, struct walk_step *step, const char *verdict)
{
	step->verdict = verdict;
	visit_step(walk, step);
	return walk_fault(walk, CAUSE_LOAD_ACCESS, 0, 0);
}

/* ---- schemes ---- */

static struct regime regime_by(const struct hart *hart, enum walk_stage stage, uint64_t atp)
{
	const struct csr_file *csr = &hart->csr;
	/* henvcfg's fields are read-only 0 where menvcfg's are. norm:menvcfg_adue_henvcfg_adue_rdonly0 */
	uint64_t envcfg = stage == STAGE_VS ? csr->menvcfg & csr->henvcfg : csr->menvcfg;
	unsigned mode = atp >> 60;
	return (struct regime){
	    .stage = stage,
	    .levels = mode >= 8 && mode <= 10 ? mode - 5 : 0, /* norm:satp_mode_sxlen64, norm:hgatp_mode_sv */
	    .root_bits = stage == STAGE_G ? VPN_BITS + 2 : VPN_BITS, /* norm:hgatp_mode_x4 */
	    .root = (atp & PPN_MASK) << PAGE_SHIFT, /* hgatp: aligned to 16 KiB by its WARL rule */
	    .hardware_ad = envcfg & menvcfg_ADUE, /* norm:menvcfg_adue_op */
	    .pbmt = envcfg & menvcfg_PBMTE,       /* norm:menvcfg_pbmte_op */
	    .napot = isa_has(&hart->isa, EXT_Svnapot),
	    .big_endian = stage == STAGE_VS ? csr->hstatus & hstatus_VSBE     /* norm:hstatus_vsbe_op */
	                                    : csr->mstatus & mstatus_SBE,     /* norm:mstatus_sbe_implicit */
	};
}

static struct regime regime_of(const struct hart *hart, enum walk_stage stage)
{
	const struct csr_file *csr = &hart->csr;
	return regime_by(hart, stage, stage == STAGE_S ? csr->satp : stage == STAGE_VS ? csr->vsatp : csr->hgatp);
}

/* Why the address does not fit the scheme, or NULL. */
static const char *address_misfit(const struct regime *regime, uint64_t address)
{
	unsigned width = PAGE_SHIFT + VPN_BITS * (regime->levels - 1) + regime->root_bits;
	if (regime->stage == STAGE_G) /* norm:hgatp_mode_sv39x4 and so on */
		return address >> width ? "guest-physical address is too wide" : NULL;
	int64_t extended = (int64_t)(address << (64 - width)) >> (64 - width); /* norm:Sv39_va_signext and so on */
	return (uint64_t)extended == address ? NULL : "address is not canonical";
}

/* ---- PTEs ---- */

static bool translate_stage(struct walk *walk, const struct regime *regime, const struct request *request,
                            struct leaf *leaf);

/* Where a PTE lies in physical memory, checked for a read or for an update of it. */
static bool locate_pte(struct walk *walk, const struct regime *regime, enum access access, struct walk_step *step)
{
	step->pa = step->address;
	if (regime->stage == STAGE_VS) { /* norm:H_vm_gstagetrans */
		struct regime second = regime_of(walk->hart, STAGE_G);
		struct request request = {step->address, access, {.user = true}, true};
		struct leaf leaf;
		if (!translate_stage(walk, &second, &request, &leaf))
			return false;
		step->pa = leaf.address;
	}
	if (!bus_is_dram(walk->hart->bus, step->pa, PTE_BYTES))
		return access_fault(walk, step, "PTE is outside memory");
	/* norm:pmp_check_pagetable_access: as S-mode, whatever the mode of the access */
	if (!pmp_allows(walk->hart, step->pa, PTE_BYTES, access, MODE_HS))
		return access_fault(walk, step,
		                    access == ACCESS_STORE ? "PMP forbids to write the PTE"
		                                           : "PMP forbids to read the PTE");
	return true;
}

static uint64_t load_pte(const struct walk *walk, const struct regime *regime, uint64_t pa)
{
	uint64_t pte;
	memcpy(&pte, bus_host(walk->hart->bus, pa), PTE_BYTES);
	return regime->big_endian ? __builtin_bswap64(pte) : pte;
}

static void count_pte(const struct walk *walk, enum walk_stage stage, bool write)
{
	struct mmu_stats *stats = &walk->hart->mmu->stats;
	uint64_t *counters[][2] = {
	    [STAGE_S] = {&stats->pte_reads_s, &stats->pte_writes_s},
	    [STAGE_VS] = {&stats->pte_reads_vs, &stats->pte_writes_vs},
	    [STAGE_G] = {&stats->pte_reads_g, &stats->pte_writes_g},
	};
	if (walk->update)
		++*counters[stage][write];
}

static void store_pte(const struct walk *walk, const struct regime *regime, uint64_t pa, uint64_t pte)
{
	if (regime->big_endian)
		pte = __builtin_bswap64(pte);
	memcpy(bus_host(walk->hart->bus, pa), &pte, PTE_BYTES);
	bus_stored(walk->hart->bus, walk->hart, pa, PTE_BYTES);
	count_pte(walk, regime->stage, true);
}

/* Why the PTE is not valid, or NULL. */
static const char *pte_invalid(const struct regime *regime, unsigned level, uint64_t pte)
{
	if (!(pte & PTE_V))
		return "V is clear";
	if (!(pte & PTE_R) && pte & PTE_W)
		return "W without R is reserved";
	if (pte & PTE_RESERVED)
		return "reserved bits 60..54 are set";
	if (pte & PTE_PBMT && !regime->pbmt)
		return "PBMT bits are set without Svpbmt"; /* norm:Sv39_pte_svpbmt_rsv */
	if (pte & PTE_N && !regime->napot)
		return "N is set without Svnapot"; /* norm:Sv39_pte_svnapot_rsv */
	if (!(pte & (PTE_R | PTE_X))) {
		if (pte & (PTE_U | PTE_A | PTE_D))
			return "U, A or D is set in a pointer";
		if (pte & (PTE_PBMT | PTE_N)) /* norm:Svpbmt_nonleaf_pte_pbmt_must_be_zero */
			return "PBMT or N is set in a pointer";
		return level == 0 ? "pointer at the last level" : NULL;
	}
	if ((pte & PTE_PBMT) == PTE_PBMT)
		return "PBMT 3 is reserved"; /* norm:Svpbmt_leaf_pte_pbmt_reserved_3_fault */
	uint64_t ppn = pte_ppn(pte);
	if (pte & PTE_N && (level || (ppn & ((1 << NAPOT_BITS) - 1)) != 1 << (NAPOT_BITS - 1)))
		return "NAPOT encoding is reserved"; /* norm:Svnapot_reserved_encoding_fault */
	if (ppn & ((UINT64_C(1) << VPN_BITS * level) - 1))
		return "superpage is misaligned"; /* norm:Sv39_superpage_align_fault */
	return NULL;
}

static uint8_t pte_perms(uint64_t pte)
{
	return (uint8_t)((pte & PTE_R ? PERM_R : 0) | (pte & PTE_W ? PERM_W : 0) | (pte & PTE_X ? PERM_X : 0) |
	                 (pte & PTE_U ? PERM_U : 0) | (pte & PTE_D ? PERM_D : 0));
}

/* Set what is missing of A and D in the PTE in memory. *changed: it is no longer the one that was read (the G-stage
 * wrote it just now) and has to be read again. */
static bool update_pte(struct walk *walk, const struct regime *regime, uint64_t missing, struct walk_step *step,
                       bool *changed)
{
	*changed = false;
	if (!locate_pte(walk, regime, ACCESS_STORE, step))
		return false;
	step->updated = true;
	if (walk->update) {
		*changed = load_pte(walk, regime, step->pa) != step->pte;
		if (!*changed)
			store_pte(walk, regime, step->pa, step->pte | missing);
	}
	return true;
}

static void fill_leaf(const struct request *request, const struct walk_step *step, uint64_t pte, struct leaf *leaf)
{
	leaf->shift = (uint8_t)(PAGE_SHIFT + VPN_BITS * step->level + (pte & PTE_N ? NAPOT_BITS : 0));
	uint64_t offset = (UINT64_C(1) << leaf->shift) - 1;
	leaf->address = (pte_ppn(pte) << PAGE_SHIFT & ~offset) | (request->address & offset);
	leaf->perms = pte_perms(pte);
}

enum outcome { FAULT, DONE, AGAIN };

/* Why a leaf does not grant the access, in words. norm:fetch_page_fault_no_x, norm:load_page_fault_no_r and so on */
static const char *refusal_of(uint8_t perms, const struct request *request)
{
	if (request->asker.user && !(perms & PERM_U))
		return "U is clear";
	if (!request->asker.user && perms & PERM_U && request->access == ACCESS_FETCH)
		return "U is set: not for S-mode to execute";
	if (!request->asker.user && perms & PERM_U && !request->asker.sum)
		return "U is set and SUM is clear";
	if (request->access == ACCESS_FETCH)
		return "X is clear";
	if (request->access == ACCESS_STORE)
		return "W is clear";
	if (request->asker.hlvx)
		return "X is clear (HLVX)";
	return perms & PERM_X ? "R is clear and MXR is clear" : "R is clear";
}

/* A leaf: may this access happen, and do A and D say so already? */
static enum outcome take_leaf(struct walk *walk, const struct regime *regime, const struct request *request,
                              struct walk_step *step, struct leaf *leaf)
{
	uint8_t perms = pte_perms(step->pte);
	bool granted = leaf_grants(perms, request->asker) & perm_needed(request->access);
	const char *refusal = granted ? NULL : refusal_of(perms, request);
	uint64_t needed = request->access == ACCESS_STORE ? PTE_A | PTE_D : PTE_A, missing = needed & ~step->pte;
	bool changed = false;
	step->leaf = true;
	if (!refusal && missing && !regime->hardware_ad) /* norm:Svadu_disabled_hw_update_falls_back_to_svade */
		refusal = missing & PTE_A ? "A is clear" : "D is clear";
	if (refusal) {
		page_fault(walk, regime, request, step, refusal);
		return FAULT;
	}
	if (missing && !update_pte(walk, regime, missing, step, &changed))
		return FAULT;
	if (changed)
		return AGAIN;
	visit_step(walk, step);
	fill_leaf(request, step, step->pte | missing, leaf);
	return DONE;
}

/* What a Bare stage says: the whole address space is one page. */
static struct leaf bare_leaf(uint64_t address) { return (struct leaf){address, 63, PERM_ALL, false}; }

static uint64_t pte_address(const struct regime *regime, uint64_t table, unsigned level, uint64_t address)
{
	unsigned bits = level == regime->levels - 1 ? regime->root_bits : VPN_BITS;
	return table + (address >> (PAGE_SHIFT + VPN_BITS * level) & ((UINT64_C(1) << bits) - 1)) * PTE_BYTES;
}

/* Read one PTE and see that it is valid. */
static bool read_pte(struct walk *walk, const struct regime *regime, const struct request *request,
                     struct walk_step *step)
{
	if (!locate_pte(walk, regime, ACCESS_LOAD, step))
		return false;
	step->pte = load_pte(walk, regime, step->pa);
	step->pte_read = true;
	count_pte(walk, regime->stage, false);
	const char *invalid = pte_invalid(regime, step->level, step->pte);
	return invalid ? page_fault(walk, regime, request, step, invalid) : true;
}

/* The algorithm of "Virtual Address Translation Process", for one stage and whatever is its number of levels. */
static bool translate_stage(struct walk *walk, const struct regime *regime, const struct request *request,
                            struct leaf *leaf)
{
	const struct walk_step blank = {
	    .stage = regime->stage,
	    .address = request->address,
	    .implicit = request->implicit,
	};
	struct walk_step step = blank;
	*leaf = bare_leaf(request->address);
	if (!regime->levels) {
		step.leaf = true;
		visit_step(walk, &step);
		return true;
	}
	unsigned level = step.level = regime->levels - 1;
	const char *misfit = address_misfit(regime, request->address);
	if (misfit)
		return page_fault(walk, regime, request, &step, misfit);
	for (uint64_t table = regime->root;;) {
		step = blank;
		step.level = level;
		step.address = pte_address(regime, table, level, request->address);
		if (!read_pte(walk, regime, request, &step))
			return false;
		leaf->global |= (step.pte & PTE_G) != 0;
		if (step.pte & (PTE_R | PTE_X)) {
			enum outcome outcome = take_leaf(walk, regime, request, &step, leaf);
			if (outcome != AGAIN)
				return outcome == DONE;
			continue;
		}
		visit_step(walk, &step);
		table = pte_ppn(step.pte) << PAGE_SHIFT;
		level--;
	}
}

bool walk_translate(struct walk *walk, struct walk_result *result)
{
	const struct mmu_context *context = walk->context;
	bool virt = mode_virt(context->mode);
	struct leaf first = bare_leaf(walk->va), second;

	if (context->mode != MODE_M) {
		struct regime regime = regime_of(walk->hart, virt ? STAGE_VS : STAGE_S);
		struct request request = {walk->va, walk->access, asker_first(context), false};
		if (!translate_stage(walk, &regime, &request, &first))
			return false;
	}
	second = bare_leaf(first.address);
	if (virt) { /* norm:H_vm_twostage */
		struct regime regime = regime_of(walk->hart, STAGE_G);
		struct request request = {first.address, walk->access, asker_second(context), false};
		if (!translate_stage(walk, &regime, &request, &second))
			return false;
	}
	*result = (struct walk_result){
	    .pa = second.address,
	    .gpa = first.address,
	    .page_shift = first.shift < second.shift ? first.shift : second.shift,
	    .first_shift = first.shift,
	    .second_shift = second.shift,
	    .first = first.perms,
	    .second = second.perms,
	    .global = first.global,
	};
	return true;
}

bool mmu_guest_page(struct hart *hart, uint64_t hgatp, uint64_t gpa, struct guest_page *page)
{
	const struct mmu_context context = {.mode = MODE_VS};
	struct trap trap;
	struct walk walk = {.hart = hart, .context = &context, .access = ACCESS_LOAD, .va = gpa, .trap = &trap};
	struct regime regime = regime_by(hart, STAGE_G, hgatp);
	struct request request = {gpa, ACCESS_LOAD, {.user = true, .mxr = true}, false};
	struct leaf leaf;
	regime.hardware_ad = true; /* a clear A stops nobody here */
	if (!translate_stage(&walk, &regime, &request, &leaf))
		return false;
	*page = (struct guest_page){leaf.address, leaf.shift, leaf.perms};
	return true;
}

struct walk_scheme walk_scheme(const struct hart *hart, enum walk_stage stage, uint64_t atp)
{
	struct regime regime = regime_by(hart, stage, atp);
	return (struct walk_scheme){regime.levels, regime.root_bits, regime.root, regime.big_endian};
}

const char *walk_pte_invalid(const struct hart *hart, enum walk_stage stage, uint64_t atp, unsigned level, uint64_t pte)
{
	struct regime regime = regime_by(hart, stage, atp);
	return pte_invalid(&regime, level, pte);
}
