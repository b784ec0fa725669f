/* The engine: blocks, the links between them, what ends them, and that nothing of it shows. */
#include <stdlib.h>
#include <unistd.h>
#include "engine_world.h"
#include "temporary.h"
#include "trace/format.h"

/* ---- where a run stops ---- */

Test(engine, a_slice_ends_at_the_first_boundary_at_or_past_its_bound)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	PROGRAM(world, CODE, nop(), nop(), nop(), nop(), nop(), nop(), nop(), insn_j(0, -28));

	for (uint64_t bound = 1; bound < 100; bound++) {
		cr_assert(exec_run(hart, bound, UINT64_MAX));
		cr_assert_eq(hart->cycle, bound);
		cr_assert_eq(hart->now, bound);
		cr_assert_eq(hart->insns, bound);
		cr_assert_eq(hart->retired, bound);
		cr_assert_eq(hart->pc, CODE + bound % 8 * 4);
	}
	cr_assert(exec_run(hart, 50, UINT64_MAX), "a bound in the past");
	cr_assert_eq(hart->cycle, 99);
	engine_world_free(world);
}

Test(engine, a_run_stops_at_its_number_of_instructions)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	PROGRAM(world, CODE, nop(), nop(), nop(), insn_j(0, -12));

	for (uint64_t count = 0; count < 300; count += 7) {
		uint64_t before = hart->insns;
		cr_assert_not(exec_run(hart, 100000, count));
		cr_assert_eq(hart->insns, before + count);
		cr_assert_eq(hart->cycle, hart->insns);
	}
	engine_world_free(world);
}

/* ---- links ---- */

/* x5 counts in M-mode, x6 in U-mode: the same loop, entered in both by turns. */
Test(engine, a_link_made_in_one_mode_is_not_followed_in_another)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	/* a csrr of an M-mode register is illegal in U-mode */
	PROGRAM(world, CODE, insn_i(INSN_addi, 5, 5, 1), insn_j(0, 4), insn_i(INSN_csrrs, 7, 0, 0x340), insn_j(0, -12));
	hart->csr.mtvec = CODE + 0x100;
	hart->csr.pmpcfg0 = 0x1f;
	hart->csr.pmpaddr0 = UINT64_MAX >> 10;
	context_changed(hart);
	exec_run(hart, 400, UINT64_MAX);
	cr_assert_eq(hart->x[5], 100);
	hart->pc = CODE;
	enter(hart, MODE_U);
	exec_run(hart, 403, UINT64_MAX);
	cr_assert_eq(hart->mode, MODE_M);
	cr_assert_eq(hart->csr.mcause, CAUSE_ILLEGAL);
	cr_assert_eq(hart->csr.mepc, CODE + 8);
	engine_world_free(world);
}

Test(engine, an_indirect_jump_is_not_taken_from_the_cache_of_another_context)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	PROGRAM(world, CODE, insn_i(INSN_jalr, 0, 10, 0), nop());
	PROGRAM(world, CODE + 0x200, insn_i(INSN_csrrs, 7, 0, 0x340), insn_i(INSN_jalr, 0, 11, 0));
	hart->csr.mtvec = CODE + 0x100;
	hart->csr.pmpcfg0 = 0x1f;
	hart->csr.pmpaddr0 = UINT64_MAX >> 10;
	hart->x[10] = CODE + 0x200;
	hart->x[11] = CODE;
	context_changed(hart);
	exec_run(hart, 300, UINT64_MAX);
	cr_assert_eq(hart->csr.mcause, 0);
	hart->pc = CODE;
	enter(hart, MODE_U);
	exec_run(hart, 302, UINT64_MAX);
	cr_assert_eq(hart->csr.mcause, CAUSE_ILLEGAL);
	cr_assert_eq(hart->csr.mepc, CODE + 0x200);
	engine_world_free(world);
}

/* ---- code that changes ---- */

Test(engine, a_store_into_the_running_block_is_seen_by_the_next_instruction)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	PROGRAM(world, CODE, insn_s(INSN_sw, 11, 10, 4), insn_i(INSN_addi, 5, 5, 1), insn_j(0, -8));
	hart->x[10] = CODE;
	hart->x[11] = insn_i(INSN_addi, 5, 5, 100);
	exec_run(hart, 30, UINT64_MAX);
	cr_assert_eq(hart->x[5], 1000);
	hart->x[11] = insn_i(INSN_addi, 5, 5, 1);
	exec_run(hart, 60, UINT64_MAX);
	cr_assert_eq(hart->x[5], 1010);
	engine_world_free(world);
}

