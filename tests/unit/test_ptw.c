/* What walks cost: PTE reads, the pointers that the walker remembers, the second-level TLB, and what fences make them
 * forget. */
#include "step_world.h"
#include "timing/translate.h"

enum { READ = 3, HIT = 1, FIXED = 100, SECOND = 7 };

struct walks {
	struct world *world;
	struct timing timing;
	struct model_shared shared;
	struct model *model;
};

/* Everything but PTEs is free. */
static struct walks *walks_new(unsigned pointers, unsigned second)
{
	struct walks *walks = calloc(1, sizeof *walks);
	struct timing *timing = &walks->timing;
	char reason[160];
	timing_default(timing);
	cr_assert_eq(timing_load(timing, "rocket", reason, sizeof reason), 0, "%s", reason);
	timing->pte_read = READ, timing->pte_hit = HIT, timing->pte_cache = pointers;
	timing->l2tlb_entries = second, timing->l2tlb_latency = SECOND;
	timing->dtlb_miss = timing->itlb_miss = FIXED;
	timing->l1d_miss = timing->dram_latency = timing->dram_gap = timing->coherence = 0;
	cr_assert_null(timing_misfit(timing));
	walks->world = step_world_new();
	cr_assert(model_shared_init(&walks->shared, timing) == 0 && model_init(&walks->world->hart, timing, &walks->shared) == 0);
	walks->model = walks->world->hart.model;
	return walks;
}

static void walks_free(struct walks *walks)
{
	model_free(&walks->world->hart);
	model_shared_free(&walks->shared);
	step_world_free(walks->world);
	free(walks);
}

static unsigned cost_by(struct walks *walks, struct l1_tlb *tlb, uint64_t va, enum mode mode)
{
	struct mmu_context context = context_in(mode);
	uint16_t second;
	int page;
	return translate_walk(walks->model, tlb, va, 0, ACCESS_LOAD, &context, &second, &page);
}

/* Of a load that misses the data TLB. */
static unsigned cost(struct walks *walks, uint64_t va, enum mode mode) { return cost_by(walks, &walks->model->dtlb, va, mode); }

static unsigned reads_and_hits(unsigned reads, unsigned hits) { return FIXED + READ * reads + HIT * hits; }

static void fence(struct walks *walks, unsigned kind, struct fence fence)
{
	translate_fence(walks->model, &(struct pending_fence){.pending = true, .kind = kind, .fence = fence});
}

#define VA UINT64_C(0x40000000)

/* HS-mode, Sv39: two pages side by side. */
static void map_two(struct walks *walks, unsigned asid)
{
	struct tables tables = tables_new(walks->world, SV39, false, 0);
	map(&tables, VA, DATA, 0, PTE_FULL);
	map(&tables, VA + 4096, DATA + 4096, 0, PTE_FULL);
	walks->world->hart.csr.satp = atp_of(&tables, asid);
}

Test(ptw, without_caches_every_pte_is_read)
{
	struct walks *walks = walks_new(0, 0);
	map_two(walks, 1);
	for (unsigned i = 0; i < 4; i++)
		cr_expect_eq(cost(walks, VA + (i & 1) * 4096, MODE_HS), reads_and_hits(3, 0));
	struct guest guest = guest_new(walks->world, SV39, SV39);
	map(&guest.first, VA, DATA + guest.offset, 0, PTE_FULL);
	cr_expect_eq(cost(walks, VA, MODE_VS), reads_and_hits(15, 0));
	cr_expect_eq(walks->model->counts.pte_reads_first, 12 + 3);
	cr_expect_eq(walks->model->counts.pte_reads_second, 12);
	walks_free(walks);
}

/* PTEs come through the data cache, and stay there. Each of these lies in a line of its own. */
Test(ptw, ptes_miss_the_data_cache)
{
	enum { MISS = 11 };
	struct walks *walks = walks_new(0, 0);
	map_two(walks, 1);
	walks->timing.l1d_miss = MISS;
	cr_expect_eq(cost(walks, VA, MODE_HS), reads_and_hits(3, 0) + 3 * MISS);
	cr_expect_eq(cost(walks, VA, MODE_HS), reads_and_hits(3, 0));
	walks_free(walks);
}

Test(ptw, pointers_of_the_s_stage)
{
	struct walks *walks = walks_new(8, 0);
	map_two(walks, 1);
	cr_expect_eq(cost(walks, VA, MODE_HS), reads_and_hits(3, 0));
	cr_expect_eq(cost(walks, VA + 4096, MODE_HS), reads_and_hits(1, 2));
	fence(walks, FENCE_VMA, (struct fence){.address_valid = true, .address = VA});
	cr_expect_eq(cost(walks, VA, MODE_HS), reads_and_hits(1, 2), "a fence by address means a leaf");
	fence(walks, FENCE_VMA, (struct fence){.id_valid = true, .id = 5});
	cr_expect_eq(cost(walks, VA, MODE_HS), reads_and_hits(3, 0), "any other means pointers too, whatever the ASID");
	cr_expect_eq(walks->model->counts.pointer_hits, 4);
	walks_free(walks);
}

