/* What the files of run.h share; nobody else includes it. */
#ifndef TRACE_RUN_STATE_H
#define TRACE_RUN_STATE_H

#include "isa/insn.h"
#include "trace/format.h"

enum { GUESSES = 1 << 14 };
enum run_flag {
	RUN_CODE = 1,
	RUN_FROM = 2,
	RUN_END = 4,
	RUN_CYCLE = 8,
	RUN_RETIRED = 16,
	RUN_FLAGS = TAG_RUN | TAG_RUN_HART | 31
};
enum { REGISTERS_SET, REGISTERS_CHECK };

static inline enum insn_class run_class(const struct insn *insn) { return insn_rows[insn->semantics].class; }

/* To memory. */
bool run_loads(const struct insn *insn);
bool run_stores(const struct insn *insn);

/* Does the result follow from the sources? Then compute it. */
bool run_compute(const struct insn *insn, uint64_t pc, uint64_t a, uint64_t b, uint64_t *value);

/* Append; NULL: no memory, or no room. With `keep` its decoded instructions stay. */
struct code *run_add_code(struct trace_runs *runs, const struct trace_text *text, bool keep);

static inline struct guess *guess_after(const struct trace_runs *runs, const struct run_place *place)
{
	uint32_t hash = (place->code * 64 + place->end) * UINT32_C(0x9e3779b9);
	return &runs->guesses[hash / (UINT32_MAX / GUESSES + 1)];
}

static inline uint64_t next_of(const struct trace_run *run)
{
	return run->code | (uint64_t)run->from << 32 | (uint64_t)run->end << 40;
}

/* Where the hart is after a run, and what came next last time. */
static inline void learn(struct run_place *place, struct guess *guess, const struct trace_run *run, uint32_t cycles)
{
	guess->next = next_of(run);
	guess->cycles = cycles;
	place->code = run->code;
	place->end = run->end;
	place->cycle = run->cycle;
	place->retired = run->retired + run->end - run->from;
}

#endif
