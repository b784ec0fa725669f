#include "mmu_world.h"

enum { A_OFF = 0, A_TOR = 1 << 3, A_NA4 = 2 << 3, A_NAPOT = 3 << 3, R = 1, W = 2, X = 4, L = 0x80 };

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

/* The spec's words, byte by byte: no decoding, no segments. */
static bool entry_matches(const struct hart *hart, unsigned i, unsigned __int128 byte)
{
	unsigned cfg = (&hart->csr.pmpcfg0)[i / 8] >> i % 8 * 8 & 0xff;
	unsigned __int128 addr = (unsigned __int128)(&hart->csr.pmpaddr0)[i] << 2;
	unsigned ones = 0;
	switch (cfg & A_NAPOT) {
	case A_TOR:
		return byte < addr && (i == 0 || byte >= (unsigned __int128)(&hart->csr.pmpaddr0)[i - 1] << 2);
	case A_NA4:
		return byte >= addr && byte < addr + 4;
	case A_NAPOT:
		while ((&hart->csr.pmpaddr0)[i] >> ones & 1)
			ones++;
		return byte >> (ones + 3) == addr >> (ones + 3);
	default:
		return false;
	}
}

/* norm:mml_truth_table, as the spec prints it */
static bool lockdown_allows(unsigned cfg, enum access access, bool machine)
{
	static const struct { const char *m, *su; } rules[16] = {
		{"", ""},   {"", "x"},  {"rw", "r"}, {"rw", "rw"}, {"", "r"},  {"", "rx"},  {"", "rw"},  {"", "rwx"},
		{"", ""},   {"x", ""},  {"x", "x"},  {"rx", "x"},  {"r", ""},  {"rx", ""},  {"rw", ""},  {"r", "r"},
	};
	unsigned row = (cfg & L ? 8u : 0) + (cfg & R ? 4u : 0) + (cfg & W ? 2u : 0) + (cfg & X ? 1u : 0);
	return strchr(machine ? rules[row].m : rules[row].su, "rwx"[access]) != NULL;
}

static bool reference_allows(const struct world *world, uint64_t pa, unsigned size, enum access access, bool machine)
{
	const struct hart *hart = &world->hart;
	unsigned count = world->platform.pmp_entries;
	bool mml = hart->csr.mseccfg & mseccfg_MML, mmwp = hart->csr.mseccfg & mseccfg_MMWP;
	for (unsigned i = 0; i < count; i++) {
		unsigned matched = 0;
		for (unsigned byte = 0; byte < size; byte++)
			matched += entry_matches(hart, i, (unsigned __int128)pa + byte);
		if (matched == 0)
			continue;
		unsigned cfg = (&hart->csr.pmpcfg0)[i / 8] >> i % 8 * 8 & 0xff;
		if (matched < size)
			return false;
		if (mml)
			return lockdown_allows(cfg, access, machine);
		return (machine && !(cfg & L)) || cfg & (access == ACCESS_LOAD ? R : access == ACCESS_STORE ? W : X);
	}
	if (machine)
		return !mmwp && (!mml || access != ACCESS_FETCH);
	return count == 0;
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
	cr_assert(pmp_uniform(&world.hart, DRAM));
	world_free(&world);
}

Test(pmp, implemented_but_unmatched_is_for_m_mode_only)
{
	struct world world;
	world_init(&world, 16);
	world.platform.pmp_entries = 16;
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++)
		for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++)
			cr_assert_eq(allows(&world, DRAM, 8, access, mode), mode == MODE_M);
	world_free(&world);
}

Test(pmp, entries_beyond_the_implemented_ones_do_nothing)
{
	struct world world;
	world_init(&world, 16);
	world.platform.pmp_entries = 16;
	set_entry(&world, 16, A_NAPOT | R | W | X, UINT64_MAX >> 10);
	cr_assert(!allows(&world, DRAM, 8, ACCESS_LOAD, MODE_HS));
	set_entry(&world, 15, A_NAPOT | R, UINT64_MAX >> 10);
	cr_assert(allows(&world, DRAM, 8, ACCESS_LOAD, MODE_HS));
	world_free(&world);
}

/* Every LRWX of one matching entry, without and with lockdown, in every mode. */
Test(pmp, permission_matrix)
{
	struct world world;
	world_init(&world, 16);
	world.platform.pmp_entries = 16;
	for (unsigned lockdown = 0; lockdown < 4; lockdown++)
		for (unsigned bits = 0; bits < 16; bits++) {
			if (lockdown % 2 == 0 && (bits & 3) == 2)
				continue; /* R=0 W=1 is reserved without MML; the CSR never holds it */
			world.hart.csr.mseccfg = (lockdown & 1 ? mseccfg_MML : 0) | (lockdown & 2 ? mseccfg_MMWP : 0);
			set_entry(&world, 3, A_NAPOT | (bits & 7) | (bits & 8 ? L : 0), napot(DRAM, 0x1000));
			for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++)
				for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++)
					for (uint64_t pa = DRAM; pa <= DRAM + 0x1000; pa += 0x1000)
						cr_assert_eq(allows(&world, pa, 4, access, mode),
						             reference_allows(&world, pa, 4, access, mode == MODE_M),
						             "%u bits %x mode %d", lockdown, bits, mode);
		}
	world_free(&world);
}