Test(engine, a_store_by_one_hart_reaches_the_links_of_another)
{
	struct engine_world *world = engine_world_new(2, NULL, 0);
	struct hart *hart = world->machine.harts;
	PROGRAM(world, CODE, insn_i(INSN_addi, 5, 5, 1), insn_j(0, -4));
	PROGRAM(world, CODE + 0x1000, insn_s(INSN_sw, 11, 10, 0), insn_j(0, 0));
	exec_run(&hart[0], 100, UINT64_MAX);
	cr_assert_eq(hart[0].x[5], 50);
	hart[1].pc = CODE + 0x1000;
	hart[1].x[10] = CODE;
	hart[1].x[11] = insn_i(INSN_addi, 5, 5, 100);
	exec_run(&hart[1], 10, UINT64_MAX);
	exec_run(&hart[0], 102, UINT64_MAX);
	cr_assert_eq(hart[0].x[5], 150);
	engine_world_free(world);
}

/* Only the second half of the instruction is in the page that is written. */
Test(engine, an_instruction_across_pages_is_read_anew)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	uint64_t place = CODE + PAGE_SIZE - 2;
	PROGRAM(world, place, insn_i(INSN_addi, 5, 5, 1), insn_s(INSN_sh, 11, 10, 0), insn_j(0, -8));
	hart->pc = place;
	hart->x[10] = place + 2;
	hart->x[11] = insn_i(INSN_addi, 5, 5, 100) >> 16;
	exec_run(hart, 30, UINT64_MAX);
	cr_assert_eq(hart->x[5], 901);
	engine_world_free(world);
}

/* More code than the arena of translations holds. */
Test(engine, a_full_arena_is_emptied_and_filled_again)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	const unsigned blocks = 100000;
	for (unsigned i = 0; i < blocks; i++)
		PROGRAM(world, CODE + 8 * i, insn_i(INSN_addi, 5, 5, 1), insn_j(0, 4));
	put_word(world, CODE + 8 * blocks, insn_i(INSN_jalr, 0, 10, 0));
	hart->x[10] = CODE;
	for (unsigned round = 1; round < 4; round++) {
		exec_run(hart, round * (2 * blocks + 1), UINT64_MAX);
		cr_assert_eq(hart->pc, CODE);
		cr_assert_eq(hart->x[5], round * blocks);
		cr_assert_eq(hart->insns, hart->cycle);
		cr_assert_leq(hart->exec->arena_used, (size_t)ARENA_BYTES);
	}
	engine_world_free(world);
}

/* ---- effects ---- */

/* A pending interrupt that the program enables is taken before the next instruction. */
Test(engine, an_interrupt_is_taken_right_after_it_was_enabled)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	PROGRAM(world, CODE, nop(), insn_i(INSN_csrrsi, 0, 8, 0x300), insn_i(INSN_addi, 5, 5, 1));
	hart->csr.mtvec = CODE + 0x100;
	hart->csr.mie = 1 << IRQ_MSI;
	hart->irq_lines = 1 << IRQ_MSI;
	context_changed(hart);
	exec_run(hart, 3, UINT64_MAX);
	cr_assert_eq(hart->csr.mcause, UINT64_C(1) << 63 | IRQ_MSI);
	cr_assert_eq(hart->csr.mepc, CODE + 8);
	cr_assert_eq(hart->x[5], 0);
	cr_assert_eq(hart->insns, 2);
	engine_world_free(world);
}

/* The comparison becomes true in the middle of a block, and of a chain of blocks. */
Test(engine, a_timer_interrupt_is_taken_at_its_cycle)
{
	for (uint64_t due = 1; due < 200; due += 3) {
		struct engine_world *world = engine_world_new(1, NULL, 0);
		struct hart *hart = world->machine.harts;
		PROGRAM(world, CODE, nop(), nop(), nop(), nop(), insn_j(0, 4), nop(), insn_j(0, -24));
		hart->csr.mtvec = CODE + 0x100;
		hart->csr.mie = 1 << IRQ_STI;
		hart->csr.mstatus |= mstatus_MIE;
		hart->csr.menvcfg |= menvcfg_STCE;
		hart->csr.stimecmp = due;
		context_changed(hart);
		exec_run(hart, due + 1, UINT64_MAX);
		cr_assert_eq(hart->csr.mcause, UINT64_C(1) << 63 | IRQ_STI);
		cr_assert_eq(hart->insns, due);
		cr_assert_eq(hart->csr.mepc, CODE + due % 7 * 4);
		engine_world_free(world);
	}
}

/* ---- reservations ---- */

enum { LR, SC, SD, AMO, NOTHING };

