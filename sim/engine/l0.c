#include "engine/l0.h"

#include <stdlib.h>
#include "engine/engine.h"
#include "timing/model.h"

enum { BANKS = MODE_COUNT * 2 };

struct l0_filter {
	struct l0_bank banks[BANKS]; /* by effective mode and SUM */
	struct l0_bank
	    none; /* stays empty: big-endian contexts, while load or store triggers are armed or loads are asked about */
	bool swaps; /* the current data context is big-endian */
	unsigned mxr; /* MXR and VS-level MXR the banks were filled under */
};

static void bank_flush(struct l0_bank *bank)
{
	for (unsigned i = 0; i < L0_ENTRIES; i++)
		bank->read[i].tag = bank->write[i].tag = L0_EMPTY;
	bank->used = false;
}

static void page_flagged(void *context, uint64_t pa) { l0_forget_page(context, pa); }

int l0_init(struct hart *hart)
{
	hart->filter = calloc(1, sizeof *hart->filter);
	if (!hart->filter)
		return -1;
	if (bus_listen(hart->bus, &(struct bus_listener){.flagged = page_flagged, .context = hart}) != 0)
		return -1;
	for (unsigned i = 0; i < BANKS; i++)
		bank_flush(&hart->filter->banks[i]);
	bank_flush(&hart->filter->none);
	hart->l0 = &hart->filter->banks[0];
	return 0;
}

void l0_free(struct hart *hart)
{
	free(hart->filter);
	hart->filter = NULL;
}

void l0_flush(struct hart *hart)
{
	for (unsigned i = 0; i < BANKS; i++)
		if (hart->filter->banks[i].used)
			bank_flush(&hart->filter->banks[i]);
	if (hart->model)
		near_flush(&hart->model->near);
}

void l0_forget_page(struct hart *hart, uint64_t pa)
{
	uint64_t host = (uint64_t)(uintptr_t)bus_host(hart->bus, pa & ~UINT64_C(0xfff));
	for (unsigned i = 0; i < BANKS; i++) {
		struct l0_bank *bank = &hart->filter->banks[i];
		if (!bank->used)
			continue;
		for (struct l0_entry *entry = bank->write; entry < bank->write + L0_ENTRIES; entry++)
			if (entry->tag + entry->addend == host)
				entry->tag = L0_EMPTY;
	}
	if (hart->model)
		near_forget_page(&hart->model->near, (const uint8_t *)(uintptr_t)host);
}

bool l0_swaps(const struct hart *hart) { return hart->filter->swaps; }

void l0_select(struct hart *hart)
{
	struct mmu_context context = mmu_context_data(hart);
	unsigned mxr = context.mxr | (unsigned)context.vmxr << 1;
	if (mxr != hart->filter->mxr) {
		l0_flush(hart);
		hart->filter->mxr = mxr;
	}
	bool sum = context.sum && mode_priv(context.mode) == 1;
	hart->filter->swaps = mmu_big_endian(hart, context.mode);
	int bank = hart->filter->swaps || hart->triggers.data || hart->engine->pause.loaded
	               ? -1
	               : (int)context.mode * 2 + sum;
	hart->l0 = bank < 0 ? &hart->filter->none : &hart->filter->banks[bank];
	if (hart->model)
		near_select(&hart->model->near, bank);
}

void l0_fill(struct hart *hart, struct l0_entry *entries, const struct translation *translation, uint64_t va)
{
	if (!translation->uniform_pmp || hart->l0 == &hart->filter->none)
		return;
	uint64_t page = va & ~UINT64_C(0xfff);
	struct l0_entry *entry = &entries[(page >> PAGE_SHIFT) % L0_ENTRIES];
	entry->tag = page;
	entry->addend = (uint64_t)(uintptr_t)bus_host(hart->bus, translation->pa & ~UINT64_C(0xfff)) - page;
	hart->l0->used = true;
}
