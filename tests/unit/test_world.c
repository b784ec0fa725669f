/* World-switch statistics from scripted events. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "trace/world.h"

enum { HARTS = 2, IRQ_TIMER = 5 };
#define INTERRUPT(n) ((uint64_t)(n) | UINT64_C(1) << 63)

static uint64_t hgatp_of(unsigned vmid) { return UINT64_C(8) << 60 | (uint64_t)vmid << 44 | 0x80200; }

/* A world change of a hart that runs an instruction a cycle. */
static void change(struct world *world, unsigned hart, enum mode from, enum mode to, uint64_t cycle, uint64_t cause,
                   unsigned vmid)
{
	struct trace_event event = {
		.type = TRACE_WORLD, .hart = (uint8_t)hart, .from = from, .mode = to, .cycle = cycle, .retired = cycle,
		.value = { cause, 0x1000, hgatp_of(vmid) },
	};
	world_event(world, &event);
}

static struct tally_summary summary_of(uint64_t first, uint64_t count)
{
	struct tally tally = { 0 };
	/* Backwards, and every value twice, so that neither order nor repetition is special. */
	for (uint64_t i = count; i-- > 0;)
		tally_add(&tally, first + i, 2);
	struct tally_summary summary = tally_summary(&tally);
	tally_free(&tally);
	return summary;
}

Test(test_world, percentiles_are_exact)
{
	struct tally_summary summary = summary_of(1, 100);
	cr_assert_eq(summary.count, 200);
	cr_assert_eq(summary.min, 1);
	cr_assert_eq(summary.median, 50);
	cr_assert_eq(summary.p99, 99);
	cr_assert_eq(summary.max, 100);
	summary = summary_of(7, 1);
	cr_assert(summary.min == 7 && summary.median == 7 && summary.p99 == 7 && summary.max == 7);
	summary = summary_of(1000, 3);
	cr_assert(summary.min == 1000 && summary.median == 1001 && summary.p99 == 1002 && summary.max == 1002);
	summary = summary_of(0, 100000);
	cr_assert(summary.min == 0 && summary.median == 49999 && summary.p99 == 98999 && summary.max == 99999);
	/* Ranks that are no whole numbers go up: 148.5 is the 149th of 150. */
	struct tally odd = { 0 }, empty = { 0 };
	for (uint64_t i = 1; i <= 150; i++)
		tally_add(&odd, i, 1);
	summary = tally_summary(&odd);
	cr_assert(summary.median == 75 && summary.p99 == 149);
	tally_free(&odd);
	cr_assert_eq(tally_summary(&empty).count, 0);
}

Test(test_world, one_rare_long_value_is_max_but_not_p99)
{
	struct tally tally = { 0 };
	tally_add(&tally, 40, 999);
	tally_add(&tally, 1000000, 1);
	struct tally_summary summary = tally_summary(&tally);
	cr_assert(summary.median == 40 && summary.p99 == 40 && summary.max == 1000000 && summary.count == 1000);
	tally_free(&tally);
}

Test(test_world, tallies_merge)
{
	struct tally a = { 0 }, b = { 0 };
	for (uint64_t i = 0; i < 1000; i++) {
		tally_add(&a, i * UINT64_C(0x100000000), 1);
		tally_add(&b, i * UINT64_C(0x100000000) + (i & 1), 1);
	}
	tally_merge(&a, &b);
	cr_assert_eq(a.total, 2000);
	cr_assert_eq(a.used, 1500);
	tally_free(&a);
	tally_free(&b);
}

Test(test_world, an_exit_lasts_until_the_guest_goes_on)
{
	struct world world;
	size_t count;
	cr_assert_eq(world_init(&world, HARTS), 0);
	change(&world, 0, MODE_M, MODE_HS, 100, TRACE_RETURN, 0);
	change(&world, 0, MODE_HS, MODE_VS, 150, TRACE_RETURN, 1);
	change(&world, 0, MODE_VS, MODE_HS, 200, CAUSE_ECALL_VS, 1);
	/* The hypervisor calls M-mode: still the same exit. */
	change(&world, 0, MODE_HS, MODE_M, 210, CAUSE_ECALL_HS, 1);
	change(&world, 0, MODE_M, MODE_HS, 220, TRACE_RETURN, 1);
	change(&world, 0, MODE_HS, MODE_VS, 240, TRACE_RETURN, 1);
	/* VS to VU and back inside the guest is no exit. */
	change(&world, 0, MODE_VS, MODE_VU, 250, TRACE_RETURN, 1);
	change(&world, 0, MODE_VU, MODE_VS, 260, CAUSE_ECALL_U, 1);
	change(&world, 0, MODE_VS, MODE_VU, 270, TRACE_RETURN, 1);
	change(&world, 0, MODE_VU, MODE_M, 300, INTERRUPT(IRQ_TIMER), 1);
	change(&world, 0, MODE_M, MODE_VU, 310, TRACE_RETURN, 1);
	change(&world, 0, MODE_VU, MODE_HS, 400, CAUSE_ECALL_VS, 1);
	struct world_exits *rows = world_exits(&world, WORLD_ALL, &count);
	cr_assert_eq(count, 2);
	cr_assert_eq(rows[0].cause, CAUSE_ECALL_VS);
	cr_assert_eq(rows[0].count, 2); /* the second one has no end */
	struct tally_summary cycles = tally_summary(&rows[0].cycles);
	cr_assert(cycles.count == 1 && cycles.min == 40 && cycles.max == 40);
	cr_assert_eq(rows[1].cause, INTERRUPT(IRQ_TIMER));
	cr_assert_eq(tally_summary(&rows[1].cycles).median, 10);
	world_exits_free(rows, count);
	cr_assert_eq(world.harts[0].entries, 3);
	cr_assert_eq(world.harts[0].exits, 3);
	world_free(&world);
}