static uint32_t atomic(unsigned what)
{
	switch (what) {
	case LR: return insn_r(INSN_lr_d, 5, 10, 0);
	case SC: return insn_r(INSN_sc_d, 6, 10, 11);
	case SD: return insn_s(INSN_sd, 11, 10, 0);
	case AMO: return insn_r(INSN_amoswap_d, 0, 10, 11);
	default: return nop();
	}
}

static void do_atomic(struct engine_world *world, unsigned id, unsigned what)
{
	struct hart *hart = &world->machine.harts[id];
	hart->pc = CODE + 16 * what;
	exec_run(hart, hart->cycle + 1, UINT64_MAX);
}

static struct engine_world *atomic_world(unsigned harts)
{
	struct engine_world *world = engine_world_new(harts, NULL, 0);
	for (unsigned what = 0; what <= NOTHING; what++)
		PROGRAM(world, CODE + 16 * what, atomic(what), nop());
	for (unsigned i = 0; i < harts; i++) {
		world->machine.harts[i].x[10] = DATA;
		world->machine.harts[i].x[11] = 100 + i;
		world->machine.harts[i].x[6] = 7;
	}
	return world;
}

static bool watched(const struct engine_world *world, uint64_t pa)
{
	return *bus_page_flags(&world->machine.bus, pa) & PAGE_WATCH;
}

Test(engine, a_store_by_another_hart_ends_a_reservation)
{
	struct engine_world *world = atomic_world(3);
	struct hart *hart = world->machine.harts;
	for (unsigned breaker = SC; breaker <= NOTHING; breaker++) {
		do_atomic(world, 1, SD); /* the page is in its filter now */
		hart[1].x[6] = 7;
		do_atomic(world, 1, LR);
		do_atomic(world, 0, LR);
		cr_assert(watched(world, DATA));
		do_atomic(world, 1, breaker);
		if (breaker == SC)
			cr_assert_eq(hart[1].x[6], 0);
		do_atomic(world, 0, SC);
		cr_assert_eq(hart[0].x[6], breaker != NOTHING, "breaker %u", breaker);
		do_atomic(world, 1, SC);
		/* a hart's own stores leave its own reservation alone */
		cr_assert_eq(hart[1].x[6], breaker == SC || breaker == NOTHING, "breaker %u", breaker);
		cr_assert_not(watched(world, DATA), "breaker %u leaves a flag", breaker);
	}
	engine_world_free(world);
}

Test(engine, reservations_in_one_page_are_watched_until_the_last_ends)
{
	struct engine_world *world = atomic_world(3);
	struct hart *hart = world->machine.harts;
	hart[1].x[10] = DATA + 64;
	do_atomic(world, 0, LR);
	do_atomic(world, 1, LR);
	do_atomic(world, 0, SC);
	cr_assert_eq(hart[0].x[6], 0, "the neighbour's line does not matter");
	cr_assert(watched(world, DATA));
	hart[2].x[10] = DATA + 64 + 56;
	do_atomic(world, 2, SD);
	cr_assert_not(watched(world, DATA));
	do_atomic(world, 1, SC);
	cr_assert_eq(hart[1].x[6], 1);
	engine_world_free(world);
}

/* A misaligned store whose end reaches the line, and one across a page boundary whose second part does. */
Test(engine, part_of_a_misaligned_store_ends_a_reservation)
{
	struct engine_world *world = atomic_world(2);
	struct hart *hart = world->machine.harts;
	for (unsigned i = 0; i < 2; i++) {
		hart[0].x[10] = DATA + (i ? PAGE_SIZE : 64);
		hart[1].x[10] = hart[0].x[10] - 1;
		do_atomic(world, 0, LR);
		do_atomic(world, 1, SD);
		do_atomic(world, 0, SC);
		cr_assert_eq(hart[0].x[6], 1);
	}
	engine_world_free(world);
}

Test(engine, a_trap_ends_a_reservation)
{
	struct engine_world *world = atomic_world(2);
	struct hart *hart = world->machine.harts;
	put_word(world, CODE + 0x200, insn_rows[INSN_ecall].match);
	hart->csr.mtvec = CODE + 0x300;
	do_atomic(world, 0, LR);
	hart->pc = CODE + 0x200;
	exec_run(hart, hart->cycle + 1, UINT64_MAX);
	cr_assert_eq(hart->csr.mcause, CAUSE_ECALL_M);
	cr_assert_not(watched(world, DATA));
	do_atomic(world, 0, SC);
	cr_assert_eq(hart->x[6], 1);
	engine_world_free(world);
}

/* ---- tp, functions and traces inserted into blocks ---- */

struct seen {
	struct observer observer; /* first */
	unsigned count[TRACE_TYPES];
	struct trace_event last[TRACE_TYPES];
};

static void see(struct observer *observer, struct hart *hart __attribute__((unused)), const struct trace_event *event)
{
	struct seen *seen = (struct seen *)observer;
	seen->count[event->type]++;
	seen->last[event->type] = *event;
}

