#include <stdlib.h>
#include "mmu_world.h"

static const uint64_t page = DRAM + 0x5000;
static const unsigned modes[] = {SV39, SV48, SV57};

/* ---- one stage ---- */

/* Every mode, every level: the page's size, its ends, and the PTE reads it takes. */
Test(walk, superpages_at_every_level)
{
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned level = 0; level < levels_of(modes[i]); level++) {
			struct world world;
			struct translation result;
			world_init(&world, 16);
			struct tables tables = tables_new(&world, modes[i], false, 0);
			uint64_t va = some_va(modes[i]), size = UINT64_C(1) << (12 + 9 * level);
			uint64_t pa = level == 0 ? page : level == 1 ? DRAM + 0x400000 : level == 2 ? DRAM : 0;
			map(&tables, va, pa, level, PTE_FULL);
			world.hart.csr.satp = atp_of(&tables, 1);
			uint64_t ends[] = {va & ~(size - 1), va, (va & ~(size - 1)) + size - 1};
			for (unsigned end = 0; end < 3; end++) {
				cr_assert(plain(&world, ends[end], ACCESS_LOAD, MODE_HS, &result));
				cr_assert_eq(result.pa, pa | (ends[end] & (size - 1)));
				cr_assert_eq(result.gpa, result.pa);
				cr_assert_eq(result.page_shift, 12 + 9 * level);
			}
			cr_assert_eq(mmu_stats(&world.hart)->pte_reads_s, levels_of(modes[i]) - level);
			cr_assert(mmu_stats(&world.hart)->hits == 2 && mmu_stats(&world.hart)->misses == 1);
			cr_assert(!plain(&world, ends[2] + 1, ACCESS_LOAD, MODE_HS, &result));
			world_free(&world);
		}
	}
}

/* norm:Sv39_va_signext and its likes; the G-stage wants zeros instead. */
Test(walk, addresses_must_be_canonical)
{
	for (unsigned i = 0; i < 3; i++) {
		struct world world;
		struct translation result;
		world_init(&world, 64);
		struct tables tables = tables_new(&world, modes[i], false, 0);
		unsigned width = modes[i] * 9 - 33;
		uint64_t half = UINT64_C(1) << (width - 1);
		uint64_t good[] = {0, half - 0x1000, -half, (uint64_t)-0x1000};
		uint64_t bad[] = {half, -half - 0x1000, half << 1, UINT64_C(1) << 63, -half ^ UINT64_C(1) << 63};
		for (unsigned j = 0; j < 4; j++)
			map(&tables, good[j], page, 0, PTE_FULL);
		world.hart.csr.satp = atp_of(&tables, 1);
		for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
			for (unsigned j = 0; j < 4; j++)
				cr_assert(plain(&world, good[j], access, MODE_HS, &result), "%u %u", i, j);
			for (unsigned j = 0; j < 5; j++) {
				cr_assert(!plain(&world, bad[j], access, MODE_HS, &result), "%u %u", i, j);
				ASSERT_TRAP(&world, page_fault_of(access), bad[j], 0, 0, false);
			}
		}
		world_free(&world);
	}
}

struct permission { bool sum, mxr, vmxr, hlvx; enum mode mode; enum access access; };

/* What the spec's prose says of one leaf, seen by `user` or supervisor. */
static bool page_allows(unsigned bits, bool user, bool sum, bool mxr, bool hlvx, enum access access)
{
	bool r = bits & PTE_R, w = bits & PTE_W, x = bits & PTE_X, u = bits & PTE_U;
	if ((!r && w) || !(r || w || x))
		return false; /* reserved, or a pointer where there is no next level */
	if (user && !u)
		return false;
	if (!user && u && (!sum || access == ACCESS_FETCH))
		return false;
	if (access == ACCESS_STORE)
		return w;
	if (access == ACCESS_FETCH)
		return x;
	return hlvx ? x : r || (mxr && x);
}

static struct mmu_context context_of(const struct permission *permission)
{
	return (struct mmu_context){
		.mode = permission->mode, .sum = permission->sum, .mxr = permission->mxr,
		.vmxr = permission->vmxr, .hlvx = permission->hlvx,
	};
}

/* Calls the check for every combination that can occur; returns how many. */
static unsigned each_permission(enum mode first, enum mode last, void (*check)(void *, const struct permission *),
                                void *context)
{
	unsigned count = 0;
	for (unsigned bits = 0; bits < 16; bits++)
		for (enum mode mode = first; mode <= last; mode++)
			for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
				struct permission p = {bits & 1, bits & 2, bits & 4, bits & 8, mode, access};
				if (!mode_virt(mode) && (p.vmxr || p.hlvx))
					continue;
				if (p.hlvx && access != ACCESS_LOAD)
					continue;
				check(context, &p);
				count++;
			}
	return count;
}

struct matrix {
	struct world world;
	struct guest guest;
	uint64_t va;
	unsigned first, second; /* RWXU of the leaves; first: of S- or VS-stage */
	uint64_t gpa;
};

static void check_matrix(void *context, const struct permission *p)
{
	struct matrix *m = context;
	struct translation result;
	bool user = mode_priv(p->mode) == 0, virt = mode_virt(p->mode);
	bool first = page_allows(m->first, user, p->sum, p->mxr || p->vmxr, p->hlvx, p->access);
	bool second = !virt || page_allows(m->second, true, false, p->mxr, p->hlvx, p->access);
	for (unsigned warm = 0; warm < 2; warm++) { /* from the tables, then with whatever the TLB holds by now */
		if (!warm)
			mmu_flush(&m->world.hart);
		bool done = translate(&m->world, m->va, p->access, context_of(p), &result);
		cr_assert_eq(done, first && second,
		             "first %x second %x mode %d access %d sum %d mxr %d vmxr %d hlvx %d warm %u", m->first,
		             m->second, p->mode, p->access, p->sum, p->mxr, p->vmxr, p->hlvx, warm);
		if (done)
			cr_assert(result.pa == (page | (m->va & 0xfff)) && result.gpa == (virt ? m->gpa : result.pa));
		else if (!first)
			ASSERT_TRAP(&m->world, page_fault_of(p->access), m->va, 0, 0, virt);
		else
			ASSERT_TRAP(&m->world, guest_fault_of(p->access), m->va, m->gpa >> 2, 0, true);
	}
	if (!first || !second)
		return;
	/* what the result says of the other accesses in the same context */
	bool may[3];
	for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++)
		may[access] = page_allows(m->first, user, p->sum, p->mxr || p->vmxr, p->hlvx, access) &&
		              (!virt || page_allows(m->second, true, false, p->mxr, p->hlvx, access));
	cr_assert_eq(result.readable, may[ACCESS_LOAD]);
	cr_assert_eq(result.writable, may[ACCESS_STORE] && !p->hlvx);
	cr_assert_eq(result.executable, may[ACCESS_FETCH]);
}

