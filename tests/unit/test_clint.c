/* The CLINT: software interrupts, timer compares as levels, mtime's arithmetic. */
#include <criterion/criterion.h>
#include "dev/devices.h"
#include "hart/hart.h"
#include "revival.h"

enum { HARTS = 3, TICK = 10, MTIMECMP = 0x4000, MTIME = 0xbff8 };

struct world {
	struct platform platform;
	struct event_queue events;
	struct device *clint;
	bool level[2][HARTS]; /* msip, mtip */
	uint64_t at[2][HARTS];
	unsigned time_changes;
};

static void set_level(void *receiver, unsigned line, bool level, uint64_t now)
{
	struct world *world = receiver;
	world->level[line / HARTS][line % HARTS] = level;
	world->at[line / HARTS][line % HARTS] = now;
}

static struct irq_wire wire(void *context, enum hart_wire kind, unsigned hart, unsigned line)
{
	cr_assert_eq(kind, WIRE_IRQ);
	return (struct irq_wire){.set = set_level, .receiver = context, .line = hart + (line == IRQ_MTI ? HARTS : 0)};
}

static void time_changed(void *context, uint64_t now)
{
	(void)now;
	((struct world *)context)->time_changes++;
}

static void start(struct world *world)
{
	*world = (struct world){.platform = {.cycles_per_tick = TICK, .hart_count = HARTS}};
	event_queue_init(&world->events);
	struct board board = {
	    .platform = &world->platform,
	    .events = &world->events,
	    .hart_wire = wire,
	    .time_changed = time_changed,
	    .context = world,
	};
	world->clint = clint_kind.make(&board, &(struct device_site){.name = "clint"});
	cr_assert_not_null(world->clint);
}

static void end(struct world *world)
{
	world->clint->destroy(world->clint);
	event_queue_free(&world->events);
}

static uint32_t put(struct world *world, uint64_t offset, unsigned size, uint64_t now, uint64_t value)
{
	uint32_t effects = 0;
	cr_expect(world->clint->write(world->clint, offset, size, now, value, &effects));
	return effects;
}

static uint64_t get(struct world *world, uint64_t offset, unsigned size, uint64_t now)
{
	uint32_t effects = 0;
	uint64_t value = 0;
	cr_expect(world->clint->read(world->clint, offset, size, now, &value, &effects));
	return value;
}

Test(clint, msip_is_one_bit_a_hart)
{
	struct world world;
	start(&world);
	uint32_t effects = put(&world, 4, 4, 77, 0xffffffff);
	cr_expect(effects & EFFECT_IRQ && effects & EFFECT_YIELD);
	cr_expect(world.level[0][1]);
	cr_expect_eq(world.at[0][1], 77);
	cr_expect_not(world.level[0][0]);
	cr_expect_eq(get(&world, 4, 4, 80), 1);
	put(&world, 4, 4, 90, 2);
	cr_expect_not(world.level[0][1], "only bit 0 counts");
	cr_expect_eq(get(&world, 4 * HARTS, 4, 0), 0, "a hart that is not there");
	end(&world);
}

Test(clint, timer_rises_at_its_cycle)
{
	struct world world;
	start(&world);
	put(&world, MTIMECMP + 8, 8, 0, 5);
	cr_expect_not(world.level[1][1]);
	cr_expect_eq(event_next(&world.events), 5 * TICK);
	event_run(&world.events, 5 * TICK);
	cr_expect(world.level[1][1]);
	cr_expect_eq(world.at[1][1], 5 * TICK);
	cr_expect_eq(event_next(&world.events), UINT64_MAX);
	put(&world, MTIMECMP + 8, 8, 70, 100);
	cr_expect_not(world.level[1][1], "a later compare takes the interrupt away");
	cr_expect_eq(event_next(&world.events), 100 * TICK);
	put(&world, MTIMECMP + 8, 8, 80, UINT64_MAX);
	cr_expect_eq(event_next(&world.events), UINT64_MAX, "never is no event");
	end(&world);
}

Test(clint, compare_in_the_past_rises_at_once)
{
	struct world world;
	start(&world);
	put(&world, MTIMECMP, 8, 123, 12);
	cr_expect(world.level[1][0]);
	cr_expect_eq(world.at[1][0], 123);
	end(&world);
}

/* The idiom for RV32, and Linux's: high half to all ones first. */
Test(clint, halves_of_mtimecmp)
{
	struct world world;
	start(&world);
	put(&world, MTIMECMP + 4, 4, 0, 0xffffffff);
	put(&world, MTIMECMP, 4, 0, 7);
	put(&world, MTIMECMP + 4, 4, 0, 0);
	cr_expect_eq(get(&world, MTIMECMP, 8, 0), 7);
	cr_expect_eq(event_next(&world.events), 7 * TICK);
	cr_expect_eq(get(&world, MTIMECMP + 4, 4, 0), 0);
	cr_expect_eq(get(&world, MTIMECMP + 8, 8, 0), 0, "at reset");
	end(&world);
}

Test(clint, mtime_counts_ticks)
{
	struct world world;
	start(&world);
	cr_expect_eq(get(&world, MTIME, 8, 99), 9);
	cr_expect_eq(get(&world, MTIME, 8, 100), 10);
	cr_expect_eq(get(&world, MTIME, 4, (UINT64_C(5) << 32) * TICK + 30), 3);
	cr_expect_eq(get(&world, MTIME + 4, 4, (UINT64_C(5) << 32) * TICK + 30), 5);
	end(&world);
}