/* An instruction that leaves its block stands before a jump that writes tp: the jump has not been executed. */
Test(engine, a_jump_that_writes_tp_is_noted_once)
{
	for (unsigned stepped = 0; stepped < 2; stepped++) {
		struct engine_world *world = engine_world_new(1, NULL, 0);
		struct hart *hart = world->machine.harts;
		struct seen seen = {.observer = {.event = see, .wanted = UINT32_MAX}};
		observers_add(&world->machine.observers, &seen.observer);
		PROGRAM(world, CODE, nop(), insn_i(INSN_csrrsi, 0, 8, 0x300), insn_j(4, 8), nop(), insn_j(0, 0));
		while (hart->cycle < 100)
			stepped ? exec_step(hart, 100) : exec_run(hart, 100, UINT64_MAX);
		cr_assert_eq(seen.count[TRACE_TP], 1);
		cr_assert_eq(seen.last[TRACE_TP].pc, CODE + 8);
		cr_assert_eq(seen.last[TRACE_TP].value[0], CODE + 12);
		cr_assert_eq(seen.last[TRACE_TP].cycle, 2);
		engine_world_free(world);
	}
}

/* One that leaves and writes tp itself is noted, too, also where a pipeline has to be settled after it. */
Test(engine, a_csr_instruction_that_writes_tp_is_noted)
{
	static const char *const presets[] = {"ideal", "cva6", "rocket", "u74"};
	for (unsigned i = 0; i < 4; i++) {
		struct engine_world *world = engine_world_new(1, NULL, 0);
		struct hart *hart = world->machine.harts;
		struct seen seen = {.observer = {.event = see, .wanted = UINT32_MAX}};
		engine_world_time(world, presets[i]);
		observers_add(&world->machine.observers, &seen.observer);
		PROGRAM(world, CODE, nop(), insn_i(INSN_csrrsi, 4, 8, 0x300), insn_i(INSN_csrrw, 4, 4, 0x340), nop(), insn_j(0, 0));
		exec_run(hart, 1000, UINT64_MAX);
		cr_assert_eq(seen.count[TRACE_TP], 2, "%s", presets[i]);
		cr_assert_eq(seen.last[TRACE_TP].pc, CODE + 8);
		cr_assert_eq(seen.last[TRACE_TP].value[0], hart->x[4]);
		engine_world_free(world);
	}
}

/* As a check does that finds a wrong tp: the machine stops right there, however blocks are chained. */
struct stopper {
	struct observer observer; /* first */
	struct machine *machine;
};

static void stop_at_tp(struct observer *observer, struct hart *hart __attribute__((unused)),
                       const struct trace_event *event __attribute__((unused)))
{
	machine_stop(((struct stopper *)observer)->machine, STOP_CHECK, 0, "tp");
}

Test(engine, who_stops_the_machine_at_a_write_of_tp_stops_it_there)
{
	const uint32_t writers[] = {insn_i(INSN_addi, 4, 0, 1), insn_j(4, 4)};
	for (unsigned i = 0; i < 2; i++) {
		struct engine_world *world = engine_world_new(1, NULL, 0);
		struct hart *hart = world->machine.harts;
		struct stopper stopper = {{.event = stop_at_tp, .wanted = 1u << TRACE_TP, .strict = true}, &world->machine};
		observers_add(&world->machine.observers, &stopper.observer);
		PROGRAM(world, CODE, insn_i(INSN_addi, 5, 5, 1), insn_i(INSN_addi, 6, 0, 7), insn_b(INSN_blt, 5, 6, -8), writers[i],
		        insn_j(0, 0));
		sched_run(&world->machine);
		cr_assert_eq(hart->cycle, i ? 21 : 22, "after the addi, before the jump");
		cr_assert_eq(hart->pc, i ? CODE + 12 : CODE + 16);
		engine_world_free(world);
	}
}

