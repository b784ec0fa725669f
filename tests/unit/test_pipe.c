/* The pipeline's states: however a program is cut into pieces, cycles and states are the same. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "timing/pipe.h"
#include "timing/states.h"

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

enum { LENGTH = 400 };

struct program {
	struct uop uops[LENGTH];
	struct stall stalls[LENGTH];
};

static bool is_jump(const struct uop *uop) { return uop->kind >= UOP_BRANCH && uop->kind <= UOP_JALR; }

static void make_stall(const struct timing *timing, const struct uop *uop, struct stall *stall, uint64_t *seed)
{
	bool rare = next_random(seed) % 8 == 0;
	if (uop->kind == UOP_DIV || uop->kind == UOP_FDIV)
		stall->unit = (uint16_t)(timing->div_base + next_random(seed) % 60);
	if (uop->kind == UOP_LOAD && rare)
		stall->memory = (uint16_t)(next_random(seed) % 100);
	if ((uop->kind == UOP_LOAD || uop->kind == UOP_STORE) && next_random(seed) % 8 == 0)
		stall->device = (uint16_t)(next_random(seed) % 200);
	if (uop->kind == UOP_LOAD && next_random(seed) % 4 == 0)
		stall->conflict = (uint8_t)(1 + next_random(seed) % 4);
	if ((uop->kind == UOP_LOAD || uop->kind == UOP_STORE) && next_random(seed) % 16 == 0)
		stall->translate = (uint16_t)(next_random(seed) % 50);
	if (is_jump(uop))
		stall->flow = (uint8_t)(uop->kind == UOP_BRANCH ? next_random(seed) % 3 : 1 + next_random(seed) % 2);
	if (next_random(seed) % 64 == 0)
		stall->trap = (uint16_t)(1 + next_random(seed) % 9);
	if ((stall->flow == FLOW_WRONG || stall->trap || uop->flags & UOP_FLUSH) && rare)
		stall->refetch = (uint16_t)(next_random(seed) % 70);
}

static void make_program(const struct timing *timing, struct program *program, uint64_t seed)
{
	static const uint8_t kinds[] = {UOP_ALU, UOP_ALU, UOP_ALU, UOP_ALU, UOP_MUL, UOP_DIV, UOP_BRANCH, UOP_BRANCH, UOP_JAL, UOP_JALR,
	                                UOP_LOAD, UOP_LOAD, UOP_LOAD, UOP_STORE, UOP_STORE, UOP_AMO, UOP_CSR, UOP_FPU, UOP_FDIV};
	uint64_t pc = next_random(&seed) & 0xfe;
	memset(program, 0, sizeof *program);
	for (unsigned i = 0; i < LENGTH; i++) {
		struct uop *uop = &program->uops[i];
		bool wide = next_random(&seed) & 1;
		uop->kind = kinds[next_random(&seed) % sizeof kinds];
		uop->place = (uint8_t)((pc >> 1 & 0x7f) | (wide ? 0x80 : 0));
		uop->latency = (uint8_t)(uop->kind == UOP_LOAD ? timing->load : uop->kind == UOP_MUL ? timing->mul : uop->kind == UOP_FPU ? 4 : 1);
		uop->rd = (uint8_t)(next_random(&seed) % 8);
		uop->rs[0] = (uint8_t)(next_random(&seed) % 8);
		uop->rs[1] = (uint8_t)(next_random(&seed) % 8);
		if (uop->kind == UOP_AMO || (uop->kind == UOP_CSR && next_random(&seed) % 4 == 0))
			uop->flags = UOP_FLUSH | (next_random(&seed) & 1 ? UOP_DRAIN : 0);
		make_stall(timing, uop, &program->stalls[i], &seed);
		pc += wide ? 4 : 2;
		if (is_jump(uop) && program->stalls[i].flow != FLOW_NEXT)
			pc = next_random(&seed) & 0xfe;
	}
}

/* Cycles of the whole program, settled after every `piece` instructions (0: pieces of random length); *last is the
 * final state. */
