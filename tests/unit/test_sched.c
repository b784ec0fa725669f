/* Who runs when: slices, events, waiting harts, limits; and that the engine's ways of running a slice all give the
 * same. */
#include <stdlib.h>
#include <unistd.h>
#include "engine_world.h"

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
		event_init(&event, raise_line, &raise);
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

/* ---- one run, however it is made ---- */

enum { BODY = 2000, BODY_AT = 0x7fe }; /* the body begins before a page's end, two bytes off */

struct random {
	uint64_t state;
};

static uint64_t draw(struct random *random, uint64_t below)
{
	random->state = random->state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (random->state >> 33) % below;
}

/* Drawn one after the other: the order of a call's arguments is the compiler's. */
struct operands {
	unsigned a, b, c; /* registers */
	int offset;
};

static struct operands draw_operands(struct random *random)
{
	uint64_t bits = draw(random, 1 << 9);
	return (struct operands){5 + (bits & 7), 5 + (bits >> 3 & 7), 5 + (bits >> 6), (int)draw(random, 1000) - 500};
}

static uint32_t random_alu(struct random *random)
{
	static const uint16_t ids[] = {INSN_add, INSN_sub, INSN_xor, INSN_mul, INSN_div, INSN_sltu, INSN_srl, INSN_addw};
	struct operands operands = draw_operands(random);
	return insn_r(ids[draw(random, 8)], operands.a, operands.b, operands.c);
}

/* x16: near a page's end; x17, x18: two lines for atomics. */
static uint32_t random_memory(struct random *random)
{
	struct operands operands = draw_operands(random);
	unsigned a = operands.a, b = operands.b, line = 17 + (operands.c & 1);
	int offset = operands.offset / 8;
	switch (draw(random, 10)) {
	case 0: return insn_i(INSN_lw, a, 16, offset);
	case 1: return insn_i(INSN_lbu, a, 16, offset);
	case 2: return insn_s(INSN_sd, a, 16, offset);
	case 3: return insn_s(INSN_sh, a, 16, offset);
	case 4: return insn_r(INSN_amoadd_d, a, 17, b);
	case 5: return insn_r(INSN_amoswap_w, a, 17, b);
	case 6: return insn_r(INSN_lr_d, a, line, 0);
	case 7: return insn_r(INSN_sc_d, a, line, b);
	case 8: return insn_s(INSN_sd, a, 18, 0);
	default: return insn_i(INSN_ld, a, 16, offset & ~7);
	}
}

/* Jumps within 500 instructions, over the ends of the body at times: x20 is its middle. */
static uint32_t random_jump(struct random *random)
{
	static const uint16_t branches[] = {INSN_beq, INSN_bne, INSN_blt, INSN_bgeu};
	struct operands operands = draw_operands(random);
	unsigned link = operands.a == 5 ? 4 : 1;
	switch (draw(random, 4)) {
	case 0: return insn_j(link, operands.offset * 4);
	case 1: return insn_i(INSN_jalr, link, 20, operands.offset * 4);
	default: return insn_b(branches[operands.c & 3], operands.a, operands.b, operands.offset * 4);
	}
}

static uint32_t random_system(struct random *random)
{
	struct operands operands = draw_operands(random);
	unsigned a = operands.a;
	switch (draw(random, 14)) {
	case 0: return insn_i(INSN_csrrs, a, 0, 0xc00);               /* cycle */
	case 1: return insn_i(INSN_csrrs, a, 0, 0xc02);               /* instret */
	case 2: return insn_i(INSN_csrrs, a, 0, 0xc01);               /* time */
	case 3: return insn_i(INSN_csrrsi, a, 2, 0x100);              /* sstatus.SIE */
	case 4: return insn_i(INSN_csrrci, a, 2, 0x100);
	case 5: return insn_i(INSN_csrrc, 0, 21, 0x100);              /* FS off */
	case 6: return insn_i(INSN_csrrs, 0, 22, 0x100);              /* FS initial */
	case 7: return insn_i(INSN_addi, 4, a, 0);                    /* tp */
	case 8: return insn_i(INSN_csrrw, 4, a, 0x140);               /* tp, sscratch */
	case 9: return insn_rows[INSN_ecall].match;
	case 10: return insn_rows[INSN_sfence_vma].match;
	case 11: return insn_rows[INSN_fence_i].match;
	case 12: return insn_r(INSN_fmv_d_x, operands.b, a, 0);
	default: return insn_rows[INSN_wfi].match;
	}
}