/* The accessed bit of a PTE that is at the same time the next instruction: a fence before, an fnmadd after. */
Test(engine, a_load_reserved_obeys_what_its_walk_did)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	uint64_t leaf = DATA >> PAGE_SHIFT << 10 | 0xf, tables = DATA + 0x10000;
	uint64_t root = (tables + PAGE_SIZE) >> PAGE_SHIFT << 10 | 1, middle = CODE >> PAGE_SHIFT << 10 | 1;
	hart->csr.mtvec = CODE + 0x2000;
	hart->csr.menvcfg |= menvcfg_ADUE;
	hart->csr.mstatus |= mstatus_MPRV | UINT64_C(1) << mstatus_MPP_LOW;
	hart->csr.satp = UINT64_C(8) << 60 | tables >> PAGE_SHIFT;
	hart->csr.pmpcfg0 = 0x1f;
	hart->csr.pmpaddr0 = UINT64_MAX >> 10;
	context_changed(hart);
	bus_poke(&world->machine.bus, tables, &root, sizeof root);
	bus_poke(&world->machine.bus, tables + PAGE_SIZE, &middle, sizeof middle);
	PROGRAM(world, CODE, nop(), insn_r(INSN_lr_d, 5, 10, 0), (uint32_t)leaf, (uint32_t)(leaf >> 32));
	hart->x[10] = 1 << PAGE_SHIFT;
	put_word(world, CODE + 0x2000, insn_j(0, 0));
	exec_run(hart, 20, UINT64_MAX);
	cr_assert_eq(memory(world, CODE + 8), leaf | 0x40);
	cr_assert_eq(hart->csr.mcause, CAUSE_ILLEGAL);
	cr_assert_eq(hart->csr.mepc, CODE + 8);
	cr_assert_eq(hart->csr.mtval, (uint32_t)leaf | 0x40);
	engine_world_free(world);
}

/* The first FP instruction marks FP state dirty and is translated once more: that is no step. */
Test(engine, a_step_is_an_instruction_even_where_fp_state_becomes_dirty)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	PROGRAM(world, CODE, insn_r(INSN_fmv_d_x, 1, 5, 0), nop());
	hart->csr.mstatus = (hart->csr.mstatus & ~(uint64_t)mstatus_FS) | UINT64_C(1) << mstatus_FS_LOW;
	context_changed(hart);
	hart->x[5] = 42;
	exec_step(hart, 100);
	cr_assert_eq(hart->insns, 1);
	cr_assert_eq(hart->pc, CODE + 4);
	cr_assert_eq(hart->f[1], 42);
	cr_assert_eq(hart->csr.mstatus & mstatus_FS, mstatus_FS);
	engine_world_free(world);
}

/* Every instruction that retired has its event, in order, and no other has. */
static void expect_trace(const char *path, uint64_t insns, const uint64_t *pcs)
{
	char error[100];
	struct trace_reader *reader = trace_reader_open(path, error, sizeof error);
	struct trace_event event;
	uint64_t count = 0;
	cr_assert_not_null(reader);
	while (trace_reader_next(reader, &event) == TRACE_READ_EVENT) {
		if (event.type != TRACE_INSN)
			continue;
		cr_assert_eq(event.retired, count, "event %llu", (unsigned long long)count);
		cr_assert_eq(event.pc, pcs[count]);
		count++;
	}
	trace_reader_close(reader);
	cr_assert_eq(count, insns);
}

Test(engine, an_instruction_trace_has_every_instruction_once)
{
	char path[TEMPORARY_PATH];
	temporary(path);
	struct engine_world *world = engine_world_new(1, path, 1u << TRACE_INSN);
	struct hart *hart = world->machine.harts;
	PROGRAM(world, CODE, nop(), insn_r(INSN_fmv_d_x, 1, 5, 0), insn_i(INSN_csrrsi, 0, 8, 0x300), insn_j(4, 8), nop(), nop(),
	        insn_rows[INSN_ecall].match);
	put_word(world, CODE + 0x100, nop());
	hart->csr.mtvec = CODE + 0x100;
	hart->csr.mstatus = (hart->csr.mstatus & ~(uint64_t)mstatus_FS) | UINT64_C(1) << mstatus_FS_LOW;
	context_changed(hart);
	exec_run(hart, 7, UINT64_MAX);
	uint64_t insns = hart->insns;
	engine_world_free(world);
	expect_trace(path, insns, (const uint64_t[]){CODE, CODE + 4, CODE + 8, CODE + 12, CODE + 20, CODE + 0x100});
}

/* What an AMO left in memory is what it left, not what another hart has put there since. */
Test(engine, a_traced_amo_tells_its_own_value)
{
	char path[TEMPORARY_PATH], error[100];
	temporary(path);
	struct engine_world *world = engine_world_new(2, path, 1u << TRACE_INSN);
	struct hart *hart = world->machine.harts;
	struct trace_event event;
	PROGRAM(world, CODE, insn_r(INSN_amoadd_d, 5, 10, 11), nop(), insn_j(0, -8));
	for (unsigned i = 0; i < 2; i++) {
		hart[i].x[10] = DATA;
		hart[i].x[11] = 1 + 9 * i;
	}
	for (unsigned i = 1; i < 5; i++)
		exec_run(&hart[0], i, UINT64_MAX), exec_run(&hart[1], i, UINT64_MAX);
	engine_world_free(world);
	struct trace_reader *reader = trace_reader_open(path, error, sizeof error);
	unsigned amos = 0;
	while (trace_reader_next(reader, &event) == TRACE_READ_EVENT) {
		if (event.type != TRACE_INSN || event.pc != CODE)
			continue;
		amos++;
		cr_assert_eq(event.value[2], event.value[0] + (event.hart ? 10 : 1));
	}
	trace_reader_close(reader);
	cr_assert_eq(amos, 4);
}

