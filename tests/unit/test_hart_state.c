/* Save and restore of a hart, its TLB and memory: a machine that is taken apart half way goes on as if nothing had been. */
#include <stdio.h>
#include "base/state.h"
#include "hart/mmu_state.h"
#include "hart/reservation.h"
#include "machine/sched.h"
#include "random_world.h"

static void save_all(const struct machine *machine, struct state_writer *writer)
{
	bus_save(&machine->bus, writer);
	for (unsigned i = 0; i < machine->hart_count; i++) {
		hart_save(&machine->harts[i], writer);
		mmu_save(&machine->harts[i], writer);
	}
	cr_assert_not(writer->failed);
}

static bool restore_all(struct machine *machine, struct state_reader *reader)
{
	if (!bus_restore(&machine->bus, reader))
		return false;
	for (unsigned i = 0; i < machine->hart_count; i++) {
		struct hart *hart = &machine->harts[i];
		if (!hart_restore(hart, reader) || !mmu_restore(hart, reader))
			return false;
		exec_restored(hart);
	}
	return true;
}

/* What must be the same in the end. The TLB is not in it: the filter in front of it keeps accesses away, and begins
 * empty. Nor is what a restored hart's engine is asked to do. */
static struct state_writer outcome_of(struct machine *machine)
{
	struct state_writer writer = {0};
	bus_save(&machine->bus, &writer);
	for (unsigned i = 0; i < machine->hart_count; i++) {
		struct hart *hart = &machine->harts[i];
		uint32_t effects = hart->effects;
		hart->effects = 0;
		hart_save(hart, &writer);
		hart->effects = effects;
	}
	cr_assert_not(writer.failed);
	return writer;
}

static void run_steps(struct machine *machine, unsigned steps)
{
	while (machine->stop == RUNNING && steps--)
		sched_step(machine);
}

static uint64_t insns_of(const struct machine *machine)
{
	uint64_t insns = 0;
	for (unsigned i = 0; i < machine->hart_count; i++)
		insns += machine->harts[i].insns;
	return insns;
}

static void run_out(struct machine *machine)
{
	while (machine->stop == RUNNING)
		sched_slice(machine);
}

/* The parts of `machine`, in a world in which nothing has run. */
static struct engine_world *copy_of(const struct engine_world *world)
{
	const struct machine *machine = &world->machine;
	struct engine_world *copy = engine_world_new(machine->hart_count, NULL, 0);
	struct state_writer writer = {0};
	copy->config.quantum = world->config.quantum;
	copy->config.max_cycles = world->config.max_cycles;
	save_all(machine, &writer);
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	cr_assert(restore_all(&copy->machine, &reader), "%s", reader.reason);
	cr_assert_eq(reader.at, reader.size);
	if (machine->slice.hart) /* it stands inside a slice */
		copy->machine.slice.hart = copy->machine.harts + (machine->slice.hart - machine->harts);
	copy->machine.slice.bound = machine->slice.bound;
	state_writer_free(&writer);
	return copy;
}

static void expect_same(struct engine_world *a, struct engine_world *b, const char *what, uint64_t seed)
{
	struct state_writer one = outcome_of(&a->machine), other = outcome_of(&b->machine);
	cr_assert_eq(one.size, other.size, "seed %d, %s", (int)seed, what);
	cr_assert_eq(memcmp(one.bytes, other.bytes, one.size), 0, "seed %d, %s", (int)seed, what);
	state_writer_free(&one);
	state_writer_free(&other);
}

static void take_apart(uint64_t seed, unsigned harts)
{
	struct random random = {seed};
	struct engine_world *whole = random_world(seed, harts, NULL, 0), *half = random_world(seed, harts, NULL, 0);
	run_out(&whole->machine);
	uint64_t part = draw(&random, insns_of(&whole->machine));
	while (insns_of(&half->machine) < part)
		run_steps(&half->machine, 1);
	cr_assert_eq(half->machine.stop, RUNNING);
	struct engine_world *copy = copy_of(half);
	expect_same(half, copy, "right after", seed);
	run_out(&half->machine);
	run_out(&copy->machine);
	expect_same(whole, half, "saved", seed);
	expect_same(whole, copy, "restored", seed);
	engine_world_free(whole);
	engine_world_free(half);
	engine_world_free(copy);
}

