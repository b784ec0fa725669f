/* The numbers of the pipeline: each of them moves the cycles that its meaning names, by as much as it says. */
#include "engine_world.h"
#include "timing/pipe.h"

/* ---- short sequences, on the pipeline of cva6 ---- */

enum { STEPS = 6 };

/* Instructions of four bytes one after another. Each reads x1 or nothing, and writes x1 or nothing. */
struct step {
	uint8_t kind, reads, writes;
	struct stall stall;
	uint8_t flags;
};

enum what { ISSUE, COMMIT, ACCESS, KILLED };

/* A time of the last instruction, with some numbers chosen. Places that are never short, so that the one in question is. */
static int time_of(const struct step *steps, enum what what, const struct timing *timing)
{
	struct pipe pipe;
	struct pipe_times times = {0};
	pipe_reset(&pipe);
	for (unsigned i = 0; i < STEPS && (i == 0 || steps[i].kind != UOP_NONE); i++) {
		struct uop uop = {.kind = steps[i].kind, .flags = steps[i].flags, .place = (uint8_t)(0x80 | 2 * i), .rs = {steps[i].reads}, .rd = steps[i].writes};
		uop.latency = (uint8_t)(uop.kind == UOP_LOAD ? timing->load : uop.kind == UOP_MUL ? timing->mul : 1);
		pipe_step(timing, &pipe, &uop, &steps[i].stall, &times);
	}
	return what == ISSUE ? times.issue : what == COMMIT ? times.commit : what == ACCESS ? times.access : times.killed;
}

/* What is chosen besides. */
struct choice { enum timing_param param; unsigned value; };

static unsigned *number(struct timing *timing, enum timing_param param)
{
	return (unsigned *)((char *)timing + timing_rows[param].offset);
}

/* One more of `param` moves the last instruction's time by `shift` cycles. */
static void expect_shift(enum timing_param param, int shift, enum what what, struct choice choice, const struct step *steps)
{
	struct timing timing;
	char reason[160];
	timing_default(&timing);
	cr_assert_eq(timing_load(&timing, "cva6", reason, sizeof reason), 0, "%s", reason);
	if (choice.value)
		*number(&timing, choice.param) = choice.value;
	int before = time_of(steps, what, &timing);
	++*number(&timing, param);
	cr_expect_eq(time_of(steps, what, &timing) - before, shift, "%s: %d cycles more, not %d", timing_rows[param].name,
	             time_of(steps, what, &timing) - before, shift);
}

