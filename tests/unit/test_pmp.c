#include "mmu_world.h"
#include "pmp_reference.h"

static void set_entry(struct world *world, unsigned i, unsigned cfg, uint64_t addr)
{
	uint64_t *word = &world->hart.csr.pmpcfg0 + i / 8;
	*word = (*word & ~(UINT64_C(0xff) << i % 8 * 8)) | (uint64_t)cfg << i % 8 * 8;
	(&world->hart.csr.pmpaddr0)[i] = addr;
	world->hart.effects |= EFFECT_TRANSLATE;
}

static uint64_t napot(uint64_t base, uint64_t size) { return base >> 2 | (size / 2 - 1) >> 2; }

static bool allows(struct world *world, uint64_t pa, unsigned size, enum access access, enum mode mode)
{
	return pmp_allows(&world->hart, pa, size, access, mode);
}

/* Does one PMP verdict hold for the whole page around pa? M-mode may access it: no entry is locked. */
static bool uniform(struct world *world, uint64_t pa)
{
	struct translation translation;
	cr_assert(plain(world, pa, ACCESS_LOAD, MODE_M, &translation));
	return translation.uniform_pmp;
}

Test(pmp, nothing_implemented_allows_everything)
{
	struct world world;
	world_init(&world, 16);
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++)
		for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
			cr_assert(allows(&world, DRAM, 8, access, mode));
			cr_assert(allows(&world, UINT64_MAX, 1, access, mode));
		}
	cr_assert(uniform(&world, DRAM));
	world_free(&world);
}

Test(pmp, implemented_but_unmatched_is_for_m_mode_only)
{
	struct world world;
	world_init(&world, 16);
	world.options.pmp_entries = 16;
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++)
		for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++)
			cr_assert_eq(allows(&world, DRAM, 8, access, mode), mode == MODE_M);
	world_free(&world);
}

Test(pmp, entries_beyond_the_implemented_ones_do_nothing)
{
	struct world world;
	world_init(&world, 16);
	world.options.pmp_entries = 16;
	set_entry(&world, 16, PMP_NAPOT | PMP_R | PMP_W | PMP_X, UINT64_MAX >> 10);
	cr_assert(!allows(&world, DRAM, 8, ACCESS_LOAD, MODE_HS));
	set_entry(&world, 15, PMP_NAPOT | PMP_R, UINT64_MAX >> 10);
	cr_assert(allows(&world, DRAM, 8, ACCESS_LOAD, MODE_HS));
	world_free(&world);
}

/* Every LRWX of one matching entry, without and with lockdown, in every mode. */
Test(pmp, permission_matrix)
{
	struct world world;
	world_init(&world, 16);
	world.options.pmp_entries = 16;
	for (unsigned lockdown = 0; lockdown < 4; lockdown++)
		for (unsigned bits = 0; bits < 16; bits++) {
			if (lockdown % 2 == 0 && (bits & 3) == 2)
				continue; /* R=0 W=1 is reserved without MML; the CSR never holds it */
			world.hart.csr.mseccfg = (lockdown & 1 ? mseccfg_MML : 0) | (lockdown & 2 ? mseccfg_MMWP : 0);
			set_entry(&world, 3, PMP_NAPOT | (bits & 7) | (bits & 8 ? PMP_L : 0), napot(DRAM, 0x1000));
			for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++)
				for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++)
					for (uint64_t pa = DRAM; pa <= DRAM + 0x1000; pa += 0x1000)
						cr_assert_eq(allows(&world, pa, 4, access, mode),
						             pmp_reference(&world, pa, 4, access, mode == MODE_M),
						             "%u bits %x mode %d", lockdown, bits, mode);
		}
	world_free(&world);
}