Test(walk, permission_matrix_of_one_stage)
{
	for (unsigned i = 0; i < 3; i++) {
		struct matrix m = {.va = some_va(modes[i])};
		world_init(&m.world, 16);
		struct tables tables = tables_new(&m.world, modes[i], false, 0);
		m.world.hart.csr.satp = atp_of(&tables, 1);
		for (unsigned bits = 0; bits < 16; bits++) {
			m.first = bits << 1;
			map(&tables, m.va, page, 0, PTE_V | PTE_A | PTE_D | m.first);
			cr_assert_eq(each_permission(MODE_HS, MODE_U, check_matrix, &m), 24u);
		}
		world_free(&m.world);
	}
}

/* 16 x 16 leaves of both stages in every combination of modes. */
Test(walk, permission_matrix_of_two_stages)
{
	for (unsigned i = 0; i < 3; i++) {
		struct matrix m = {.va = some_va(modes[i])};
		world_init(&m.world, 16);
		m.guest = guest_new(&m.world, modes[i], modes[2 - i]);
		m.gpa = (page | (m.va & 0xfff)) + m.guest.offset;
		for (unsigned bits = 0; bits < 256; bits++) {
			m.first = (bits & 15) << 1;
			m.second = bits >> 4 << 1;
			map(&m.guest.first, m.va, page + m.guest.offset, 0, PTE_V | PTE_A | PTE_D | m.first);
			*second_leaf(&m.guest, page) = pte_of(page, PTE_V | PTE_A | PTE_D | m.second);
			cr_assert_eq(each_permission(MODE_VS, MODE_VU, check_matrix, &m), 64u);
		}
		world_free(&m.world);
	}
}

/* norm:hlsv_u_op reaches PMP: execute and read. */
Test(walk, hlvx_needs_pmp_to_grant_read_and_execute)
{
	for (unsigned bits = 0; bits < 8; bits++) {
		struct world world;
		struct translation result;
		struct mmu_context context = {.mode = MODE_VS, .hlvx = true};
		if ((bits & 3) == 2)
			continue;
		world_init(&world, 16);
		guest_new(&world, BARE, BARE);
		world.options.pmp_entries = 16;
		world.hart.csr.pmpcfg0 = 3 << 3 | bits;
		world.hart.csr.pmpaddr0 = UINT64_MAX >> 10;
		cr_assert_eq(translate(&world, page, ACCESS_LOAD, context, &result), (bits & 5) == 5);
		if ((bits & 5) != 5)
			ASSERT_TRAP(&world, CAUSE_LOAD_ACCESS, page, 0, 0, true);
		world_free(&world);
	}
}

/* ---- PTEs that are not valid ---- */

struct bad_pte { const char *why; unsigned level; uint64_t bits, pa; bool fine_with_extensions; };

static const struct bad_pte bad_ptes[] = {
	{"V clear", 0, PTE_FULL_U & ~PTE_V, 0, false},
	{"V clear in a pointer", 1, 0, 0, false},
	{"W without R", 0, (PTE_FULL_U & ~(PTE_R | PTE_X)), 0, false},
	{"WX without R", 0, (PTE_FULL_U & ~PTE_R), 0, false},
	{"W without R above the last level", 1, PTE_V | PTE_W, 0, false},
	{"bit 54", 0, PTE_FULL_U | UINT64_C(1) << 54, 0, false},
	{"bit 55", 0, PTE_FULL_U | UINT64_C(1) << 55, 0, false},
	{"bit 56", 0, PTE_FULL_U | UINT64_C(1) << 56, 0, false},
	{"bit 57", 0, PTE_FULL_U | UINT64_C(1) << 57, 0, false},
	{"bit 58", 0, PTE_FULL_U | UINT64_C(1) << 58, 0, false},
	{"bit 59", 0, PTE_FULL_U | UINT64_C(1) << 59, 0, false},
	{"bit 60", 0, PTE_FULL_U | UINT64_C(1) << 60, 0, false},
	{"bit 54 in a pointer", 1, PTE_V | UINT64_C(1) << 54, 0, false},
	{"pointer at the last level", 0, PTE_V, 0, false},
	{"U in a pointer", 1, PTE_V | PTE_U, 0, false},
	{"A in a pointer", 1, PTE_V | PTE_A, 0, false},
	{"D in a pointer", 2, PTE_V | PTE_D, 0, false},
	{"PBMT 1 in a pointer", 1, PTE_V | PTE_PBMT(1), 0, false},
	{"PBMT 2 in a pointer", 2, PTE_V | PTE_PBMT(2), 0, false},
	{"N in a pointer", 1, PTE_V | PTE_N, 0, false},
	{"PBMT 1", 0, PTE_FULL_U | PTE_PBMT(1), 0, true},
	{"PBMT 2", 0, PTE_FULL_U | PTE_PBMT(2), 0, true},
	{"PBMT 3", 0, PTE_FULL_U | PTE_PBMT(3), 0, false},
	{"NAPOT of 64 KiB", 0, PTE_FULL_U | PTE_N, DRAM + 0x18000, true},
	{"NAPOT of 32 KiB", 0, PTE_FULL_U | PTE_N, DRAM + 0x14000, false},
	{"NAPOT of 8 KiB", 0, PTE_FULL_U | PTE_N, DRAM + 0x11000, false},
	{"NAPOT of 128 KiB", 0, PTE_FULL_U | PTE_N, DRAM + 0x10000, false},
	{"NAPOT, a low bit set too", 0, PTE_FULL_U | PTE_N, DRAM + 0x19000, false},
	{"NAPOT megapage", 1, PTE_FULL_U | PTE_N, DRAM + 0x400000, false},
	{"NAPOT megapage, 64 KiB pattern", 1, PTE_FULL_U | PTE_N, DRAM + 0x8000, false},
	{"misaligned megapage", 1, PTE_FULL_U, DRAM + 0x1000, false},
	{"misaligned megapage, its top bit", 1, PTE_FULL_U, DRAM + 0x100000, false},
	{"misaligned gigapage", 2, PTE_FULL_U, DRAM + 0x200000, false},
	{"misaligned gigapage, its top bit", 2, PTE_FULL_U, UINT64_C(0x20000000), false},
};

