#include <stdio.h>
#include "mmu_world.h"

static const uint64_t page = DRAM + 0x5000;

/* ---- contexts ---- */

Test(mmu, data_context_obeys_mprv)
{
	struct world world;
	world_init(&world, 16);
	world.hart.mode = MODE_M;
	struct csr_file *csr = &world.hart.csr;
	static const struct { unsigned mpp; bool mpv; enum mode mode; } cases[] = {
		{0, false, MODE_U}, {1, false, MODE_HS}, {3, false, MODE_M},
		{0, true, MODE_VU}, {1, true, MODE_VS}, {3, true, MODE_M},
	};
	cr_assert_eq(mmu_context_data(&world.hart).mode, MODE_M);
	for (unsigned i = 0; i < 6; i++) {
		csr->mstatus = (uint64_t)cases[i].mpp << mstatus_MPP_LOW | (cases[i].mpv ? mstatus_MPV : 0);
		cr_assert_eq(mmu_context_data(&world.hart).mode, MODE_M, "case %u without MPRV", i);
		csr->mstatus |= mstatus_MPRV;
		cr_assert_eq(mmu_context_data(&world.hart).mode, cases[i].mode, "case %u", i);
		cr_assert_eq(mmu_context_fetch(&world.hart).mode, MODE_M);
	}
	world_free(&world);
}

/* Which of the four bits reach the context, in every mode. norm:sstatus_mxr_vm, norm:vsstatus_mxr_vm */
Test(mmu, contexts_take_sum_and_mxr_from_their_world)
{
	struct world world;
	world_init(&world, 16);
	struct csr_file *csr = &world.hart.csr;
	for (unsigned bits = 0; bits < 16; bits++) {
		bool sum = bits & 1, mxr = bits & 2, vsum = bits & 4, vmxr = bits & 8;
		csr->mstatus = (sum ? mstatus_SUM : 0) | (mxr ? mstatus_MXR : 0);
		csr->vsstatus = (vsum ? vsstatus_SUM : 0) | (vmxr ? vsstatus_MXR : 0);
		for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++) {
			world.hart.mode = mode;
			struct mmu_context context = mmu_context_data(&world.hart);
			cr_assert_eq(context.mode, mode);
			cr_assert_eq(context.sum, mode_virt(mode) ? vsum : sum);
			cr_assert_eq(context.mxr, mxr);
			cr_assert_eq(context.vmxr, mode_virt(mode) && vmxr);
			cr_assert(!context.hlvx);
		}
		for (unsigned spvp = 0; spvp < 2; spvp++) {
			csr->hstatus = spvp ? hstatus_SPVP : 0;
			world.hart.mode = MODE_U;
			struct mmu_context context = mmu_context_hypervisor(&world.hart, spvp);
			cr_assert_eq(context.mode, spvp ? MODE_VS : MODE_VU);
			cr_assert_eq(context.sum, vsum);
			cr_assert_eq(context.mxr, mxr);
			cr_assert_eq(context.vmxr, vmxr);
			cr_assert_eq(context.hlvx, spvp);
			cr_assert(context.forced);
		}
	}
	world_free(&world);
}

Test(mmu, no_page_table_is_an_identity_without_a_tlb)
{
	struct world world;
	struct translation result;
	world_init(&world, 16);
	world.hart.csr.satp = UINT64_C(8) << 60 | 0x12345; /* M-mode does not look at it */
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++) {
		for (enum access access = ACCESS_LOAD; access <= ACCESS_FETCH; access++) {
			cr_assert(plain(&world, DRAM + 0x1234, access, mode, &result), "mode %d", mode);
			cr_assert(result.pa == DRAM + 0x1234 && result.gpa == result.pa && result.page_shift == 12);
			cr_assert(result.readable && result.writable && result.executable && result.uniform_pmp);
		}
		world.hart.csr.satp = 0;
	}
	cr_assert_eq(mmu_stats(&world.hart)->hits + mmu_stats(&world.hart)->misses, 0u);
	world_free(&world);
}

/* ---- the TLB in use ---- */

/* One cached translation: how it is made and how it is asked for. */
struct cached {
	const char *name;
	enum mode mode;
	uint64_t satp, vsatp, hgatp, va;
	uint64_t *pte, before, after; /* its leaf, and what it is changed to behind the TLB's back */
	uint64_t shift;               /* from the pa before to the pa after */
	uint64_t pa;
};