Test(pmp, ranges_end_where_they_should)
{
	struct world world;
	world_init(&world, 16);
	world.options.pmp_entries = 64;
	static const struct { unsigned cfg; uint64_t below, addr, first, last; } cases[] = {
		{PMP_NA4, 0, (DRAM + 0x100) >> 2, DRAM + 0x100, DRAM + 0x103},
		{PMP_NAPOT, 0, 0x20000040, DRAM + 0x100, DRAM + 0x107},
		{PMP_NAPOT, 0, 0x200001ff, DRAM, DRAM + 0xfff},
		{PMP_NAPOT, 0, (UINT64_C(1) << 54) - 1, 0, (UINT64_C(1) << 57) - 1},
		{PMP_NAPOT, 0, (UINT64_C(1) << 53) - 1, 0, (UINT64_C(1) << 56) - 1},
		{PMP_TOR, DRAM >> 2, (DRAM + 0x1004) >> 2, DRAM, DRAM + 0x1003},
		{PMP_TOR, 0, 1, 0, 3},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		set_entry(&world, 4, PMP_OFF, cases[i].below);
		set_entry(&world, 5, cases[i].cfg | PMP_R, cases[i].addr);
		cr_assert(allows(&world, cases[i].first, 1, ACCESS_LOAD, MODE_U), "case %u", i);
		cr_assert(allows(&world, cases[i].last, 1, ACCESS_LOAD, MODE_U), "case %u", i);
		cr_assert(!allows(&world, cases[i].last + 1, 1, ACCESS_LOAD, MODE_U), "case %u", i);
		cr_assert(!cases[i].first || !allows(&world, cases[i].first - 1, 1, ACCESS_LOAD, MODE_U), "case %u", i);
		/* a partial match fails in M-mode too */
		cr_assert(!allows(&world, cases[i].last, 2, ACCESS_LOAD, MODE_M), "case %u", i);
		cr_assert(allows(&world, cases[i].last + 1, 2, ACCESS_LOAD, MODE_M), "case %u", i);
	}
	world_free(&world);
}

Test(pmp, empty_tor_matches_nothing)
{
	struct world world;
	world_init(&world, 16);
	world.options.pmp_entries = 16;
	set_entry(&world, 0, PMP_OFF, DRAM >> 2);
	set_entry(&world, 1, PMP_TOR | PMP_L, DRAM >> 2);
	set_entry(&world, 2, PMP_NAPOT | PMP_R, napot(DRAM, 0x1000));
	cr_assert(allows(&world, DRAM, 4, ACCESS_LOAD, MODE_HS));
	set_entry(&world, 1, PMP_TOR | PMP_L, (DRAM - 0x100) >> 2);
	cr_assert(allows(&world, DRAM, 4, ACCESS_LOAD, MODE_HS));
	world_free(&world);
}

Test(pmp, lowest_number_wins)
{
	struct world world;
	world_init(&world, 16);
	world.options.pmp_entries = 16;
	set_entry(&world, 7, PMP_NAPOT | PMP_R | PMP_W | PMP_X, napot(DRAM, 0x10000));
	set_entry(&world, 2, PMP_NAPOT | PMP_R, napot(DRAM + 0x1000, 0x1000));
	cr_assert(allows(&world, DRAM + 0xffc, 4, ACCESS_STORE, MODE_U));
	cr_assert(!allows(&world, DRAM + 0x1000, 4, ACCESS_STORE, MODE_U));
	cr_assert(allows(&world, DRAM + 0x1000, 4, ACCESS_LOAD, MODE_U));
	cr_assert(!allows(&world, DRAM + 0xffc, 8, ACCESS_LOAD, MODE_U), "across two entries that both allow it");
	cr_assert(allows(&world, DRAM + 0x2000, 4, ACCESS_FETCH, MODE_U));
	world_free(&world);
}

