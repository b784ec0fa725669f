#include "hart/mmu.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/bus.h"
#include "hart/mmu_state.h"
#include "hart/options.h"
#include "hart/platform.h"
#include "hart/tlb_event.h"
#include "hart/walk.h"

/* ---- contexts ---- */

static struct mmu_context context_of(const struct hart *hart, enum mode mode)
{
	const struct csr_file *csr = &hart->csr;
	bool virt = mode_virt(mode);
	return (struct mmu_context){
	    .mode = mode,
	    .sum = virt ? (csr->vsstatus & vsstatus_SUM) != 0 : (csr->mstatus & mstatus_SUM) != 0,
	    .mxr = (csr->mstatus & mstatus_MXR) != 0,
	    .vmxr = virt && csr->vsstatus & vsstatus_MXR,
	};
}

/* The field PMM that controls the data accesses of an effective mode: 0 none, 2 PMLEN 7, 3 PMLEN 16.
 * norm:pm_config_next_higher norm:pm_mprv_spvp */
static unsigned pmm_of(const struct hart *hart, const struct mmu_context *context)
{
	const struct csr_file *csr = &hart->csr;
	switch (context->mode) {
	case MODE_M: return (csr->mseccfg & mseccfg_PMM) >> mseccfg_PMM_LOW;
	case MODE_HS: return (csr->menvcfg & menvcfg_PMM) >> menvcfg_PMM_LOW;
	case MODE_VS: /* norm:henvcfg_pmm_op */ return (csr->henvcfg & henvcfg_PMM) >> henvcfg_PMM_LOW;
	case MODE_U: /* norm:smnpm_definition */
		if (!isa_has(&hart->isa, EXT_S))
			return (csr->menvcfg & menvcfg_PMM) >> menvcfg_PMM_LOW;
		break;
	default: /* HLV and HSV in U-mode as though in VU-mode have a field of their own */
		if (hart->mode == MODE_U && context->forced)
			return (csr->hstatus & hstatus_HUPMM) >> hstatus_HUPMM_LOW;
		break;
	}
	return (csr->senvcfg & senvcfg_PMM) >> senvcfg_PMM_LOW; /* norm:senvcfg_pmm_Ssnpm */
}

/* norm:pm_mxr_exception: MXR ends masking even where nothing is translated, but M-mode has no MXR. HLVX is a fetch. */
static struct mmu_context with_masking(const struct hart *hart, struct mmu_context context)
{
	static const uint8_t lengths[] = {[2] = 7, [3] = 16};
	bool mxr = context.mode != MODE_M && (context.mxr || context.vmxr);
	if (!mxr && !context.hlvx)
		context.masked = lengths[pmm_of(hart, &context)];
	return context;
}

/* norm:pm_ignore_va norm:pm_ignore_pa: guest-physical addresses are physical ones here. */
uint64_t mmu_unmasked(const struct hart *hart, const struct mmu_context *context, uint64_t va)
{
	if (!context->masked)
		return va;
	uint64_t satp = mode_virt(context->mode) ? hart->csr.vsatp : hart->csr.satp;
	bool virtual = context->mode != MODE_M && satp >> satp_MODE_LOW;
	va <<= context->masked;
	return virtual ? (uint64_t)((int64_t)va >> context->masked) : va >> context->masked;
}

struct mmu_context mmu_context_data(const struct hart *hart)
{
	uint64_t mstatus = hart->csr.mstatus;
	if (!(mstatus & mstatus_MPRV) || !(hart->csr.mnstatus & mnstatus_NMIE)) /* norm:mnstatus_mprv_clear */
		return with_masking(hart, context_of(hart, hart->mode));
	/* norm:mstatus_mprv_ldst_op; MPV counts only below M */
	unsigned priv = (mstatus & mstatus_MPP) >> mstatus_MPP_LOW;
	struct mmu_context context = context_of(hart, mode_of(priv, priv != 3 && mstatus & mstatus_MPV));
	context.forced = true;
	return with_masking(hart, context);
}

