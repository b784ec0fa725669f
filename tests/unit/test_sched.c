/* Who runs when: slices, events, waiting harts, limits; and that the engine's ways of running a slice all give the
 * same. */
#include <stdlib.h>
#include <unistd.h>
#include "random_world.h"

/* ---- order ---- */

/* Every hart writes its number behind a common pointer: the order of their stores. */
static struct engine_world *writers(unsigned harts, uint64_t quantum)
{
	struct engine_world *world = engine_world_new(harts, NULL, 0);
	world->config.quantum = quantum;
	PROGRAM(world, CODE, insn_r(INSN_amoadd_d, 5, 10, 11), insn_s(INSN_sb, 12, 5, 0), insn_j(0, -8));
	for (unsigned i = 0; i < harts; i++) {
		struct hart *hart = &world->machine.harts[i];
		hart->x[10] = DATA;
		hart->x[11] = 1;
		hart->x[12] = i + 1;
	}
	uint64_t start = DATA + 64;
	bus_poke(&world->machine.bus, DATA, &start, sizeof start);
	return world;
}

Test(sched, no_hart_runs_further_ahead_than_the_quantum)
{
	for (uint64_t quantum = 1; quantum < 40; quantum += 6) {
		struct engine_world *world = writers(5, quantum);
		struct machine *machine = &world->machine;
		for (unsigned slice = 0; slice < 1000; slice++) {
			uint64_t low = UINT64_MAX, high = 0;
			sched_slice(machine);
			for (unsigned i = 0; i < machine->hart_count; i++) {
				low = machine->harts[i].cycle < low ? machine->harts[i].cycle : low;
				high = machine->harts[i].cycle > high ? machine->harts[i].cycle : high;
			}
			cr_assert_leq(high - low, quantum);
		}
		engine_world_free(world);
	}
}

Test(sched, the_lowest_cycle_is_first_and_ties_go_to_the_lowest_id)
{
	struct engine_world *world = writers(3, 1);
	struct machine *machine = &world->machine;
	machine->harts[0].cycle = machine->harts[0].now = 1;
	cr_assert_eq(sched_step(machine), &machine->harts[1]);
	engine_world_free(world);
}

/* Whoever asked a hart that was not running to yield asked for nothing: a step is a step. */
Test(sched, a_request_to_yield_ends_no_later_slice)
{
	struct engine_world *world = writers(2, 5);
	struct hart *hart = world->machine.harts;
	hart[0].effects |= EFFECT_YIELD;
	cr_assert_eq(sched_step(&world->machine), &hart[0]);
	cr_assert_eq(hart[0].insns, 1);
	engine_world_free(world);
}

/* ---- waiting ---- */

Test(sched, a_machine_whose_harts_all_wait_for_nothing_stops)
{
	struct engine_world *world = engine_world_new(2, NULL, 0);
	put_word(world, CODE, insn_rows[INSN_wfi].match);
	sched_run(&world->machine);
	cr_assert_eq(world->machine.stop, STOP_IDLE);
	cr_assert_eq(world->machine.harts[1].insns, 1);
	engine_world_free(world);
}

Test(sched, a_hart_that_waits_for_its_timer_goes_on_at_that_cycle)
{
	struct engine_world *world = engine_world_new(2, NULL, 0);
	struct hart *hart = &world->machine.harts[1];
	PROGRAM(world, CODE, insn_rows[INSN_wfi].match, insn_i(INSN_csrrs, 5, 0, 0xc00), insn_rows[INSN_wfi].match);
	hart->csr.menvcfg |= menvcfg_STCE;
	hart->csr.stimecmp = 5000;
	hart->csr.mie = 1 << IRQ_STI;
	context_changed(hart);
	world->config.max_cycles = 12000;
	sched_run(&world->machine);
	cr_assert_eq(hart->x[5], 5000);
	engine_world_free(world);
}

struct raise {
	struct hart *hart;
	bool level;
};

static void raise_line(void *context, uint64_t cycle)
{
	struct raise *raise = context;
	hart_set_irq(raise->hart, IRQ_MSI, raise->level, cycle);
}