/* ---- what the debugger may hear ---- */

/* What the next read finds, whatever was offered. */
struct held {
	struct observer observer;
	unsigned number, count;
	uint64_t value, was;
};

static void hear_csr(struct observer *observer, struct hart *hart, const struct trace_event *event)
{
	struct held *held = (struct held *)observer;
	(void)hart;
	if (event->type != TRACE_CSR || event->value[0] != held->number)
		return;
	held->count++;
	held->value = event->value[1];
	held->was = event->value[2];
}

/* Counts, or the world's time: another value by the time it is read. */
static bool moves(unsigned number) { return number == CSR_seed || (number >= CSR_mcycle && number <= CSR_mhpmcounter31); }

Test(engine, csr_events_tell_what_is_held, .timeout = 120)
{
	static const uint64_t offers[] = {UINT64_MAX, 0, UINT64_C(0x5555555555555555), UINT64_C(0xaaaaaaaaaaaaaaaa)};
	const struct csr_info *info;
	unsigned heard = 0;
	for (size_t i = 0; (info = csr_info_at(i)) != NULL; i++) {
		struct engine_world *world = engine_world_new(1, NULL, 0);
		struct hart *hart = world->machine.harts;
		struct held held = {.observer = {.event = hear_csr, .wanted = 1u << TRACE_CSR}, .number = info->num};
		observers_add(&world->machine.observers, &held.observer);
		hart->csr.mstatus |= mstatus_FS;
		PROGRAM(world, CODE, insn_i(INSN_csrrw, 6, 5, info->num), insn_i(INSN_csrrs, 7, 0, info->num));
		for (unsigned j = 0; j < sizeof offers / sizeof offers[0] && csr_check(hart, info->num, true) == CSR_OK; j++) {
			held.count = 0;
			hart->pc = CODE;
			hart->x[5] = offers[j];
			context_changed(hart);
			exec_run(hart, hart->cycle + 2, UINT64_MAX);
			if (hart->pc != CODE + 8)
				break; /* what was written took effect: an interrupt, say */
			heard++;
			cr_assert_eq(held.count, 1, "%s is told %u times", info->name, held.count);
			cr_assert(moves(info->num) || held.value == hart->x[7], "%s holds 0x%lx, told 0x%lx", info->name,
			          (long)hart->x[7], (long)held.value);
			cr_assert(moves(info->num) || held.was == hart->x[6], "%s held 0x%lx, told 0x%lx", info->name,
			          (long)hart->x[6], (long)held.was);
		}
		engine_world_free(world);
	}
	cr_assert_gt(heard, 500);
}

Test(engine, an_observer_hears_wires_and_csr_writes)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	struct seen seen = {.observer = {.event = see, .wanted = UINT32_MAX}};
	observers_add(&world->machine.observers, &seen.observer);
	PROGRAM(world, CODE, insn_i(INSN_csrrw, 0, 5, 0x340), nop());
	hart->x[5] = 99;
	exec_run(hart, 2, UINT64_MAX);
	cr_assert_eq(seen.count[TRACE_CSR], 1);
	cr_assert_eq(seen.last[TRACE_CSR].value[1], 99);
	hart_set_irq(hart, IRQ_MEI, true, 1234);
	cr_assert_eq(seen.count[TRACE_IRQ], 1);
	cr_assert_eq(seen.last[TRACE_IRQ].cycle, 1234);
	cr_assert_eq(seen.last[TRACE_IRQ].value[0], 1 << IRQ_MEI);
	engine_world_free(world);
}

/* ---- misaligned targets without compressed instructions ---- */

static void expect_misaligned(struct engine_world *world, uint64_t target)
{
	struct hart *hart = world->machine.harts;
	exec_run(hart, hart->cycle + 2, UINT64_MAX);
	cr_assert_eq(hart->csr.mcause, CAUSE_FETCH_MISALIGNED);
	cr_assert_eq(hart->csr.mepc, CODE + 4, "the jump itself");
	cr_assert_eq(hart->csr.mtval, target);
	cr_assert_eq(hart->x[1], 5, "it does not write its link");
	cr_assert_eq(hart->insns, 1);
}