#define SHIFT(param, shift, what, choice, ...) \
	expect_shift(TIMING_##param, shift, what, choice, (const struct step[STEPS + 1]){__VA_ARGS__, {UOP_NONE, 0, 0, {0}, 0}})
#define AS_IT_IS (struct choice){0, 0}
#define CHOOSE(param, value) (struct choice){TIMING_##param, value}

#define ALU {UOP_ALU, 0, 0, {0}, 0}
#define READS {UOP_ALU, 1, 0, {0}, 0}
#define MUL {UOP_MUL, 0, 1, {0}, 0}
#define DIV {UOP_DIV, 0, 1, {.unit = 20}, 0}
#define LOAD {UOP_LOAD, 0, 1, {0}, 0}
#define LOAD_READS {UOP_LOAD, 1, 0, {0}, 0}
#define LOAD_MISSES {UOP_LOAD, 0, 1, {.memory = 20}, 0}
#define LOAD_WALKS {UOP_LOAD, 0, 1, {.translate = 20}, 0}
#define LOAD_MEETS_STORE {UOP_LOAD, 0, 1, {.conflict = 1}, 0}
#define STORE {UOP_STORE, 0, 0, {0}, 0}
#define STORE_MISSES {UOP_STORE, 0, 0, {.memory = 20}, 0}
#define DEVICE_LOAD(cycles) {UOP_LOAD, 0, 1, {.device = (cycles)}, 0}
#define DEVICE_STORE(cycles) {UOP_STORE, 0, 0, {.device = (cycles)}, 0}
#define FENCE {UOP_CSR, 0, 0, {0}, UOP_DRAIN}
#define AMO {UOP_AMO, 0, 1, {0}, 0}
#define CSR {UOP_CSR, 0, 1, {0}, 0}
#define JUMP {UOP_JAL, 0, 0, {.flow = FLOW_TAKEN}, 0}
#define WRONG {UOP_BRANCH, 0, 0, {.flow = FLOW_WRONG}, 0}
#define TRAPS {UOP_ALU, 0, 0, {.trap = 1}, 0}

/* With a queue of one, each instruction is requested when the one before it has left. */
Test(pipe_param, fetch_queue)
{
	SHIFT(fetch_queue_free, 4, ISSUE, CHOOSE(fetch_queue, 1), ALU, ALU, ALU, ALU, ALU);
	SHIFT(decode_issue, -4, ISSUE, CHOOSE(fetch_queue, 1), ALU, ALU, ALU, ALU, ALU);
}

/* A division keeps a jump in the queue, so that the next one finds no place for its target. */
Test(pipe_param, fetch_targets)
{
	SHIFT(fetch_targets_free, 1, ISSUE, CHOOSE(fetch_targets, 1), DIV, READS, JUMP, JUMP, ALU);
	/* it does if it is looked for late enough */
	SHIFT(fetch_scan, -3, ISSUE, CHOOSE(fetch_targets, 1), MUL, READS, JUMP, JUMP, ALU);
}

Test(pipe_param, fetch_goes_on_after_a_miss)
{
	struct timing timing;
	char reason[160];
	struct pipe pipe;
	struct uop uop = {.kind = UOP_ALU, .place = 0x80}, next = {.kind = UOP_ALU, .place = 0x82};
	const struct stall none = {0};
	int issue[2];
	timing_default(&timing);
	cr_assert_eq(timing_load(&timing, "cva6", reason, sizeof reason), 0, "%s", reason);
	for (unsigned more = 0; more < 2; more++, timing.l1i_restart++) {
		struct pipe_times times = {0};
		pipe_reset(&pipe);
		pipe.fetch_stall = 10;
		pipe_step(&timing, &pipe, &uop, &none, &times);
		cr_expect_eq(times.issue, 14);
		pipe_step(&timing, &pipe, &next, &none, &times);
		issue[more] = times.issue;
	}
	cr_expect_eq(issue[1], issue[0] + 1);
}

/* With a window of one, each instruction issues when the one before it has committed. */
Test(pipe_param, window)
{
	SHIFT(rob_free, 4, ISSUE, CHOOSE(rob_entries, 1), ALU, ALU, ALU, ALU, ALU);
	SHIFT(commit_result, 4, ISSUE, CHOOSE(rob_entries, 1), ALU, ALU, ALU, ALU, ALU);
	SHIFT(commit_result, 1, COMMIT, AS_IT_IS, ALU);
}

Test(pipe_param, results_at_commit)
{
	SHIFT(commit_forward, 1, ISSUE, AS_IT_IS, CSR, READS);
	SHIFT(commit_forward, 1, ISSUE, AS_IT_IS, AMO, READS);
	SHIFT(commit_forward, 0, ISSUE, AS_IT_IS, LOAD, READS);
	SHIFT(csr_buffered, 1, ISSUE, AS_IT_IS, CSR, READS);
	SHIFT(amo_buffered, 1, ISSUE, AS_IT_IS, AMO, READS);
	SHIFT(amo_buffered, 0, ISSUE, CHOOSE(rob_entries, 1), STORE, ALU);
	SHIFT(amo, 1, COMMIT, AS_IT_IS, AMO);
	SHIFT(amo, 1, ISSUE, AS_IT_IS, AMO, READS);
}

Test(pipe_param, traps_and_mispredictions)
{
	SHIFT(trap_commit, 1, COMMIT, AS_IT_IS, TRAPS);
	SHIFT(trap_commit, 1, ISSUE, AS_IT_IS, TRAPS, ALU);
	SHIFT(branch_kill, -1, KILLED, AS_IT_IS, ALU, WRONG);
	SHIFT(branch_kill, 0, ISSUE, AS_IT_IS, WRONG, ALU);
}

/* The division's end does not move: what reads its result by another unit goes before. */
Test(pipe_param, division)
{
	SHIFT(div_busy, -1, ISSUE, AS_IT_IS, DIV, LOAD_READS);
	SHIFT(div_busy, 0, ISSUE, AS_IT_IS, DIV, ALU);
}

/* A load's result comes load.latency after its issue, whenever it gets at the cache. */
Test(pipe_param, loads)
{
	SHIFT(lsu_access, 1, ACCESS, AS_IT_IS, LOAD);
	SHIFT(lsu_access, 0, ISSUE, AS_IT_IS, LOAD, READS);
	SHIFT(lsu_queue_free, 1, ISSUE, AS_IT_IS, LOAD_WALKS, LOAD, LOAD);
	SHIFT(l1d_restart, 1, ACCESS, AS_IT_IS, LOAD_MISSES, LOAD);
	SHIFT(l1d_restart, 0, ACCESS, AS_IT_IS, LOAD, LOAD);
}

Test(pipe_param, stores)
{
	SHIFT(store_buffered, 1, COMMIT, AS_IT_IS, STORE);
	SHIFT(lsu_access, 1, COMMIT, AS_IT_IS, STORE);
	SHIFT(store_drain, 1, ISSUE, AS_IT_IS, STORE, LOAD_MEETS_STORE, READS);
	SHIFT(store_drain, 0, ISSUE, AS_IT_IS, STORE, LOAD, READS);
	SHIFT(store_retry, 1, ISSUE, AS_IT_IS, STORE, LOAD_MEETS_STORE, READS);
}

#define TIME(what, ...) time_of((const struct step[STEPS + 1]){__VA_ARGS__, {UOP_NONE, 0, 0, {0}, 0}}, what, &timing)

/* The data cache is asked in order, once a cycle, and not while it waits for a store's line. */
Test(pipe_param, accesses_in_order)
{
	struct timing timing;
	char reason[160];
	timing_default(&timing);
	cr_assert_eq(timing_load(&timing, "cva6", reason, sizeof reason), 0, "%s", reason);
	cr_expect_eq(TIME(ACCESS, LOAD_WALKS, STORE), TIME(ACCESS, LOAD_WALKS) + 1);
	cr_expect_eq(TIME(ACCESS, LOAD_WALKS, LOAD), TIME(ACCESS, LOAD_WALKS) + 1);
	cr_expect_eq(TIME(ACCESS, STORE_MISSES, LOAD), TIME(ACCESS, STORE_MISSES) + 20 + 1);
	cr_expect_eq(TIME(ACCESS, STORE_MISSES, STORE), TIME(ACCESS, STORE_MISSES) + 20 + 1);
}

/* A division keeps stores from their commit. With places for so many of them, the next one waits until the first has gone. */
Test(pipe_param, places_for_stores)
{
	struct timing timing;
	char reason[160];
	timing_default(&timing);
	cr_assert_eq(timing_load(&timing, "cva6", reason, sizeof reason), 0, "%s", reason);
	timing.store_buffer = 1;
	cr_expect_eq(TIME(ACCESS, DIV, STORE, STORE), TIME(COMMIT, DIV, STORE));
	timing.store_buffer = 2;
	cr_expect_eq(TIME(ACCESS, DIV, STORE, STORE), TIME(ACCESS, DIV, STORE) + 1);
	cr_expect_eq(TIME(ACCESS, DIV, STORE, STORE, STORE), TIME(COMMIT, DIV, STORE));
}

/* A load from a device waits until all before it has committed, and until the device asked before has answered: also one
 * that a store asked, for which nobody else waits but a fence. */
Test(pipe_param, devices)
{
	struct timing timing;
	char reason[160];
	timing_default(&timing);
	cr_assert_eq(timing_load(&timing, "cva6", reason, sizeof reason), 0, "%s", reason);
	const int left = TIME(COMMIT, STORE) + (int)timing.store_drain;
	cr_expect_eq(TIME(ISSUE, DEVICE_LOAD(20), READS) - TIME(ISSUE, LOAD, READS), 20);
	cr_expect_eq(TIME(ISSUE, DEVICE_LOAD(25), READS) - TIME(ISSUE, LOAD, READS), 25);
	cr_expect_eq(TIME(COMMIT, DEVICE_STORE(20), ALU), TIME(COMMIT, STORE, ALU), "a store is posted");
	cr_expect_eq(TIME(ISSUE, DEVICE_STORE(20), LOAD, READS), TIME(ISSUE, STORE, LOAD, READS), "memory is no device");
	cr_expect_eq(TIME(COMMIT, DEVICE_STORE(20), STORE), TIME(COMMIT, STORE, STORE), "likewise");
	cr_expect_eq(TIME(ACCESS, DEVICE_STORE(20), DEVICE_LOAD(9)), left + 20);
	cr_expect_eq(TIME(COMMIT, DEVICE_STORE(20), DEVICE_STORE(1)), left + 20);
	cr_expect_eq(TIME(COMMIT, DEVICE_STORE(20), FENCE), left + 20);
	cr_expect_eq(TIME(ACCESS, DIV, DEVICE_LOAD(9)), TIME(COMMIT, DIV) + 1, "nothing is asked by a guess");
}

Test(pipe_param, a_fault_of_an_access)
{
	struct timing timing;
	timing_default(&timing);
	cr_expect_eq(pipe_trap(&timing, false, 0), 1);
	cr_expect_eq(pipe_trap(&timing, true, 20), 1 + 1 + 20);
	timing.lsu_access++;
	cr_expect_eq(pipe_trap(&timing, true, 20), 1 + 2 + 20);
}

/* ---- programs ---- */

enum { WORDS = 32, RUN = 20 };

/* What a program counts, with one number chosen, until it has executed so many instructions. It is in the next page, too. */
static struct event_counts counts_after(uint64_t instructions, const uint32_t words[WORDS], enum timing_param param, unsigned value)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	put_words(world, CODE, words, WORDS);
	put_words(world, CODE + PAGE_SIZE, words, WORDS);
	timing_default(&world->timing);
	*number(&world->timing, param) = value;
	world->timing.set[param] = true;
	engine_world_time(world, "cva6");
	hart->csr.mtvec = CODE + 0x40;
	context_changed(hart);
	exec_run(hart, 1000000, instructions);
	struct event_counts counts = hart->model->counts;
	engine_world_free(world);
	return counts;
}