struct mmu_context mmu_context_fetch(const struct hart *hart)
{
	return context_of(hart, hart->mode); /* norm:mstatus_mprv_inst_xlat_op */
}

struct mmu_context mmu_context_in(const struct hart *hart, enum mode mode, bool fetch)
{
	struct mmu_context context = context_of(hart, mode);
	return fetch ? context : with_masking(hart, context);
}

struct mmu_context mmu_context_hypervisor(const struct hart *hart, bool hlvx)
{
	/* norm:hlsv_priv; vsstatus.SUM, not sstatus.SUM: norm:hlsv_trans */
	struct mmu_context context = context_of(hart, hart->csr.hstatus & hstatus_SPVP ? MODE_VS : MODE_VU);
	context.hlvx = hlvx;
	context.forced = true;
	return with_masking(hart, context);
}

/* ---- TLB and walk together ---- */

uint64_t mmu_space(const struct hart *hart, enum mode mode)
{
	uint64_t satp = mode == MODE_M ? 0 : mode_virt(mode) ? hart->csr.vsatp : hart->csr.satp;
	uint64_t space = satp >> 60 ? satp >> 44 : 0;
	if (!mode_virt(mode))
		return space;
	if (!space && !(hart->csr.hgatp >> 60))
		return 0;
	return space | hart->csr.hgatp >> 44 << SPACE_VMID_LOW | UINT64_C(1) << SPACE_VIRT_LOW;
}

_Static_assert(SPACE_MODE_LOW == SPACE_ASID_LOW + 16, "satp's bits 63..44 are MODE and ASID as a space has them");
/* hgatp has two zero bits between VMID and MODE, so MODE stands 16 above the VMID there as well. */
_Static_assert(SPACE_GMODE_LOW == SPACE_VMID_LOW + 16, "hgatp's bits 63..44 are MODE and VMID as a space has them");

/* What the context may do with the entry's page without another walk: PERM_R, PERM_W, PERM_X. */
static uint8_t entry_grants(const struct tlb_entry *entry, const struct mmu_context *context)
{
	uint8_t grants = leaf_grants(entry->first, asker_first(context));
	grants &= leaf_grants(entry->second, asker_second(context));
	return entry->first & entry->second & PERM_D ? grants : grants & ~PERM_W;
}

/* The last step of every translation: PMP of the final address, and what else the page allows. */
static bool finish_translation(struct walk *walk, unsigned size, const struct tlb_entry *entry, uint8_t grants,
                               struct translation *result)
{
	const struct mmu_context *context = walk->context;
	uint64_t first, offset = walk->va & ((UINT64_C(1) << entry->page_shift) - 1);
	uint64_t pa = entry->pa + offset, page = pa & ~(uint64_t)(PAGE_SIZE - 1);
	const struct pmp_segment *segment = pmp_find(walk->hart, pa, &first);
	uint8_t perms = segment->perms[context->mode == MODE_M];

	if (context->hlvx) /* norm:hlsv_u_op: the physical memory must grant execute and read */
		perms = (perms & (PERM_R | PERM_X)) == (PERM_R | PERM_X) ? PERM_R | PERM_X : perms & PERM_X;
	if (size - 1 > segment->last - pa || !(perms & perm_needed(walk->access)))
		return walk_fault(walk, CAUSE_LOAD_ACCESS, 0, 0);
	grants &= perms;
	*result = (struct translation){
	    .va = walk->va,
	    .pa = pa,
	    .gpa = entry->gpa + offset,
	    .page_shift = entry->page_shift,
	    .first_shift = entry->first_shift,
	    .global = entry->ignore != 0,
	    .readable = grants & PERM_R,
	    .writable = grants & PERM_W,
	    .executable = grants & PERM_X,
	    .uniform_pmp = first <= page && segment->last - page >= PAGE_SIZE - 1,
	};
	return true;
}