static uint32_t random_insn(struct random *random)
{
	uint64_t which = draw(random, 12);
	if (which == 0) { /* into running code */
		struct operands operands = draw_operands(random);
		return insn_s(INSN_sw, 23 + operands.a % 3, 20, operands.offset * 4);
	}
	if (which < 4)
		return random_memory(random);
	if (which < 6)
		return random_jump(random);
	return which == 6 ? random_system(random) : random_alu(random);
}

/* Counters of the model's events overflow now and then; their handler starts them anew. x28: what is counted, x30: from
 * where. */
enum { LCOFI_HANDLER = 0x180 };

/* Exceptions skip 4 bytes, wherever they come from; what leaves the body returns to its middle. Timer interrupts come
 * every 397 cycles. */
static void put_handlers(struct engine_world *world)
{
	PROGRAM(world, CODE + 0x100, insn_j(0, 0x40));                                  /* exceptions */
	PROGRAM(world, CODE + 0x100 + 4 * IRQ_STI, insn_i(INSN_csrrs, 31, 0, 0xc01), insn_i(INSN_addi, 31, 31, 397),
	        insn_i(INSN_csrrw, 0, 31, 0x14d), insn_rows[INSN_mret].match);
	PROGRAM(world, CODE + 0x100 + 4 * IRQ_LCOFI, insn_j(0, LCOFI_HANDLER - 0x100 - 4 * IRQ_LCOFI));
	PROGRAM(world, CODE + LCOFI_HANDLER, insn_i(INSN_csrrc, 0, 29, 0x344), insn_i(INSN_csrrw, 0, 30, 0xb03),
	        insn_i(INSN_csrrw, 0, 28, 0x323), insn_rows[INSN_mret].match);
	PROGRAM(world, CODE + 0x140, insn_i(INSN_csrrs, 31, 0, 0x341), insn_i(INSN_addi, 31, 31, 4),
	        insn_b(INSN_bltu, 31, 26, 12), insn_b(INSN_bgeu, 31, 27, 8), insn_j(0, 8), insn_i(INSN_addi, 31, 20, 0),
	        insn_i(INSN_csrrw, 0, 31, 0x341), insn_rows[INSN_mret].match);
}

/* One page table for all: the whole of DRAM onto itself, by 4 KiB pages, and nothing else. */
static uint64_t put_tables(struct engine_world *world)
{
	uint64_t root = DATA + 0x100000, next = root + 2 * PAGE_SIZE, pte = next >> PAGE_SHIFT << 10 | 1;
	uint64_t middle = root + PAGE_SIZE, to_middle = middle >> PAGE_SHIFT << 10 | 1;
	bus_poke(&world->machine.bus, root + (CODE >> 30) * 8, &to_middle, 8);
	for (uint64_t pa = CODE; pa < CODE + ENGINE_BYTES; pa += PAGE_SIZE) {
		uint64_t leaf = pa >> PAGE_SHIFT << 10 | 0xf; /* A and D come by hardware */
		if (pa % (2 << 20) == 0) {
			pte = next >> PAGE_SHIFT << 10 | 1;
			bus_poke(&world->machine.bus, middle + (pa >> 21 & 511) * 8, &pte, 8);
			next += PAGE_SIZE;
		}
		bus_poke(&world->machine.bus, next - PAGE_SIZE + (pa >> 12 & 511) * 8, &leaf, 8);
	}
	return root;
}

static void start_hart(struct engine_world *world, struct hart *hart, struct random *random, bool paged)
{
	hart->csr.mtvec = (CODE + 0x100) | 1;
	hart->csr.mie = 1 << IRQ_STI;
	hart->csr.menvcfg |= menvcfg_STCE | menvcfg_ADUE;
	hart->csr.stimecmp = 300 + 50 * hart->id;
	hart->csr.mcounteren = 7;
	hart->csr.pmpcfg0 = 0x1f;
	hart->csr.pmpaddr0 = UINT64_MAX >> 10;
	hart->pc = CODE + BODY_AT;
	hart->x[16] = DATA + PAGE_SIZE;
	hart->x[17] = DATA + 0x2100;
	hart->x[18] = DATA + 0x2140;
	hart->x[20] = CODE + BODY_AT + 4 * (BODY / 2);
	hart->x[21] = 3 << mstatus_FS_LOW;
	hart->x[22] = 1 << mstatus_FS_LOW;
	for (unsigned i = 23; i < 26; i++)
		hart->x[i] = random_alu(random);
	hart->x[26] = CODE + BODY_AT;
	hart->x[27] = CODE + BODY_AT + 4 * BODY;
	hart->csr.mstatus |= mstatus_MIE;
	if (paged)
		hart->csr.satp = UINT64_C(8) << 60 | put_tables(world) >> PAGE_SHIFT;
	enter(hart, paged ? MODE_HS : MODE_M);
}