static void check_bad_pte(struct world *world, const struct bad_pte *bad, uint64_t *pte, uint64_t va, uint64_t gpa,
                          enum walk_stage stage, bool fine)
{
	struct translation result;
	uint64_t saved = *pte;
	struct mmu_context context = {.mode = stage == STAGE_S ? MODE_U : MODE_VU};
	/* a pointer keeps its table: only the bits are wrong */
	*pte = bad->pa ? pte_of(bad->pa, bad->bits) : (saved & ~UINT64_C(0x3ff)) | bad->bits;
	for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
		mmu_flush(&world->hart);
		cr_assert_eq(translate(world, va, access, context, &result), fine, "%s in stage %d", bad->why, stage);
		if (!fine && stage == STAGE_G)
			ASSERT_TRAP(world, guest_fault_of(access), va, gpa >> 2, 0, true);
		else if (!fine)
			ASSERT_TRAP(world, page_fault_of(access), va, 0, 0, stage == STAGE_VS);
	}
	*pte = saved;
}

static void check_bad_ptes(bool extensions)
{
	struct world world;
	world_init(&world, 16);
	if (extensions) {
		isa_add(&world.hart.isa, EXT_Svnapot);
		world.hart.csr.menvcfg = menvcfg_PBMTE;
		world.hart.csr.henvcfg = henvcfg_PBMTE;
	}
	struct guest guest = guest_new(&world, SV48, SV39);
	struct tables own = tables_new(&world, SV48, false, 0);
	uint64_t va = some_va(SV48);
	map(&own, va, page, 0, PTE_FULL_U);
	map(&guest.first, va, page + guest.offset, 0, PTE_FULL_U);
	world.hart.csr.satp = atp_of(&own, 1);
	for (unsigned i = 0; i < sizeof bad_ptes / sizeof *bad_ptes; i++) {
		const struct bad_pte *bad = &bad_ptes[i];
		bool fine = extensions && bad->fine_with_extensions;
		uint64_t gpa = (page | (va & 0xfff)) + guest.offset;
		check_bad_pte(&world, bad, at(&world, pte_at(&own, va, bad->level)), va, 0, STAGE_S, fine);
		/* the VS-stage names guest pages; a wrong one that is fine must still be mapped */
		struct bad_pte guest_bad = *bad;
		if (guest_bad.pa)
			guest_bad.pa += guest.offset;
		uint64_t *pte = at(&world, pte_at(&guest.first, va, bad->level));
		check_bad_pte(&world, &guest_bad, pte, va, 0, STAGE_VS, fine);
		/* the G-stage alone, so that its upper levels serve nothing else */
		uint64_t vsatp = world.hart.csr.vsatp;
		world.hart.csr.vsatp = 0;
		check_bad_pte(&world, bad, at(&world, pte_at(&guest.second, gpa, bad->level)), gpa, gpa, STAGE_G, fine);
		world.hart.csr.vsatp = vsatp;
	}
	world_free(&world);
}

Test(walk, invalid_ptes_fault_in_every_stage)
{
	check_bad_ptes(false);
}

Test(walk, reserved_encodings_fault_where_svnapot_and_svpbmt_are_on)
{
	check_bad_ptes(true);
}

/* henvcfg.PBMTE counts for the VS-stage, menvcfg.PBMTE for the others, and both must be set. norm:menvcfg_pbmte_op */
Test(walk, pbmte_by_stage)
{
	for (unsigned bits = 0; bits < 8; bits++) {
		bool menv = bits & 1, henv = bits & 2, on_vs = bits & 4;
		struct world world;
		struct translation result;
		world_init(&world, 16);
		struct guest guest = guest_new(&world, SV39, SV39);
		uint64_t va = some_va(SV39), pbmt = PTE_PBMT(1);
		map(&guest.first, va, page + guest.offset, 0, PTE_FULL_U | (on_vs ? pbmt : 0));
		*second_leaf(&guest, page) = pte_of(page, PTE_FULL_U | (on_vs ? 0 : pbmt));
		world.hart.csr.menvcfg = menv ? menvcfg_PBMTE : 0;
		world.hart.csr.henvcfg = henv ? henvcfg_PBMTE : 0;
		cr_assert_eq(plain(&world, va, ACCESS_LOAD, MODE_VU, &result), on_vs ? menv && henv : menv, "%u", bits);
		world_free(&world);
	}
}

Test(walk, napot_pages_substitute_the_low_bits)
{
	struct world world;
	struct translation result;
	world_init(&world, 16);
	isa_add(&world.hart.isa, EXT_Svnapot);
	struct guest guest = guest_new(&world, SV39, SV39);
	uint64_t va = 0x12340000;
	for (unsigned i = 0; i < 16; i++) {
		map(&guest.first, va + i * 0x1000, DRAM + 0x38000 + guest.offset, 0, PTE_FULL_U | PTE_N);
		*second_leaf(&guest, DRAM + 0x30000 + i * 0x1000) = pte_of(DRAM + 0x58000, PTE_FULL_U | PTE_N);
	}
	for (unsigned i = 0; i < 16; i++) {
		cr_assert(plain(&world, va + i * 0x1111, ACCESS_LOAD, MODE_VU, &result));
		cr_assert_eq(result.gpa, DRAM + 0x30000 + i * 0x1111 + guest.offset);
		cr_assert_eq(result.pa, DRAM + 0x50000 + i * 0x1111);
		cr_assert_eq(result.page_shift, 16);
	}
	cr_assert_eq(mmu_stats(&world.hart)->misses, 1u, "one entry holds all 64 KiB");
	world_free(&world);
}

/* ---- two stages ---- */

