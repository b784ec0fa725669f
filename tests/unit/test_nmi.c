/* The device of non-maskable interrupts: a register a hart, and the button. */
#include <criterion/criterion.h>
#include "dev/devices.h"
#include "hart/hart.h"
#include "revival.h"

enum { HARTS = 3, BUTTON = 1000 };

struct world {
	struct platform platform;
	struct isa isa;
	struct event_queue events;
	struct device *nmi;
	uint64_t lines[HARTS]; /* as the harts see them */
	uint64_t at;
};

static void set_level(void *receiver, unsigned line, bool level, uint64_t now)
{
	struct world *world = receiver;
	uint64_t bit = UINT64_C(1) << line % RNMI_LINES, *lines = &world->lines[line / RNMI_LINES];
	*lines = level ? *lines | bit : *lines & ~bit;
	world->at = now;
}

static struct irq_wire wire(void *context, enum hart_wire kind, unsigned hart, unsigned line)
{
	cr_assert_eq(kind, WIRE_RNMI);
	return (struct irq_wire){ .set = set_level, .receiver = context, .line = hart * RNMI_LINES + line };
}

static void start(struct world *world)
{
	*world = (struct world){ .platform = { .hart_count = HARTS, .rnmi_cycle = BUTTON } };
	struct board board = { .platform = &world->platform, .events = &world->events, .hart_wire = wire, .context = world };
	event_queue_init(&world->events);
	world->nmi = nmi_kind.make(&board, &(struct device_site){ .name = "nmi" });
	cr_assert_not_null(world->nmi);
}

static void end(struct world *world)
{
	world->nmi->destroy(world->nmi);
	event_queue_free(&world->events);
}

static void put(struct world *world, unsigned hart, uint16_t lines, uint64_t now)
{
	uint32_t effects = 0;
	cr_expect(world->nmi->write(world->nmi, 4 * hart, 4, now, lines, &effects));
	cr_expect(effects & EFFECT_IRQ && effects & EFFECT_YIELD);
}

static uint64_t get(struct world *world, unsigned hart)
{
	uint64_t value = 0;
	uint32_t effects = 0;
	cr_expect(world->nmi->read(world->nmi, 4 * hart, 4, 0, &value, &effects));
	return value;
}

static bool restore(struct world *world, struct state_reader *reader)
{
	return event_queue_restore(&world->events, reader) && world->nmi->restore(world->nmi, reader);
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

Test(nmi, a_word_a_hart)
{
	struct world world;
	start(&world);
	put(&world, 1, 0x8001, 7);
	cr_expect_eq(world.lines[1], 0x8001);
	cr_expect_eq(world.lines[0] | world.lines[2], 0);
	cr_expect_eq(get(&world, 1), 0x8001);
	cr_expect_eq(get(&world, HARTS), 0, "a hart that is not there");
	put(&world, 1, 0, 8);
	cr_expect_eq(world.lines[1], 0);
	end(&world);
}

Test(nmi, comes_back)
{
	struct world worlds[2];
	start(&worlds[0]);
	put(&worlds[0], 2, 0x0ff0, 5);
	struct state_writer writer = { 0 };
	event_queue_save(&worlds[0].events, &writer);
	worlds[0].nmi->save(worlds[0].nmi, &writer);
	start(&worlds[1]);
	struct state_reader reader = reader_of(&writer);
	cr_assert(restore(&worlds[1], &reader), "%s", reader.reason);
	memcpy(worlds[1].lines, worlds[0].lines, sizeof(worlds[0].lines));
	for (unsigned i = 0; i < 2; i++) {
		cr_expect_eq(get(&worlds[i], 2), 0x0ff0);
		cr_expect_eq(event_next(&worlds[i].events), BUTTON);
		event_run(&worlds[i].events, BUTTON);
		cr_expect_eq(worlds[i].lines[0], 1);
		cr_expect_eq(worlds[i].lines[2], 0x0ff1);
		cr_expect_eq(worlds[i].at, BUTTON);
	}
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
	end(&worlds[0]);
	end(&worlds[1]);
}
