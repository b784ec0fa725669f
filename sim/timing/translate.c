#include "timing/translate.h"

#include "hart/tlb.h"
#include "hart/tlb_event.h"

/* A walk that is the G-stage's alone is so with what it costs besides. */
static uint16_t share_of_second(unsigned second, unsigned reads, unsigned fixed)
{
	return (uint16_t)(second && second == reads ? reads + fixed : second);
}

/* ---- events: what observers may hear of these TLBs ---- */

/* A core's TLB holds what a page is; where it leads, the hart's own knows. */
static struct tlb_page core_page(const struct page_entry *entry, uint64_t va)
{
	return (struct tlb_page){.va = va, .space = entry->space, .first_shift = entry->first_shift};
}

/* An entry takes the place of another, if there was one; PTEs have been read since `before`. */
static void tell_replaced(struct model *model, enum trace_tlb_unit unit, const struct page_entry *old,
                          const struct page_entry *entry, uint64_t va, enum access access,
                          const struct event_counts *before)
{
	const struct event_counts *counts = &model->counts;
	struct tlb_page gone = core_page(old, old->vpn << old->shift), page = core_page(entry, va);
	if (old->shift)
		tlb_event_evict(model->hart, unit, &gone);
	tlb_event_fill(model->hart, unit, &page, access, (unsigned)(counts->pte_reads_first - before->pte_reads_first),
	               (unsigned)(counts->pte_reads_second - before->pte_reads_second));
}

unsigned translate_walk(struct model *model, struct l1_tlb *tlb, uint64_t va, uint64_t at, enum access access,
                        const struct mmu_context *context, uint16_t *second, int *page)
{
	struct hart *hart = model->hart;
	const struct timing *timing = model->timing;
	uint64_t space = mmu_space(hart, context->mode);
	const struct page_entry *second_level = ptw_find(&model->ptw, va, space);
	unsigned cycles = timing->l2tlb_latency;
	struct page_entry old, entry;
	bool heard = tlb_event_wanted(hart);
	struct event_counts before;
	if (heard)
		before = model->counts;
	*second = 0;
	*page = -1;
	if (second_level) {
		entry = *second_level;
		model->counts.l2tlb_hits++;
	} else {
		unsigned fixed = tlb == &model->itlb ? timing->itlb_miss : timing->dtlb_miss, reads;
		const struct kept_walk *walk;
		cycles = ptw_walk(model, va, at + fixed, access, context, &reads, &walk);
		*second = share_of_second(reads, cycles, fixed);
		cycles += fixed;
		if (!walk->found)
			return cycles;
		const struct translation *translation = &walk->translation;
		entry = (struct page_entry){
		    .vpn = va >> translation->page_shift,
		    .space = space,
		    .ignore = translation->global ? UINT64_C(0xffff) << SPACE_ASID_LOW : 0,
		    .shift = translation->page_shift,
		    .first_shift = translation->first_shift,
		};
		ptw_insert(&model->ptw, &entry, &old);
		if (heard && model->ptw.second)
			tell_replaced(model, UNIT_L2TLB, &old, &entry, va, access, &before);
	}
	*page = l1_tlb_insert(tlb, &entry, &old);
	l1_tlb_touch(tlb, (unsigned)*page);
	if (tlb == &model->dtlb)
		near_drop_page(&model->near, &old);
	if (heard)
		tell_replaced(model, tlb == &model->itlb ? UNIT_ITLB : UNIT_DTLB, &old, &entry, va, access, &before);
	return cycles;
}

/* ---- fences ---- */

static bool names(const struct fence_scope *scope, const struct page_entry *entry)
{
	struct mapping mapping = {entry->vpn << entry->shift, entry->space, entry->first_shift, entry->ignore != 0};
	return fence_selects(scope, &mapping);
}

/* Drop what a fence names of a TLB, and tell of it. */
static void drop_named(struct hart *hart, const struct fence_scope *scope, enum trace_tlb_unit unit,
                       struct page_entry *entries, unsigned count)
{
	static const enum trace_tlb_stage stages[] = {
	    [FENCE_VMA] = TLB_STAGE_S, [FENCE_VVMA] = TLB_STAGE_VS, [FENCE_GVMA] = TLB_STAGE_G};
	unsigned dropped = 0;
	for (unsigned i = 0; i < count; i++)
		if (entries[i].shift && names(scope, &entries[i])) {
			entries[i].shift = 0;
			dropped++;
		}
	if (tlb_event_wanted(hart))
		tlb_event_fence(hart, unit, stages[scope->kind], &scope->fence, scope->vmid, dropped);
}

void translate_fence(struct model *model, const struct pending_fence *fence)
{
	struct fence_scope scope = fence_scope(model->hart, fence->kind, &fence->fence);
	drop_named(model->hart, &scope, UNIT_ITLB, model->itlb.entries, model->itlb.count);
	drop_named(model->hart, &scope, UNIT_DTLB, model->dtlb.entries, model->dtlb.count);
	if (model->ptw.second)
		drop_named(model->hart, &scope, UNIT_L2TLB, model->ptw.second, model->ptw.second_entries);
	if (fence->kind == FENCE_GVMA || !fence->fence.address_valid)
		ptw_forget_pointers(&model->ptw);
	near_flush(&model->near);
	model->fetch_page = UINT64_MAX; /* look again */
}
