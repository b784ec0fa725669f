#include "timing/memory.h"

#include <string.h>
#include "base/bus.h"
#include "engine/mem.h"
#include "hart/platform.h"
#include "hart/tlb.h"

/* ---- the near filter: hits of TLB and cache ---- */

static void empty_entry(struct near_bank *bank, unsigned i) { bank->read[i].tag = bank->write[i].tag = NEAR_EMPTY; }

static void flush_bank(struct near_bank *bank)
{
	for (unsigned word = 0; word < NEAR_ENTRIES / 64; word++)
		for (; bank->filled[word]; bank->filled[word] &= bank->filled[word] - 1)
			empty_entry(bank, word * 64 + (unsigned)__builtin_ctzll(bank->filled[word]));
}

void model_near_init(struct model *model)
{
	for (int b = 0; b <= NEAR_BANKS; b++) {
		struct near_bank *bank = &model->banks[b];
		for (unsigned i = 0; i < NEAR_ENTRIES; i++)
			empty_entry(bank, i);
		memset(bank->filled, 0, sizeof bank->filled);
	}
}

/* The first of some banks, which then is none of them any more; NULL: there is none. */
static struct near_bank *next_bank(struct model *model, unsigned *banks)
{
	struct near_bank *bank = *banks ? &model->banks[__builtin_ctz(*banks)] : NULL;
	*banks &= *banks - 1;
	return bank;
}

void model_near_flush(struct hart *hart)
{
	unsigned banks = hart->model->banks_used;
	for (struct near_bank *bank; (bank = next_bank(hart->model, &banks));)
		flush_bank(bank);
	hart->model->banks_used = 0;
}

void model_near_select(struct hart *hart, int bank)
{
	hart->model->near = &hart->model->banks[bank < 0 ? NEAR_BANKS : bank];
}

static bool is_filled(const struct near_bank *bank, unsigned i) { return bank->filled[i / 64] >> i % 64 & 1; }

static bool leads_to(const struct near_entry *entry, uint64_t line) { return entry->tag + entry->addend == line; }

/* Entries of a host line stand where its offset in the page says; the page's number is free. */
static void drop_host_line(struct model *model, const uint8_t *host, uint64_t offset, bool reads)
{
	uint64_t line = (uint64_t)(uintptr_t)host & model->line_mask;
	unsigned step = PAGE_SIZE >> model->line_shift, first = (unsigned)((offset & (PAGE_SIZE - 1)) >> model->line_shift);
	unsigned banks = model->banks_used;
	for (struct near_bank *bank; (bank = next_bank(model, &banks));) {
		for (unsigned i = first; i < NEAR_ENTRIES; i += step) {
			if (!is_filled(bank, i))
				continue;
			if (reads && leads_to(&bank->read[i], line))
				bank->read[i].tag = NEAR_EMPTY;
			if (leads_to(&bank->write[i], line))
				bank->write[i].tag = NEAR_EMPTY;
		}
	}
}

static void drop_line(struct model *model, uint64_t pa, bool reads)
{
	drop_host_line(model, bus_host(model->hart->bus, pa), pa, reads);
}

void model_near_forget_page(struct hart *hart, const uint8_t *host)
{
	struct model *model = hart->model;
	for (uint64_t offset = 0; offset < PAGE_SIZE; offset += UINT64_C(1) << model->line_shift)
		drop_host_line(model, host + offset, offset, false);
}

/* Of 64 entries, those of the page. */
static void drop_from(struct near_bank *bank, unsigned word, uint64_t page, uint64_t size)
{
	for (uint64_t left = bank->filled[word]; left; left &= left - 1) {
		unsigned i = word * 64 + (unsigned)__builtin_ctzll(left);
		bool read = bank->read[i].tag - page < size, write = bank->write[i].tag - page < size;
		if (read)
			bank->read[i].tag = NEAR_EMPTY;
		if (write)
			bank->write[i].tag = NEAR_EMPTY;
		if (bank->read[i].tag == NEAR_EMPTY && bank->write[i].tag == NEAR_EMPTY)
			bank->filled[word] &= ~(left & -left);
	}
}

