/* The PLIC: gateways, priorities, thresholds, claim and complete; two contexts a hart. */
#include <criterion/criterion.h>
#include "dev/devices.h"
#include "hart/hart.h"
#include "revival.h"

enum {
	HARTS = 2,
	SOURCES = 96,
	PENDING = 0x1000,
	ENABLE = 0x2000,
	CONTEXT = 0x200000,
	THRESHOLD = 0,
	CLAIM = 4,
	M0 = 0,
	S0 = 1,
	M1 = 2,
	S1 = 3,
};

struct world {
	struct platform platform;
	struct device *plic;
	bool level[2 * HARTS];
};

static void set_level(void *receiver, unsigned line, bool level, uint64_t now)
{
	(void)now;
	((struct world *)receiver)->level[line] = level;
}

static struct irq_wire wire(void *context, enum hart_wire kind, unsigned hart, unsigned line)
{
	cr_assert_eq(kind, WIRE_IRQ);
	return (struct irq_wire){.set = set_level, .receiver = context, .line = 2 * hart + (line == IRQ_SEI)};
}

static void start(struct world *world)
{
	*world = (struct world){.platform = {.hart_count = HARTS}};
	struct board board = {.platform = &world->platform, .hart_wire = wire, .context = world};
	world->plic = plic_kind.make(&board, &(struct device_site){.name = "plic"});
	cr_assert_not_null(world->plic);
}

static void put(struct world *world, uint64_t offset, uint32_t value)
{
	uint32_t effects = 0;
	cr_expect(world->plic->write(world->plic, offset, 4, 0, value, &effects));
	cr_expect(effects & EFFECT_IRQ);
}

static uint32_t get(struct world *world, uint64_t offset)
{
	uint32_t effects = 0;
	uint64_t value = 0;
	cr_expect(world->plic->read(world->plic, offset, 4, 0, &value, &effects));
	return (uint32_t)value;
}

static void enable(struct world *world, unsigned context, unsigned source)
{
	uint64_t offset = ENABLE + 0x80 * context + source / 32 * 4;
	put(world, offset, get(world, offset) | UINT32_C(1) << source % 32);
}

static uint32_t claim(struct world *world, unsigned context) { return get(world, CONTEXT + 0x1000 * context + CLAIM); }
static void complete(struct world *world, unsigned context, unsigned source)
{
	put(world, CONTEXT + 0x1000 * context + CLAIM, source);
}

static bool pending(struct world *world, unsigned source)
{
	return get(world, PENDING + source / 32 * 4) >> source % 32 & 1;
}

Test(plic, only_enabled_contexts_see_a_source)
{
	struct world world;
	start(&world);
	put(&world, 4 * 10, 1);
	enable(&world, S1, 10);
	plic_kind.source(world.plic, 10, true, 0);
	cr_expect(world.level[S1]);
	cr_expect_not(world.level[M0] || world.level[S0] || world.level[M1]);
	cr_expect(pending(&world, 10));
	cr_expect_eq(claim(&world, M0), 0);
	cr_expect_eq(claim(&world, S1), 10);
	cr_expect_not(world.level[S1]);
	cr_expect_not(pending(&world, 10));
	cr_expect_eq(claim(&world, S1), 0);
	world.plic->destroy(world.plic);
}

/* Each raise is told once, at completion if the source is being served; a wire that stays high says nothing by that. */
Test(plic, gateway_counts_raises)
{
	struct world world;
	start(&world);
	put(&world, 4 * 33, 1);
	enable(&world, S0, 33);
	plic_kind.source(world.plic, 33, true, 0);
	cr_expect_eq(claim(&world, S0), 33);
	complete(&world, S0, 33);
	cr_expect_not(pending(&world, 33), "still high");
	plic_kind.source(world.plic, 33, true, 0);
	cr_expect(pending(&world, 33) && world.level[S0], "raised again");
	cr_expect_eq(claim(&world, S0), 33);
	plic_kind.source(world.plic, 33, true, 0);
	plic_kind.source(world.plic, 33, true, 0);
	plic_kind.source(world.plic, 33, false, 0);
	cr_expect(pending(&world, 33));
	cr_expect_not(world.level[S0], "being served");
	cr_expect_eq(claim(&world, S0), 0);
	complete(&world, M1, 33);
	cr_expect_not(world.level[S0], "completion by a context that did not enable it");
	complete(&world, S0, 33);
	cr_expect(world.level[S0]);
	cr_expect_eq(claim(&world, S0), 33);
	complete(&world, S0, 33);
	cr_expect_not(pending(&world, 33));
	cr_expect_not(world.level[S0]);
	world.plic->destroy(world.plic);
}

