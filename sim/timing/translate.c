#include "timing/translate.h"

#include "hart/tlb.h"

uint64_t translate_space(const struct hart *hart, enum mode mode)
{
	bool virt = mode_virt(mode);
	uint64_t first = mode == MODE_M ? 0 : virt ? hart->csr.vsatp : hart->csr.satp;
	uint64_t space = first >> 60 ? first >> 44 : 0;
	if (!virt || (!space && !(hart->csr.hgatp >> 60)))
		return space;
	return space | hart->csr.hgatp >> 44 << SPACE_VMID_LOW | UINT64_C(1) << SPACE_VIRT_LOW;
}

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
	uint64_t space = translate_space(hart, context->mode);
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
	const struct fence *fence = &pending->fence;
	uint64_t vmid = (model->hart->csr.hgatp & hgatp_VMID) >> hgatp_VMID_LOW;
	bool virt = space_virt(entry->space);
	if (pending->kind == 2) /* HFENCE.GVMA */
		return virt && (!fence->id_valid || space_vmid(entry->space) == fence->id);
	if (virt != (pending->kind == 1) || (virt && space_vmid(entry->space) != vmid))
		return false;
	if (fence->address_valid && ((entry->vpn << entry->shift) ^ fence->address) >> entry->first_shift)
		return false;
	return !fence->id_valid || (!entry->ignore && space_asid(entry->space) == fence->id);
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
	if (fence->kind == 2 || !fence->fence.address_valid)
		walker_forget_pointers(&model->walker);
	near_flush(&model->near);
	model->fetch_page = UINT64_MAX; /* look again */
}
