/* Walks and their cost, what the walker remembers of them, and the second-level TLB. */
#include "timing/ptw.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "hart/tlb.h"
#include "timing/hierarchy.h"

enum { PTE_SHIFT = 3, IMPLICIT_MAX = 5 }; /* PTEs of a G-stage walk, Sv57x4 */

int ptw_init(struct ptw *ptw, const struct timing *timing)
{
	ptw->walks = calloc(KEPT_WALKS, sizeof *ptw->walks);
	if (!ptw->walks)
		return -1;
	ptw->second_entries = timing->l2tlb_entries;
	if (timing->l2tlb_entries) {
		ptw->second = calloc(timing->l2tlb_entries, sizeof *ptw->second);
		if (!ptw->second)
			return -1;
	}
	if (!timing->pte_cache)
		return 0;
	return l1_tlb_init(&ptw->pointers, timing->pte_cache) || l1_tlb_init(&ptw->guest_pointers, timing->pte_cache)
	           ? -1
	           : 0;
}

void ptw_free(struct ptw *ptw)
{
	l1_tlb_free(&ptw->pointers);
	l1_tlb_free(&ptw->guest_pointers);
	free(ptw->second);
	free(ptw->walks);
	ptw->second = NULL;
	ptw->walks = NULL;
}

void ptw_clear(struct ptw *ptw)
{
	if (ptw->pointers.count) {
		l1_tlb_clear(&ptw->pointers);
		l1_tlb_clear(&ptw->guest_pointers);
	}
	if (ptw->second)
		memset(ptw->second, 0, ptw->second_entries * sizeof *ptw->second);
	ptw->second_shifts = 0;
}

/* ---- the second-level TLB ---- */

/* Neither ASID nor VMID is part of the index: a global page is found under any. */
static struct page_entry *second_slot(const struct ptw *ptw, uint64_t vpn)
{
	return &ptw->second[vpn & (ptw->second_entries - 1)];
}

const struct page_entry *ptw_find(const struct ptw *ptw, uint64_t va, uint64_t space)
{
	for (uint64_t shifts = ptw->second_shifts; shifts; shifts &= shifts - 1) {
		unsigned shift = (unsigned)__builtin_ctzll(shifts);
		const struct page_entry *entry = second_slot(ptw, va >> shift);
		if (entry->shift == shift && entry->vpn == va >> shift && !((entry->space ^ space) & ~entry->ignore))
			return entry;
	}
	return NULL;
}

void ptw_insert(struct ptw *ptw, const struct page_entry *entry, struct page_entry *old)
{
	*old = (struct page_entry){0};
	if (!ptw->second)
		return;
	struct page_entry *slot = second_slot(ptw, entry->vpn);
	*old = *slot;
	*slot = *entry;
	ptw->second_shifts |= UINT64_C(1) << entry->shift;
}

/* ---- pointers ---- */

/* Is the pointer at this address kept? Then it has been used. */
static bool find_pointer(struct l1_tlb *tlb, uint64_t address, uint64_t space)
{
	int index = tlb->count ? l1_tlb_find(tlb, address, space) : -1;
	if (index >= 0)
		l1_tlb_touch(tlb, (unsigned)index);
	return index >= 0;
}

static void keep_pointer(struct l1_tlb *tlb, uint64_t address, uint64_t space)
{
	struct page_entry entry = {
	    .vpn = address >> PTE_SHIFT, .space = space, .shift = PTE_SHIFT, .first_shift = PTE_SHIFT};
	if (tlb->count)
		l1_tlb_touch(tlb, (unsigned)l1_tlb_put(tlb, &entry));
}

static void forget_pointers(struct l1_tlb *tlb)
{
	for (unsigned i = 0; i < tlb->count; i++)
		tlb->entries[i].shift = 0;
}

void ptw_forget_pointers(struct ptw *ptw)
{
	forget_pointers(&ptw->pointers);
	forget_pointers(&ptw->guest_pointers);
}

/* ---- save and restore ---- */

enum { PTW_VERSION = 1 };

