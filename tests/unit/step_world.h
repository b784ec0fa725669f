/* A hart that can execute: memory, translation and engine. For tests that run one instruction at a time, as programs
 * do. */
#ifndef STEP_WORLD_H
#define STEP_WORLD_H

#include "csr/csr.h"
#include "engine/engine.h"
#include "csr/csr.h"
#include "engine/exec.h"
#include "isa/insn.h"
#include "engine/mem.h"
#include "mmu_world.h"
#include "trace/trace.h"

#define CODE DRAM                               /* where the instruction lies */
#define DATA (DRAM + (UINT64_C(1) << 20))       /* free for tests */

static inline struct world *step_world_new(void)
{
	struct world *world = calloc(1, sizeof(*world));
	struct hart *hart = &world->hart;

	cr_assert_not_null(world);
	world_init(world, 16);
	world->engine.options.block_ops = 64;
	hart->engine = &world->engine;
	hart->isa = isa_default();
	hart->trace = trace_open(NULL, 0, 1, 0, 0);
	observers_add(&world->observers, trace_observer(hart->trace));
	cr_assert(l0_init(hart) == 0 && exec_init(hart) == 0);
	hart_reset(hart, CODE);
	return world;
}

static inline void step_world_free(struct world *world)
{
	exec_free(&world->hart);
	cr_assert_eq(trace_close(world->hart.trace), 0);
	l0_free(&world->hart);
	world_free(world);
	free(world);
}

/* Context changed by hand: CSRs or mode. */
static inline void context_changed(struct hart *hart)
{
	hart->effects |= EFFECT_MODE | EFFECT_TRANSLATE;
}

static inline void enter(struct hart *hart, enum mode mode)
{
	hart->mode = mode;
	context_changed(hart);
}

/* Execute `word` at physical address `pa`, pc `pc`; returns whether it completed. If not, mcause and mtval say why. */
static inline bool step_at(struct world *world, uint64_t pc, uint64_t pa, uint32_t word)
{
	struct hart *hart = &world->hart;

	cr_assert(bus_poke(&world->bus, pa, &word, 4));
	exec_invalidate(hart, pa, 4);
	hart->pc = pc;
	exec_step(hart, UINT64_MAX);
	return hart->pc == pc + ((word & 3) == 3 ? 4 : 2);
}

static inline bool step(struct world *world, uint32_t word)
{
	return step_at(world, CODE, CODE, word);
}

/* The word of a row with these registers. */
static inline uint32_t encode(enum insn_id id, unsigned rd, unsigned rs1, unsigned rs2)
{
	return insn_rows[id].match | ((rd << 7 | rs1 << 15 | rs2 << 20) & ~insn_rows[id].mask);
}

#endif