/* norm:ialign: the jump or taken branch raises it, not its target. */
Test(engine, without_c_jumps_to_odd_halfwords_raise_exceptions)
{
	const struct { uint32_t word; uint64_t target; } cases[] = {
		{insn_j(1, 10), CODE + 14},
		{insn_i(INSN_jalr, 1, 10, 3), DATA + 2},
		{insn_b(INSN_beq, 0, 0, 6), CODE + 10},
		{insn_b(INSN_bgeu, 1, 0, -2), CODE + 2},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct engine_world *world = engine_world_new(1, NULL, 0);
		struct hart *hart = world->machine.harts;
		char error[100];
		cr_assert_eq(isa_parse("rv64imafdh", &hart->isa, error, sizeof error), 0, "%s", error);
		hart->csr.mtvec = CODE + 0x100;
		hart->x[1] = 5;
		hart->x[10] = DATA;
		PROGRAM(world, CODE, nop(), cases[i].word, nop());
		expect_misaligned(world, cases[i].target);
		engine_world_free(world);
	}
}

Test(engine, without_c_branches_that_are_not_taken_do_not_trap)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	char error[100];
	cr_assert_eq(isa_parse("rv64imafdh", &hart->isa, error, sizeof error), 0, "%s", error);
	PROGRAM(world, CODE, insn_b(INSN_bne, 0, 0, 6), insn_b(INSN_beq, 0, 0, 8), nop(), insn_i(INSN_jalr, 1, 10, 1), nop());
	hart->x[10] = CODE + 32;
	exec_run(hart, 3, UINT64_MAX);
	cr_assert_eq(hart->csr.mcause, 0);
	cr_assert_eq(hart->pc, CODE + 32);
	cr_assert_eq(hart->x[1], CODE + 16);
	engine_world_free(world);
}

/* ---- pipeline states ---- */

/* Where a hart is after a loop of divisions, loads and branches; with room for so many pipeline states (0: enough). */
static uint64_t cycle_with_states(const char *preset, uint32_t limit, uint64_t *insns)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	engine_world_time(world, preset);
	if (limit)
		hart->model->states.limit = limit;
	hart->x[10] = DATA;
	hart->x[11] = 0x123456789;
	PROGRAM(world, CODE, insn_i(INSN_addi, 12, 12, 1), insn_r(INSN_divu, 13, 11, 12), insn_i(INSN_ld, 14, 10, 0),
	        insn_r(INSN_add, 10, 10, 13), insn_i(INSN_andi, 15, 12, 3), insn_b(INSN_bne, 15, 0, 8),
	        insn_r(INSN_mul, 14, 14, 11), insn_i(INSN_slli, 10, 10, 44), insn_i(INSN_srli, 10, 10, 46),
	        insn_i(INSN_slli, 10, 10, 3), insn_r(INSN_add, 10, 10, 9), insn_j(0, -44));
	hart->x[9] = DATA;
	exec_run(hart, 300000, UINT64_MAX);
	cr_expect(!limit || hart->model->states.count < limit + 200, "%s: %u states", preset, hart->model->states.count);
	uint64_t cycle = hart->cycle;
	*insns = hart->insns;
	engine_world_free(world);
	return cycle;
}

/* However often pipeline states are forgotten, nothing shows. */
Test(engine, pipeline_states_have_little_room)
{
	static const char *const presets[] = {"cva6", "rocket", "u74"};
	for (unsigned i = 0; i < 3; i++) {
		uint64_t insns, few, wanted = cycle_with_states(presets[i], 0, &insns);
		cr_expect_eq(cycle_with_states(presets[i], 4, &few), wanted, "%s", presets[i]);
		cr_expect_eq(few, insns, "%s", presets[i]);
	}
}

/* ---- what the L0 filter and blocks are valid for ---- */

#define ROOT (DATA + (UINT64_C(1) << 16))
#define ALIAS (UINT64_C(3) << 30) /* another virtual address of CODE's gigabyte */

/* S-mode by Sv39: CODE where it is, and again from ALIAS on with these rights. */
static struct hart *start_with_alias(struct engine_world *world, uint64_t rights)
{
	struct hart *hart = world->machine.harts;
	uint64_t leaf = CODE >> 12 << 10;
	uint64_t kernel = leaf | 0xcf, alias = leaf | 0xc1 | rights;
	cr_assert(bus_poke(&world->machine.bus, ROOT + 8 * (CODE >> 30), &kernel, 8));
	cr_assert(bus_poke(&world->machine.bus, ROOT + 8 * (ALIAS >> 30), &alias, 8));
	hart->csr.pmpcfg0 = 0x1f;
	hart->csr.pmpaddr0 = UINT64_MAX >> 10;
	hart->csr.satp = UINT64_C(8) << 60 | ROOT >> 12;
	hart->csr.mtvec = CODE + 0x800;
	PROGRAM(world, CODE + 0x800, insn_j(0, 0));
	enter(hart, MODE_HS);
	return hart;
}