/* The TLB no longer holds what entries may rely on. */
static void drop_page(struct model *model, const struct page_entry *old)
{
	uint64_t page = old->vpn << old->shift, size = UINT64_C(1) << old->shift, lines = size >> model->line_shift;
	if (!old->shift)
		return;
	if (lines > NEAR_ENTRIES)
		lines = NEAR_ENTRIES;
	unsigned first = (page >> model->line_shift) % NEAR_ENTRIES, end = first + (unsigned)lines;
	unsigned banks = model->banks_used;
	for (struct near_bank *bank; (bank = next_bank(model, &banks));)
		for (unsigned word = first / 64; word * 64 < end; word++)
			drop_from(bank, word, page, size);
}

static void near_fill(struct hart *hart, uint64_t va, bool write, int page)
{
	struct model *model = hart->model;
	uint64_t line = va & model->line_mask;
	uint8_t *host;
	if (model->near == &model->banks[NEAR_BANKS] ||
	    !l0_find(write ? hart->l0->write : hart->l0->read, line, 1, &host))
		return;
	struct near_entry *entries = write ? model->near->write : model->near->read;
	unsigned i = (va >> model->line_shift) % NEAR_ENTRIES;
	entries[i] = (struct near_entry){
		.tag = line,
		.addend = (uint64_t)(uintptr_t)host - line,
		.path = page < 0 ? (struct page_path){0} : model->dtlb.paths[page],
	};
	model->near->filled[i / 64] |= UINT64_C(1) << i % 64;
	model->banks_used |= 1u << (model->near - model->banks);
}

/* ---- memory ---- */

/* Another hart loses a line, or the right to write it without asking. True: it had been written there. */
static bool take_from(struct model *peer, uint64_t pa, bool exclusive)
{
	int slot = cache_find(&peer->l1d, pa);
	bool dirty = slot >= 0 && peer->l1d.dirty[slot];
	drop_line(peer, pa, exclusive);
	if (slot >= 0 && exclusive)
		cache_drop(&peer->l1d, pa);
	else if (slot >= 0)
		peer->l1d.dirty[slot] = 0;
	return dirty || (slot >= 0 && exclusive);
}

static bool take_from_peers(struct model *model, uint64_t pa, bool exclusive)
{
	const struct hart *hart = model->hart;
	bool found = false;
	for (unsigned i = 0; i < hart->platform->hart_count; i++)
		if (hart->peers[i].model != model && hart->peers[i].model)
			found |= take_from(hart->peers[i].model, pa, exclusive);
	return found;
}

/* A line goes to or comes from memory: cycles that it has to wait for the channel. */
static unsigned occupy_channel(struct model *model, uint64_t at)
{
	unsigned gap = model->timing->dram_gap;
	return gap ? channel_take(&model->shared->channel, gap, at) : 0;
}

/* A line that has been written leaves the first level. */
static void write_back(struct model *model, uint64_t pa, uint64_t at)
{
	struct cache *l2 = &model->shared->l2;
	int slot = model->shared->has_l2 ? cache_find(l2, pa) : -1;
	if (slot >= 0)
		l2->dirty[slot] = 1;
	else
		occupy_channel(model, at);
}

unsigned memory_latency(struct model *model, uint64_t pa, uint64_t at, bool exclusive)
{
	const struct timing *timing = model->timing;
	struct model_shared *shared = model->shared;
	unsigned latency = timing->dram_latency;
	bool taken = take_from_peers(model, pa, exclusive);
	if (shared->has_l2) {
		uint64_t evicted;
		bool dirty;
		if (cache_find(&shared->l2, pa) >= 0)
			return timing->l2_latency + (taken ? timing->coherence : 0);
		cache_fill(&shared->l2, pa, &evicted, &dirty);
		if (dirty)
			occupy_channel(model, at);
		model->counts.l2_misses++;
		latency += timing->l2_latency;
	} else if (taken) {
		return timing->coherence;
	}
	return latency + occupy_channel(model, at);
}

/* Bring a line into the data cache. */
static void fill_line(struct model *model, uint64_t pa, uint64_t at)
{
	uint64_t evicted;
	bool dirty;
	cache_fill(&model->l1d, pa, &evicted, &dirty);
	if (evicted != UINT64_MAX)
		drop_line(model, evicted, true);
	if (dirty)
		write_back(model, evicted, at);
}

/* ---- translation ---- */

uint64_t memory_space(const struct hart *hart, enum mode mode)
{
	return mmu_space(hart, mode);
}