static uint64_t ask(struct world *world, const struct cached *cached)
{
	struct translation result;
	world->hart.csr.satp = cached->satp;
	world->hart.csr.vsatp = cached->vsatp;
	world->hart.csr.hgatp = cached->hgatp;
	cr_assert(plain(world, cached->va, ACCESS_LOAD, cached->mode, &result), "%s", cached->name);
	return result.pa;
}

enum {
	HOST_1, HOST_2, HOST_GLOBAL, HOST_MEGA,
	GUEST_1, GUEST_2, GUEST_GLOBAL, GUEST_MEGA, GUEST_BARE,
	OTHER_1, OTHER_BARE,
	CACHED,
};

#define VA_PAGE UINT64_C(0x40001000)
#define VA_GLOBAL UINT64_C(0x40402000)
#define VA_MEGA UINT64_C(0x40603000)

static struct cached cache_page(const char *name, enum mode mode, const struct tables *tables, uint64_t va,
                                unsigned level, uint64_t target, uint64_t bits)
{
	uint64_t place = map(tables, va, target, level, bits);
	struct cached cached = {.name = name, .mode = mode, .va = va, .pte = at(tables->world, place)};
	cached.shift = UINT64_C(0x200000);
	cached.before = *cached.pte;
	cached.after = pte_of(target + cached.shift, bits);
	return cached;
}

static void prepare(struct world *world, struct cached cached[CACHED])
{
	uint64_t leaf = PTE_FULL_U, global = PTE_FULL_U | PTE_G, data = DRAM + 0x800000;
	struct tables host[2];
	struct guest guest[2] = {guest_new(world, SV39, SV39), guest_new(world, SV39, SV39)};
	uint64_t offset = guest[0].offset;
	for (unsigned i = 0; i < 2; i++)
		host[i] = tables_new(world, SV39, false, 0);
	struct tables second = tables_new(world, SV39, false, offset); /* another address space of the first guest */
	cached[HOST_1] = cache_page("host asid 1", MODE_U, &host[0], VA_PAGE, 0, data, leaf);
	cached[HOST_2] = cache_page("host asid 2", MODE_U, &host[1], VA_PAGE, 0, data, leaf);
	cached[HOST_GLOBAL] = cache_page("host global", MODE_U, &host[0], VA_GLOBAL, 0, data, global);
	cached[HOST_MEGA] = cache_page("host mega", MODE_U, &host[0], VA_MEGA, 1, data, leaf);
	cached[GUEST_1] = cache_page("guest asid 1", MODE_VU, &guest[0].first, VA_PAGE, 0, data + offset, leaf);
	cached[GUEST_2] = cache_page("guest asid 2", MODE_VU, &second, VA_PAGE, 0, data + offset, leaf);
	cached[GUEST_GLOBAL] = cache_page("guest global", MODE_VU, &guest[0].first, VA_GLOBAL, 0, data + offset,
	                                  global);
	cached[GUEST_MEGA] = cache_page("guest mega", MODE_VU, &guest[0].first, VA_MEGA, 1, data + offset, leaf);
	cached[OTHER_1] = cache_page("other guest", MODE_VU, &guest[1].first, VA_PAGE, 0, data + offset, leaf);
	/* Bare VS-stage: the G-stage leaf is the one that changes */
	cached[GUEST_BARE] = cache_page("guest bare", MODE_VU, &guest[0].second, VA_PAGE, 0, data, leaf);
	cached[OTHER_BARE] = cache_page("other guest bare", MODE_VU, &guest[1].second, VA_PAGE, 0, data, leaf);
	for (unsigned i = 0; i < CACHED; i++) {
		bool other = i == OTHER_1 || i == OTHER_BARE, bare = i == GUEST_BARE || i == OTHER_BARE;
		cached[i].satp = i == HOST_2 ? atp_of(&host[1], 2) : atp_of(&host[0], 1);
		cached[i].hgatp = other ? atp_of(&guest[1].second, 2) : atp_of(&guest[0].second, 1);
		cached[i].vsatp = bare ? 0 : i == GUEST_2 ? atp_of(&second, 2) : atp_of(&guest[other].first, 1);
	}
}

#define BIT(entry) (1u << (entry))
#define HOSTS (BIT(HOST_1) | BIT(HOST_2) | BIT(HOST_GLOBAL) | BIT(HOST_MEGA))
#define GUESTS (BIT(GUEST_1) | BIT(GUEST_2) | BIT(GUEST_GLOBAL) | BIT(GUEST_MEGA))