/* The same instructions by two addresses: each time pc is that by which they were fetched. */
Test(engine, code_has_the_address_that_it_is_run_by)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = start_with_alias(world, 0xe);
	PROGRAM(world, CODE, insn_rows[INSN_auipc].match | 5 << 7, insn_j(0, 0));
	for (unsigned i = 0; i < 6; i++) {
		hart->pc = i % 2 ? ALIAS : CODE;
		hart->x[5] = 0;
		exec_run(hart, hart->cycle + 4, UINT64_MAX);
		cr_expect_eq(hart->x[5], i % 2 ? ALIAS : CODE, "%u", i);
	}
	engine_world_free(world);
}

/* Loads by the alias: with this bit of sstatus they work, and the first one without it faults. */
static void expect_obeyed(uint64_t rights, uint64_t allowed)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = start_with_alias(world, rights);
	PROGRAM(world, CODE, insn_i(INSN_csrrs, 0, 11, 0x100), insn_i(INSN_ld, 5, 10, 0), insn_i(INSN_ld, 6, 10, 0),
	        insn_i(INSN_csrrc, 0, 11, 0x100), insn_i(INSN_ld, 7, 10, 0), insn_j(0, 0));
	hart->x[10] = ALIAS + (DATA - CODE);
	hart->x[11] = allowed;
	exec_run(hart, 20, UINT64_MAX);
	cr_expect_eq(hart->mode, MODE_M);
	cr_expect_eq(hart->csr.mepc, CODE + 16);
	cr_expect_eq(hart->csr.mcause, CAUSE_LOAD_PAGE);
	cr_expect_eq(hart->csr.mtval, hart->x[10]);
	engine_world_free(world);
}

Test(engine, mxr_is_obeyed_from_the_next_load_on) { expect_obeyed(8, mstatus_MXR); }
Test(engine, sum_is_obeyed_from_the_next_load_on) { expect_obeyed(0x1e, mstatus_SUM); }

/* The same place in both byte orders by turns, by loads that find the page and by loads that find the filter's entry. */
Test(engine, byte_order_is_obeyed_from_the_next_load_on)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	const uint64_t value = UINT64_C(0x0102030405060708);
	cr_assert(bus_poke(&world->machine.bus, DATA, &value, 8));
	PROGRAM(world, CODE, insn_i(INSN_ld, 5, 10, 0), insn_i(INSN_ld, 6, 10, 0), insn_i(INSN_lwu, 7, 10, 0), insn_s(INSN_sw, 7, 10, 8), insn_j(0, 0));
	hart->x[10] = DATA;
	for (unsigned i = 0; i < 6; i++) {
		bool big = i % 2;
		hart->csr.mstatus = big ? mstatus_MBE : 0;
		enter(hart, MODE_M);
		hart->pc = CODE;
		exec_run(hart, hart->cycle + 6, UINT64_MAX);
		cr_expect_eq(hart->x[5], big ? __builtin_bswap64(value) : value, "%u", i);
		cr_expect_eq(hart->x[6], hart->x[5], "%u", i);
		cr_expect_eq(hart->x[7], big ? 0x08070605 << 0 : 0x05060708, "%u: %lx", i, (unsigned long)hart->x[7]);
		cr_expect_eq(memory(world, DATA + 8) & UINT32_MAX, 0x05060708, "%u", i);
	}
	engine_world_free(world);
}

/* An interrupt is no attempt of the instruction that it comes before. */
Test(engine, interrupts_are_no_attempts)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	PROGRAM(world, CODE, nop(), insn_j(0, -4));
	PROGRAM(world, CODE + 0x100, insn_rows[INSN_ecall].match, insn_j(0, 0));
	hart->csr.mtvec = CODE + 0x200;
	PROGRAM(world, CODE + 0x200, insn_j(0, 0));
	hart->csr.mie = 1 << IRQ_SSI;
	hart->csr.mip = 1 << IRQ_SSI;
	hart->csr.mstatus = mstatus_MIE;
	context_changed(hart);
	exec_run(hart, 20, UINT64_MAX);
	cr_expect_eq(hart->csr.mcause, UINT64_C(1) << 63 | IRQ_SSI);
	cr_expect_eq(hart->interrupted, 1);
	cr_expect_eq(hart->trapped.count, 0);
	hart->pc = CODE + 0x100;
	hart->csr.mip = 0;
	context_changed(hart);
	exec_run(hart, 40, UINT64_MAX);
	cr_expect_eq(hart->trapped.count, 1, "an ecall is one");
	engine_world_free(world);
}