Test(test_world, modes_add_up_to_everything)
{
	struct world world;
	cr_assert_eq(world_init(&world, HARTS), 0);
	change(&world, 1, MODE_M, MODE_HS, 100, TRACE_RETURN, 0);
	change(&world, 1, MODE_HS, MODE_VS, 150, TRACE_RETURN, 1);
	change(&world, 1, MODE_VS, MODE_VU, 175, TRACE_RETURN, 1);
	change(&world, 1, MODE_VU, MODE_HS, 178, CAUSE_ECALL_U, 1);
	change(&world, 1, MODE_HS, MODE_U, 180, TRACE_RETURN, 1);
	struct world_modes modes = world_modes(&world, 1, 200, 190);
	static const uint64_t cycles[MODE_COUNT] = { 100, 52, 20, 25, 3 }, instructions[MODE_COUNT] = { 100, 52, 10, 25, 3 };
	for (unsigned i = 0; i < MODE_COUNT; i++) {
		cr_assert_eq(modes.cycles[i], cycles[i], "mode %u", i);
		cr_assert_eq(modes.instructions[i], instructions[i], "mode %u", i);
	}
	modes = world_modes(&world, 0, 30, 20); /* never left M */
	cr_assert(modes.cycles[MODE_M] == 30 && modes.instructions[MODE_M] == 20);
	world_free(&world);
}

Test(test_world, zones_are_told_apart_and_added_over_harts)
{
	struct world world;
	size_t count;
	cr_assert_eq(world_init(&world, HARTS), 0);
	change(&world, 0, MODE_HS, MODE_VS, 100, TRACE_RETURN, 7);
	change(&world, 0, MODE_VS, MODE_HS, 150, CAUSE_VIRTUAL, 7);
	change(&world, 0, MODE_HS, MODE_VS, 160, TRACE_RETURN, 3);
	change(&world, 0, MODE_VS, MODE_HS, 180, CAUSE_VIRTUAL, 3);
	change(&world, 1, MODE_HS, MODE_VS, 100, TRACE_RETURN, 7);
	const struct world_now now[HARTS] = { { 200, 200 }, { 130, 120 } };
	struct world_zone *zones = world_zones(&world, now, &count);
	cr_assert_eq(count, 2);
	cr_assert(zones[0].vmid == 3 && zones[0].entries == 1 && zones[0].exits == 1 && zones[0].cycles == 20);
	cr_assert(zones[1].vmid == 7 && zones[1].entries == 2 && zones[1].exits == 1);
	cr_assert_eq(zones[1].cycles, 50 + 30); /* hart 1 is still inside */
	cr_assert_eq(zones[1].instructions, 50 + 20);
	free(zones);
	struct world_exits *rows = world_exits(&world, 3, &count);
	cr_assert(count == 1 && rows[0].count == 1 && rows[0].vmid == 3);
	world_exits_free(rows, count);
	rows = world_exits(&world, 9, &count);
	cr_assert(count == 0 && !rows);
	world_free(&world);
}

Test(test_world, other_events_and_unknown_harts_are_ignored)
{
	struct world world;
	cr_assert_eq(world_init(&world, HARTS), 0);
	struct trace_event event = { .type = TRACE_TRAP, .from = MODE_VS, .mode = MODE_HS, .cycle = 5 };
	world_event(&world, &event);
	event.type = TRACE_WORLD;
	event.hart = HARTS;
	world_event(&world, &event);
	cr_assert(world.harts[0].exits == 0 && world.harts[0].cycle == 0);
	world_free(&world);
}