struct fence_case {
	void (*fence)(struct hart *hart, const struct fence *fence);
	struct fence operands;
	unsigned vmid;  /* current when the fence executes */
	unsigned gone;  /* which of the entries the fence ends */
};

static const struct fence_case fence_cases[] = {
	{mmu_fence_vma, {false, false, 0, 0}, 1, HOSTS},
	{mmu_fence_vma, {false, true, 0, 1}, 1, BIT(HOST_1) | BIT(HOST_MEGA)},
	{mmu_fence_vma, {false, true, 0, 2}, 1, BIT(HOST_2)},
	{mmu_fence_vma, {false, true, 0, 3}, 1, 0},
	{mmu_fence_vma, {false, true, 0, 0x10001}, 1, BIT(HOST_1) | BIT(HOST_MEGA)}, /* bits beyond ASIDLEN */
	{mmu_fence_vma, {true, false, VA_PAGE, 0}, 1, BIT(HOST_1) | BIT(HOST_2)},
	{mmu_fence_vma, {true, false, VA_PAGE + 0xfff, 0}, 1, BIT(HOST_1) | BIT(HOST_2)},
	{mmu_fence_vma, {true, false, VA_PAGE + 0x1000, 0}, 1, 0},
	{mmu_fence_vma, {true, false, VA_PAGE | UINT64_C(1) << 63, 0}, 1, 0}, /* norm:sfence_vma_invalid_va */
	{mmu_fence_vma, {true, false, VA_GLOBAL, 0}, 1, BIT(HOST_GLOBAL)},
	{mmu_fence_vma, {true, true, VA_GLOBAL, 1}, 1, 0},
	{mmu_fence_vma, {true, true, VA_PAGE, 2}, 1, BIT(HOST_2)},
	{mmu_fence_vma, {true, true, VA_MEGA + 0x1fc000, 1}, 1, BIT(HOST_MEGA)},
	{mmu_fence_vma, {true, true, VA_MEGA + 0x1fd000, 1}, 1, 0},
	{mmu_fence_vvma, {false, false, 0, 0}, 1, GUESTS | BIT(GUEST_BARE)},
	{mmu_fence_vvma, {false, false, 0, 0}, 2, BIT(OTHER_1) | BIT(OTHER_BARE)},
	{mmu_fence_vvma, {false, false, 0, 0}, 3, 0},
	{mmu_fence_vvma, {false, true, 0, 1}, 1, BIT(GUEST_1) | BIT(GUEST_MEGA)},
	{mmu_fence_vvma, {false, true, 0, 2}, 1, BIT(GUEST_2)},
	{mmu_fence_vvma, {false, true, 0, 2}, 2, 0},
	{mmu_fence_vvma, {true, false, VA_PAGE, 0}, 1, BIT(GUEST_1) | BIT(GUEST_2)},
	{mmu_fence_vvma, {true, true, VA_PAGE, 1}, 1, BIT(GUEST_1)},
	{mmu_fence_vvma, {true, true, VA_PAGE, 1}, 2, BIT(OTHER_1)},
	{mmu_fence_vvma, {true, false, VA_GLOBAL, 0}, 1, BIT(GUEST_GLOBAL)},
	{mmu_fence_vvma, {true, true, VA_GLOBAL, 1}, 1, 0},
	/* a VS-stage megapage of which the TLB holds a 4 KiB piece: any address in it ends the piece */
	{mmu_fence_vvma, {true, true, VA_MEGA + 0x1fc000, 1}, 1, BIT(GUEST_MEGA)},
	{mmu_fence_vvma, {true, true, VA_MEGA - 0x4000, 1}, 1, 0},
	{mmu_fence_gvma, {false, false, 0, 0}, 1, GUESTS | BIT(GUEST_BARE) | BIT(OTHER_1) | BIT(OTHER_BARE)},
	{mmu_fence_gvma, {false, true, 0, 1}, 2, GUESTS | BIT(GUEST_BARE)},
	{mmu_fence_gvma, {false, true, 0, 2}, 1, BIT(OTHER_1) | BIT(OTHER_BARE)},
	{mmu_fence_gvma, {false, true, 0, 0x4001}, 2, GUESTS | BIT(GUEST_BARE)}, /* bits beyond VMIDLEN */
	{mmu_fence_gvma, {false, true, 0, 3}, 1, 0},
};