Test(plic, gateway_by_level_waits_for_completion)
{
	struct world world;
	start(&world);
	world.platform.plic_by_level = true;
	put(&world, 4 * 33, 1);
	enable(&world, S0, 33);
	plic_kind.source(world.plic, 33, true, 0);
	cr_expect_eq(claim(&world, S0), 33);
	plic_kind.source(world.plic, 33, false, 0);
	plic_kind.source(world.plic, 33, true, 0);
	cr_expect_not(pending(&world, 33), "being served");
	complete(&world, M1, 33);
	cr_expect_not(pending(&world, 33), "completion by a context that did not enable it");
	complete(&world, S0, 33);
	cr_expect(pending(&world, 33), "still high");
	cr_expect(world.level[S0]);
	cr_expect_eq(claim(&world, S0), 33);
	plic_kind.source(world.plic, 33, false, 0);
	complete(&world, S0, 33);
	cr_expect_not(pending(&world, 33));
	cr_expect_not(world.level[S0]);
	world.plic->destroy(world.plic);
}

Test(plic, a_level_that_falls_unclaimed_stays_pending)
{
	struct world world;
	start(&world);
	put(&world, 4 * 5, 1);
	enable(&world, M0, 5);
	plic_kind.source(world.plic, 5, true, 0);
	plic_kind.source(world.plic, 5, false, 0);
	cr_expect(world.level[M0]);
	cr_expect_eq(claim(&world, M0), 5);
	complete(&world, M0, 5);
	cr_expect_not(world.level[M0]);
	world.plic->destroy(world.plic);
}

Test(plic, highest_priority_then_lowest_number)
{
	struct world world;
	start(&world);
	static const struct {
		unsigned source, priority;
	} sources[] = {{40, 3}, {7, 3}, {96, 7}, {1, 1}, {31, 0}};
	for (unsigned i = 0; i < 5; i++) {
		put(&world, 4 * sources[i].source, sources[i].priority);
		enable(&world, M0, sources[i].source);
		plic_kind.source(world.plic, sources[i].source, true, 0);
	}
	cr_expect_eq(claim(&world, M0), 96);
	cr_expect_eq(claim(&world, M0), 7);
	cr_expect_eq(claim(&world, M0), 40);
	cr_expect_eq(claim(&world, M0), 1);
	cr_expect_eq(claim(&world, M0), 0, "priority 0 never interrupts");
	world.plic->destroy(world.plic);
}

Test(plic, threshold_masks_notification_not_claims)
{
	struct world world;
	start(&world);
	put(&world, 4 * 2, 4);
	enable(&world, S0, 2);
	put(&world, CONTEXT + 0x1000 * S0 + THRESHOLD, 4);
	plic_kind.source(world.plic, 2, true, 0);
	cr_expect_not(world.level[S0], "a priority must exceed the threshold");
	put(&world, CONTEXT + 0x1000 * S0 + THRESHOLD, 3);
	cr_expect(world.level[S0]);
	put(&world, CONTEXT + 0x1000 * S0 + THRESHOLD, 7);
	cr_expect_not(world.level[S0]);
	cr_expect_eq(claim(&world, S0), 2);
	world.plic->destroy(world.plic);
}

Test(plic, registers_hold_what_exists)
{
	struct world world;
	start(&world);
	put(&world, 4 * 96, 0xffffffff);
	cr_expect_eq(get(&world, 4 * 96), 7);
	put(&world, 4 * 97, 5);
	cr_expect_eq(get(&world, 4 * 97), 0);
	put(&world, 0, 5);
	cr_expect_eq(get(&world, 0), 0, "source 0 does not exist");
	put(&world, ENABLE, 0xffffffff);
	cr_expect_eq(get(&world, ENABLE), 0xfffffffe);
	put(&world, ENABLE + 12, 0xffffffff);
	cr_expect_eq(get(&world, ENABLE + 12), 1, "96 is the last");
	put(&world, ENABLE + 16, 0xffffffff);
	cr_expect_eq(get(&world, ENABLE + 16), 0);
	put(&world, PENDING, 0xffffffff);
	cr_expect_eq(get(&world, PENDING), 0, "pending bits are read-only");
	put(&world, CONTEXT + 0x1000 * (2 * HARTS), 7);
	cr_expect_eq(get(&world, CONTEXT + 0x1000 * (2 * HARTS)), 0);
	world.plic->destroy(world.plic);
}