static struct event_counts counts_of(const uint32_t words[WORDS], enum timing_param param, unsigned value)
{
	return counts_after(RUN, words, param, value);
}

/* A branch forward is taken against its prediction. The fourth word behind it, in another line, is requested in the last
 * cycle in which that asks memory. */
Test(pipe_param, wrong_paths_end)
{
	const uint32_t words[WORDS] = {
		[0] = nop(), [1] = insn_b(INSN_beq, 0, 0, 4 * 15), [2] = nop(), [3] = nop(), [4] = nop(), [16] = insn_j(0, 0),
	};
	struct timing timing;
	timing_default(&timing);
	cr_expect_eq(counts_of(words, TIMING_fetch_kill, timing.fetch_kill).icache_misses, 3);
	cr_expect_eq(counts_of(words, TIMING_fetch_kill, timing.fetch_kill + 1).icache_misses, 2);
	cr_expect_eq(counts_of(words, TIMING_branch_kill, timing.branch_kill + 1).icache_misses, 2);
}

/* A trap clears the counters. Then a branch is not taken twice: as the static prediction says, and as its counter does. */
Test(pipe_param, cleared_counters)
{
	const uint32_t words[WORDS] = {
		[0] = insn_rows[INSN_ecall].match,
		[16] = insn_i(INSN_addi, 5, 5, 1), [17] = insn_b(INSN_beq, 0, 5, 4 * 8), [18] = insn_j(0, -8),
	};
	struct timing timing;
	timing_default(&timing);
	unsigned before = (unsigned)counts_of(words, TIMING_bht_cleared, timing.bht_cleared).mispredicts;
	cr_expect_eq(counts_of(words, TIMING_bht_cleared, timing.bht_cleared + 1).mispredicts, before + 1);
}

