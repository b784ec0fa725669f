/* The timing model's filter of lines that hit: it must never vouch for what it does not hold. */
#include "step_world.h"
#include "timing/model.h"

/* Nothing answers below the ROM, whatever an empty entry looks like. */
static void expect_faults(struct world *world, enum insn_id id, enum cause cause)
{
	struct hart *hart = &world->hart;
	uint32_t word = encode(id, 0, 10, 0);
	for (uint64_t va = 0; va < 0x1000; va++) {
		hart->x[10] = va;
		cr_assert_not(step(world, word), "%s at 0x%lx", insn_rows[id].name, (long)va);
		cr_assert(hart->csr.mcause == cause && hart->csr.mtval == va, "%s at 0x%lx: cause %lu", insn_rows[id].name, (long)va,
		          (long)hart->csr.mcause);
	}
}

Test(near, empty_entries_match_no_address)
{
	static const char *const names[] = {"cva6", "rocket", "u74"};
	for (unsigned i = 0; i < 3; i++) {
		struct world *world = step_world_new();
		struct model_shared shared = {0};
		struct timing timing;
		char reason[160];
		timing_default(&timing);
		cr_assert_eq(timing_load(&timing, names[i], reason, sizeof reason), 0, "%s", reason);
		cr_assert(model_shared_init(&shared, &timing) == 0 && model_init(&world->hart, &timing, &shared) == 0);
		hart_reset(&world->hart, CODE);
		expect_faults(world, INSN_lb, CAUSE_LOAD_ACCESS);
		expect_faults(world, INSN_ld, CAUSE_LOAD_ACCESS);
		expect_faults(world, INSN_sw, CAUSE_STORE_ACCESS);
		model_free(&world->hart);
		model_shared_free(&shared);
		step_world_free(world);
	}
}