Test(hart_state, one_hart_goes_on_where_it_was)
{
	for (uint64_t seed = 0; seed < 10; seed++)
		take_apart(seed, 1);
}

Test(hart_state, harts_go_on_where_they_were)
{
	for (uint64_t seed = 100; seed < 106; seed++)
		take_apart(seed, 3);
}

Test(hart_state, a_reservation_keeps_its_page_watched)
{
	struct engine_world *world = engine_world_new(2, NULL, 0);
	PROGRAM(world, CODE, insn_r(INSN_lr_d, 5, 10, 0), insn_r(INSN_sc_d, 6, 10, 0));
	world->machine.harts[0].x[10] = DATA + 8;
	exec_run(&world->machine.harts[0], UINT64_MAX, 1);
	reservation_guard(&world->machine.harts[0]);
	struct engine_world *copy = copy_of(world), *other = copy_of(world);
	struct hart *hart = &copy->machine.harts[0];
	cr_assert(hart->reservation.valid && hart->reservation.watched);
	cr_expect(*bus_page_flags(&copy->machine.bus, DATA) & PAGE_WATCH);
	bus_stored(&copy->machine.bus, &copy->machine.harts[1], DATA + 16, 8);
	exec_run(hart, UINT64_MAX, 1);
	cr_expect_eq(hart->x[6], 1, "another hart's store has ended it");
	exec_run(&other->machine.harts[0], UINT64_MAX, 1);
	cr_expect_eq(other->machine.harts[0].x[6], 0, "and nothing else does");
	engine_world_free(world);
	engine_world_free(copy);
	engine_world_free(other);
}

static void count_entry(void *context, uint64_t va, uint64_t pa, unsigned page_shift, bool virt, unsigned asid, unsigned vmid,
                        const char *perms)
{
	(void)va, (void)pa, (void)page_shift, (void)virt, (void)asid, (void)vmid, (void)perms;
	++*(unsigned *)context;
}

Test(hart_state, the_tlb_and_its_victims_are_there)
{
	struct engine_world *world = random_world(1, 1, NULL, 0);
	unsigned entries = 0;
	for (unsigned i = 0; i < 1000 && entries < 3; i++) {
		run_steps(&world->machine, 1);
		entries = 0;
		mmu_visit_tlb(world->machine.harts, count_entry, &entries);
	}
	cr_assert_geq(entries, 3);
	world->machine.harts->mmu->tlb.victim[2] = 3;
	struct engine_world *copy = copy_of(world);
	struct state_writer one = {0}, other = {0};
	mmu_save(world->machine.harts, &one);
	mmu_save(copy->machine.harts, &other);
	cr_assert_eq(one.size, other.size);
	cr_expect_eq(memcmp(one.bytes, other.bytes, one.size), 0);
	state_writer_free(&one);
	state_writer_free(&other);
	engine_world_free(world);
	engine_world_free(copy);
}

/* ---- refusals ---- */

/* Returns a reader of all of it; writer->bytes belong to the caller. */
static struct state_reader saved(const struct engine_world *world, struct state_writer *writer)
{
	*writer = (struct state_writer){0};
	save_all(&world->machine, writer);
	return (struct state_reader){.bytes = writer->bytes, .size = writer->size};
}

static void expect_refusal(struct machine *machine, struct state_reader reader, const char *reason)
{
	cr_expect_not(restore_all(machine, &reader));
	cr_expect_str_eq(reader.reason, reason);
}

Test(hart_state, what_is_another_machine_s_is_refused)
{
	struct engine_world *world = engine_world_new(1, NULL, 0), *other = engine_world_new(1, NULL, 0);
	struct machine *machine = &other->machine;
	struct state_writer writer;
	struct state_reader reader = saved(world, &writer);
	machine->harts->id = 1;
	expect_refusal(machine, reader, "hart: another hart's");
	machine->harts->id = 0;
	machine->harts->isa.bits[0] ^= 1;
	expect_refusal(machine, reader, "hart: of one with other extensions");
	machine->harts->isa.bits[0] ^= 1;
	mmu_free(machine->harts);
	cr_assert_eq(mmu_init(machine->harts, 32), 0);
	expect_refusal(machine, reader, "mmu: of a TLB with another number of entries");
	machine->bus.dram_size /= 2;
	expect_refusal(machine, reader, "memory: another size of DRAM");
	machine->bus.dram_size *= 2;
	reader.size = 100;
	expect_refusal(machine, reader, "cut short");
	state_writer_free(&writer);
	engine_world_free(world);
	engine_world_free(other);
}