Test(sched, an_event_wakes_a_waiting_hart_at_its_cycle_and_a_running_one_at_the_next_boundary)
{
	for (unsigned waits = 0; waits < 2; waits++) {
		struct engine_world *world = engine_world_new(1, NULL, 0);
		struct hart *hart = world->machine.harts;
		struct raise raise = {hart, true};
		struct event event;
		PROGRAM(world, CODE, waits ? insn_rows[INSN_wfi].match : nop(), nop(), nop(), nop(), insn_j(0, -16));
		PROGRAM(world, CODE + 0x100, insn_i(INSN_csrrs, 5, 0, 0xc00), insn_i(INSN_csrrw, 0, 0, 0x304), insn_rows[INSN_wfi].match);
		hart->csr.mtvec = CODE + 0x100;
		hart->csr.mie = 1 << IRQ_MSI;
		hart->csr.mstatus |= mstatus_MIE;
		context_changed(hart);
		cr_assert_eq(event_init(&event, &world->machine.events, raise_line, &raise), 0);
		event_schedule(&world->machine.events, &event, 1003);
		sched_run(&world->machine);
		cr_assert_eq(hart->csr.mcause, UINT64_C(1) << 63 | IRQ_MSI);
		cr_assert_eq(hart->x[5], 1004, "one cycle for the trap");
		cr_assert_eq(hart->csr.mepc, waits ? CODE + 4 : CODE + 1003 % 5 * 4);
		engine_world_free(world);
	}
}

/* ---- limits ---- */

Test(sched, limits_are_exact)
{
	struct engine_world *world = writers(3, 7);
	world->config.max_insns = 1234;
	sched_run(&world->machine);
	cr_assert_eq(world->machine.stop, STOP_LIMIT);
	cr_assert_eq(world->machine.harts[0].insns + world->machine.harts[1].insns + world->machine.harts[2].insns, 1234);
	engine_world_free(world);
	world = writers(3, 7);
	world->config.max_cycles = 777;
	sched_run(&world->machine);
	cr_assert_eq(world->machine.stop, STOP_LIMIT);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(world->machine.harts[i].cycle, 777);
	engine_world_free(world);
}

/* An instruction that traps was tried: whoever does nothing else comes to the limit too, at the same place in every way
 * of running. The second hart's handler retires two for each that traps. */
Test(sched, a_limit_of_instructions_counts_those_that_trap)
{
	for (unsigned way = 0; way < 3; way++) {
		struct engine_world *world = engine_world_new(2, NULL, 0);
		struct machine *machine = &world->machine;
		struct hart *harts = machine->harts;
		world->config.max_insns = 1000;
		world->config.quantum = 7;
		PROGRAM(world, CODE + 0x200, insn_i(INSN_csrrw, 0, 10, 0x341), insn_rows[INSN_mret].match);
		harts[0].csr.mtvec = CODE;
		harts[1].csr.mtvec = CODE + 0x200;
		harts[1].x[10] = CODE;
		while (machine->stop == RUNNING && way == 0)
			sched_step(machine);
		if (way == 1)
			machine->engine.options.block_ops = 1;
		sched_run(machine);
		cr_expect_eq(machine->stop, STOP_LIMIT);
		cr_expect_str_eq(machine->stop_message, "--max-insns reached: every instruction traps at 0x80000000 (mtvec 0x80000000)");
		uint64_t tried[2];
		for (unsigned i = 0; i < 2; i++)
			tried[i] = harts[i].insns + harts[i].trapped.count;
		cr_expect_eq(tried[0] + tried[1], 1000);
		cr_expect_eq(harts[0].insns, 0);
		cr_expect_gt(harts[1].insns, 0);
		cr_expect_eq(harts[1].trapped.count, (tried[1] + 2) / 3, "%d of %d", (int)harts[1].trapped.count, (int)tried[1]);
		engine_world_free(world);
	}
}

/* ---- one run, however it is made ---- */

/* Where everybody stands at the end of a slice. */
static uint64_t place(const struct machine *machine, uint64_t hash)
{
	for (unsigned i = 0; i < machine->hart_count; i++) {
		const struct hart *hart = &machine->harts[i];
		const uint64_t values[] = {hart->pc, hart->cycle, hart->now, hart->insns, hart->retired, hart->mode, hart->waiting};
		for (unsigned j = 0; j < sizeof values / sizeof values[0]; j++)
			hash = (hash ^ values[j]) * UINT64_C(0x9e3779b97f4a7c15), hash ^= hash >> 29;
	}
	return hash;
}

enum how { WHOLE, STEPPED, ONE_OP, THREE_OPS, FLUSHED, TRACED, WITHIN_A_LIMIT, PAUSED, RUN, WAYS };