Test(mmu, fences_select_by_world_address_asid_and_vmid)
{
	for (unsigned i = 0; i < sizeof fence_cases / sizeof *fence_cases; i++) {
		const struct fence_case *c = &fence_cases[i];
		struct world world;
		struct cached cached[CACHED];
		world_init(&world, 512);
		prepare(&world, cached);
		for (unsigned j = 0; j < CACHED; j++)
			cached[j].pa = ask(&world, &cached[j]);
		for (unsigned j = 0; j < CACHED; j++)
			*cached[j].pte = cached[j].after;
		for (unsigned j = 0; j < CACHED; j++)
			cr_assert_eq(ask(&world, &cached[j]), cached[j].pa, "%s is cached", cached[j].name);
		cr_assert_eq(mmu_stats(&world.hart)->hits, CACHED);
		world.hart.csr.hgatp = UINT64_C(8) << 60 | (uint64_t)c->vmid << 44;
		world.hart.effects = 0;
		c->fence(&world.hart, &c->operands);
		cr_assert_eq(world.hart.effects, EFFECT_TRANSLATE);
		for (unsigned j = 0; j < CACHED; j++)
			cr_assert_eq(ask(&world, &cached[j]) - cached[j].pa, c->gone >> j & 1 ? cached[j].shift : 0,
			             "fence %u, %s", i, cached[j].name);
		world_free(&world);
	}
}

Test(mmu, fences_ignore_id_bits_that_are_not_implemented)
{
	struct world world;
	struct cached cached[CACHED];
	world_init(&world, 512);
	prepare(&world, cached);
	world.options.asid_bits = 4;
	world.options.vmid_bits = 3;
	struct fence asid = {.id_valid = true, .id = 0x11}, vmid = {.id_valid = true, .id = 0xa};
	uint64_t host = ask(&world, &cached[HOST_1]), other = ask(&world, &cached[OTHER_1]);
	*cached[HOST_1].pte = cached[HOST_1].after;
	*cached[OTHER_1].pte = cached[OTHER_1].after;
	mmu_fence_vma(&world.hart, &asid);
	mmu_fence_gvma(&world.hart, &vmid);
	cr_assert_eq(ask(&world, &cached[HOST_1]), host + cached[HOST_1].shift);
	cr_assert_eq(ask(&world, &cached[OTHER_1]), other + cached[OTHER_1].shift);
	world_free(&world);
}

/* norm:hfence-gvma_op: a G-stage PTE under a VS-stage PTE has changed, seen only through a cached translation. */
Test(mmu, gvma_ends_what_implicit_walks_found)
{
	struct world world;
	struct translation result;
	uint64_t va = some_va(SV39);
	world_init(&world, 64);
	struct guest guest = guest_new(&world, SV39, SV39);
	uint64_t place = map(&guest.first, va, page + guest.offset, 0, PTE_FULL_U);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_VU, &result) && result.pa == (page | (va & 0xfff)));
	/* the same guest page of tables, moved by the hypervisor to another place with another content */
	uint64_t moved = new_table(&world, 4096);
	memcpy(at(&world, moved), at(&world, place & ~UINT64_C(0xfff)), 4096);
	*at(&world, moved | (place & 0xfff)) = pte_of(page + 0x3000 + guest.offset, PTE_FULL_U);
	*second_leaf(&guest, place) = pte_of(moved, PTE_FULL_U);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_VU, &result) && result.pa == (page | (va & 0xfff)));
	struct fence fence = {.address_valid = true, .address = place + guest.offset, .id_valid = true, .id = 1};
	mmu_fence_gvma(&world.hart, &fence);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_VU, &result));
	cr_assert_eq(result.pa, (page + 0x3000) | (va & 0xfff));
	world_free(&world);
}

/* Writing satp forgets nothing: back in the old space the old entries serve. Bare and another ASID work at once. */
Test(mmu, changes_of_satp_take_effect_without_forgetting)
{
	struct world world;
	struct translation result;
	world_init(&world, 64);
	struct tables one = tables_new(&world, SV39, false, 0), two = tables_new(&world, SV39, false, 0);
	uint64_t va = DRAM + 0x1000;
	uint64_t *leaf = at(&world, map(&one, va, page, 0, PTE_FULL));
	map(&two, va, page + 0x1000, 0, PTE_FULL);
	world.hart.csr.satp = atp_of(&one, 1);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_HS, &result) && result.pa == page);
	world.hart.csr.satp = atp_of(&two, 2); /* norm:sfence_vma_asid_effect */
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_HS, &result) && result.pa == page + 0x1000);
	world.hart.csr.satp = 0; /* norm:sfence_vma_mode_effect */
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_HS, &result) && result.pa == va);
	*leaf = 0;
	world.hart.csr.satp = atp_of(&one, 1);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_HS, &result) && result.pa == page);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_M, &result) && result.pa == va);
	mmu_flush(&world.hart);
	cr_assert(!plain(&world, va, ACCESS_LOAD, MODE_HS, &result));
	world_free(&world);
}