/* A value that no run leaves there. */
struct damage {
	uint64_t (*swap)(struct hart *hart, uint64_t value); /* put it there, return what was */
	uint64_t value;
	const char *reason;
};

#define SWAP(name, place)                                                                                            \
	static uint64_t swap_##name(struct hart *hart, uint64_t value)                                               \
	{                                                                                                            \
		uint64_t old = place;                                                                                \
		place = (__typeof__(place))value;                                                                    \
		return old;                                                                                          \
	}
SWAP(mode, hart->mode)
SWAP(pc, hart->pc)
SWAP(cause, hart->trap.cause)
SWAP(last_writer, hart->tp.last_writer)
SWAP(reservation, hart->reservation.pa)
SWAP(tselect, hart->csr.tselect)
SWAP(event, hart->csr.mhpmevent3)
SWAP(armed, hart->counters.armed)
SWAP(filtered, hart->counters.filtered)
SWAP(trigger, hart->triggers.each[7].tdata1)
SWAP(matched, hart->triggers.trap.matched)
SWAP(page, hart->mmu->tlb.entries[0].page_shift)
SWAP(victim, hart->mmu->tlb.victim[0])

Test(hart_state, damage_is_refused)
{
	static const struct damage damages[] = {
		{swap_mode, MODE_COUNT, "a number is out of range"},
		{swap_pc, CODE + 1, "hart: in a mode that it has not, or at an odd address"},
		{swap_cause, 64, "a number is out of range"},
		{swap_last_writer, MODE_COUNT, "a number is out of range"},
		{swap_reservation, CODE - 64, "hart: a reservation outside DRAM"},
		{swap_tselect, TRIGGERS, "csr: tselect names a trigger that there is not"},
		{swap_event, 3, "csr: a counter counts what this hart does not"},
		{swap_armed, 1, "csr: a counter counts what this hart does not"},
		{swap_filtered, 2, "csr: a counter counts what this hart does not"},
		{swap_trigger, UINT64_C(14) << 60, "csr: a trigger has a type that there is not"},
		{swap_matched, 1, "csr: a trigger that is disabled has matched a trap"},
		{swap_page, 3, "mmu: a page of less than 4 KiB"},
		{swap_victim, 200, "mmu: a way that the TLB has not"},
	};
	struct engine_world *world = engine_world_new(1, NULL, 0), *other = engine_world_new(1, NULL, 0);
	reservation_make(world->machine.harts, DATA);
	for (unsigned i = 0; i < sizeof damages / sizeof damages[0]; i++) {
		struct state_writer writer;
		uint64_t old = damages[i].swap(world->machine.harts, damages[i].value);
		struct state_reader reader = saved(world, &writer);
		damages[i].swap(world->machine.harts, old);
		expect_refusal(&other->machine, reader, damages[i].reason);
		state_writer_free(&writer);
	}
	hart_reset(other->machine.harts, CODE);
	engine_world_free(world);
	engine_world_free(other);
}

/* Whatever is in it: refused, or it runs somehow. */
Test(hart_state, random_damage_breaks_nothing)
{
	struct engine_world *world = random_world(3, 1, NULL, 0);
	struct random random = {4711};
	struct state_writer writer = {0};
	run_steps(&world->machine, 200);
	hart_save(world->machine.harts, &writer);
	mmu_save(world->machine.harts, &writer);
	cr_assert_not(writer.failed);
	struct engine_world *other = random_world(3, 1, NULL, 0);
	struct hart *hart = other->machine.harts;
	unsigned refused = 0;
	for (unsigned i = 0; i < 400; i++) {
		uint64_t at = draw(&random, writer.size);
		uint8_t flipped = (uint8_t)(1 << draw(&random, 8));
		writer.bytes[at] ^= flipped;
		struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
		hart_reset(hart, CODE);
		if (hart_restore(hart, &reader) && mmu_restore(hart, &reader))
			exec_run(hart, hart->cycle + 100, 100);
		else
			refused++;
		writer.bytes[at] ^= flipped;
	}
	cr_expect_gt(refused, 50);
	state_writer_free(&writer);
	engine_world_free(world);
	engine_world_free(other);
}