static const char *const how_names[WAYS] = {"whole slices", "stepped", "one-op blocks", "three-op blocks", "flushed always",
                                            "traced", "with a limit of instructions", "in parts",
                                            "as a whole, where harts may get ahead of each other"};

static void count_events(struct engine_world *world, uint64_t seed)
{
	struct random random = {seed + 1};
	for (unsigned i = 0; i < world->machine.hart_count; i++) {
		struct hart *hart = &world->machine.harts[i];
		hart->x[28] = 3 + draw(&random, hart->event_count);
		hart->x[29] = 1 << IRQ_LCOFI;
		hart->x[30] = -(uint64_t)(1 + draw(&random, 40));
		hart->csr.mie |= 1 << IRQ_LCOFI;
		cr_assert(csr_poke(hart, CSR_mhpmevent3, hart->x[28]) && csr_poke(hart, CSR_mhpmcounter3, hart->x[30]));
		context_changed(hart);
	}
}

struct run_outcome { uint64_t places, hash, memory, insns; };

static void choose_parameter(struct timing *timing, enum timing_param param, unsigned value)
{
	*(unsigned *)((char *)timing + timing_rows[param].offset) = value;
	timing->set[param] = true;
}

/* So little of everything that something is always thrown out, and harts wait for each other. */
static void make_tiny(struct timing *timing)
{
	choose_parameter(timing, TIMING_l1i_size, 1024), choose_parameter(timing, TIMING_l1i_ways, 2);
	choose_parameter(timing, TIMING_l1d_size, 1024), choose_parameter(timing, TIMING_l1d_ways, 2);
	choose_parameter(timing, TIMING_l2_size, 8192), choose_parameter(timing, TIMING_l2_ways, 2);
	choose_parameter(timing, TIMING_itlb_entries, 2), choose_parameter(timing, TIMING_dtlb_entries, 2);
	choose_parameter(timing, TIMING_bht_entries, 8), choose_parameter(timing, TIMING_btb_entries, 4);
	choose_parameter(timing, TIMING_dram_gap, 9), choose_parameter(timing, TIMING_dram_latency, 30);
}

enum switching { TIMED, FROM_COUNT, FROM_PC, FROM_HINTS };

struct way { const char *preset; bool tiny; enum switching switching; };

/* Timing begins somewhere in the run; hints, strewn over the body, switch it on and off. */
static void switch_later(struct engine_world *world, enum switching switching, uint64_t seed)
{
	struct machine *machine = &world->machine;
	struct random random = {seed};
	machine_switch_timing(machine, false);
	machine->timing_from.counted = switching == FROM_COUNT;
	machine->timing_from.insns = draw(&random, 900);
	machine->engine.timing.at_pc = switching == FROM_PC;
	machine->engine.timing.pc = CODE + BODY_AT + 4 * (BODY / 2 - 50 + draw(&random, 100));
	machine->engine.timing.hints = switching == FROM_HINTS;
	for (unsigned i = 0; i < BODY / 20 && switching == FROM_HINTS; i++)
		put_word(world, CODE + BODY_AT + 4 * draw(&random, BODY),
		         insn_i(INSN_slti, 0, 0, draw(&random, 2) ? TIMING_HINT_ON : TIMING_HINT_OFF));
}


static struct run_outcome run_random(uint64_t seed, unsigned harts, struct way way, enum how how)
{
	bool traced = how == TRACED;
	struct engine_world *world = random_world(seed, harts, traced ? "/dev/null" : NULL, traced ? 1u << TRACE_INSN : 0);
	struct machine *machine = &world->machine;
	struct random random = {seed};
	struct run_outcome outcome = {0};
	if (way.tiny)
		make_tiny(&world->timing);
	engine_world_time(world, way.preset);
	if (strcmp(way.preset, "ideal") != 0)
		count_events(world, seed);
	if (way.switching != TIMED)
		switch_later(world, way.switching, seed);
	machine->engine.options.block_ops = how == ONE_OP ? 1 : how == THREE_OPS ? 3 : 64;
	machine->engine.options.flush_always = how == FLUSHED;
	if (how == WITHIN_A_LIMIT)
		world->config.max_insns = 1000000;
	if (how == RUN)
		sched_run(machine);
	while (machine->stop == RUNNING) {
		if (how == STEPPED)
			sched_step(machine);
		else if (how == PAUSED && machine->slice.hart) {
			if (exec_run(machine->slice.hart, machine->slice.bound, draw(&random, 9)))
				machine->slice.hart = NULL;
		} else {
			sched_slice(machine);
			if (how == PAUSED && machine->stop == RUNNING)
				sched_step(machine);
		}
		if (!machine->slice.hart)
			outcome.places = place(machine, outcome.places);
	}
	for (uint64_t pa = CODE; pa < DATA + 0x200000; pa += 8)
		outcome.memory = (outcome.memory ^ memory(world, pa)) * UINT64_C(0x9e3779b97f4a7c15) + 1;
	outcome.hash = trace_hash(machine->trace, machine->harts, harts);
	for (unsigned i = 0; i < harts; i++)
		outcome.insns += machine->harts[i].insns;
	engine_world_free(world);
	return outcome;
}