static uint64_t run(const struct timing *timing, const struct program *program, unsigned piece, uint64_t seed, struct pipe *last)
{
	struct pipe pipe;
	uint64_t cycles = 0;
	pipe_reset(&pipe);
	for (unsigned i = 0; i < LENGTH;) {
		unsigned end = i + (piece ? piece : 1 + (unsigned)(next_random(&seed) % 12));
		struct pipe_times times = {0};
		for (; i < end && i < LENGTH; i++) {
			int before = times.next;
			pipe_step(timing, &pipe, &program->uops[i], &program->stalls[i], &times);
			cr_assert_geq(times.issue, before, "an instruction issued before its base");
			cr_assert_geq(times.next, times.issue);
		}
		pipe_settle(timing, &pipe, times.next);
		cycles += (uint64_t)times.next;
	}
	*last = pipe;
	return cycles;
}

static void check_program(const struct timing *timing, uint64_t seed)
{
	static struct program program;
	struct pipe one, other;
	make_program(timing, &program, seed * UINT64_C(0x9e3779b97f4a7c15));
	uint64_t cycles = run(timing, &program, 1, 0, &one);
	for (unsigned piece = 0; piece <= 9; piece += 3) {
		uint64_t again = run(timing, &program, piece, seed + 77, &other);
		cr_assert_eq(again, cycles, "%s, seed %lu, pieces of %u: %lu cycles instead of %lu", timing->name, (unsigned long)seed,
		             piece, (unsigned long)again, (unsigned long)cycles);
		cr_assert_eq(memcmp(&one, &other, sizeof one), 0, "%s, seed %lu, pieces of %u: another state", timing->name,
		             (unsigned long)seed, piece);
	}
}

static void load_preset(struct timing *timing, const char *name)
{
	char reason[160];
	timing_default(timing);
	cr_assert_eq(timing_load(timing, name, reason, sizeof reason), 0, "%s: %s", name, reason);
}

static void check_preset(const char *name)
{
	struct timing timing;
	load_preset(&timing, name);
	for (uint64_t seed = 1; seed <= 300; seed++)
		check_program(&timing, seed);
}

/* Some of a preset's numbers are others of their range, mostly small ones. */
static void change_numbers(struct timing *timing, uint64_t seed)
{
	for (unsigned row = 0; row < TIMING_PARAMS; row++) {
		struct timing changed = *timing;
		unsigned range = timing_rows[row].high - timing_rows[row].low, small = range < 9 ? range : 9;
		unsigned above = (unsigned)(next_random(&seed) % (next_random(&seed) % 8 ? small + 1 : range + 1));
		*(unsigned *)((char *)&changed + timing_rows[row].offset) = timing_rows[row].low + above;
		if (next_random(&seed) % 3 == 0 && !timing_misfit(&changed))
			*timing = changed;
	}
}

Test(pipe, pieces_do_not_matter_whatever_the_numbers)
{
	static const char *const names[] = {"cva6", "rocket", "u74"};
	for (uint64_t seed = 1; seed <= 900; seed++) {
		struct timing timing;
		load_preset(&timing, names[seed % 3]);
		change_numbers(&timing, seed * UINT64_C(0xbf58476d1ce4e5b9));
		check_program(&timing, seed);
	}
}

Test(pipe, pieces_do_not_matter_cva6) { check_preset("cva6"); }
Test(pipe, pieces_do_not_matter_rocket) { check_preset("rocket"); }
Test(pipe, pieces_do_not_matter_u74) { check_preset("u74"); }

Test(pipe, equal_states_have_one_number)
{
	static struct states states;
	struct pipe pipe;
	cr_assert_eq(states_init(&states), 0);
	pipe_reset(&pipe);
	cr_expect_eq(states_number(&states, &pipe), 0);
	pipe.fetch_next = 7;
	uint32_t number = states_number(&states, &pipe);
	cr_expect_neq(number, 0);
	for (int i = 0; i < 5000; i++) { /* grows */
		struct pipe other = pipe;
		other.fetch_stall = (int16_t)(1 + i);
		cr_assert_eq(states_number(&states, &other), number + 1 + (uint32_t)i);
	}
	cr_expect_eq(states_number(&states, &pipe), number);
	states_clear(&states);
	cr_expect_eq(states_number(&states, &pipe), 1);
	states_free(&states);
}