/* A G bit in a pointer makes all below it global. */
Test(mmu, global_pointers)
{
	struct world world;
	struct translation result;
	uint64_t va = some_va(SV39);
	world_init(&world, 64);
	struct tables tables = tables_new(&world, SV39, false, 0);
	uint64_t *leaf = at(&world, map(&tables, va, page, 0, PTE_FULL_U));
	*at(&world, pte_at(&tables, va, 2)) |= PTE_G;
	world.hart.csr.satp = atp_of(&tables, 1);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_U, &result));
	*leaf = 0;
	struct fence fence = {.id_valid = true, .id = 1};
	mmu_fence_vma(&world.hart, &fence);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_U, &result));
	world.hart.csr.satp = atp_of(&tables, 9);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_U, &result), "under any ASID");
	fence.id_valid = false;
	mmu_fence_vma(&world.hart, &fence);
	cr_assert(!plain(&world, va, ACCESS_LOAD, MODE_U, &result));
	world_free(&world);
}

/* norm:H_vm_gpa_g: G in a G-stage PTE means nothing. */
Test(mmu, g_stage_ignores_global)
{
	struct world world;
	struct translation result;
	world_init(&world, 64);
	struct guest guest = guest_new(&world, SV39, SV39);
	*second_leaf(&guest, page) |= PTE_G;
	world.hart.csr.vsatp = 0;
	cr_assert(plain(&world, page + guest.offset, ACCESS_LOAD, MODE_VU, &result));
	*second_leaf(&guest, page) = 0;
	struct fence fence = {.id_valid = true, .id = 1};
	mmu_fence_gvma(&world.hart, &fence);
	cr_assert(!plain(&world, page + guest.offset, ACCESS_LOAD, MODE_VU, &result));
	world_free(&world);
}

/* A refusal by a cached entry asks the tables: raised permissions need no fence, and the entry is replaced. */
Test(mmu, raised_permissions_are_seen)
{
	struct world world;
	struct translation result;
	uint64_t va = some_va(SV39);
	world_init(&world, 64);
	struct tables tables = tables_new(&world, SV39, false, 0);
	uint64_t *leaf = at(&world, map(&tables, va, page, 0, PTE_V | PTE_R | PTE_U | PTE_A | PTE_D));
	world.hart.csr.satp = atp_of(&tables, 1);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_U, &result) && !result.writable);
	*leaf |= PTE_W;
	cr_assert(plain(&world, va, ACCESS_STORE, MODE_U, &result) && result.writable);
	cr_assert(plain(&world, va, ACCESS_LOAD, MODE_U, &result) && result.writable);
	cr_assert_eq(mmu_stats(&world.hart)->misses, 2u);
	world_free(&world);
}

struct listing { unsigned count; char text[8][64]; };

static void list_entry(void *context, uint64_t va, uint64_t pa, unsigned page_shift, bool virt, unsigned asid,
                       unsigned vmid, const char *perms)
{
	struct listing *listing = context;
	cr_assert_lt(listing->count, 8u);
	snprintf(listing->text[listing->count++], 64, "%lx %lx %u %d %u %u %s", (long)va, (long)pa, page_shift, virt,
	         asid, vmid, perms);
}

Test(mmu, lists_its_entries)
{
	struct world world;
	struct translation result;
	struct listing listing = {0};
	world_init(&world, 64);
	struct guest guest = guest_new(&world, SV39, SV39);
	map(&guest.first, 0x40200000, DRAM + 0x200000 + guest.offset, 1, PTE_FULL_U | PTE_G);
	*second_leaf(&guest, DRAM + 0x201000) = pte_of(DRAM + 0x5000, PTE_V | PTE_R | PTE_U | PTE_A);
	guest_enter(&world, &guest, 5, 7);
	cr_assert(plain(&world, 0x40201234, ACCESS_LOAD, MODE_VU, &result));
	mmu_visit_tlb(&world.hart, list_entry, &listing);
	cr_assert_eq(listing.count, 1u);
	cr_assert_str_eq(listing.text[0], "40201000 80005000 12 1 7 5 rwxugd/r---");
	world_free(&world);
}