static void compare(uint64_t first, uint64_t last, unsigned harts, struct way way)
{
	for (uint64_t seed = first; seed < last; seed++) {
		struct run_outcome wanted = run_random(seed, harts, way, WHOLE);
		cr_assert_gt(wanted.insns, 300);
		for (enum how how = WHOLE + 1; how < WAYS; how++) {
			if (how == PAUSED && way.switching == FROM_COUNT)
				continue; /* it runs slices by itself, and the scheduler's limits are not asked */
			struct run_outcome got = run_random(seed, harts, way, how);
			cr_assert_eq(got.insns, wanted.insns, "seed %d, %s: instructions", (int)seed, how_names[how]);
			cr_assert_eq(got.memory, wanted.memory, "seed %d, %s: memory", (int)seed, how_names[how]);
			cr_assert_eq(got.hash, wanted.hash, "seed %d, %s: events and state", (int)seed, how_names[how]);
			if (how != PAUSED && how != STEPPED && how != RUN)
				cr_assert_eq(got.places, wanted.places, "seed %d, %s: a slice's end", (int)seed, how_names[how]);
		}
	}
}

/* A hart goes round a loop that only computes, until the other writes an atomic into it. The block that jumps there
 * has not changed, but from then on what it leads to is a turn: the numbers that the harts take tell their order. */
static uint64_t numbers_taken(bool whole, unsigned rounds)
{
	enum { LOOP = 12, PATCHED = 16 };
	struct engine_world *world = engine_world_new(2, NULL, 0);
	struct hart *harts = world->machine.harts;
	const uint32_t take = insn_r(INSN_amoadd_d, 7, 10, 11), shift = insn_i(INSN_slli, 8, 8, 1), note = insn_r(INSN_xor, 8, 8, 7);
	PROGRAM(world, CODE, insn_i(INSN_addi, 5, 5, 1), insn_j(0, LOOP - 4), nop(), insn_i(INSN_addi, 6, 6, 1), nop(), shift, note, nop(),
	        nop(), nop(), insn_j(0, -40));
	PROGRAM(world, CODE + PAGE_SIZE, insn_i(INSN_addi, 9, 9, -1), insn_b(INSN_bne, 9, 0, -4), insn_s(INSN_sw, 12, 13, PATCHED), take,
	        shift, note, insn_j(0, -12));
	world->config.quantum = 1;
	world->config.max_cycles = 2000;
	for (unsigned i = 0; i < 2; i++) {
		harts[i].x[10] = DATA;
		harts[i].x[11] = 1;
	}
	harts[1].pc = CODE + PAGE_SIZE;
	harts[1].x[9] = rounds;
	harts[1].x[12] = take;
	harts[1].x[13] = CODE;
	if (whole)
		sched_run(&world->machine);
	while (world->machine.stop == RUNNING)
		sched_slice(&world->machine);
	uint64_t numbers = harts[0].x[8] * UINT64_C(0x9e3779b97f4a7c15) ^ harts[1].x[8];
	cr_assert_neq(harts[0].x[7], 0);
	engine_world_free(world);
	return numbers;
}

Test(sched, who_gets_ahead_knows_of_changed_code)
{
	for (unsigned rounds = 100; rounds < 120; rounds++)
		cr_assert_eq(numbers_taken(true, rounds), numbers_taken(false, rounds), "%u", rounds);
}

static const struct way ideal = {"ideal", false, TIMED};

Test(sched, one_hart_gives_the_same_however_it_is_run) { compare(0, 12, 1, ideal); }
Test(sched, two_harts_give_the_same_however_they_are_run) { compare(100, 110, 2, ideal); }
Test(sched, five_harts_give_the_same_however_they_are_run) { compare(200, 206, 5, ideal); }