/* The same branch, and then to the line that was asked for in vain: it came too late, so it is asked for again. */
Test(pipe_param, wrong_paths_wait_for_the_cache)
{
	const uint32_t words[WORDS] = {
		[0] = nop(), [1] = insn_b(INSN_beq, 0, 0, 4 * 15), [2] = nop(), [3] = nop(), [4] = insn_j(0, 0), [16] = insn_j(0, -4 * 12),
	};
	struct timing timing;
	timing_default(&timing);
	cr_expect_eq(counts_of(words, TIMING_fetch_kill, timing.fetch_kill).icache_misses, 4);
	cr_expect_eq(counts_of(words, TIMING_fetch_kill, timing.fetch_kill + 1).icache_misses, 3, "it was not asked for");
}

/* How often the loop of a program is mispredicted, when it has become used to it. */
static uint64_t mispredicts_of_ten(const uint32_t words[WORDS], unsigned instructions)
{
	struct timing timing;
	timing_default(&timing);
	cr_assert_eq(timing_load(&timing, "cva6", (char[160]){0}, 160), 0);
	return counts_after(30 * instructions, words, TIMING_ras_entries, timing.ras_entries).mispredicts -
	       counts_after(20 * instructions, words, TIMING_ras_entries, timing.ras_entries).mispredicts;
}

/* The frontend runs on behind an instruction that flushes the pipeline until that commits, and what it does to the return-address stack stays: each time. */
Test(pipe_param, wrong_paths_return)
{
	const uint32_t words[WORDS] = {
		[0] = insn_j(1, 4 * 16), [1] = insn_j(0, -4),
		[16] = insn_i(INSN_csrrw, 0, 5, 0x600), [17] = insn_i(INSN_jalr, 0, 1, 0),
	};
	const uint32_t without[WORDS] = {
		[0] = insn_j(1, 4 * 16), [1] = insn_j(0, -4), [16] = nop(), [17] = insn_i(INSN_jalr, 0, 1, 0),
	};
	cr_expect_eq(mispredicts_of_ten(words, 4), 10);
	cr_expect_eq(mispredicts_of_ten(without, 4), 0);
}