/* All sizes of both stages: the smaller page counts, and addresses come out right at both its ends. */
Test(walk, page_sizes_of_two_stages)
{
	for (unsigned first = 0; first < 3; first++)
		for (unsigned second = 0; second < 3; second++) {
			struct world world;
			struct translation result;
			world_init(&world, 16);
			struct guest guest = {
				.first = tables_new(&world, SV39, false, 0),
				.second = tables_new(&world, SV39, true, 0),
			};
			uint64_t va = UINT64_C(0x2ad2345678), gpa = UINT64_C(3) << 39 | 0x12345678, pa = 0x92345678;
			unsigned shift = 12 + 9 * (first < second ? first : second);
			uint64_t top = UINT64_C(1) << 40; /* a gigapage for the tables of the VS-stage */
			guest.first.offset = top - DRAM;
			map(&guest.second, top, DRAM, 2, PTE_FULL_U);
			map(&guest.first, va, gpa & -(UINT64_C(1) << (12 + 9 * first)), first, PTE_FULL_U);
			map(&guest.second, gpa, pa & -(UINT64_C(1) << (12 + 9 * second)), second, PTE_FULL_U);
			guest_enter(&world, &guest, 1, 1);
			uint64_t low = va >> shift << shift, high = low + (UINT64_C(1) << shift) - 1;
			cr_assert(plain(&world, va, ACCESS_STORE, MODE_VU, &result));
			cr_assert(result.pa == pa && result.gpa == gpa && result.page_shift == shift);
			cr_assert(plain(&world, low, ACCESS_STORE, MODE_VU, &result) && result.pa == pa - (va - low));
			cr_assert(plain(&world, high, ACCESS_STORE, MODE_VU, &result) && result.pa == pa + (high - va));
			cr_assert_eq(result.gpa, gpa + (high - va));
			cr_assert_eq(mmu_stats(&world.hart)->misses, 1u);
			world_free(&world);
		}
}

/* (n + 1)(m + 1) - 1 reads, and which of them belong to whom. */
Test(walk, pte_reads_of_a_two_stage_walk)
{
	for (unsigned i = 0; i < 3; i++)
		for (unsigned j = 0; j < 3; j++) {
			struct world world;
			struct translation result;
			world_init(&world, 16);
			struct guest guest = guest_new(&world, modes[i], modes[j]);
			unsigned n = levels_of(modes[i]), m = levels_of(modes[j]);
			map(&guest.first, some_va(modes[i]), page + guest.offset, 0, PTE_FULL_U);
			cr_assert(plain(&world, some_va(modes[i]), ACCESS_LOAD, MODE_VU, &result));
			const struct mmu_stats *stats = mmu_stats(&world.hart);
			cr_assert_eq(stats->pte_reads_vs, n);
			cr_assert_eq(stats->pte_reads_g, (n + 1) * m);
			cr_assert_eq(stats->pte_reads_s, 0u);
			cr_assert_eq(stats->pte_writes_vs + stats->pte_writes_g, 0u);
			world_free(&world);
		}
}

/* norm:hgatp_mode_sv39x4 and its likes: bits above the widened address are no sign extension, and must be 0. */
Test(walk, guest_addresses_have_a_width)
{
	for (unsigned i = 0; i < 3; i++) {
		struct world world;
		struct translation result;
		world_init(&world, 16);
		struct tables second = tables_new(&world, modes[i], true, 0);
		unsigned width = modes[i] * 9 - 31;
		world.hart.csr.hgatp = atp_of(&second, 1);
		uint64_t last = (UINT64_C(1) << width) - 0x1000;
		map(&second, last, page, 0, PTE_FULL_U);
		map(&second, 0, page, 0, PTE_FULL_U);
		for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
			cr_assert(plain(&world, last, access, MODE_VS, &result) && result.pa == page);
			for (unsigned bit = width; bit < 64; bit++) {
				uint64_t gpa = UINT64_C(1) << bit;
				cr_assert(!plain(&world, gpa, access, MODE_VS, &result));
				ASSERT_TRAP(&world, guest_fault_of(access), gpa, gpa >> 2, 0, true);
			}
		}
		world_free(&world);
	}
}

/* Too wide a guest address out of the VS-stage: in its PTEs, in its root, and in what it maps. */
Test(walk, vs_stage_addresses_beyond_the_g_stage)
{
	struct world world;
	struct translation result;
	uint64_t va = some_va(SV39), wide = UINT64_C(1) << 41;
	world_init(&world, 16);
	struct guest guest = guest_new(&world, SV39, SV39);
	map(&guest.first, va, wide, 0, PTE_FULL_U);
	cr_assert(!plain(&world, va, ACCESS_STORE, MODE_VU, &result));
	ASSERT_TRAP(&world, CAUSE_STORE_GUEST_PAGE, va, (wide | (va & 0xfff)) >> 2, 0, true);
	*at(&world, pte_at(&guest.first, va, 2)) = pte_of(wide, PTE_V);
	cr_assert(!plain(&world, va, ACCESS_STORE, MODE_VU, &result));
	ASSERT_TRAP(&world, CAUSE_STORE_GUEST_PAGE, va, (wide | (va >> 21 & 511) << 3) >> 2, 0x3000, true);
	world.hart.csr.vsatp = UINT64_C(8) << 60 | wide >> 12;
	cr_assert(!plain(&world, va, ACCESS_FETCH, MODE_VU, &result));
	ASSERT_TRAP(&world, CAUSE_FETCH_GUEST_PAGE, va, (wide | (va >> 30 & 511) << 3) >> 2, 0x3000, true);
	world_free(&world);
}

/* A G-stage leaf that refuses the read of a VS-stage PTE, at each level, under each access and context. */
Test(walk, implicit_reads_fault_with_the_address_of_the_pte)
{
	static const uint64_t refusals[] = {
		0, PTE_FULL, PTE_FULL_U & ~PTE_A, PTE_V | PTE_X | PTE_U | PTE_A | PTE_D, PTE_FULL_U | UINT64_C(1) << 60,
	};
	for (unsigned i = 0; i < 3; i++) {
		struct world world;
		struct translation result;
		uint64_t va = some_va(modes[i]);
		world_init(&world, 16);
		struct guest guest = guest_new(&world, modes[i], modes[i]);
		map(&guest.first, va, page + guest.offset, 0, PTE_FULL_U);
		for (unsigned level = 0; level < levels_of(modes[i]); level++)
			for (unsigned j = 0; j < sizeof refusals / sizeof *refusals; j++)
				for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
					uint64_t place = pte_at(&guest.first, va, level);
					*second_leaf(&guest, place) = pte_of(place & ~UINT64_C(0xfff), refusals[j]);
					/* MXR and HLVX are for explicit loads: neither helps, neither hurts */
					struct mmu_context context = {.mode = MODE_VU, .mxr = true, .vmxr = true};
					context.hlvx = access == ACCESS_LOAD && j % 2;
					cr_assert(!translate(&world, va, access, context, &result));
					uint64_t gpa = place + guest.offset;
					ASSERT_TRAP(&world, guest_fault_of(access), va, gpa >> 2, 0x3000, true);
					*second_leaf(&guest, place) = pte_of(place & ~UINT64_C(0xfff), PTE_FULL_U);
				}
		world_free(&world);
	}
}

