/* The Goldfish RTC: simulated nanoseconds from a fixed start, one alarm. */
#include <criterion/criterion.h>
#include "dev/devices.h"
#include "hart/hart.h"
#include "revival.h"

enum {
	TIME_LOW = 0,
	TIME_HIGH = 4,
	ALARM_LOW = 8,
	ALARM_HIGH = 12,
	ENABLED = 16,
	CLEAR_ALARM = 20,
	STATUS = 24,
	CLEAR = 28
};
enum { TICK = 10, EPOCH = 1767225600 };

struct world {
	struct platform platform;
	struct event_queue events;
	struct device *rtc;
	bool irq;
	uint64_t now;
};

static void set_level(void *receiver, unsigned line, bool level, uint64_t now)
{
	(void)line;
	(void)now;
	((struct world *)receiver)->irq = level;
}

static void start(struct world *world)
{
	*world = (struct world){.platform = {.cycles_per_tick = TICK, .hart_count = 1}};
	event_queue_init(&world->events);
	struct board board = {.platform = &world->platform, .events = &world->events, .rtc_epoch = EPOCH};
	struct device_site site = {.name = "rtc", .wire = {.set = set_level, .receiver = world}};
	world->rtc = rtc_kind.make(&board, &site);
	cr_assert_not_null(world->rtc);
}

static void end(struct world *world)
{
	world->rtc->destroy(world->rtc);
	event_queue_free(&world->events);
}

static uint32_t get(struct world *world, uint64_t offset)
{
	uint64_t value = 0;
	uint32_t effects = 0;
	cr_assert(world->rtc->read(world->rtc, offset, 4, world->now, &value, &effects));
	return (uint32_t)value;
}

static void put(struct world *world, uint64_t offset, uint32_t value)
{
	uint32_t effects = 0;
	cr_assert(world->rtc->write(world->rtc, offset, 4, world->now, value, &effects));
}

static uint64_t time_of(struct world *world)
{
	uint64_t low = get(world, TIME_LOW);
	return (uint64_t)get(world, TIME_HIGH) << 32 | low;
}

static void set_alarm(struct world *world, uint64_t ns)
{
	put(world, ALARM_HIGH, (uint32_t)(ns >> 32));
	put(world, ALARM_LOW, (uint32_t)ns);
}

#define EPOCH_NS (UINT64_C(1000000000) * EPOCH)

Test(rtc, counts_simulated_nanoseconds)
{
	struct world world;
	start(&world);
	cr_expect_eq(time_of(&world), EPOCH_NS);
	world.now = 10000000 * TICK;
	cr_expect_eq(time_of(&world), EPOCH_NS + 1000000000);
	world.platform.time_offset = 12345;
	cr_expect_eq(time_of(&world), EPOCH_NS + 1000000000, "mtime may be set without it");
	end(&world);
}

Test(rtc, can_be_set)
{
	struct world world;
	start(&world);
	world.now = 77 * TICK;
	put(&world, TIME_HIGH, 5);
	put(&world, TIME_LOW, 1000);
	cr_expect_eq(time_of(&world), (UINT64_C(5) << 32) + 1000);
	world.now += TICK;
	cr_expect_eq(time_of(&world), (UINT64_C(5) << 32) + 1100);
	world.rtc->reset(world.rtc, world.now);
	cr_expect_eq(time_of(&world), (UINT64_C(5) << 32) + 1100, "it has a battery");
	end(&world);
}

/* A doubleword is two registers, the lower first. */
Test(rtc, doublewords)
{
	struct world world;
	uint64_t value;
	uint32_t effects = 0;
	start(&world);
	cr_assert(world.rtc->write(world.rtc, TIME_LOW, 8, 0, UINT64_C(0x123456789abcdef0), &effects));
	cr_assert(world.rtc->read(world.rtc, TIME_LOW, 8, TICK, &value, &effects));
	cr_expect_eq(value, UINT64_C(0x123456789abcdef0) + 100);
	cr_assert(world.rtc->read(world.rtc, ENABLED, 8, TICK, &value, &effects));
	cr_expect_eq(value, 0);
	cr_expect(world.rtc->read(world.rtc, 0x20, 4, TICK, &value, &effects), "the last register");
	cr_expect_not(world.rtc->read(world.rtc, 0x20, 8, TICK, &value, &effects));
	cr_expect_not(world.rtc->read(world.rtc, 0x24, 4, TICK, &value, &effects));
	cr_expect_not(world.rtc->write(world.rtc, 0x24, 4, TICK, 0, &effects));
	end(&world);
}