Test(plic, every_word_and_no_other_size)
{
	struct world world;
	start(&world);
	uint64_t value;
	uint32_t effects = 0;
	for (uint64_t offset = 0; offset < 0x600000; offset += 4) {
		cr_assert(world.plic->read(world.plic, offset, 4, 0, &value, &effects));
		cr_assert(world.plic->write(world.plic, offset, 4, 0, 0xffffffff, &effects));
	}
	cr_expect_not(world.plic->read(world.plic, 4, 1, 0, &value, &effects));
	cr_expect_not(world.plic->read(world.plic, 8, 8, 0, &value, &effects));
	cr_expect_not(world.plic->write(world.plic, 4, 2, 0, 1, &effects));
	world.plic->reset(world.plic, 0);
	cr_expect_eq(get(&world, 4), 0);
	cr_expect_eq(get(&world, ENABLE), 0);
	world.plic->destroy(world.plic);
}

static bool restores(struct state_reader *reader)
{
	struct world world;
	start(&world);
	bool good = world.plic->restore(world.plic, reader);
	for (unsigned i = 0; i < 2 * HARTS && good; i++)
		claim(&world, i);
	world.plic->destroy(world.plic);
	return good;
}

Test(plic, comes_back)
{
	struct world worlds[2];
	start(&worlds[0]);
	for (unsigned source = 10; source < 14; source++) {
		put(&worlds[0], 4 * source, source - 8);
		enable(&worlds[0], source % 2 ? S0 : M1, source);
		plic_kind.source(worlds[0].plic, source, true, 0);
	}
	put(&worlds[0], CONTEXT + 0x1000 * M1 + THRESHOLD, 4);
	cr_assert_eq(claim(&worlds[0], S0), 13);
	plic_kind.source(worlds[0].plic, 11, false, 0); /* stays pending */
	struct state_writer writer = {0};
	worlds[0].plic->save(worlds[0].plic, &writer);
	start(&worlds[1]);
	struct state_reader reader = reader_of(&writer);
	cr_assert(worlds[1].plic->restore(worlds[1].plic, &reader), "%s", reader.reason);
	memcpy(worlds[1].level, worlds[0].level, sizeof(worlds[0].level));
	for (unsigned i = 0; i < 2; i++) {
		struct world *world = &worlds[i];
		cr_expect_eq(get(world, CONTEXT + 0x1000 * M1 + THRESHOLD), 4);
		cr_expect_eq(claim(world, S0), 11);
		cr_expect_not(world->level[S0]);
		plic_kind.source(world->plic, 13, false, 0);
		plic_kind.source(world->plic, 13, true, 0);
		cr_expect_not(world->level[S0], "the gateway has forgotten that it waits");
		complete(world, S0, 13); /* its line is still high */
		cr_expect(world->level[S0]);
		complete(world, S0, 11);
		cr_expect_eq(claim(world, S0), 13);
		cr_expect_not(world->level[M1]);
		put(world, CONTEXT + 0x1000 * M1 + THRESHOLD, 0);
		cr_expect(world->level[M1]);
		cr_expect_eq(claim(world, M1), 12);
	}
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
	worlds[0].plic->destroy(worlds[0].plic);
	worlds[1].plic->destroy(worlds[1].plic);
}

/* By level, a wire that was high when it was saved asks again at completion. */
Test(plic, comes_back_by_level)
{
	struct world worlds[2];
	for (unsigned i = 0; i < 2; i++) {
		start(&worlds[i]);
		worlds[i].platform.plic_by_level = true;
	}
	put(&worlds[0], 4 * 10, 1);
	enable(&worlds[0], S0, 10);
	plic_kind.source(worlds[0].plic, 10, true, 0);
	cr_assert_eq(claim(&worlds[0], S0), 10);
	struct state_writer writer = {0};
	worlds[0].plic->save(worlds[0].plic, &writer);
	struct state_reader reader = reader_of(&writer);
	cr_assert(worlds[1].plic->restore(worlds[1].plic, &reader), "%s", reader.reason);
	for (unsigned i = 0; i < 2; i++) {
		complete(&worlds[i], S0, 10);
		cr_expect(worlds[i].level[S0]);
		worlds[i].plic->destroy(worlds[i].plic);
	}
	state_writer_free(&writer);
}