/* No page table is in force: the address is physical. */
static bool finish_bare(struct walk *walk, unsigned size, struct translation *result)
{
	uint64_t page = walk->va & ~(uint64_t)(PAGE_SIZE - 1);
	struct tlb_entry identity = {
	    .pa = page,
	    .gpa = page,
	    .page_shift = PAGE_SHIFT,
	    .first = PERM_ALL,
	    .second = PERM_ALL,
	};
	return finish_translation(walk, size, &identity, PERM_R | PERM_W | PERM_X, result);
}

static struct tlb_entry entry_of(const struct walk_result *found, uint64_t va, uint64_t space)
{
	uint64_t offset = (UINT64_C(1) << found->page_shift) - 1;
	return (struct tlb_entry){
	    .vpn = va >> found->page_shift,
	    .space = space,
	    .ignore = found->global ? UINT64_C(0xffff) << SPACE_ASID_LOW : 0,
	    .pa = found->pa & ~offset,
	    .gpa = found->gpa & ~offset,
	    .page_shift = found->page_shift,
	    .first_shift = found->first_shift,
	    .second_shift = found->second_shift,
	    .first = found->first,
	    .second = found->second,
	};
}

static struct tlb_page page_of(const struct tlb_entry *entry, uint64_t offset)
{
	return (struct tlb_page){
	    .va = (entry->vpn << entry->page_shift) + offset,
	    .space = entry->space,
	    .located = true,
	    .gpa = entry->gpa + offset,
	    .pa = entry->pa + offset,
	    .first_shift = entry->first_shift,
	    .second_shift = entry->second_shift,
	};
}

static void tell_evict(struct hart *hart, const struct tlb_entry *entry)
{
	if (!entry->page_shift)
		return;
	struct tlb_page page = page_of(entry, 0);
	tlb_event_evict(hart, UNIT_TLB, &page);
}

/* The entry that a walk found comes into the TLB. `hit` (NULL: none) says less than the tables do now; `before`: as
 * it was before the walk; NULL: nobody hears of it. */
static void keep_translation(const struct walk *walk, struct tlb_entry *hit, const struct tlb_entry *entry,
                             const struct mmu_stats *before)
{
	struct mmu *mmu = walk->hart->mmu;
	struct tlb_entry weaker, old;
	weaker.page_shift = 0;
	if (hit) {
		weaker = *hit;
		tlb_drop(hit);
	}
	tlb_insert(&mmu->tlb, entry, &old);
	if (!before)
		return;
	tell_evict(walk->hart, &weaker);
	tell_evict(walk->hart, &old);
	const struct mmu_stats *after = &mmu->stats;
	uint64_t first = after->pte_reads_s + after->pte_reads_vs - before->pte_reads_s - before->pte_reads_vs;
	struct tlb_page page = page_of(entry, walk->va & ((UINT64_C(1) << entry->page_shift) - 1));
	tlb_event_fill(walk->hart, UNIT_TLB, &page, walk->access, (unsigned)first,
	               (unsigned)(after->pte_reads_g - before->pte_reads_g));
}

bool mmu_translate(struct hart *hart, uint64_t va, unsigned size, enum access access, const struct mmu_context *context,
                   struct translation *result)
{
	struct mmu *mmu = hart->mmu;
	struct walk walk = {hart, context, access, va, true, NULL, NULL, &hart->trap};
	uint64_t space = mmu_space(hart, context->mode);
	if (!space)
		return finish_bare(&walk, size, result);

	struct tlb_entry *hit = tlb_find(&mmu->tlb, va, space);
	uint8_t grants = hit ? entry_grants(hit, context) : 0;
	if (grants & perm_needed(access)) {
		mmu->stats.hits++;
		return finish_translation(&walk, size, hit, grants, result);
	}
	bool heard = tlb_event_wanted(hart);
	struct mmu_stats before;
	if (heard)
		before = mmu->stats;
	mmu->stats.misses++;
	struct walk_result found;
	if (!walk_translate(&walk, &found))
		return false;
	struct tlb_entry entry = entry_of(&found, va, space);
	keep_translation(&walk, hit, &entry, heard ? &before : NULL);
	return finish_translation(&walk, size, &entry, entry_grants(&entry, context), result);
}

