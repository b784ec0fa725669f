/* The timing model's filter of lines that hit: it must never vouch for what it does not hold. */
#include "step_world.h"
#include "timing/model.h"

static void start_timed(struct world *world, const char *preset, struct timing *timing, struct model_shared *shared)
{
	char reason[160];
	timing_default(timing);
	cr_assert_eq(timing_load(timing, preset, reason, sizeof reason), 0, "%s", reason);
	cr_assert(model_shared_init(shared, timing) == 0 && model_init(&world->hart, timing, shared) == 0);
	hart_reset(&world->hart, CODE);
}

/* Nothing answers below the ROM, whatever an empty entry looks like. */
static void expect_faults(struct world *world, enum insn_id id, enum cause cause)
{
	struct hart *hart = &world->hart;
	uint32_t word = encode(id, 0, 10, 0);
	for (uint64_t va = 0; va < 0x1000; va++) {
		hart->x[10] = va;
		cr_assert_not(step(world, word), "%s at 0x%lx", insn_rows[id].name, (long)va);
		cr_assert(hart->csr.mcause == cause && hart->csr.mtval == va, "%s at 0x%lx: cause %lu",
		          insn_rows[id].name, (long)va, (long)hart->csr.mcause);
	}
}

Test(near, empty_entries_match_no_address)
{
	static const char *const names[] = {"cva6", "rocket", "u74"};
	for (unsigned i = 0; i < 3; i++) {
		struct world *world = step_world_new();
		struct model_shared shared = {0};
		struct timing timing;
		start_timed(world, names[i], &timing, &shared);
		expect_faults(world, INSN_lb, CAUSE_LOAD_ACCESS);
		expect_faults(world, INSN_ld, CAUSE_LOAD_ACCESS);
		expect_faults(world, INSN_sw, CAUSE_STORE_ACCESS);
		model_free(&world->hart);
		model_shared_free(&shared);
		step_world_free(world);
	}
}

/* ---- what is counted ---- */

/* A load that misses the data TLB waits for its walk, and the stall is the walk's; one that hits does not. */
Test(near, walks_are_stalls)
{
	struct world *world = step_world_new();
	struct hart *hart = &world->hart;
	struct model_shared shared = {0};
	struct timing timing;
	start_timed(world, "cva6", &timing, &shared);
	struct tables tables = tables_new(world, SV39, false, 0);
	map(&tables, 0, DATA, 0, PTE_FULL);
	map(&tables, CODE, CODE, 0, PTE_FULL);
	hart->csr.satp = atp_of(&tables, 1);
	enter(hart, MODE_HS);
	hart->x[10] = 0;
	cr_assert(step(world, encode(INSN_addi, 5, 0, 0))); /* the page of the code is known */
	uint64_t before = hart->model->counts.stall_walk;
	cr_assert(step(world, encode(INSN_ld, 5, 10, 0)));
	uint64_t after = hart->model->counts.stall_walk;
	cr_expect_geq(after - before, timing.dtlb_miss + 3 * timing.pte_read);
	cr_assert(step(world, encode(INSN_ld, 5, 10, 0)));
	cr_expect_eq(hart->model->counts.stall_walk, after);
	model_free(hart);
	model_shared_free(&shared);
	step_world_free(world);
}

/* ---- what it holds, whatever goes on ---- */

enum { PAGES = 48, BIG_PAGES = 4, STEPS = 3000 };

/* Sv39 with small pages from 0 on, whose lines share entries of the filter; large ones from 1 GiB on; the code where
 * it is. */
static void map_all(struct world *world)
{
	struct tables tables = tables_new(world, SV39, false, 0);
	for (uint64_t i = 0; i < PAGES; i++)
		map(&tables, i << 12, DATA + (i << 12), 0, PTE_FULL);
	for (uint64_t i = 0; i < BIG_PAGES; i++)
		map(&tables, (UINT64_C(1) << 30) + (i << 21), DRAM + (UINT64_C(2) << 20), 1, PTE_FULL);
	map(&tables, CODE, CODE, 0, PTE_FULL);
	world->hart.csr.satp = atp_of(&tables, 1);
	enter(&world->hart, MODE_HS);
}

static uint64_t random_address(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	uint64_t bits = *seed >> 20;
	if (bits % 8 == 0)
		return (UINT64_C(1) << 30) + (bits >> 8 & 0x7ffff8);
	return (bits >> 8) % PAGES << 12 | (bits >> 16 & 0x1f8); /* few lines a page: some are used again */
}