Test(clint, writing_mtime_moves_every_timer)
{
	struct world world;
	start(&world);
	put(&world, MTIMECMP, 8, 0, 1000);
	put(&world, MTIMECMP + 8, 8, 0, 2000);
	put(&world, MTIME, 8, 55, 1500);
	cr_expect_eq(world.time_changes, 1);
	cr_expect(world.level[1][0]);
	cr_expect_not(world.level[1][1]);
	cr_expect_eq(get(&world, MTIME, 8, 55), 1500);
	cr_expect_eq(event_next(&world.events), (5 + 500) * TICK);
	put(&world, MTIME, 8, 60, 3);
	cr_expect_not(world.level[1][0], "time went back");
	cr_expect_eq(get(&world, MTIME, 8, 79), 4);
	cr_expect_eq(event_next(&world.events), (6 + 997) * TICK);
	cr_expect_eq(platform_time(&world.platform, 79), 4, "the time CSR follows");
	cr_expect_eq(platform_cycle_of(&world.platform, 1000), (6 + 997) * TICK);
	put(&world, MTIME + 4, 4, 80, 1);
	cr_expect_eq(get(&world, MTIME, 8, 80), (UINT64_C(1) << 32) + 5);
	end(&world);
}

Test(clint, sizes_it_does_not_serve)
{
	struct world world;
	start(&world);
	uint64_t value;
	uint32_t effects = 0;
	for (unsigned size = 1; size <= 2; size++) {
		cr_expect_not(world.clint->read(world.clint, MTIME, size, 0, &value, &effects));
		cr_expect_not(world.clint->write(world.clint, MTIMECMP, size, 0, 0, &effects));
	}
	cr_expect_not(world.clint->read(world.clint, 0, 8, 0, &value, &effects));
	cr_expect_not(world.clint->write(world.clint, 0, 8, 0, 1, &effects));
	cr_expect_not(world.level[0][0]);
	end(&world);
}

Test(clint, after_reset)
{
	struct world world;
	start(&world);
	put(&world, MTIMECMP, 8, 0, 50);
	put(&world, MTIME, 8, 0, 20);
	put(&world, 0, 4, 0, 1);
	world.clint->reset(world.clint, 105);
	cr_expect_eq(event_next(&world.events), UINT64_MAX);
	cr_expect_eq(get(&world, 0, 4, 105), 0);
	cr_expect_eq(get(&world, MTIMECMP, 8, 105), 0);
	cr_expect_eq(get(&world, MTIME, 8, 105), 0, "mtime begins anew");
	cr_expect_eq(get(&world, MTIME, 8, 110), 1);
	for (unsigned i = 0; i < HARTS; i++)
		cr_expect(world.level[1][i] && world.at[1][i] == 105, "hart %u: mtimecmp is 0, so MTIP is pending", i);
	end(&world);
}

static struct state_writer save(struct world *world)
{
	struct state_writer writer = {0};
	event_queue_save(&world->events, &writer);
	world->clint->save(world->clint, &writer);
	return writer;
}

static bool restore(struct world *world, struct state_reader *reader)
{
	return event_queue_restore(&world->events, reader) && world->clint->restore(world->clint, reader);
}

static bool restores(struct state_reader *reader)
{
	struct world world;
	start(&world);
	bool good = restore(&world, reader);
	event_run(&world.events, UINT64_MAX);
	end(&world);
	return good;
}

Test(clint, comes_back)
{
	struct world worlds[2];
	start(&worlds[0]);
	put(&worlds[0], MTIME, 8, 5, 100);
	put(&worlds[0], MTIMECMP, 8, 10, 150);
	put(&worlds[0], MTIMECMP + 16, 8, 20, 150);
	put(&worlds[0], MTIMECMP + 8, 8, 25, 20);
	put(&worlds[0], 8, 4, 30, 1);
	struct state_writer writer = save(&worlds[0]);
	start(&worlds[1]);
	struct state_reader reader = reader_of(&writer);
	cr_assert(restore(&worlds[1], &reader), "%s", reader.reason);
	memcpy(worlds[1].level, worlds[0].level,
	       sizeof(worlds[0].level)); /* whoever has the wires keeps their levels */
	memcpy(worlds[1].at, worlds[0].at, sizeof(worlds[0].at));
	for (unsigned i = 0; i < 2; i++) {
		cr_expect_eq(get(&worlds[i], MTIME, 8, 50), 105);
		cr_expect_eq(get(&worlds[i], 8, 4, 50), 1);
		for (uint64_t hart = 0; hart < 3; hart++)
			cr_expect_eq(get(&worlds[i], MTIMECMP + 8 * hart, 8, 50), hart == 1 ? 20 : 150);
		cr_expect_eq(event_next(&worlds[i].events), 50 * TICK);
		event_run(&worlds[i].events, 600);
		put(&worlds[i], MTIMECMP + 8, 8, 610, 200);
		event_run(&worlds[i].events, 5000);
	}
	cr_expect_arr_eq(worlds[0].level, worlds[1].level, sizeof(worlds[0].level));
	cr_expect_arr_eq(worlds[0].at, worlds[1].at, sizeof(worlds[0].at));
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
	end(&worlds[0]);
	end(&worlds[1]);
}