/* norm:H_vm_gpapriv: a PTE is loaded, so the page it lies in need be readable only, whatever the access is. */
Test(walk, implicit_reads_need_read_permission_only)
{
	struct world world;
	struct translation result;
	uint64_t va = some_va(SV39);
	world_init(&world, 16);
	struct guest guest = guest_new(&world, SV39, SV39);
	map(&guest.first, va, page + guest.offset, 0, PTE_FULL_U);
	for (unsigned level = 0; level < 3; level++) {
		uint64_t place = pte_at(&guest.first, va, level);
		*second_leaf(&guest, place) = pte_of(place & ~UINT64_C(0xfff), PTE_V | PTE_R | PTE_U | PTE_A);
	}
	for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
		mmu_flush(&world.hart);
		cr_assert(plain(&world, va, access, MODE_VU, &result));
		struct mmu_context hlvx = {.mode = MODE_VU, .hlvx = true};
		mmu_flush(&world.hart);
		cr_assert(translate(&world, va, ACCESS_LOAD, hlvx, &result));
	}
	world_free(&world);
}

/* ---- A and D ---- */

struct ad_case { bool menv, henv; uint64_t first, second; enum access access; };

/* Expected of a two-stage access: which stage faults (or none), and what the PTEs hold afterwards. */
static void check_ad(const struct ad_case *c)
{
	struct world world;
	struct translation result;
	uint64_t va = some_va(SV39), full = PTE_V | PTE_RWX | PTE_U;
	world_init(&world, 16);
	struct guest guest = guest_new(&world, SV39, SV39);
	uint64_t *first = at(&world, map(&guest.first, va, page + guest.offset, 0, full | c->first));
	uint64_t *second = second_leaf(&guest, page);
	*second = pte_of(page, full | c->second);
	world.hart.csr.menvcfg = c->menv ? menvcfg_ADUE : 0;
	world.hart.csr.henvcfg = c->henv ? henvcfg_ADUE : 0;
	uint64_t need = c->access == ACCESS_STORE ? PTE_A | PTE_D : PTE_A;
	bool first_ok = (c->first & need) == need || (c->menv && c->henv);
	bool second_ok = (c->second & need) == need || c->menv;
	bool done = plain(&world, va, c->access, MODE_VU, &result);
	cr_assert_eq(done, first_ok && second_ok);
	if (!first_ok)
		ASSERT_TRAP(&world, page_fault_of(c->access), va, 0, 0, true);
	else if (!second_ok)
		ASSERT_TRAP(&world, guest_fault_of(c->access), va, (page + guest.offset + (va & 0xfff)) >> 2, 0, true);
	cr_assert_eq(*first & 0xff, full | c->first | (first_ok ? need : 0));
	cr_assert_eq(*second & 0xff, full | c->second | (done ? need : 0));
	if (done)
		cr_assert_eq(result.writable, (*first & *second & PTE_D) != 0);
	world_free(&world);
}

/* norm:svade_access_ad_bit_clear, norm:menvcfg_adue_op: each stage by its own ADUE. */
Test(walk, svade_and_svadu_in_both_stages)
{
	static const uint64_t states[] = {0, PTE_A, PTE_D, PTE_A | PTE_D};
	for (unsigned bits = 0; bits < 64; bits++)
		for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
			struct ad_case c = {bits & 1, bits & 2, states[bits >> 2 & 3], states[bits >> 4], access};
			check_ad(&c);
		}
}

Test(walk, svade_and_svadu_in_one_stage)
{
	for (unsigned bits = 0; bits < 8; bits++)
		for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
			struct world world;
			struct translation result;
			uint64_t va = some_va(SV39), full = PTE_V | PTE_RWX | PTE_U;
			uint64_t state = (bits & 1 ? PTE_A : 0) | (bits & 2 ? PTE_D : 0);
			uint64_t need = access == ACCESS_STORE ? PTE_A | PTE_D : PTE_A;
			bool fine = (state & need) == need || bits & 4;
			world_init(&world, 16);
			struct tables tables = tables_new(&world, SV39, false, 0);
			uint64_t *pte = at(&world, map(&tables, va, page, 0, full | state));
			world.hart.csr.satp = atp_of(&tables, 1);
			world.hart.csr.menvcfg = bits & 4 ? menvcfg_ADUE : 0;
			world.hart.csr.henvcfg = bits & 4 ? 0 : henvcfg_ADUE;
			cr_assert_eq(plain(&world, va, access, MODE_U, &result), fine);
			if (!fine)
				ASSERT_TRAP(&world, page_fault_of(access), va, 0, 0, false);
			cr_assert_eq(*pte, pte_of(page, full | state | (fine ? need : 0)));
			cr_assert_eq(mmu_stats(&world.hart)->pte_writes_s, fine && need & ~state ? 1u : 0u);
			world_free(&world);
		}
}

/* A page that was only read is cached clean: the first store walks and sets D, the next one does not. */
Test(walk, a_store_to_a_clean_entry_walks_again)
{
	struct world world;
	struct translation result;
	uint64_t va = some_va(SV39);
	world_init(&world, 16);
	struct guest guest = guest_new(&world, SV39, SV39);
	uint64_t clean = PTE_FULL_U & ~PTE_D;
	uint64_t *first = at(&world, map(&guest.first, va, page + guest.offset, 0, clean));
	uint64_t *second = second_leaf(&guest, page);
	*second = pte_of(page, clean);
	world.hart.csr.menvcfg = menvcfg_ADUE;
	world.hart.csr.henvcfg = henvcfg_ADUE;
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_VU, &result) && !result.writable);
	cr_assert(!(*first & PTE_D) && !(*second & PTE_D));
	cr_assert(plain(&world, va, ACCESS_STORE, MODE_VU, &result) && result.writable);
	cr_assert(*first & PTE_D && *second & PTE_D);
	cr_assert_eq(mmu_stats(&world.hart)->misses, 2u);
	cr_assert(plain(&world, va, ACCESS_STORE, MODE_VU, &result));
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_VU, &result));
	cr_assert_eq(mmu_stats(&world.hart)->misses, 2u);
	world_free(&world);
}

