/* The device of guest external interrupts: a register a hart, whose bits are lines. */
#include <criterion/criterion.h>
#include "dev/devices.h"
#include "hart/hart.h"
#include "revival.h"

enum { HARTS = 2, GEILEN = 5 };

struct world {
	struct platform platform;
	struct hart_options options;
	struct board board;
	struct device *hgei;
	uint64_t lines[HARTS]; /* as the harts see them */
	unsigned changes;
};

static void set_level(void *receiver, unsigned line, bool level, uint64_t now)
{
	struct world *world = receiver;
	uint64_t bit = UINT64_C(1) << line % 64, *lines = &world->lines[line / 64];
	(void)now;
	*lines = level ? *lines | bit : *lines & ~bit;
	world->changes++;
}

static struct irq_wire wire(void *context, enum hart_wire kind, unsigned hart, unsigned line)
{
	cr_assert_eq(kind, WIRE_HGEI);
	return (struct irq_wire){ .set = set_level, .receiver = context, .line = hart * 64 + line };
}

static void start(struct world *world, unsigned geilen)
{
	*world = (struct world){ .platform = { .hart_count = HARTS }, .options = { .geilen = geilen } };
	world->board = (struct board){ .platform = &world->platform, .options = &world->options, .hart_wire = wire, .context = world };
	world->hgei = hgei_kind.make(&world->board, &(struct device_site){ .name = "hgei" });
	cr_assert_not_null(world->hgei);
}

static void end(struct world *world) { world->hgei->destroy(world->hgei); }

static void put(struct world *world, unsigned hart, uint64_t lines)
{
	uint32_t effects = 0;
	cr_expect(world->hgei->write(world->hgei, 8 * hart, 8, 0, lines, &effects));
	cr_expect(effects & EFFECT_IRQ && effects & EFFECT_YIELD);
}

static uint64_t get(struct world *world, unsigned hart)
{
	uint64_t value = 0;
	uint32_t effects = 0;
	cr_expect(world->hgei->read(world->hgei, 8 * hart, 8, 0, &value, &effects));
	return value;
}

static bool restores(struct state_reader *reader)
{
	struct world world;
	start(&world, GEILEN);
	bool good = world.hgei->restore(world.hgei, reader);
	end(&world);
	return good;
}

Test(hgei, bits_that_exist_drive_lines)
{
	struct world world;
	start(&world, GEILEN);
	put(&world, 1, ~UINT64_C(0));
	cr_expect_eq(get(&world, 1), 0x3e);
	cr_expect_eq(world.lines[1], 0x3e);
	cr_expect_eq(world.lines[0], 0);
	put(&world, 1, 0x04);
	cr_expect_eq(world.lines[1], 0x04);
	cr_expect_eq(world.changes, 5 + 4, "only what changes is driven");
	put(&world, HARTS, 0x3e);
	cr_expect_eq(get(&world, HARTS), 0, "a hart that is not there");
	uint64_t value;
	uint32_t effects = 0;
	cr_expect_not(world.hgei->read(world.hgei, 0, 4, 0, &value, &effects), "a register is 64 bits");
	cr_expect_not(world.hgei->write(world.hgei, 0, 4, 0, 2, &effects));
	end(&world);
	start(&world, 63);
	put(&world, 0, ~UINT64_C(0));
	cr_expect_eq(world.lines[0], ~UINT64_C(1));
	end(&world);
}

Test(hgei, only_with_guest_external_interrupts)
{
	struct world world;
	start(&world, 1);
	cr_expect_eq(hgei_kind.count(&world.board), 1);
	world.options.geilen = 0;
	cr_expect_eq(hgei_kind.count(&world.board), 0);
	end(&world);
}

Test(hgei, comes_back)
{
	struct world worlds[2];
	start(&worlds[0], GEILEN);
	put(&worlds[0], 0, 0x14);
	struct state_writer writer = { 0 };
	worlds[0].hgei->save(worlds[0].hgei, &writer);
	start(&worlds[1], GEILEN);
	struct state_reader reader = reader_of(&writer);
	cr_assert(worlds[1].hgei->restore(worlds[1].hgei, &reader), "%s", reader.reason);
	worlds[1].lines[0] = worlds[0].lines[0];
	for (unsigned i = 0; i < 2; i++) {
		cr_expect_eq(get(&worlds[i], 0), 0x14);
		put(&worlds[i], 0, 0x12);
		cr_expect_eq(worlds[i].lines[0], 0x12);
	}
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
	end(&worlds[0]);
	end(&worlds[1]);
}