/* The tables lie in one region of 2 MiB, the data in another of the same 1 GiB. */
Test(ptw, pointers_of_both_stages)
{
	struct walks *walks = walks_new(8, 0);
	struct guest guest = guest_new(walks->world, SV39, SV39);
	map(&guest.first, VA, DATA + guest.offset, 0, PTE_FULL);
	map(&guest.first, VA + 4096, DATA + 4096 + guest.offset, 0, PTE_FULL);
	/* to the VS-stage's tables 3, 1, 1; its PTEs; to the page 2. The rest are the G-stage's pointers of before. */
	cr_expect_eq(cost(walks, VA, MODE_VS), reads_and_hits(3 + 1 + 1 + 3 + 2, 2 + 2 + 1));
	/* two VS-stage pointers by guest-physical address, each with the G-stage's walk to it; then leaves */
	cr_expect_eq(cost(walks, VA + 4096, MODE_VS), reads_and_hits(3, 2 + 2 + 2));
	fence(walks, FENCE_VVMA, (struct fence){.address_valid = true, .address = VA});
	cr_expect_eq(cost(walks, VA, MODE_VS), reads_and_hits(3, 2 + 2 + 2));
	fence(walks, FENCE_GVMA, (struct fence){.address_valid = true, .address = VA, .id_valid = true, .id = 1});
	cr_expect_eq(cost(walks, VA, MODE_VS), reads_and_hits(10, 5), "HFENCE.GVMA always means pointers");
	guest_enter(walks->world, &guest, 2, 1);
	cr_expect_eq(cost(walks, VA, MODE_VS), reads_and_hits(3 + 3 + 1, 3 * 2 + 2), "another VMID: other guest-physical addresses");
	walks_free(walks);
}

Test(ptw, one_stage_of_a_guest_has_no_pointers)
{
	struct walks *walks = walks_new(8, 0);
	struct guest guest = guest_new(walks->world, BARE, SV39);
	for (unsigned i = 0; i < 2; i++)
		cr_expect_eq(cost(walks, DATA + guest.offset, MODE_VS), reads_and_hits(3, 0), "G-stage alone");
	guest = guest_new(walks->world, SV39, BARE);
	map(&guest.first, VA, DATA, 0, PTE_FULL);
	for (unsigned i = 0; i < 2; i++)
		cr_expect_eq(cost(walks, VA, MODE_VS), reads_and_hits(3, 0), "VS-stage alone");
	walks_free(walks);
}

Test(ptw, a_walk_that_faults_pays_what_it_read)
{
	struct walks *walks = walks_new(8, 0);
	struct guest guest = guest_new(walks->world, SV39, SV39);
	map(&guest.first, VA, DATA + guest.offset, 0, PTE_FULL);
	*second_leaf(&guest, guest.first.root) = 0; /* the VS-stage's root is not mapped */
	cr_expect_eq(cost(walks, VA, MODE_VS), reads_and_hits(3, 0));
	cr_expect_eq(cost(walks, VA, MODE_VS), reads_and_hits(1, 2), "nothing of it was entered but pointers");
	walks_free(walks);
}

Test(ptw, second_level)
{
	struct walks *walks = walks_new(0, 64);
	map_two(walks, 1);
	cr_expect_eq(cost(walks, VA, MODE_HS), reads_and_hits(3, 0));
	cr_expect_eq(cost_by(walks, &walks->model->itlb, VA, MODE_HS), SECOND, "fetch and data share it");
	cr_expect_eq(cost(walks, VA, MODE_HS), SECOND);
	cr_expect_eq(walks->model->counts.l2tlb_hits, 2);
	walks->world->hart.csr.satp ^= UINT64_C(3) << 44;
	cr_expect_eq(cost(walks, VA, MODE_HS), reads_and_hits(3, 0), "another ASID");
	cr_expect_eq(cost(walks, VA, MODE_HS), SECOND);
	fence(walks, FENCE_VMA, (struct fence){.id_valid = true, .id = 9});
	cr_expect_eq(cost(walks, VA, MODE_HS), SECOND);
	fence(walks, FENCE_VMA, (struct fence){.address_valid = true, .address = VA + 4096});
	cr_expect_eq(cost(walks, VA, MODE_HS), SECOND);
	fence(walks, FENCE_VMA, (struct fence){.address_valid = true, .address = VA, .id_valid = true, .id = 2});
	cr_expect_eq(cost(walks, VA, MODE_HS), reads_and_hits(3, 0));
	walks_free(walks);
}

/* A page of both stages is as large as the smaller one, and belongs to its VMID. */
Test(ptw, second_level_of_guests)
{
	struct walks *walks = walks_new(0, 64);
	struct guest guest = guest_new(walks->world, SV39, SV39);
	map(&guest.first, VA, DRAM + (4 << 20) + guest.offset, 1, PTE_FULL); /* 2 MiB over pages of 4 KiB */
	cr_expect_eq(cost(walks, VA, MODE_VS), reads_and_hits(11, 0));
	cr_expect_eq(cost(walks, VA + 8, MODE_VS), SECOND);
	cr_expect_eq(cost(walks, VA + 4096, MODE_VS), reads_and_hits(11, 0));
	guest_enter(walks->world, &guest, 2, 1);
	cr_expect_eq(cost(walks, VA, MODE_VS), reads_and_hits(11, 0), "another VMID");
	guest_enter(walks->world, &guest, 1, 1);
	cr_expect_eq(cost(walks, VA + 4096, MODE_VS), SECOND);
	fence(walks, FENCE_GVMA, (struct fence){.id_valid = true, .id = 3});
	cr_expect_eq(cost(walks, VA + 4096, MODE_VS), SECOND);
	fence(walks, FENCE_GVMA, (struct fence){.id_valid = true, .id = 1});
	cr_expect_eq(cost(walks, VA + 4096, MODE_VS), reads_and_hits(11, 0));
	walks_free(walks);
}