bool mmu_walk(struct hart *hart, uint64_t va, unsigned size, enum access access, const struct mmu_context *context,
              bool update, walk_visitor *visitor, void *visitor_context, struct translation *result, struct trap *trap)
{
	struct walk walk = {hart, context, access, va, update, visitor, visitor_context, trap};
	uint64_t space = mmu_space(hart, context->mode);
	struct walk_result found;
	if (!walk_translate(&walk, &found))
		return false;
	if (!space)
		return finish_bare(&walk, size, result);
	struct tlb_entry entry = entry_of(&found, va, space);
	return finish_translation(&walk, size, &entry, entry_grants(&entry, context), result);
}

bool mmu_look(struct hart *hart, uint64_t va, enum access access, const struct mmu_context *context,
              struct translation *result)
{
	struct trap trap;
	struct walk walk = {hart, context, access, va, false, NULL, NULL, &trap};
	uint64_t space = mmu_space(hart, context->mode);
	const struct tlb_entry *hit = space ? tlb_find(&hart->mmu->tlb, va, space) : NULL;
	uint8_t grants = hit ? entry_grants(hit, context) : 0;
	if (grants & perm_needed(access))
		return finish_translation(&walk, 1, hit, grants, result);
	return mmu_walk(hart, va, 1, access, context, false, NULL, NULL, result, &trap);
}

/* ---- fences ---- */

bool fence_selects(const struct fence_scope *scope, const struct mapping *mapping)
{
	const struct fence *fence = &scope->fence;
	if (scope->kind == FENCE_GVMA)
		/* norm:hfence-gvma_op; global VS-stage pages belong to their VMID like any other */
		return space_virt(mapping->space) && (!fence->id_valid || space_vmid(mapping->space) == fence->id);
	/* norm:sfence_vma_v0, norm:hfence-vvma_limits */
	bool virt = scope->kind == FENCE_VVMA;
	if (space_virt(mapping->space) != virt || (virt && space_vmid(mapping->space) != scope->vmid))
		return false;
	/* norm:sfence_vma_va_all_asid: the page of the leaf PTE, of which the entry may hold a part */
	if (fence->address_valid && (mapping->address ^ fence->address) >> mapping->first_shift)
		return false;
	/* norm:sfence_vma_asid_only, norm:sfence_vma_va_asid: entries of global pages survive a fence by ASID */
	return !fence->id_valid || (!mapping->global && space_asid(mapping->space) == fence->id);
}

struct fence_scope fence_scope(const struct hart *hart, enum fence_kind kind, const struct fence *fence)
{
	return (struct fence_scope){kind, *fence, (hart->csr.hgatp & hgatp_VMID) >> hgatp_VMID_LOW};
}

static bool entry_selected(const struct tlb_entry *entry, const void *context)
{
	const struct fence_scope *scope = context;
	/* An entry under a Bare VS-stage holds nothing of it, but a fence of everything ends it, as in hardware whose
	 * entries do not tell the stages apart: a fence may do more than it was asked. */
	bool part = scope->fence.address_valid || scope->fence.id_valid;
	if (scope->kind == FENCE_VVMA && part && !space_mode(entry->space))
		return false;
	struct mapping mapping = {entry->vpn << entry->page_shift, entry->space, entry->first_shift,
	                          entry->ignore != 0};
	return fence_selects(scope, &mapping);
}