/* Setting A or D in a VS-stage PTE is a store by the G-stage's rules. norm:H_trap_xtinst_guestpage_rw */
Test(walk, updates_of_vs_stage_ptes_need_write_permission_of_the_g_stage)
{
	static const uint64_t refusals[] = {
		PTE_V | PTE_R | PTE_U | PTE_A | PTE_D, PTE_V | PTE_R | PTE_X | PTE_U | PTE_A | PTE_D,
	};
	for (unsigned j = 0; j < 2; j++)
		for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
			struct world world;
			struct translation result;
			uint64_t va = some_va(SV39);
			world_init(&world, 16);
			struct guest guest = guest_new(&world, SV39, SV39);
			uint64_t place = map(&guest.first, va, page + guest.offset, 0, PTE_V | PTE_RWX | PTE_U);
			uint64_t before = *at(&world, place);
			world.hart.csr.menvcfg = menvcfg_ADUE;
			world.hart.csr.henvcfg = henvcfg_ADUE;
			*second_leaf(&guest, place) = pte_of(place & ~UINT64_C(0xfff), refusals[j]);
			cr_assert(!plain(&world, va, access, MODE_VU, &result));
			ASSERT_TRAP(&world, guest_fault_of(access), va, (place + guest.offset) >> 2, 0x3020, true);
			cr_assert_eq(*at(&world, place), before);
			world_free(&world);
		}
}

/* The G-stage page of the VS-stage PTE becomes dirty with it, and only accessed when the PTE is merely read. */
Test(walk, updates_of_vs_stage_ptes_dirty_the_g_stage_page)
{
	for (unsigned update = 0; update < 2; update++) {
		struct world world;
		struct translation result;
		uint64_t va = some_va(SV39), half = PTE_V | PTE_RWX | PTE_U;
		world_init(&world, 16);
		struct guest guest = guest_new(&world, SV39, SV39);
		uint64_t place = map(&guest.first, va, page + guest.offset, 0, update ? half : PTE_FULL_U);
		world.hart.csr.menvcfg = menvcfg_ADUE;
		world.hart.csr.henvcfg = henvcfg_ADUE;
		*second_leaf(&guest, place) = pte_of(place & ~UINT64_C(0xfff), half);
		cr_assert(plain(&world, va, ACCESS_LOAD, MODE_VU, &result));
		cr_assert_eq(*second_leaf(&guest, place) & 0xff, half | PTE_A | (update ? PTE_D : 0));
		cr_assert_eq(*at(&world, place) & PTE_A, (uint64_t)PTE_A);
		cr_assert_eq(mmu_stats(&world.hart)->pte_writes_vs, update);
		cr_assert_eq(mmu_stats(&world.hart)->pte_writes_g, update + 1); /* A for the read; D for the update */
		world_free(&world);
	}
}

/* One PTE is leaf of the VS-stage and of the G-stage that maps it: the update sees that it has just changed. */
Test(walk, a_pte_that_both_stages_use_is_read_again_before_its_update)
{
	struct world world;
	struct translation result;
	uint64_t va = some_va(SV39);
	world_init(&world, 16);
	struct guest guest = guest_new(&world, SV39, SV39);
	world.hart.csr.menvcfg = menvcfg_ADUE;
	world.hart.csr.henvcfg = henvcfg_ADUE;
	/* the last VS-stage table is the G-stage's own table that maps it at its own guest address */
	uint64_t table = pte_at(&guest.second, page + guest.offset, 0) & ~UINT64_C(0xfff);
	uint64_t slot = va >> 12 & 511;
	uint64_t gpa = ((page + guest.offset) >> 21 << 21) + slot * 4096;
	*at(&world, table + slot * 8) = pte_of(table, PTE_V | PTE_RWX | PTE_U);
	*at(&world, pte_at(&guest.first, va, 1)) = pte_of(gpa, PTE_V);
	/* as VS-stage leaf it maps va to guest-physical `table`, which no page of the G-stage maps */
	cr_assert(!plain(&world, va, ACCESS_STORE, MODE_VU, &result));
	ASSERT_TRAP(&world, CAUSE_STORE_GUEST_PAGE, va, (table | (va & 0xfff)) >> 2, 0, true);
	cr_assert_eq(*at(&world, table + slot * 8), pte_of(table, PTE_FULL_U));
	world_free(&world);
}

static void note_store(void *context, const void *by __attribute__((unused)), uint64_t pa, unsigned size)
{
	uint64_t *seen = context;
	seen[0] = pa;
	seen[1] += size;
}

/* Whoever watches a page sees the walker's own stores. */
Test(walk, updates_obey_the_flags_of_the_page)
{
	struct world world;
	struct translation result;
	uint64_t seen[2] = {0}, va = some_va(SV39);
	world_init(&world, 16);
	cr_assert(bus_listen(&world.bus, &(struct bus_listener){.flags = PAGE_HOOK, .stored = note_store, .context = seen}) == 0);
	struct tables tables = tables_new(&world, SV39, false, 0);
	uint64_t place = map(&tables, va, page, 0, PTE_V | PTE_RWX | PTE_U);
	world.hart.csr.satp = atp_of(&tables, 1);
	world.hart.csr.menvcfg = menvcfg_ADUE;
	*bus_page_flags(&world.bus, place) |= PAGE_HOOK;
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_U, &result));
	cr_assert(seen[0] == place && seen[1] == 8);
	cr_assert(plain(&world, va, ACCESS_STORE, MODE_U, &result));
	cr_assert_eq(seen[1], 16u);
	cr_assert(plain(&world, va, ACCESS_STORE, MODE_U, &result));
	cr_assert_eq(seen[1], 16u);
	world_free(&world);
}

/* ---- PMP and memory under the walk ---- */

/* The PTE's bytes may (not) be read or written by S-mode: access faults of the original kind. */
Test(walk, pmp_guards_page_tables)
{
	for (unsigned readable = 0; readable < 2; readable++)
		for (unsigned level = 0; level < 3; level++)
			for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++)
				for (unsigned virt = 0; virt < 2; virt++) {
					struct world world;
					struct translation result;
					uint64_t va = some_va(SV39);
					world_init(&world, 16);
					struct guest guest = {0};
					guest.first = tables_new(&world, SV39, false, 0);
					uint64_t leaf = map(&guest.first, va, page, 0, PTE_V | PTE_RWX | PTE_U);
					world.hart.csr.satp = world.hart.csr.vsatp = atp_of(&guest.first, 1);
					world.hart.csr.menvcfg = menvcfg_ADUE;
					world.hart.csr.henvcfg = henvcfg_ADUE;
					world.options.pmp_entries = 16;
					world.hart.csr.pmpcfg0 = (3 << 3 | 7) << 8 | (3 << 3 | readable);
					world.hart.csr.pmpaddr0 = pte_at(&guest.first, va, level) >> 2;
					world.hart.csr.pmpaddr1 = UINT64_MAX >> 10;
					/* reads suffice above the leaf, which lacks A and has to be written */
					bool fine = readable && level > 0;
					cr_assert_eq(plain(&world, va, access, virt ? MODE_VU : MODE_U, &result), fine);
					if (!fine) {
						ASSERT_TRAP(&world, access_fault_of(access), va, 0, 0, virt);
						cr_assert_eq(*at(&world, leaf), pte_of(page, PTE_V | PTE_RWX | PTE_U));
					}
					world_free(&world);
				}
}