Test(rtc, alarm)
{
	struct world world;
	start(&world);
	put(&world, ENABLED, 1);
	set_alarm(&world, EPOCH_NS + 1050);
	cr_expect_eq(get(&world, STATUS), 1);
	cr_expect_eq(event_next(&world.events), 11 * TICK, "at the first tick not before it");
	event_run(&world.events, 11 * TICK);
	cr_expect(world.irq);
	cr_expect_eq(get(&world, STATUS), 0);
	put(&world, CLEAR, 1);
	cr_expect_not(world.irq);
	set_alarm(&world, EPOCH_NS);
	cr_expect(world.irq, "in the past: at once");
	put(&world, ENABLED, 0);
	cr_expect_not(world.irq);
	set_alarm(&world, EPOCH_NS + 1000000);
	put(&world, CLEAR_ALARM, 1);
	cr_expect_eq(event_next(&world.events), UINT64_MAX);
	end(&world);
}

static bool restore(struct world *world, struct state_reader *reader)
{
	return event_queue_restore(&world->events, reader) && world->rtc->restore(world->rtc, reader);
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

Test(rtc, comes_back)
{
	struct world worlds[2];
	start(&worlds[0]);
	worlds[0].now = 1000;
	put(&worlds[0], TIME_HIGH, 77);
	put(&worlds[0], ENABLED, 1);
	uint64_t alarm = time_of(&worlds[0]) + 5000; /* 50 ticks */
	set_alarm(&worlds[0], alarm);
	struct state_writer writer = {0};
	event_queue_save(&worlds[0].events, &writer);
	worlds[0].rtc->save(worlds[0].rtc, &writer);
	start(&worlds[1]);
	worlds[1].now = 1000;
	struct state_reader reader = reader_of(&writer);
	cr_assert(restore(&worlds[1], &reader), "%s", reader.reason);
	for (unsigned i = 0; i < 2; i++) {
		struct world *world = &worlds[i];
		cr_expect_eq(get(world, TIME_HIGH), 77, "latched");
		cr_expect_eq(time_of(world), alarm - 5000);
		cr_expect_eq(get(world, STATUS), 1);
		cr_expect_eq(get(world, ENABLED), 1);
		cr_expect_eq(event_next(&world->events), 1000 + 50 * TICK);
		event_run(&world->events, 1000 + 50 * TICK);
		cr_expect(world->irq);
		cr_expect_eq(get(world, STATUS), 0);
		put(world, ALARM_LOW, (uint32_t)alarm + 100000); /* with the high half written before */
		put(world, CLEAR, 1);
		cr_expect_not(world->irq);
		cr_expect_eq(get(world, ALARM_HIGH), alarm >> 32);
	}
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
	end(&worlds[0]);
	end(&worlds[1]);
}

/* After an alarm that nobody has heard yet: whoever lets it interrupt hears of it, and when it was for is still there. */
Test(rtc, comes_back_pending)
{
	struct world worlds[2];
	start(&worlds[0]);
	start(&worlds[1]);
	uint64_t alarm = time_of(&worlds[0]) + 5000;
	set_alarm(&worlds[0], alarm);
	event_run(&worlds[0].events, 50 * TICK);
	struct state_writer writer = {0};
	event_queue_save(&worlds[0].events, &writer);
	worlds[0].rtc->save(worlds[0].rtc, &writer);
	struct state_reader reader = reader_of(&writer);
	cr_assert(restore(&worlds[1], &reader), "%s", reader.reason);
	for (unsigned i = 0; i < 2; i++) {
		cr_expect_not(worlds[i].irq);
		cr_expect_eq(get(&worlds[i], ALARM_LOW), (uint32_t)alarm);
		put(&worlds[i], ENABLED, 1);
		cr_expect(worlds[i].irq);
		end(&worlds[i]);
	}
	state_writer_free(&writer);
}