/* Two calls deep there are two addresses; one more that is pushed by the wrong path leaves no place for the first. A call
 * within the page is known to do the same again, one out of it is looked at each time. */
Test(pipe_param, wrong_paths_call)
{
	for (unsigned page = 0; page < 2; page++) {
		uint32_t words[WORDS] = {
			[0] = insn_j(1, 4 * 8), [1] = insn_j(0, -4),
			[8] = insn_i(INSN_addi, 6, 1, 0), [9] = insn_i(INSN_csrrw, 0, 5, 0x600), [10] = insn_j(1, 4 * 6 + (int)page * PAGE_SIZE),
			[11] = insn_i(INSN_addi, 1, 6, 0), [12] = insn_i(INSN_jalr, 0, 1, 0),
			[16] = nop(), [17] = nop(), [18] = nop(), [19] = nop(), [20] = nop(), [21] = nop(), [22] = nop(), [23] = nop(),
			[24] = insn_i(INSN_jalr, 0, 1, 0),
		};
		cr_expect_eq(mispredicts_of_ten(words, 16), 10, "page %u", page);
		words[9] = nop();
		cr_expect_eq(mispredicts_of_ten(words, 16), 0, "page %u", page);
	}
}

/* Cycles of a program of the preset, up to its jump to itself. */
static uint64_t cycles_of(const uint32_t words[WORDS])
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	put_words(world, CODE, words, WORDS);
	timing_default(&world->timing);
	engine_world_time(world, "cva6");
	hart->csr.mstatus |= mstatus_FS;
	hart->x[10] = DATA;
	context_changed(hart);
	exec_run(hart, 1000000, 4);
	uint64_t cycles = hart->cycle;
	engine_world_free(world);
	return cycles;
}

/* A fused multiply-add waits for a load that misses, by whichever operand. */
Test(pipe_param, operands_of_a_fused_multiply_add)
{
	enum { NONE = 9, FIRST = 10, SECOND = 11, THIRD = 12 };
	uint64_t cycles[THIRD + 1];
	for (unsigned written = NONE; written <= THIRD; written++) {
		const uint32_t fma = insn_r(INSN_fmadd_d, 1, FIRST, SECOND) | THIRD << 27;
		const uint32_t words[WORDS] = {
			[0] = insn_i(INSN_fld, written, 10, 0), [1] = fma, [2] = insn_r(INSN_fmv_x_d, 6, 1, 0), [3] = insn_j(0, 0),
		};
		cycles[written] = cycles_of(words);
	}
	cr_expect_gt(cycles[FIRST], cycles[NONE]);
	cr_expect_eq(cycles[SECOND], cycles[FIRST]);
	cr_expect_eq(cycles[THIRD], cycles[FIRST]);
}

/* ---- when a trap is ---- */

struct trap_watch {
	struct observer observer;
	uint64_t cycle;
};

static void note_trap(struct observer *observer, struct hart *hart, const struct trace_event *event)
{
	(void)hart;
	if (event->type == TRACE_TRAP)
		((struct trap_watch *)observer)->cycle = event->cycle;
}

static uint64_t trap_of(uint32_t before)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	struct trap_watch watch = {.observer = {.event = note_trap, .wanted = 1u << TRACE_TRAP}};
	observers_add(&world->machine.observers, &watch.observer);
	PROGRAM(world, CODE, before, insn_rows[INSN_ecall].match, insn_j(0, 0));
	timing_default(&world->timing);
	engine_world_time(world, "cva6");
	hart->x[6] = UINT64_MAX;
	hart->x[7] = 1;
	hart->csr.mtvec = CODE + 8;
	context_changed(hart);
	exec_run(hart, 100000, 4);
	observers_remove(&world->machine.observers, &watch.observer);
	engine_world_free(world);
	return watch.cycle;
}

/* It happens at the commit of its instruction, behind all that is before it. */
Test(pipe_param, traps_happen_at_commit)
{
	uint64_t early = trap_of(nop()), late = trap_of(insn_r(INSN_divu, 5, 6, 7));
	cr_expect(late > early + 50, "a trap at %lu, behind a division at %lu", (unsigned long)early, (unsigned long)late);
}