Test(pmp, ranges_end_where_they_should)
{
	struct world world;
	world_init(&world, 16);
	world.platform.pmp_entries = 64;
	static const struct { unsigned cfg; uint64_t below, addr, first, last; } cases[] = {
		{A_NA4, 0, (DRAM + 0x100) >> 2, DRAM + 0x100, DRAM + 0x103},
		{A_NAPOT, 0, 0x20000040, DRAM + 0x100, DRAM + 0x107},
		{A_NAPOT, 0, 0x200001ff, DRAM, DRAM + 0xfff},
		{A_NAPOT, 0, (UINT64_C(1) << 54) - 1, 0, (UINT64_C(1) << 57) - 1},
		{A_NAPOT, 0, (UINT64_C(1) << 53) - 1, 0, (UINT64_C(1) << 56) - 1},
		{A_TOR, DRAM >> 2, (DRAM + 0x1004) >> 2, DRAM, DRAM + 0x1003},
		{A_TOR, 0, 1, 0, 3},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		set_entry(&world, 4, A_OFF, cases[i].below);
		set_entry(&world, 5, cases[i].cfg | R, cases[i].addr);
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
	world.platform.pmp_entries = 16;
	set_entry(&world, 0, A_OFF, DRAM >> 2);
	set_entry(&world, 1, A_TOR | L, DRAM >> 2);
	set_entry(&world, 2, A_NAPOT | R, napot(DRAM, 0x1000));
	cr_assert(allows(&world, DRAM, 4, ACCESS_LOAD, MODE_HS));
	set_entry(&world, 1, A_TOR | L, (DRAM - 0x100) >> 2);
	cr_assert(allows(&world, DRAM, 4, ACCESS_LOAD, MODE_HS));
	world_free(&world);
}

Test(pmp, lowest_number_wins)
{
	struct world world;
	world_init(&world, 16);
	world.platform.pmp_entries = 16;
	set_entry(&world, 7, A_NAPOT | R | W | X, napot(DRAM, 0x10000));
	set_entry(&world, 2, A_NAPOT | R, napot(DRAM + 0x1000, 0x1000));
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
	world.platform.pmp_entries = 16;
	cr_assert(pmp_uniform(&world.hart, DRAM));
	set_entry(&world, 0, A_NA4 | R, (DRAM + 0x1800) >> 2);
	cr_assert(pmp_uniform(&world.hart, DRAM + 0xfff));
	cr_assert(!pmp_uniform(&world.hart, DRAM + 0x1000));
	cr_assert(!pmp_uniform(&world.hart, DRAM + 0x1800));
	cr_assert(!pmp_uniform(&world.hart, DRAM + 0x1fff));
	cr_assert(pmp_uniform(&world.hart, DRAM + 0x2000));
	set_entry(&world, 0, A_NAPOT | R, napot(DRAM + 0x1000, 0x1000));
	cr_assert(pmp_uniform(&world.hart, DRAM + 0x1800));
	world_free(&world);
}

/* The decoded form follows the CSRs when the engine's epoch moves, and when a write is not yet settled. */
Test(pmp, notices_writes)
{
	struct world world;
	world_init(&world, 16);
	world.platform.pmp_entries = 16;
	cr_assert(!allows(&world, DRAM, 4, ACCESS_LOAD, MODE_U));
	world.hart.csr.pmpcfg0 = A_NAPOT | R;
	world.hart.csr.pmpaddr0 = napot(DRAM, 0x1000);
	world.hart.context += 1 << 8;
	cr_assert(allows(&world, DRAM, 4, ACCESS_LOAD, MODE_U));
	world.hart.csr.pmpcfg0 = A_NAPOT | X;
	world.hart.effects = EFFECT_TRANSLATE;
	cr_assert(!allows(&world, DRAM, 4, ACCESS_LOAD, MODE_U));
	world.hart.effects = 0;
	world.hart.csr.mseccfg = mseccfg_MMWP;
	mmu_flush(&world.hart);
	cr_assert(!allows(&world, DRAM + 0x1000, 4, ACCESS_LOAD, MODE_M));
	world_free(&world);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* Entries crowd a small region so that they overlap and abut in every way. */
static void random_entries(struct world *world, uint64_t *seed)
{
	world->platform.pmp_entries = next_random(seed) >> 60 ? 16 : 64;
	world->hart.csr.mseccfg = next_random(seed) >> 61 & (mseccfg_MML | mseccfg_MMWP);
	for (unsigned i = 0; i < world->platform.pmp_entries; i++) {
		uint64_t random = next_random(seed);
		unsigned cfg = random & (L | A_NAPOT | R | W | X);
		if (random >> 59 == 0)
			cfg |= A_NAPOT;
		if (!(world->hart.csr.mseccfg & mseccfg_MML) && (cfg & (R | W)) == W)
			cfg |= R;
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
			bool want = reference_allows(&world, pa, size, access, machine);
			cr_assert_eq(allows(&world, pa, size, access, machine ? MODE_M : MODE_VU), want,
			             "round %u pa %lx size %u access %d", round, (long)pa, size, access);
			allowed += want;
			asked++;
		}
	}
	cr_assert(allowed > asked / 10 && allowed < asked * 9 / 10, "both answers are common");
	world_free(&world);
}
