#include "timing/translate.h"

#include "hart/tlb.h"

/* A walk that is the G-stage's alone is so with what it costs besides. */
static uint16_t share_of_second(unsigned second, unsigned reads, unsigned fixed)
{
	return (uint16_t)(second && second == reads ? reads + fixed : second);
}

unsigned translate_walk(struct model *model, struct pages *pages, uint64_t va, uint64_t at, enum access access,
                        const struct mmu_context *context, uint16_t *second, int *page)
{
	struct hart *hart = model->hart;
	const struct timing *timing = model->timing;
	uint64_t space = mmu_space(hart, context->mode);
	const struct page_entry *second_level = walker_find(&model->walker, va, space);
	unsigned cycles = timing->l2tlb_latency;
	struct page_entry old, entry;
	*second = 0;
	*page = -1;
	if (second_level) {
		entry = *second_level;
		model->counts.l2tlb_hits++;
	} else {
		unsigned fixed = pages == &model->itlb ? timing->itlb_miss : timing->dtlb_miss, reads;
		struct translation translation;
		bool found;
		cycles = walker_walk(model, va, at + fixed, access, context, &reads, &translation, &found);
		*second = share_of_second(reads, cycles, fixed);
		cycles += fixed;
		if (!found)
			return cycles;
		entry = (struct page_entry){
			.vpn = va >> translation.page_shift,
			.space = space,
			.ignore = translation.global ? UINT64_C(0xffff) << SPACE_ASID_LOW : 0,
			.shift = translation.page_shift,
			.first_shift = translation.first_shift,
		};
		walker_insert(&model->walker, &entry);
	}
	*page = pages_insert(pages, &entry, &old);
	pages_touch(pages, (unsigned)*page);
	if (pages == &model->dtlb)
		near_drop_page(&model->near, &old);
	return cycles;
}

/* ---- fences ---- */

static bool names(const struct model *model, const struct pending_fence *pending, const struct page_entry *entry)
{
	struct fence_scope scope = fence_scope(model->hart, pending->kind, &pending->fence);
	struct mapping mapping = {entry->vpn << entry->shift, entry->space, entry->first_shift, entry->ignore != 0};
	return fence_selects(&scope, &mapping);
}

static void drop_named(const struct model *model, const struct pending_fence *fence, struct page_entry *entries, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (entries[i].shift && names(model, fence, &entries[i]))
			entries[i].shift = 0;
}

void translate_fence(struct model *model, const struct pending_fence *fence)
{
	drop_named(model, fence, model->itlb.entries, model->itlb.count);
	drop_named(model, fence, model->dtlb.entries, model->dtlb.count);
	if (model->walker.second)
		drop_named(model, fence, model->walker.second, model->walker.second_entries);
	if (fence->kind == FENCE_GVMA || !fence->fence.address_valid)
		walker_forget_pointers(&model->walker);
	near_flush(&model->near);
	model->fetch_page = UINT64_MAX; /* look again */
}