Test(walk, pmp_of_the_final_address_and_its_result)
{
	struct world world;
	struct translation result;
	uint64_t va = some_va(SV39) & ~UINT64_C(0xfff);
	world_init(&world, 16);
	struct tables tables = tables_new(&world, SV39, false, 0);
	map(&tables, va, page, 0, PTE_FULL_U);
	world.hart.csr.satp = atp_of(&tables, 1);
	world.options.pmp_entries = 16;
	world.hart.csr.pmpaddr0 = page >> 2 | 0x1ff;
	world.hart.csr.pmpaddr1 = UINT64_MAX >> 10;
	for (unsigned bits = 0; bits < 8; bits++) {
		if ((bits & 3) == 2)
			continue;
		world.hart.csr.pmpcfg0 = (3 << 3 | 7) << 8 | (3 << 3 | bits);
		world.hart.effects |= EFFECT_TRANSLATE;
		bool may[] = {bits & 1, bits & 2, bits & 4};
		for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
			cr_assert_eq(plain(&world, va + 4, access, MODE_U, &result), may[access], "%u", bits);
			if (!may[access]) {
				ASSERT_TRAP(&world, access_fault_of(access), va + 4, 0, 0, false);
				continue;
			}
			cr_assert(result.uniform_pmp && result.readable == may[ACCESS_LOAD]);
			cr_assert(result.writable == may[ACCESS_STORE] && result.executable == may[ACCESS_FETCH]);
		}
	}
	world.hart.csr.pmpaddr0 = page >> 2 | 0xff; /* half the page */
	world.hart.effects |= EFFECT_TRANSLATE;
	cr_assert(plain(&world, va + 0xfff, ACCESS_STORE, MODE_U, &result) && !result.uniform_pmp);
	struct mmu_context context = context_in(MODE_U);
	cr_assert(!mmu_translate(&world.hart, va + 0x7fc, 8, ACCESS_LOAD, &context, &result), "across the boundary");
	cr_assert(mmu_translate(&world.hart, va + 0x800, 8, ACCESS_LOAD, &context, &result));
	world_free(&world);
}

Test(walk, page_tables_outside_memory_are_access_faults)
{
	for (unsigned virt = 0; virt < 2; virt++)
		for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
			struct world world;
			struct translation result;
			uint64_t va = some_va(SV39);
			world_init(&world, 16);
			struct guest guest = guest_new(&world, SV39, virt ? SV39 : BARE);
			map(&guest.first, va, page + guest.offset, 0, PTE_FULL_U);
			world.hart.csr.satp = world.hart.csr.vsatp;
			if (virt) /* the guest's own tables, mapped to nowhere */
				*second_leaf(&guest, pte_at(&guest.first, va, 1)) = pte_of(0x10000000, PTE_FULL_U);
			else
				*at(&world, pte_at(&guest.first, va, 2)) = pte_of(DRAM + WORLD_BYTES, PTE_V);
			cr_assert(!plain(&world, va, access, virt ? MODE_VU : MODE_U, &result));
			ASSERT_TRAP(&world, access_fault_of(access), va, 0, 0, virt);
			/* the page itself may lie anywhere: that is the caller's business */
			struct tables other = tables_new(&world, SV39, false, 0);
			map(&other, va, UINT64_C(0xfffffffffff000) & ~UINT64_C(0xfff), 0, PTE_FULL_U);
			world.hart.csr.satp = atp_of(&other, 2);
			cr_assert(plain(&world, va, access, MODE_U, &result));
			cr_assert_eq(result.pa, UINT64_C(0xfffffffffff000) | (va & 0xfff));
			world_free(&world);
		}
}

/* norm:mstatus_sbe_implicit, norm:hstatus_vsbe_op */
Test(walk, page_tables_in_the_other_byte_order)
{
	for (unsigned bits = 0; bits < 4; bits++) {
		struct world world;
		struct translation result;
		uint64_t va = some_va(SV39);
		world_init(&world, 16);
		struct guest guest = guest_new(&world, SV39, SV39);
		uint64_t leaf = map(&guest.first, va, page + guest.offset, 0, PTE_V | PTE_RWX | PTE_U);
		world.hart.csr.menvcfg = menvcfg_ADUE;
		world.hart.csr.henvcfg = henvcfg_ADUE;
		uint64_t *ptes[3];
		for (unsigned level = 0; level < 3; level++)
			ptes[level] = at(&world, pte_at(&guest.first, va, level));
		for (unsigned level = 0; bits & 1 && level < 3; level++)
			*ptes[level] = __builtin_bswap64(*ptes[level]);
		world.hart.csr.hstatus = bits & 2 ? hstatus_VSBE : 0;
		cr_assert_eq(plain(&world, va, ACCESS_STORE, MODE_VU, &result), (bits & 1) == bits >> 1, "%u", bits);
		if ((bits & 1) == bits >> 1) {
			uint64_t pte = *at(&world, leaf);
			cr_assert_eq(bits & 1 ? __builtin_bswap64(pte) : pte, pte_of(page + guest.offset, PTE_FULL_U));
		}
		world_free(&world);
	}
}

/* ---- walks that are watched ---- */

struct steps { unsigned count; struct walk_step step[64]; };

static void note_step(void *context, const struct walk_step *step)
{
	struct steps *steps = context;
	cr_assert_lt(steps->count, 64u);
	steps->step[steps->count++] = *step;
}