unsigned memory_read_pte(struct model *model, uint64_t pa, uint64_t at)
{
	if (cache_find(&model->l1d, pa) >= 0)
		return 0;
	unsigned cycles = model->timing->l1d_miss + memory_latency(model, pa, at, false);
	fill_line(model, pa, at);
	model->counts.dcache_misses++;
	return cycles;
}

/* A walk that is the G-stage's alone is so with what it costs besides. */
static void share(struct model *model, unsigned second, unsigned reads, unsigned fixed)
{
	model->walk_second = (uint16_t)(second && second == reads ? reads + fixed : second);
}

unsigned memory_walk(struct model *model, struct pages *pages, uint64_t va, uint64_t at, enum access access,
                     const struct mmu_context *context, int *page)
{
	struct hart *hart = model->hart;
	const struct timing *timing = model->timing;
	uint64_t space = memory_space(hart, context->mode);
	const struct page_entry *second_level = walker_find(&model->walker, va, space);
	unsigned cycles = timing->l2tlb_latency;
	struct page_entry old, entry;
	model->walk_second = 0;
	*page = -1;
	if (second_level) {
		entry = *second_level;
		model->counts.l2tlb_hits++;
	} else {
		unsigned fixed = pages == &model->itlb ? timing->itlb_miss : timing->dtlb_miss, second;
		struct translation translation;
		bool found;
		cycles = walker_walk(model, va, at + fixed, access, context, &second, &translation, &found);
		share(model, second, cycles, fixed);
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
		drop_page(model, &old);
	return cycles;
}

/* When a load or store misses: nobody asks for it but the channel. */
static uint64_t access_cycle(struct model *model)
{
	return model->timing->dram_gap ? model_access_cycle(model) : 0;
}

/* The data TLB: cycles until the address is known, and the entry's index (-1: not translated). */
static unsigned translate(struct model *model, uint64_t va, enum access access, const struct mmu_context *context, int *page)
{
	uint64_t space = memory_space(model->hart, context->mode);
	*page = -1;
	if (!space)
		return 0;
	*page = pages_find(&model->dtlb, va, space);
	if (*page >= 0) {
		pages_touch(&model->dtlb, (unsigned)*page);
		return 0;
	}
	model->counts.dtlb_misses++;
	model->walked = true;
	return memory_walk(model, &model->dtlb, va, access_cycle(model), access, context, page);
}

/* ---- accesses ---- */

static uint16_t cost_of_load(struct model *model, uint64_t pa)
{
	if (!bus_is_dram(model->hart->bus, pa, 1))
		return (uint16_t)(model->timing->l1d_miss + model->timing->dram_latency);
	if (cache_find(&model->l1d, pa) >= 0)
		return 0;
	uint64_t at = access_cycle(model);
	unsigned cycles = model->timing->l1d_miss + memory_latency(model, pa, at, false);
	fill_line(model, pa, at);
	model->counts.dcache_misses++;
	return (uint16_t)cycles;
}

static uint16_t write_line(struct model *model, uint64_t pa)
{
	if (!bus_is_dram(model->hart->bus, pa, 1))
		return 0;
	if (!model->timing->l1d_writeback) {
		take_from_peers(model, pa, true);
		return 0;
	}
	int slot = cache_find(&model->l1d, pa);
	unsigned cycles = 0;
	if (slot < 0) {
		uint64_t at = access_cycle(model);
		cycles = model->timing->l1d_miss + memory_latency(model, pa, at, true);
		fill_line(model, pa, at);
		model->counts.dcache_misses++;
		slot = cache_find(&model->l1d, pa);
	} else if (!model->l1d.dirty[slot] && take_from_peers(model, pa, true)) {
		cycles = model->timing->coherence;
	}
	model->l1d.dirty[slot] = 1;
	return (uint16_t)cycles;
}

/* The access's cost, in model->stall. It may not have happened yet, or may be going to fault: then it only pays its
 * walk. Where it goes is the TLB's to say, not the filter's: that forgets whenever the engine likes. */
static void data_in(struct model *model, uint64_t va, enum access access, const struct mmu_context *context, int *page)
{
	struct translation translation;
	model->stall.translate = (uint16_t)translate(model, va, access, context, page);
	if (!mmu_look(model->hart, va, access, context, &translation))
		return;
	model->stall.memory = access == ACCESS_LOAD ? cost_of_load(model, translation.pa) : write_line(model, translation.pa);
}

bool model_data(struct hart *hart, uint64_t va, enum access access)
{
	struct model *model = hart->model;
	struct mmu_context context = mmu_context_data(hart);
	uint64_t unmasked = mmu_unmasked(hart, &context, va);
	int page;
	data_in(model, unmasked, access, &context, &page);
	/* The filter follows the TLB: it knows no masked addresses, and no page whose walk has come to fault since. */
	if (unmasked == va && (page >= 0 || !memory_space(hart, context.mode)))
		near_fill(hart, va, access == ACCESS_STORE, page);
	return model->stall.translate || model->stall.memory || model->stall.conflict;
}

void model_fault(struct hart *hart, uint64_t va, enum access access)
{
	struct mmu_context context = mmu_context_data(hart);
	int page;
	hart->model->trap_walked = true;
	va = mmu_unmasked(hart, &context, va);
	hart->model->stall.translate = (uint16_t)translate(hart->model, va, access, &context, &page);
}

/* ---- fences ---- */

static bool names(const struct model *model, const struct page_entry *entry)
{
	struct fence_scope scope = fence_scope(model->hart, model->fence.kind, &model->fence.fence);
	struct mapping mapping = {entry->vpn << entry->shift, entry->space, entry->first_shift, entry->ignore != 0};
	return fence_selects(&scope, &mapping);
}

static void drop_named(const struct model *model, struct page_entry *entries, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (entries[i].shift && names(model, &entries[i]))
			entries[i].shift = 0;
}

void memory_fence(struct model *model)
{
	drop_named(model, model->itlb.entries, model->itlb.count);
	drop_named(model, model->dtlb.entries, model->dtlb.count);
	if (model->walker.second)
		drop_named(model, model->walker.second, model->walker.second_entries);
	if (model->fence.kind == FENCE_GVMA || !model->fence.fence.address_valid)
		walker_forget_pointers(&model->walker);
	model_near_flush(model->hart);
	model->fetch_page = UINT64_MAX; /* look again */
}

/* ---- probes: instructions whose cost depends on values ---- */

static unsigned magnitude_bits(uint64_t value) { return value ? 64 - (unsigned)__builtin_clzll(value) : 0; }

/* CVA6's serial divider, and others like it: as many steps as the quotient may have bits. */
static uint16_t divide_cycles(const struct timing *timing, const struct hart *hart, const struct op *op)
{
	uint64_t a = hart->x[op->rs1], b = hart->x[op->rs2];
	bool is_signed = insn_has((uint16_t)op->imm, FLAG_SIGNED);
	if (insn_has((uint16_t)op->imm, FLAG_WORD)) {
		a = is_signed ? (uint64_t)(int64_t)(int32_t)a : (uint32_t)a;
		b = is_signed ? (uint64_t)(int64_t)(int32_t)b : (uint32_t)b;
	}
	if (!timing->div_variable)
		return (uint16_t)(timing->div_base + 64 / timing->div_bit_steps);
	if (is_signed && (int64_t)a < 0)
		a = ~a << 1 | 1;
	bool ends_at_once = b == 0 || (is_signed && b == UINT64_MAX);
	if (is_signed && (int64_t)b < 0)
		b = ~b;
	unsigned bits_a = magnitude_bits(a), bits_b = b ? magnitude_bits(b) : 1;
	if (ends_at_once || bits_a < bits_b)
		return (uint16_t)timing->div_base;
	return (uint16_t)(timing->div_base + (bits_a - bits_b) / timing->div_bit_steps + 1);
}

static double as_double(uint64_t bits)
{
	double value;
	__builtin_memcpy(&value, &bits, sizeof value);
	return value;
}

static double as_single(uint64_t bits)
{
	float value;
	uint32_t low = (uint32_t)bits;
	__builtin_memcpy(&value, &low, sizeof value);
	return (double)value;
}

/* Significant bits of a quotient or root; all of them where it is not exact. */
static unsigned result_bits(double result, bool exact, unsigned all)
{
	uint64_t bits;
	if (!exact || !__builtin_isnormal(result))
		return exact ? 1 : all;
	__builtin_memcpy(&bits, &result, sizeof bits);
	uint64_t mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
	unsigned used = 53 - (unsigned)__builtin_ctzll(mantissa);
	return used < all ? used : all;
}

static uint16_t fdivide_cycles(const struct timing *timing, const struct hart *hart, const struct op *op)
{
	const struct insn_row *row = &insn_rows[op->imm];
	bool wide = (row->match >> 25 & 3) == 1;
	double a = wide ? as_double(hart->f[op->rs1]) : as_single(hart->f[op->rs1]);
	double b = wide ? as_double(hart->f[op->rs2]) : as_single(hart->f[op->rs2]);
	unsigned all = wide ? 53 : 24, bits;
	if (row->class == CLASS_FSQRT) {
		double root = a >= 0 ? __builtin_sqrt(a) : 0;
		bits = result_bits(root, root * root == a && __builtin_fma(root, root, -a) == 0, all);
	} else {
		double quotient = b != 0 ? a / b : 0;
		bits = result_bits(quotient, b == 0 || a == 0 || __builtin_fma(quotient, b, -a) == 0, all);
	}
	if (!timing->fdiv_variable)
		bits = all;
	return (uint16_t)(timing->fdiv_base + (bits + 3 + timing->fdiv_bits - 1) / timing->fdiv_bits);
}

static void probe_hypervisor(struct hart *hart, const struct op *op, bool store)
{
	bool hlvx = insn_has((uint16_t)op->imm, FLAG_HLVX);
	struct mmu_context context = mmu_context_hypervisor(hart, hlvx);
	uint64_t va = mmu_unmasked(hart, &context, hart->x[op->rs1]);
	int page;
	data_in(hart->model, va, store ? ACCESS_STORE : ACCESS_LOAD, &context, &page);
	hart->model->trap_walked = true;
	if (store)
		model_log_store(hart->model, va);
}

/* An atomic in memory throws out the whole set of its line. The index lies within the page offset. */
static void drop_set(struct model *model, uint64_t va)
{
	struct cache *cache = &model->l1d;
	uint64_t *lines = cache->lines + (cache_line(cache, va) & (cache->sets - 1)) * cache->ways;
	for (unsigned way = 0; way < cache->ways; way++) {
		if (lines[way])
			drop_line(model, lines[way] >> 1 << cache->shift, true);
		lines[way] = 0;
	}
}

static void probe_atomic(struct hart *hart, const struct op *op)
{
	struct model *model = hart->model;
	struct mmu_context context = mmu_context_data(hart);
	uint64_t va = mmu_unmasked(hart, &context, hart->x[op->rs1]);
	int page;
	data_in(model, va, insn_rows[op->imm].class == CLASS_LR ? ACCESS_LOAD : ACCESS_STORE, &context, &page);
	model->trap_walked = true;
	if (model->timing->amo_memory) {
		model->stall.memory = (uint16_t)model->timing->dram_latency;
		drop_set(model, va);
	}
}

static void note_fence(struct model *model, const struct op *op)
{
	bool guest = insn_has((uint16_t)op->imm, FLAG_FENCE_GVMA);
	bool first = insn_has((uint16_t)op->imm, FLAG_FENCE_VVMA) || mode_virt(model->hart->mode);
	uint64_t address = model->hart->x[op->rs1];
	model->fence.pending = true;
	model->fence.kind = guest ? FENCE_GVMA : first ? FENCE_VVMA : FENCE_VMA;
	model->fence.fence = (struct fence){
		.address_valid = op->rs1 != 0 && model->timing->fence_selects,
		.id_valid = op->rs2 != 0 && model->timing->fence_selects,
		.address = address,
		.id = model->hart->x[op->rs2],
	};
}

void model_probe(struct hart *hart, const struct op *op)
{
	struct model *model = hart->model;
	switch (insn_rows[op->imm].class) {
	case CLASS_DIV:
		model->stall.unit = divide_cycles(model->timing, hart, op);
		break;
	case CLASS_FDIV:
	case CLASS_FSQRT:
		model->stall.unit = fdivide_cycles(model->timing, hart, op);
		break;
	case CLASS_HLOAD:
	case CLASS_HSTORE:
		probe_hypervisor(hart, op, insn_rows[op->imm].class == CLASS_HSTORE);
		break;
	case CLASS_AMO:
	case CLASS_LR:
	case CLASS_SC:
		probe_atomic(hart, op);
		break;
	case CLASS_CACHE:
		break;
	default:
		note_fence(model, op);
		break;
	}
}
