/* A machine made of harts, DRAM and the scheduler, without devices or files: for the tests of the engine and of who
 * runs when. And a small assembler. */
#ifndef ENGINE_WORLD_H
#define ENGINE_WORLD_H

#include <criterion/criterion.h>
#include <string.h>
#include "csr/csr.h"
#include "csr/csr.h"
#include "engine/block.h"
#include "engine/exec.h"
#include "isa/insn.h"
#include "engine/mem.h"
#include "machine/machine.h"
#include "machine/sched.h"
#include "timing/model.h"
#include "trace/trace.h"

#define CODE UINT64_C(0x80000000)            /* where programs lie */
#define DATA (CODE + (UINT64_C(1) << 20))    /* free for tests */
#define ENGINE_BYTES (UINT64_C(8) << 20)

struct engine_world {
	struct machine machine;
	struct config config;
	struct timing timing;
};

static inline struct engine_world *engine_world_new(unsigned harts, const char *trace_path, uint32_t trace_events)
{
	struct engine_world *world = calloc(1, sizeof *world);
	struct machine *machine = &world->machine;

	world->config = (struct config){
		.quantum = 10, .max_cycles = UINT64_MAX, .max_insns = UINT64_MAX, .harts = harts,
		.options = {.pmp_entries = 16, .asid_bits = 16, .vmid_bits = 14, .hpm_counters = 29, .tlb_entries = 64},
	};
	machine->config = &world->config;
	machine->engine.options.block_ops = 64;
	machine->platform = (struct platform){.cycles_per_tick = 1, .hart_count = harts};
	event_queue_init(&machine->events);
	cr_assert(bus_init(&machine->bus, ENGINE_BYTES) == 0);
	machine->harts = calloc(harts, sizeof *machine->harts);
	machine->hart_count = harts;
	machine->trace = trace_open(trace_path, trace_events, harts, 0, 0);
	cr_assert(machine->harts && machine->trace);
	observers_add(&machine->observers, trace_observer(machine->trace));
	for (unsigned i = 0; i < harts; i++) {
		struct hart *hart = &machine->harts[i];
		*hart = (struct hart){.id = i, .isa = isa_default(), .options = &world->config.options, .platform = &machine->platform,
		                      .engine = &machine->engine, .bus = &machine->bus, .peers = machine->harts,
		                      .observers = &machine->observers, .trace = machine->trace};
		cr_assert(l0_init(hart) == 0 && mmu_init(hart, hart->options->tlb_entries) == 0 &&
		          exec_init(hart) == 0);
		hart_reset(hart, CODE);
		exec_set_tracing(hart, trace_wants_insns(machine->trace));
	}
	return world;
}

/* Give every hart the pipeline, caches and predictors of a preset. Before anything has run. */
static inline void engine_world_time(struct engine_world *world, const char *preset)
{
	struct machine *machine = &world->machine;

	char reason[200];

	cr_assert_eq(timing_load(&world->timing, preset, reason, sizeof reason), 0, "%s", reason);
	world->config.timing = &world->timing;
	machine->model_shared = calloc(1, sizeof *machine->model_shared);
	cr_assert_not_null(machine->model_shared);
	cr_assert_eq(model_shared_init(machine->model_shared, world->config.timing), 0);
	for (unsigned i = 0; i < machine->hart_count && !world->config.timing->ideal; i++)
		cr_assert_eq(model_init(&machine->harts[i], world->config.timing, machine->model_shared), 0);
}

static inline void engine_world_free(struct engine_world *world)
{
	struct machine *machine = &world->machine;

	cr_assert_eq(trace_close(machine->trace), 0);
	for (unsigned i = 0; i < machine->hart_count; i++) {
		model_free(&machine->harts[i]);
		exec_free(&machine->harts[i]);
		mmu_free(&machine->harts[i]);
		l0_free(&machine->harts[i]);
	}
	if (machine->model_shared)
		model_shared_free(machine->model_shared);
	free(machine->model_shared);
	free(machine->harts);
	event_queue_free(&machine->events);
	bus_free(&machine->bus);
	free(world);
}

/* The word of a row with these registers. */
static inline uint32_t insn_r(enum insn_id id, unsigned rd, unsigned rs1, unsigned rs2)
{
	return insn_rows[id].match | ((rd << 7 | rs1 << 15 | rs2 << 20) & ~insn_rows[id].mask);
}

/* ... and a 12-bit immediate (I format; also CSR numbers). */
static inline uint32_t insn_i(enum insn_id id, unsigned rd, unsigned rs1, int imm)
{
	return insn_rows[id].match | rd << 7 | rs1 << 15 | ((uint32_t)imm & 0xfff) << 20;
}

static inline uint32_t insn_s(enum insn_id id, unsigned rs2, unsigned rs1, int imm)
{
	uint32_t bits = (uint32_t)imm & 0xfff;
	return insn_rows[id].match | rs1 << 15 | rs2 << 20 | (bits & 31) << 7 | bits >> 5 << 25;
}

static inline uint32_t insn_b(enum insn_id id, unsigned rs1, unsigned rs2, int offset)
{
	uint32_t bits = (uint32_t)offset;
	return insn_rows[id].match | rs1 << 15 | rs2 << 20 | (bits >> 11 & 1) << 7 | (bits >> 1 & 15) << 8 |
	       (bits >> 5 & 63) << 25 | (bits >> 12 & 1) << 31;
}

static inline uint32_t insn_j(unsigned rd, int offset)
{
	uint32_t bits = (uint32_t)offset;
	return insn_rows[INSN_jal].match | rd << 7 | (bits >> 12 & 255) << 12 | (bits >> 11 & 1) << 20 |
	       (bits >> 1 & 1023) << 21 | (bits >> 20 & 1) << 31;
}

static inline uint32_t nop(void) { return insn_i(INSN_addi, 0, 0, 0); }

static inline void put_word(struct engine_world *world, uint64_t pa, uint32_t word)
{
	cr_assert(bus_poke(&world->machine.bus, pa, &word, sizeof word));
}

static inline void put_words(struct engine_world *world, uint64_t pa, const uint32_t *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		put_word(world, pa + 4 * i, words[i]);
}

#define PROGRAM(world, pa, ...)                                                                                      \
	put_words(world, pa, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static inline uint64_t memory(const struct engine_world *world, uint64_t pa)
{
	uint64_t value;
	cr_assert(bus_peek(&world->machine.bus, pa, &value, sizeof value));
	return value;
}

/* Context changed by hand: CSRs or mode. */
static inline void context_changed(struct hart *hart)
{
	hart->effects |= EFFECT_MODE | EFFECT_TRANSLATE | EFFECT_IRQ;
}

static inline void enter(struct hart *hart, enum mode mode)
{
	hart->mode = hart->exec->last_mode = mode;
	context_changed(hart);
}

#endif