Test(walk, visitors_see_every_pte_in_order)
{
	struct world world;
	struct translation result;
	struct trap trap;
	struct steps steps = {0};
	uint64_t va = some_va(SV39);
	world_init(&world, 64);
	struct guest guest = guest_new(&world, SV39, SV39);
	map(&guest.first, va, page + guest.offset, 0, PTE_FULL_U);
	struct mmu_context context = context_in(MODE_VU);
	cr_assert(mmu_walk(&world.hart, va, 8, ACCESS_LOAD, &context, false, note_step, &steps, &result, &trap));
	cr_assert_eq(steps.count, 15u);
	for (unsigned i = 0; i < 15; i++) {
		const struct walk_step *step = &steps.step[i];
		bool vs = i < 12 && i % 4 == 3;
		cr_assert_eq(step->stage, vs ? STAGE_VS : STAGE_G, "step %u", i);
		cr_assert_eq(step->level, vs ? 2 - i / 4 : 2 - i % 4);
		cr_assert_eq(step->implicit, !vs && i < 12);
		cr_assert_eq(step->leaf, vs ? i == 11 : i % 4 == 2);
		cr_assert(step->pte_read && !step->updated && !step->verdict);
		cr_assert_eq(step->pte, *at(&world, step->pa));
		cr_assert_eq(step->address, vs ? step->pa + guest.offset : step->pa);
		if (vs)
			cr_assert_eq(step->pa, pte_at(&guest.first, va, step->level));
	}
	world_free(&world);
}

/* The debugger's walk: nothing changes, neither memory nor TLB nor counters nor the hart's trap. */
Test(walk, a_walk_without_update_changes_nothing)
{
	struct world world;
	struct translation result;
	struct steps steps = {0};
	uint64_t va = some_va(SV39);
	world_init(&world, 64);
	struct guest guest = guest_new(&world, SV39, SV39);
	uint64_t half = PTE_V | PTE_RWX | PTE_U;
	map(&guest.first, va, page + guest.offset, 0, half);
	*second_leaf(&guest, page) = pte_of(page, half);
	world.hart.csr.menvcfg = menvcfg_ADUE;
	world.hart.csr.henvcfg = henvcfg_ADUE;
	uint8_t *memory = malloc(WORLD_BYTES);
	memcpy(memory, world.bus.dram, WORLD_BYTES);
	struct hart before = world.hart;
	struct mmu_stats stats = *mmu_stats(&world.hart);
	struct trap trap;
	struct mmu_context context = context_in(MODE_VU);
	cr_assert(mmu_walk(&world.hart, va, 8, ACCESS_STORE, &context, false, note_step, &steps, &result, &trap));
	cr_assert_eq(result.pa, page | (va & 0xfff));
	cr_assert(steps.step[steps.count - 1].updated);
	cr_assert(!mmu_walk(&world.hart, va + 0x1000, 8, ACCESS_STORE, &context, false, NULL, NULL, &result, &trap));
	cr_assert(trap.pending && trap.cause == CAUSE_STORE_PAGE && trap.tval == va + 0x1000);
	cr_assert_eq(memcmp(memory, world.bus.dram, WORLD_BYTES), 0);
	cr_assert_eq(memcmp(&before, &world.hart, sizeof before), 0);
	cr_assert_eq(memcmp(&stats, mmu_stats(&world.hart), sizeof stats), 0);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_VU, &result));
	cr_assert_eq(mmu_stats(&world.hart)->misses, 1u, "nothing was cached");
	free(memory);
	world_free(&world);
}

Test(walk, verdicts_say_why)
{
	struct world world;
	struct translation result;
	struct trap trap;
	uint64_t va = some_va(SV39);
	world_init(&world, 64);
	struct tables tables = tables_new(&world, SV39, false, 0);
	world.hart.csr.satp = atp_of(&tables, 1);
	static const struct { uint64_t bits; enum mode mode; enum access access; const char *verdict; } cases[] = {
		{0, MODE_U, ACCESS_LOAD, "V is clear"},
		{PTE_FULL, MODE_U, ACCESS_LOAD, "U is clear"},
		{PTE_FULL_U, MODE_HS, ACCESS_LOAD, "U is set and SUM is clear"},
		{PTE_FULL_U, MODE_HS, ACCESS_FETCH, "U is set: not for S-mode to execute"},
		{PTE_FULL_U & ~PTE_A, MODE_U, ACCESS_LOAD, "A is clear"},
		{PTE_FULL_U & ~PTE_D, MODE_U, ACCESS_STORE, "D is clear"},
		{PTE_FULL_U & ~PTE_W, MODE_U, ACCESS_STORE, "W is clear"},
		{PTE_FULL_U & ~PTE_X, MODE_U, ACCESS_FETCH, "X is clear"},
		{PTE_FULL_U, MODE_U, ACCESS_FETCH, NULL},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct steps steps = {0};
		map(&tables, va, page, 0, cases[i].bits);
		struct mmu_context context = context_in(cases[i].mode);
		bool done = mmu_walk(&world.hart, va, 1, cases[i].access, &context, false, note_step, &steps, &result,
		                     &trap);
		cr_assert_eq(done, cases[i].verdict == NULL);
		cr_assert_eq(steps.count, 3u);
		const char *verdict = steps.step[2].verdict;
		cr_assert(verdict ? cases[i].verdict && !strcmp(verdict, cases[i].verdict) : done, "case %u", i);
	}
	struct steps steps = {0};
	struct mmu_context context = context_in(MODE_U);
	cr_assert(!mmu_walk(&world.hart, UINT64_C(1) << 60, 1, ACCESS_LOAD, &context, false, note_step, &steps, &result,
	                    &trap));
	cr_assert(steps.count == 1 && !steps.step[0].pte_read && steps.step[0].address == UINT64_C(1) << 60);
	cr_assert_str_eq(steps.step[0].verdict, "address is not canonical");
	world_free(&world);
}

/* A Bare stage is one step without a PTE; so the debugger can say so. */
Test(walk, bare_stages_are_steps_too)
{
	struct world world;
	struct translation result;
	struct trap trap;
	struct steps steps = {0};
	world_init(&world, 64);
	struct mmu_context context = context_in(MODE_VS);
	cr_assert(mmu_walk(&world.hart, page, 1, ACCESS_LOAD, &context, false, note_step, &steps, &result, &trap));
	cr_assert_eq(steps.count, 2u);
	for (unsigned i = 0; i < 2; i++)
		cr_assert(steps.step[i].stage == (i ? STAGE_G : STAGE_VS) && steps.step[i].leaf &&
		          !steps.step[i].pte_read);
	cr_assert(result.pa == page && result.gpa == page && result.page_shift == 12);
	world_free(&world);
}