static void fence_where(struct hart *hart, const struct fence *fence, unsigned id_bits, enum fence_kind kind)
{
	static const enum trace_tlb_stage stages[] = {
	    [FENCE_VMA] = TLB_STAGE_S, [FENCE_VVMA] = TLB_STAGE_VS, [FENCE_GVMA] = TLB_STAGE_G};
	struct fence_scope scope = fence_scope(hart, kind, fence);
	scope.fence.id &= (UINT64_C(1) << id_bits) - 1; /* norm:sfence_vma_rs2_bits, norm:hfence-gvma_vmid */
	unsigned dropped = tlb_drop_where(&hart->mmu->tlb, entry_selected, &scope);
	hart->mmu->stats.fences++;
	hart->effects |= EFFECT_TRANSLATE;
	if (tlb_event_wanted(hart))
		tlb_event_fence(hart, UNIT_TLB, stages[kind], &scope.fence, scope.vmid, dropped);
}

void mmu_fence_vma(struct hart *hart, const struct fence *fence)
{
	fence_where(hart, fence, hart->options->asid_bits, FENCE_VMA);
}

void mmu_fence_vvma(struct hart *hart, const struct fence *fence)
{
	fence_where(hart, fence, hart->options->asid_bits, FENCE_VVMA);
}

void mmu_fence_gvma(struct hart *hart, const struct fence *fence)
{
	fence_where(hart, fence, hart->options->vmid_bits, FENCE_GVMA);
}

void mmu_flush(struct hart *hart)
{
	tlb_drop_all(&hart->mmu->tlb);
	pmp_forget(&hart->mmu->pmp);
	hart->effects |= EFFECT_TRANSLATE;
}

/* ---- life and inspection ---- */

int mmu_init(struct hart *hart, unsigned tlb_entries)
{
	struct mmu *mmu = calloc(1, sizeof *mmu);
	if (!mmu || tlb_init(&mmu->tlb, tlb_entries)) {
		free(mmu);
		return -1;
	}
	hart->mmu = mmu;
	return 0;
}

void mmu_free(struct hart *hart)
{
	if (hart->mmu)
		tlb_free(&hart->mmu->tlb);
	free(hart->mmu);
	hart->mmu = NULL;
}

const struct mmu_stats *mmu_stats(const struct hart *hart) { return &hart->mmu->stats; }

/* "rwxud/rwxd": first stage, then G-stage; '-' for what is not granted, 'g' for global. */
static void perms_text(const struct tlb_entry *entry, char *text, size_t size)
{
	uint8_t first = entry->first, second = entry->second;
	snprintf(text, size, "%c%c%c%c%c%c/%c%c%c%c", first & PERM_R ? 'r' : '-', first & PERM_W ? 'w' : '-',
	         first & PERM_X ? 'x' : '-', first & PERM_U ? 'u' : '-', entry->ignore ? 'g' : '-',
	         first & PERM_D ? 'd' : '-', second & PERM_R ? 'r' : '-', second & PERM_W ? 'w' : '-',
	         second & PERM_X ? 'x' : '-', second & PERM_D ? 'd' : '-');
}

void mmu_visit_tlb(const struct hart *hart, tlb_visitor *visitor, void *visitor_context)
{
	const struct tlb *tlb = &hart->mmu->tlb;
	for (size_t i = 0; i < (size_t)tlb->sets * tlb->ways; i++) {
		const struct tlb_entry *entry = &tlb->entries[i];
		char perms[16];
		if (!entry->page_shift)
			continue;
		perms_text(entry, perms, sizeof perms);
		visitor(visitor_context, entry->vpn << entry->page_shift, entry->pa, entry->page_shift,
		        space_virt(entry->space), space_asid(entry->space), space_vmid(entry->space), perms);
	}
}

bool mmu_big_endian(const struct hart *hart, enum mode mode)
{
	switch (mode) {
	case MODE_M: return hart->csr.mstatus & mstatus_MBE;
	case MODE_HS: return hart->csr.mstatus & mstatus_SBE;
	case MODE_U: return hart->csr.mstatus & mstatus_UBE;
	case MODE_VS: return hart->csr.hstatus & hstatus_VSBE;
	default: return hart->csr.vsstatus & vsstatus_UBE;
	}
}