Test(pmp, uniform_pages)
{
	struct world world;
	world_init(&world, 16);
	world.options.pmp_entries = 16;
	cr_assert(uniform(&world, DRAM));
	set_entry(&world, 0, PMP_NA4 | PMP_R, (DRAM + 0x1800) >> 2);
	cr_assert(uniform(&world, DRAM + 0xfff));
	cr_assert(!uniform(&world, DRAM + 0x1000));
	cr_assert(!uniform(&world, DRAM + 0x1800));
	cr_assert(!uniform(&world, DRAM + 0x1fff));
	cr_assert(uniform(&world, DRAM + 0x2000));
	set_entry(&world, 0, PMP_NAPOT | PMP_R, napot(DRAM + 0x1000, 0x1000));
	cr_assert(uniform(&world, DRAM + 0x1800));
	world_free(&world);
}

/* The decoded form follows the CSRs when the engine's epoch moves, and when a write is not yet settled. */
Test(pmp, notices_writes)
{
	struct world world;
	world_init(&world, 16);
	world.options.pmp_entries = 16;
	cr_assert(!allows(&world, DRAM, 4, ACCESS_LOAD, MODE_U));
	world.hart.csr.pmpcfg0 = PMP_NAPOT | PMP_R;
	world.hart.csr.pmpaddr0 = napot(DRAM, 0x1000);
	world.hart.context += 1 << 8;
	cr_assert(allows(&world, DRAM, 4, ACCESS_LOAD, MODE_U));
	world.hart.csr.pmpcfg0 = PMP_NAPOT | PMP_X;
	world.hart.effects = EFFECT_TRANSLATE;
	cr_assert(!allows(&world, DRAM, 4, ACCESS_LOAD, MODE_U));
	world.hart.effects = 0;
	world.hart.csr.mseccfg = mseccfg_MMWP;
	mmu_flush(&world.hart);
	cr_assert(!allows(&world, DRAM + 0x1000, 4, ACCESS_LOAD, MODE_M));
	world_free(&world);
}

/* Entries crowd a small region so that they overlap and abut in every way. */
static void random_entries(struct world *world, uint64_t *seed)
{
	world->options.pmp_entries = next_random(seed) >> 60 ? 16 : 64;
	world->hart.csr.mseccfg = next_random(seed) >> 61 & (mseccfg_MML | mseccfg_MMWP);
	for (unsigned i = 0; i < world->options.pmp_entries; i++) {
		uint64_t random = next_random(seed);
		unsigned cfg = random & (PMP_L | PMP_NAPOT | PMP_R | PMP_W | PMP_X);
		if (random >> 59 == 0)
			cfg |= PMP_NAPOT;
		if (!(world->hart.csr.mseccfg & mseccfg_MML) && (cfg & (PMP_R | PMP_W)) == PMP_W)
			cfg |= PMP_R;
		uint64_t addr = DRAM >> 2 | (random >> 20 & 0x1f);
		if (random >> 57 == 3)
			addr = (UINT64_C(1) << 54) - 1;
		set_entry(world, i, cfg, addr);
	}
}

Test(pmp, agrees_with_the_words_of_the_spec_on_random_entries)
{
	struct world world;
	uint64_t seed = 20240607, allowed = 0, asked = 0;
	world_init(&world, 16);
	for (unsigned round = 0; round < 2000; round++) {
		random_entries(&world, &seed);
		for (unsigned i = 0; i < 100; i++) {
			uint64_t random = next_random(&seed);
			uint64_t pa = DRAM - 16 + (random & 0xff);
			unsigned size = 1u << (random >> 8 & 3);
			enum access access = (random >> 16) % 3;
			bool machine = random >> 40 & 1;
			bool want = pmp_reference(&world, pa, size, access, machine);
			cr_assert_eq(allows(&world, pa, size, access, machine ? MODE_M : MODE_VU), want,
			             "round %u pa %lx size %u access %d", round, (long)pa, size, access);
			allowed += want;
			asked++;
		}
	}
	cr_assert(allowed > asked / 10 && allowed < asked * 9 / 10, "both answers are common");
	world_free(&world);
}