void ptw_save(const struct ptw *ptw, struct state_writer *writer)
{
	l1_tlb_save(&ptw->pointers, writer);
	l1_tlb_save(&ptw->guest_pointers, writer);
	state_write_begin(writer, "ptw", PTW_VERSION);
	STATE_WRITE(writer, ptw->second_entries);
	STATE_WRITE(writer, ptw->second_shifts);
	for (unsigned i = 0; i < ptw->second_entries; i++)
		page_entry_save(&ptw->second[i], writer);
	state_write_end(writer);
}

/* Is every page where ptw_find looks for it? */
static bool second_fits(const struct ptw *ptw)
{
	for (unsigned i = 0; i < ptw->second_entries; i++) {
		const struct page_entry *entry = &ptw->second[i];
		if (entry->shift &&
		    (second_slot(ptw, entry->vpn) != entry || !(ptw->second_shifts >> entry->shift & 1)))
			return false;
	}
	return true;
}

bool ptw_restore(struct ptw *ptw, struct state_reader *reader)
{
	unsigned entries;
	if (!l1_tlb_restore(&ptw->pointers, reader) || !l1_tlb_restore(&ptw->guest_pointers, reader) ||
	    !state_read_begin(reader, "ptw", PTW_VERSION))
		return false;
	STATE_READ(reader, entries);
	if (reader->failed || entries != ptw->second_entries)
		return state_refuse(reader, "ptw: another number of entries in the second-level TLB");
	STATE_READ(reader, ptw->second_shifts);
	for (unsigned i = 0; i < entries; i++)
		page_entry_restore(&ptw->second[i], reader);
	if (!state_read_end(reader))
		return false;
	return second_fits(ptw) || state_refuse(reader, "ptw: a page is where it cannot be");
}

/* ---- walks ---- */

static struct walk_key walk_key_of(const struct hart *hart, uint64_t va, enum access access,
                                   const struct mmu_context *context)
{
	const struct csr_file *csr = &hart->csr;
	bool virt = mode_virt(context->mode);
	return (struct walk_key){
	    .page = va >> PAGE_SHIFT,
	    .first = virt ? csr->vsatp : csr->satp,
	    .second = virt ? csr->hgatp : 0,
	    .menvcfg = csr->menvcfg,
	    .henvcfg = csr->henvcfg,
	    .pmp = pmp_version(hart),
	    .context = (csr->mstatus & mstatus_SBE) | (csr->hstatus & hstatus_VSBE) << 40 | (uint64_t)access << 8 |
	               (uint64_t)context->mode << 12 | (uint64_t)context->sum << 16 | (uint64_t)context->mxr << 17 |
	               (uint64_t)context->vmxr << 18 | (uint64_t)context->hlvx << 19,
	};
}

static bool same_key(const struct walk_key *a, const struct walk_key *b)
{
	return a->page == b->page && a->first == b->first && a->second == b->second && a->context == b->context &&
	       a->pmp == b->pmp && a->menvcfg == b->menvcfg && a->henvcfg == b->henvcfg;
}

static uint64_t bytes_at(const struct hart *hart, uint64_t pa)
{
	uint64_t bytes;
	memcpy(&bytes, bus_host(hart->bus, pa), sizeof bytes);
	return bytes;
}

static bool walk_repeats(const struct hart *hart, const struct kept_walk *walk, const struct walk_key *key)
{
	if (!walk->found || !same_key(&walk->key, key))
		return false;
	for (unsigned i = 0; i < walk->count; i++)
		if (bytes_at(hart, walk->steps[i].pa) != walk->steps[i].bytes)
			return false;
	return true;
}

struct keeper {
	const struct hart *hart;
	struct kept_walk *walk;
};

static void keep_step(void *context, const struct walk_step *step)
{
	const struct keeper *keeper = context;
	struct kept_walk *walk = keeper->walk;
	if (!step->pte_read || !bus_is_dram(keeper->hart->bus, step->pa, sizeof(uint64_t)))
		return;
	assert(walk->count < KEPT_STEPS);
	walk->steps[walk->count++] = (struct kept_step){
	    .pa = step->pa,
	    .address = step->address,
	    .bytes = bytes_at(keeper->hart, step->pa),
	    .stage = step->stage,
	    .pointer = !step->leaf && !step->verdict,
	    .implicit = step->implicit,
	};
}