static void compare_cycles(uint64_t seed, const char *preset)
{
	compare(seed, seed + 6, 1, (struct way){preset, false, TIMED});
	compare(seed + 300, seed + 303, 3, (struct way){preset, false, TIMED});
	compare(seed + 600, seed + 603, 1, (struct way){preset, true, TIMED});
	compare(seed + 900, seed + 903, 4, (struct way){preset, true, TIMED});
}

/* Loads from lines of their own. Misses: the third overflows, and the interrupt comes before the instruction after it.
 * Stall cycles: the first load has more of them than cycles pass before the next instructions. */
Test(sched, an_event_counter_interrupts_after_the_instruction_that_overflows_it)
{
	static const struct { uint64_t event, start, mepc; } cases[] = {
		{4, -UINT64_C(3), CODE + 20}, {15, -UINT64_C(50), CODE + 4}, {15, -UINT64_C(100), CODE + 12},
	};
	for (unsigned i = 0; i < 12; i++) {
		struct engine_world *world = engine_world_new(1, NULL, 0);
		struct hart *hart = world->machine.harts;
		PROGRAM(world, CODE, insn_i(INSN_ld, 5, 10, 0), nop(), insn_i(INSN_ld, 5, 10, 64), insn_i(INSN_ld, 6, 10, 8),
		        insn_i(INSN_ld, 5, 10, 128), nop(), insn_i(INSN_ld, 5, 10, 192), insn_rows[INSN_wfi].match);
		PROGRAM(world, CODE + 0x200, insn_i(INSN_csrrs, 7, 0, 0xb03), insn_i(INSN_csrrw, 0, 0, 0x304), insn_rows[INSN_wfi].match);
		engine_world_time(world, "rocket");
		world->machine.engine.options.block_ops = i < 6 ? 64 : 1;
		world->machine.engine.options.flush_always = i % 2;
		hart->csr.mtvec = CODE + 0x200;
		hart->csr.mie = 1 << IRQ_LCOFI;
		hart->csr.mstatus |= mstatus_MIE;
		hart->x[10] = DATA;
		cr_assert(csr_poke(hart, CSR_mhpmevent3, cases[i / 2 % 3].event));
		cr_assert(csr_poke(hart, CSR_mhpmcounter3, cases[i / 2 % 3].start));
		context_changed(hart);
		sched_run(&world->machine);
		cr_assert_eq(hart->csr.mcause, UINT64_C(1) << 63 | IRQ_LCOFI);
		cr_assert_eq(hart->csr.mepc, cases[i / 2 % 3].mepc, "%u: mepc %lx", i, (long)hart->csr.mepc);
		cr_assert_lt(hart->x[7], 70, "the counter has just wrapped");
		cr_assert_neq(hart->csr.mhpmevent3 & mhpmevent3_OF, 0);
		engine_world_free(world);
	}
}

/* Exactly one instruction earlier or later is another cycle for all that follow. */
Test(sched, timing_that_begins_later_begins_at_the_same_instruction)
{
	for (enum switching switching = FROM_COUNT; switching <= FROM_HINTS; switching++) {
		compare(1100 + switching, 1103 + switching, 1, (struct way){"cva6", false, switching});
		compare(1200 + switching, 1202 + switching, 3, (struct way){"u74", true, switching});
	}
}

Test(sched, timing_from_the_start_is_timing_on)
{
	struct engine_world *worlds[2];
	for (unsigned i = 0; i < 2; i++) {
		worlds[i] = random_world(7, 2, NULL, 0);
		engine_world_time(worlds[i], "rocket");
		if (i)
			machine_switch_timing(&worlds[i]->machine, false), machine_switch_timing(&worlds[i]->machine, true);
		sched_run(&worlds[i]->machine);
	}
	for (unsigned i = 0; i < 2; i++)
		cr_assert_eq(worlds[0]->machine.harts[i].insns, worlds[1]->machine.harts[i].insns);
	cr_assert_eq(place(&worlds[0]->machine, 0), place(&worlds[1]->machine, 0));
	engine_world_free(worlds[0]);
	engine_world_free(worlds[1]);
}

Test(sched, cycles_of_cva6_are_the_same_however_they_are_run) { compare_cycles(0, "cva6"); }
Test(sched, cycles_of_rocket_are_the_same_however_they_are_run) { compare_cycles(10, "rocket"); }
Test(sched, cycles_of_u74_are_the_same_however_they_are_run) { compare_cycles(40, "u74"); }