static struct engine_world *random_world(uint64_t seed, unsigned harts, const char *trace_path, uint32_t events)
{
	struct random random = {seed};
	struct engine_world *world = engine_world_new(harts, trace_path, events);
	world->config.quantum = draw(&random, 2) ? 1 : 1 + draw(&random, 60);
	world->config.max_cycles = 12000;
	for (unsigned i = 0; i < BODY; i++)
		put_word(world, CODE + BODY_AT + 4 * i, random_insn(&random));
	/* and out of its end back to its middle */
	put_word(world, CODE + BODY_AT + 4 * BODY, insn_i(INSN_jalr, 0, 20, 0));
	put_handlers(world);
	for (unsigned i = 0; i < harts; i++)
		start_hart(world, &world->machine.harts[i], &random, seed & 1);
	return world;
}

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

struct outcome { uint64_t places, hash, memory, insns; };

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
	machine->platform.timing.at_pc = switching == FROM_PC;
	machine->platform.timing.pc = CODE + BODY_AT + 4 * (BODY / 2 - 50 + draw(&random, 100));
	machine->platform.timing.hints = switching == FROM_HINTS;
	for (unsigned i = 0; i < BODY / 20 && switching == FROM_HINTS; i++)
		put_word(world, CODE + BODY_AT + 4 * draw(&random, BODY),
		         insn_i(INSN_slti, 0, 0, draw(&random, 2) ? TIMING_HINT_ON : TIMING_HINT_OFF));
}


static struct outcome run_random(uint64_t seed, unsigned harts, struct way way, enum how how)
{
	bool traced = how == TRACED;
	struct engine_world *world = random_world(seed, harts, traced ? "/dev/null" : NULL, traced ? 1u << TRACE_INSN : 0);
	struct machine *machine = &world->machine;
	struct random random = {seed};
	struct outcome outcome = {0};
	if (way.tiny)
		make_tiny(&world->timing);
	engine_world_time(world, way.preset);
	if (strcmp(way.preset, "ideal") != 0)
		count_events(world, seed);
	if (way.switching != TIMED)
		switch_later(world, way.switching, seed);
	machine->platform.block_ops = how == ONE_OP ? 1 : how == THREE_OPS ? 3 : 64;
	machine->platform.flush_always = how == FLUSHED;
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
		struct outcome wanted = run_random(seed, harts, way, WHOLE);
		cr_assert_gt(wanted.insns, 300);
		for (enum how how = WHOLE + 1; how < WAYS; how++) {
			if (how == PAUSED && way.switching == FROM_COUNT)
				continue; /* it runs slices by itself, and the scheduler's limits are not asked */
			struct outcome got = run_random(seed, harts, way, how);
			cr_assert_eq(got.insns, wanted.insns, "seed %d, %s: instructions", (int)seed, how_names[how]);
			cr_assert_eq(got.memory, wanted.memory, "seed %d, %s: memory", (int)seed, how_names[how]);
			cr_assert_eq(got.hash, wanted.hash, "seed %d, %s: events and state", (int)seed, how_names[how]);
			if (how != PAUSED && how != STEPPED && how != RUN)
				cr_assert_eq(got.places, wanted.places, "seed %d, %s: a slice's end", (int)seed, how_names[how]);
		}
	}
}

/* A hart goes round a loop that only computes, until the other writes an atomic into it. The block that jumps there has not changed, but
 * from then on what it leads to is a turn: the numbers that the harts take tell their order. */
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
		world->machine.platform.block_ops = i < 6 ? 64 : 1;
		world->machine.platform.flush_always = i % 2;
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