static struct kept_walk *find_walk(struct model *model, uint64_t va, enum access access,
                                   const struct mmu_context *context)
{
	struct hart *hart = model->hart;
	struct walk_key key = walk_key_of(hart, va, access, context);
	struct kept_walk *walk = &model->ptw.walks[(key.page ^ key.page >> 10) % KEPT_WALKS];
	if (walk_repeats(hart, walk, &key))
		return walk;
	struct keeper keeper = {hart, walk};
	struct trap trap = {0};
	walk->count = 0;
	walk->key = key;
	walk->found = mmu_walk(hart, va, 1, access, context, false, keep_step, &keeper, &walk->translation, &trap);
	return walk;
}

struct cost {
	struct model *model;
	uint64_t at; /* cycle of the first PTE */
	unsigned cycles, second;
	bool both;   /* both stages translate */
	/* the G-stage walk to the next VS-stage PTE: it costs nothing if that is a pointer that is kept */
	struct kept_step *held[IMPLICIT_MAX];
	unsigned held_count;
};

static void cost_of_pte(struct cost *cost, struct kept_step *step)
{
	struct model *model = cost->model;
	cost->cycles += model->timing->pte_read;
	if (!cache_is_at(&model->l1d, step->pa, step->slot)) {
		step->slot = cache_find(&model->l1d, step->pa);
		if (step->slot < 0) {
			cost->cycles += hierarchy_miss(model, step->pa, cost->at + cost->cycles, false);
			step->slot = cache_find(&model->l1d, step->pa);
		}
	}
	if (step->stage == STAGE_G)
		model->counts.pte_reads_second++;
	else
		model->counts.pte_reads_first++;
}

/* A PTE of the S-stage or the G-stage. */
static void charge(struct cost *cost, struct kept_step *step)
{
	struct l1_tlb *pointers = &cost->model->ptw.pointers;
	bool guest = step->stage == STAGE_G, kept = step->pointer && (!guest || cost->both);
	unsigned before = cost->cycles;
	if (kept && find_pointer(pointers, step->pa, guest)) {
		cost->model->counts.pointer_hits++;
		cost->cycles += cost->model->timing->pte_hit;
	} else {
		cost_of_pte(cost, step);
		if (kept)
			keep_pointer(pointers, step->pa, guest);
	}
	if (guest)
		cost->second += cost->cycles - before;
}

static void charge_held(struct cost *cost)
{
	for (unsigned i = 0; i < cost->held_count; i++)
		charge(cost, cost->held[i]);
	cost->held_count = 0;
}

/* A PTE of the VS-stage, and the walk to it that is held. */
static void charge_guest(struct cost *cost, struct kept_step *step)
{
	struct l1_tlb *pointers = &cost->model->ptw.guest_pointers;
	uint64_t vmid = (cost->model->hart->csr.hgatp & hgatp_VMID) >> hgatp_VMID_LOW;
	bool kept = step->pointer && cost->both;
	if (kept && find_pointer(pointers, step->address, vmid)) {
		cost->held_count = 0;
		cost->model->counts.pointer_hits++;
		cost->cycles += cost->model->timing->pte_hit;
		return;
	}
	charge_held(cost);
	cost_of_pte(cost, step);
	if (kept)
		keep_pointer(pointers, step->address, vmid);
}

static void charge_step(struct cost *cost, struct kept_step *step)
{
	if (step->stage == STAGE_G && step->implicit && cost->held_count < IMPLICIT_MAX) {
		cost->held[cost->held_count++] = step;
	} else if (step->stage == STAGE_VS) {
		charge_guest(cost, step);
	} else {
		charge_held(cost);
		charge(cost, step);
	}
}

unsigned ptw_walk(struct model *model, uint64_t va, uint64_t at, enum access access, const struct mmu_context *context,
                  unsigned *second, const struct kept_walk **walk)
{
	const struct csr_file *csr = &model->hart->csr;
	struct cost cost = {.model = model, .at = at};
	cost.both = mode_virt(context->mode) && csr->vsatp >> 60 && csr->hgatp >> 60;
	struct kept_walk *found = find_walk(model, va, access, context);
	for (unsigned i = 0; i < found->count; i++)
		charge_step(&cost, &found->steps[i]);
	charge_held(&cost);
	*walk = found;
	*second = cost.second;
	return cost.cycles;
}
