/* Loads, stores and atomics: what they find in TLB and cache. */
#include "timing/data.h"

#include "base/bus.h"
#include "base/device.h"
#include "timing/hierarchy.h"
#include "timing/memo.h"
#include "timing/translate.h"

/* When a load or store misses: nobody asks for it but the channel. */
static uint64_t access_cycle(struct model *model) { return model->timing->dram_gap ? memo_access_cycle(model) : 0; }

/* The data TLB: cycles until the address is known, and the entry's index (-1: not translated). */
static unsigned translate_data(struct model *model, uint64_t va, enum access access, const struct mmu_context *context,
                               int *page)
{
	uint64_t space = mmu_space(model->hart, context->mode);
	*page = -1;
	if (!space)
		return 0;
	*page = l1_tlb_find(&model->dtlb, va, space);
	if (*page >= 0) {
		l1_tlb_touch(&model->dtlb, (unsigned)*page);
		return 0;
	}
	model->counts.dtlb_misses++;
	model->outcome.walked = true;
	return translate_walk(model, &model->dtlb, va, access_cycle(model), access, context,
	                      &model->outcome.walk_second, page);
}

static unsigned read_cycles(struct model *model, uint64_t pa, int *slot)
{
	*slot = cache_find(&model->l1d, pa);
	if (*slot >= 0)
		return 0;
	unsigned cycles = hierarchy_miss(model, pa, access_cycle(model), false);
	*slot = cache_find(&model->l1d, pa);
	return cycles;
}

static unsigned write_cycles(struct model *model, uint64_t pa)
{
	bool misses = model->timing->l1d_writeback && cache_find(&model->l1d, pa) < 0;
	return hierarchy_write(model, pa, misses ? access_cycle(model) : 0);
}

static unsigned device_cycles(const struct model *model, uint64_t pa)
{
	const struct device *device = bus_device_at(model->hart->bus, pa, 1);
	return device ? timing_device(model->timing, device->kind) : 0;
}

/* Where the access goes: the hart's TLB says it where the engine's filter does not. False: it is going to fault. */
static bool find_pa(struct hart *hart, uint64_t va, enum access access, const struct mmu_context *context,
                    const uint8_t *host, uint64_t *pa)
{
	struct translation translation;
	if (host) {
		*pa = bus_address(hart->bus, host);
		return true;
	}
	bool found = mmu_look(hart, va, access, context, &translation);
	*pa = translation.pa;
	return found;
}

/* It may not have happened yet, or may be going to fault: then it only pays its walk. */
struct data_place data_access(struct model *model, uint64_t va, enum access access, const struct mmu_context *context,
                              const uint8_t *host)
{
	struct stall *stall = &model->outcome.stall;
	struct data_place place = {-1, -1};
	uint64_t pa;
	stall->translate = (uint16_t)translate_data(model, va, access, context, &place.page);
	if (!find_pa(model->hart, va, access, context, host, &pa))
		return place;
	if (!bus_is_dram(model->hart->bus, pa, 1))
		stall->device = (uint16_t)device_cycles(model, pa);
	else if (access == ACCESS_LOAD)
		stall->memory = (uint16_t)read_cycles(model, pa, &place.slot);
	else
		stall->memory = (uint16_t)write_cycles(model, pa);
	return place;
}

bool model_data(struct hart *hart, uint64_t va, enum access access, const uint8_t *host)
{
	static const struct page_path no_path;
	struct model *model = hart->model;
	const struct stall *stall = &model->outcome.stall;
	struct mmu_context context = mmu_context_data(hart);
	uint64_t unmasked = mmu_unmasked(hart, &context, va);
	struct data_place place = data_access(model, unmasked, access, &context, host);
	const struct page_path *path = place.page < 0 ? &no_path : &model->dtlb.paths[place.page];
	/* The filter follows the TLB: it knows no masked addresses, and no page whose walk has come to fault since. */
	bool known = host && unmasked == va && (place.page >= 0 || !mmu_space(hart, context.mode));
	if (known && access == ACCESS_LOAD)
		near_put_read(&model->near, va, host, path, place.slot);
	else if (known)
		near_put_write(&model->near, va, host, path);
	return stall->translate || stall->memory || stall->device || stall->conflict;
}

void model_fault(struct hart *hart, uint64_t va, enum access access)
{
	struct outcome *outcome = &hart->model->outcome;
	struct mmu_context context = mmu_context_data(hart);
	int page;
	outcome->trap_walked = true;
	va = mmu_unmasked(hart, &context, va);
	outcome->stall.translate = (uint16_t)translate_data(hart->model, va, access, &context, &page);
}
