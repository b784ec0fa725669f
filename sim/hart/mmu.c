#include "hart/mmu.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/bus.h"
#include "hart/mmu_state.h"
#include "hart/platform.h"
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
	case MODE_M:
		return (csr->mseccfg & mseccfg_PMM) >> mseccfg_PMM_LOW;
	case MODE_HS:
		return (csr->menvcfg & menvcfg_PMM) >> menvcfg_PMM_LOW;
	case MODE_VS: /* norm:henvcfg_pmm_op */
		return (csr->henvcfg & henvcfg_PMM) >> henvcfg_PMM_LOW;
	case MODE_U: /* norm:smnpm_definition */
		if (!isa_has(&hart->isa, EXT_S))
			return (csr->menvcfg & menvcfg_PMM) >> menvcfg_PMM_LOW;
		break;
	default: /* HLV and HSV in U-mode as though in VU-mode have a field of their own */
		if (hart->mode == MODE_U)
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

struct mmu_context mmu_context_hypervisor(const struct hart *hart, bool hlvx)
{
	/* norm:hlsv_priv; vsstatus.SUM, not sstatus.SUM: norm:hlsv_trans */
	struct mmu_context context = context_of(hart, hart->csr.hstatus & hstatus_SPVP ? MODE_VS : MODE_VU);
	context.hlvx = hlvx;
	context.forced = true;
	return with_masking(hart, context);
}

/* ---- TLB and walk together ---- */

/* The address space of an effective mode; 0 when no page table is in force. */
static uint64_t space_of(const struct hart *hart, enum mode mode)
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
		.pa = page, .gpa = page, .page_shift = PAGE_SHIFT, .first = PERM_ALL, .second = PERM_ALL,
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
		.first = found->first,
		.second = found->second,
	};
}

bool mmu_translate(struct hart *hart, uint64_t va, unsigned size, enum access access, const struct mmu_context *context,
                   struct translation *result)
{
	struct mmu *mmu = hart->mmu;
	struct walk walk = {hart, context, access, va, true, mmu->visitor, mmu->visitor_context, &hart->trap};
	uint64_t space = space_of(hart, context->mode);
	if (!space)
		return finish_bare(&walk, size, result);

	struct tlb_entry *hit = tlb_find(&mmu->tlb, va, space);
	uint8_t grants = hit ? entry_grants(hit, context) : 0;
	if (grants & perm_needed(access)) {
		mmu->stats.hits++;
		return finish_translation(&walk, size, hit, grants, result);
	}
	mmu->stats.misses++;
	struct walk_result found;
	if (!walk_translate(&walk, &found))
		return false;
	if (hit)
		tlb_drop(hit); /* it says less than the tables do now */
	struct tlb_entry entry = entry_of(&found, va, space);
	tlb_insert(&mmu->tlb, &entry);
	return finish_translation(&walk, size, &entry, entry_grants(&entry, context), result);
}

bool mmu_walk(struct hart *hart, uint64_t va, unsigned size, enum access access, const struct mmu_context *context,
              bool update, walk_visitor *visitor, void *visitor_context, struct translation *result, struct trap *trap)
{
	struct walk walk = {hart, context, access, va, update, visitor, visitor_context, trap};
	uint64_t space = space_of(hart, context->mode);
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
	uint64_t space = space_of(hart, context->mode);
	const struct tlb_entry *hit = space ? tlb_find(&hart->mmu->tlb, va, space) : NULL;
	uint8_t grants = hit ? entry_grants(hit, context) : 0;
	if (grants & perm_needed(access))
		return finish_translation(&walk, 1, hit, grants, result);
	return mmu_walk(hart, va, 1, access, context, false, NULL, NULL, result, &trap);
}

void mmu_watch_walks(struct hart *hart, walk_visitor *visitor, void *visitor_context)
{
	hart->mmu->visitor = visitor;
	hart->mmu->visitor_context = visitor_context;
}

/* ---- fences ---- */

struct selection {
	struct fence fence;
	unsigned vmid; /* of the current guest: VS-stage fences */
};

/* Does a fence by virtual address and ASID mean this entry? Entries of global pages survive a fence by ASID. */
static bool selects_first(const struct fence *fence, const struct tlb_entry *entry)
{
	/* norm:sfence_vma_va_all_asid: the page of the leaf PTE, of which the entry may hold a part */
	if (fence->address_valid && ((entry->vpn << entry->page_shift) ^ fence->address) >> entry->first_shift)
		return false;
	/* norm:sfence_vma_asid_only, norm:sfence_vma_va_asid */
	return !fence->id_valid || (!entry->ignore && space_asid(entry->space) == fence->id);
}

static bool selected_vma(const struct tlb_entry *entry, const void *context)
{
	const struct selection *selection = context;
	return !space_virt(entry->space) && selects_first(&selection->fence, entry); /* norm:sfence_vma_v0 */
}

static bool selected_vvma(const struct tlb_entry *entry, const void *context)
{
	const struct selection *selection = context;
	/* norm:hfence-vvma_limits. An entry under a Bare VS-stage holds nothing of it, but a fence of everything ends
	 * it, as in hardware whose entries do not tell the stages apart: a fence may do more than it was asked. */
	bool all = !selection->fence.address_valid && !selection->fence.id_valid;
	return space_virt(entry->space) && space_vmid(entry->space) == selection->vmid &&
	       (all || space_mode(entry->space)) && selects_first(&selection->fence, entry);
}

static bool selected_gvma(const struct tlb_entry *entry, const void *context)
{
	const struct selection *selection = context;
	/* norm:hfence-gvma_op; global VS-stage pages belong to their VMID like any other */
	return space_virt(entry->space) &&
	       (!selection->fence.id_valid || space_vmid(entry->space) == selection->fence.id);
}

static void fence_where(struct hart *hart, const struct fence *fence, unsigned id_bits, tlb_predicate *predicate)
{
	struct selection selection = {.fence = *fence, .vmid = (hart->csr.hgatp & hgatp_VMID) >> hgatp_VMID_LOW};
	selection.fence.id &= (UINT64_C(1) << id_bits) - 1; /* norm:sfence_vma_rs2_bits, norm:hfence-gvma_vmid */
	tlb_drop_where(&hart->mmu->tlb, predicate, &selection);
	hart->mmu->stats.fences++;
	hart->effects |= EFFECT_TRANSLATE;
}

void mmu_fence_vma(struct hart *hart, const struct fence *fence)
{
	fence_where(hart, fence, hart->platform->asid_bits, selected_vma);
}

void mmu_fence_vvma(struct hart *hart, const struct fence *fence)
{
	fence_where(hart, fence, hart->platform->asid_bits, selected_vvma);
}

void mmu_fence_gvma(struct hart *hart, const struct fence *fence)
{
	fence_where(hart, fence, hart->platform->vmid_bits, selected_gvma);
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

const struct mmu_stats *mmu_stats(const struct hart *hart)
{
	return &hart->mmu->stats;
}

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