static void expect_vouched(const struct model *model, const struct near_entry *entry, const uint8_t *memory,
                           bool translated, bool load)
{
	uint64_t pa = DRAM + (uint64_t)((const uint8_t *)(uintptr_t)(entry->tag + entry->addend) - memory);
	if (translated)
		cr_assert(l1_tlb_find(&model->dtlb, entry->tag, model->hart->csr.satp >> 44) >= 0,
		          "a page that the TLB lost: 0x%lx", (long)entry->tag);
	cr_assert((!load && !model->timing->l1d_writeback) || cache_find(&model->l1d, pa) >= 0,
	          "a line that the cache lost: 0x%lx", (long)pa);
}

/* Entries of a bank; each of them where it is looked for, and in use. */
static unsigned expect_bank(const struct model *model, unsigned b, const uint8_t *memory)
{
	const struct near_bank *bank = model->near.banks[b];
	const struct near_view *views[] = {&bank->read, &bank->write};
	unsigned count = 0;
	for (unsigned i = 0; bank && i < NEAR_ENTRIES; i++) {
		for (unsigned way = 0; way < 2; way++) {
			const struct near_entry *entry = &views[way]->entries[i];
			if (entry->tag == NEAR_EMPTY)
				continue;
			cr_assert((views[way]->filled[i / 64] >> i % 64 & 1) && (model->near.used >> b & 1),
			          "entry %u is not said to be in use", i);
			expect_vouched(model, entry, memory, b >= 2, way == 0);
			count++;
		}
	}
	return count;
}

static unsigned expect_filter(const struct model *model, const uint8_t *memory)
{
	unsigned count = 0;
	for (unsigned b = 0; b < NEAR_BANKS; b++)
		count += expect_bank(model, b, memory);
	return count;
}

/* Random loads and stores: what the filter knows is in the TLB and, where that matters, in the cache; and it knows
 * something. */
Test(near, holds_what_tlb_and_cache_hold)
{
	static const char *const names[] = {"cva6", "rocket", "u74"};
	for (unsigned i = 0; i < 3; i++) {
		struct world *world = step_world_new();
		struct model_shared shared = {0};
		struct timing timing;
		uint64_t seed = i, entries = 0;
		start_timed(world, names[i], &timing, &shared);
		const uint8_t *memory = bus_host(&world->bus, DRAM);
		struct hart *hart = &world->hart;
		map_all(world);
		for (unsigned n = 0; n < STEPS; n++) {
			bool store = n % 3 == 0;
			hart->x[10] = random_address(&seed);
			if (n % 500 == 499)
				enter(hart,
				      hart->mode == MODE_M ? MODE_HS : MODE_M); /* flushes the engine's mappings, too */
			if (hart->mode == MODE_M)
				hart->x[10] = DATA + (hart->x[10] & 0x3ffff8);
			cr_assert(step(world, store ? encode(INSN_sd, 0, 10, 11) : encode(INSN_ld, 11, 10, 0)));
			entries += expect_filter(hart->model, memory);
		}
		cr_assert_gt(entries / STEPS, 8, "%s: the filter is nearly empty", names[i]);
		near_flush(&hart->model->near);
		cr_assert_eq(expect_filter(hart->model, memory), 0);
		model_free(hart);
		model_shared_free(&shared);
		step_world_free(world);
	}
}

/* ---- stores on their way ---- */

static unsigned conflict_by_search(const uint64_t *stores, unsigned stored, uint64_t va, unsigned count)
{
	for (unsigned i = 1; i <= count; i++)
		if ((i <= stored ? stores[stored - i] >> 3 & 0x1ff : 0) == (va >> 3 & 0x1ff))
			return i;
	return 0;
}

Test(near, conflicts_are_those_a_search_finds)
{
	enum { STORES = 20000, DOUBLEWORDS = 12 };
	static uint64_t stores[STORES];
	struct model *model = calloc(1, sizeof *model);
	uint64_t seed = 1;
	unsigned found = 0;
	cr_assert_not_null(model);
	for (unsigned n = 0; n < STORES; n++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		uint64_t va = DATA + (seed >> 33) % DOUBLEWORDS * 8 + (seed >> 40 & (n % 2 ? 0xfff : 7)),
			 base = seed >> 50 & 0xff8;
		for (unsigned count = 0; count <= 7; count++) {
			unsigned wanted = conflict_by_search(stores, n, va + base, count);
			cr_assert_eq(model_conflict(model, va + base, count), wanted);
			found += wanted != 0;
		}
		stores[n] = va + (n % 3 ? base : 0);
		model_log_store(model, stores[n]);
	}
	cr_assert_gt(found, 1000);
	free(model);
}
