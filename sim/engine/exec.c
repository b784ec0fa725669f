#include "engine/exec.h"

#include <stdlib.h>
#include <sys/mman.h>
#include "csr/csr.h"
#include "engine/block.h"
#include "engine/engine.h"
#include "engine/mem.h"
#include "engine/note.h"
#include "hart/reservation.h"
#include "hart/trap.h"
#include "timing/model.h"
#include "watch/check.h"
#include "watch/meter.h"
#include "trace/trace.h"

static void code_stored(void *context, const void *by __attribute__((unused)), uint64_t pa, unsigned size)
{
	exec_invalidate(context, pa, size);
}

int exec_init(struct hart *hart)
{
	struct exec *exec = calloc(1, sizeof *exec);
	hart->exec = exec;
	if (!exec)
		return -1;
	exec->scratch = malloc(block_size(OPS_MAX));
	hart->notes = calloc(1, sizeof *hart->notes);
	void *arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	exec->arena = arena == MAP_FAILED ? NULL : arena;
	exec->epoch = 1;
	if (bus_listen(hart->bus, &(struct bus_listener){.flags = PAGE_CODE, .stored = code_stored, .context = hart}) != 0)
		return -1;
	return exec->scratch && exec->arena && hart->notes ? 0 : -1;
}

void exec_free(struct hart *hart)
{
	struct exec *exec = hart->exec;
	if (!exec)
		return;
	if (exec->arena)
		munmap(exec->arena, ARENA_BYTES);
	free(exec->scratch);
	free(exec);
	free(hart->notes);
	hart->exec = NULL;
	hart->notes = NULL;
}

/* ---- exactness inside blocks ---- */

void op_sync(struct hart *hart, const struct op *op)
{
	hart->pc = hart->block->pc + 2 * op->halves;
	hart->now = hart_block_cycle(hart) + op->prefix;
	hart->retired = hart_block_insns(hart) + op->index;
}

OP(leave_after)
{
	op = note_after(hart, op + 1);
	op_sync(hart, op);
	if (op->run == op_tp && !op->rs1) /* this instruction's, not a jump's that comes next */
		OP_TAIL(op_leave_tp);
	hart->exec->link = NULL;
	LEAVE;
}

/* ---- what effects ask for ---- */

static uint32_t execution_key(const struct hart *hart)
{
	uint64_t fs = hart->csr.mstatus & mstatus_FS, vs_fs = hart->csr.vsstatus & vsstatus_FS;
	bool virt = mode_virt(hart->mode);
	uint32_t key = hart->mode;
	if (fs && (!virt || vs_fs))
		key |= KEY_FS_ON;
	if (fs == mstatus_FS && (!virt || vs_fs == vsstatus_FS))
		key |= KEY_FS_DIRTY;
	if (hart->exec->trace_insn)
		key |= KEY_TRACE;
	if (hart->triggers.execute)
		key |= KEY_TRIGGER;
	if (trap_landing_pads(hart, hart->mode))
		key |= KEY_LPE;
	if (hart->elp)
		key |= KEY_ELP;
	return key;
}

static void emit_world(struct hart *hart, enum mode from, uint64_t cause)
{
	if (mode_virt(hart->mode) && !mode_virt(from))
		hart->tp.hypervisor = hart->tp.before;
	if (mode_virt(hart->mode) != mode_virt(from))
		hart->tp.guest = hart->x[4];
	struct trace_event event = {
	    .type = TRACE_WORLD,
	    .from = (uint8_t)from,
	    .pc = hart->pc,
	    .value = {cause, hart->csr.sscratch, hart->csr.hgatp},
	};
	hart_emit(hart, &event);
}

/* Cycles that taking a trap costs: a trap that leads to itself must still let time pass. */
enum { TRAP_CYCLES = 1 };

static void take_trap(struct hart *hart)
{
	enum mode from = hart->mode;
	struct trap trap = hart->trap;
	uint64_t taken = hart->now;
	uint64_t epc = hart->pc, cause = trap.cause | (uint64_t)trap.interrupt << 63;
	struct trace_event event = {
	    .type = TRACE_TRAP,
	    .pc = epc,
	    .value = {cause, trap.tval, trap.tval2, trap.tinst},
	};
	hart_emit(hart, &event);
	reservation_end(hart);
	trap_take(hart);
	hart->exec->link = NULL;
	if (hart->mode != from)
		emit_world(hart, from, cause); /* at the trap's own cycle: an exit begins here */
	if (hart->model && mode_virt(from) && !mode_virt(hart->mode))
		hart->model->counts.exits++;
	hart->exec->last_mode = hart->mode;
	hart->cycle += hart->model ? 0 : TRAP_CYCLES; /* a model has added its own */
	hart->now = hart->cycle;
	if (hart->meter)
		meter_trapped(hart, from, taken);
}

/* The model's events happen only where the engine comes by: a counter of theirs that has just overflowed interrupts
 * here, before the next instruction. */
static inline void look_at_counters(struct hart *hart)
{
	if (__builtin_expect(hart->counters.armed != 0, 0) && hart->model)
		csr_counters_latch(hart);
}

/* No instruction of a block raised the trap: an interrupt, or a fault of fetch. */
static void take_trap_between(struct hart *hart)
{
	if (hart->metering)
		meter_interrupted(hart);
	if (hart->model)
		model_trap(hart);
	take_trap(hart);
	look_at_counters(hart);
}

/* Obey what instructions, devices and traps asked for, until nothing is left. */
static void settle_effects(struct hart *hart)
{
	struct exec *exec = hart->exec;
	while (hart->effects & ~(uint32_t)EFFECT_YIELD) {
		uint32_t effects = hart->effects;
		hart->effects &= EFFECT_YIELD;
		exec->link = NULL;
		if (hart->mode != exec->last_mode) { /* a return from a trap */
			if (hart->metering)
				meter_returned(hart);
			emit_world(hart, exec->last_mode, UINT64_MAX);
			exec->last_mode = hart->mode;
		}
		if (effects & EFFECT_TRANSLATE) {
			exec->epoch++;
			mem_l0_flush(hart);
		}
		if (exec->trace_begins) {
			exec->trace_begins = false;
			note_registers(hart);
		}
		if (effects & (EFFECT_MODE | EFFECT_TRANSLATE)) {
			trigger_arm(hart);
			mem_l0_select(hart);
			hart->context = exec->epoch << KEY_BITS | execution_key(hart);
		}
		if (effects & (EFFECT_IRQ | EFFECT_MODE)) {
			if (irq_poll(hart))
				take_trap_between(hart);
			exec->timer_cycle = irq_next_cycle(hart);
		}
	}
}

/* ---- the loop ---- */

/* A block was left inside, or by what the model has to look at. */
static void settle_block(struct hart *hart)
{
	if (hart->model) {
		model_settle(hart);
	} else {
		hart->cycle = hart->now;
		hart->insns = hart->retired;
	}
}

static void run_block(struct hart *hart, const struct block *block)
{
	uint64_t start = hart->cycle, insns = hart->insns;
	hart->block = block;
	hart->exec->settled = false;
	hart->progress = (int64_t)((hart->bound - hart->cycle) << 32);
	op_run(hart, block->ops);
	hart->cycle = hart_block_cycle(hart);
	hart->insns = hart_block_insns(hart);
	if (!hart->exec->settled)
		settle_block(hart);
	if (hart->metering)
		meter_ran(hart, start, insns);
	if (hart->trap.pending)
		take_trap(hart);
	look_at_counters(hart);
}

/* The block to run next; with a timing model, one whose instructions are in the instruction cache. */
static struct block *find_block(struct hart *hart, unsigned limit)
{
	for (;;) {
		struct block *block = block_find(hart, limit);
		int present = block && hart->model ? model_enter(hart, block) : 0;
		if (!present)
			return block;
		if (present > 0)
			limit = (unsigned)present;
	}
}

static unsigned limit_of(const struct block *block) { return block->key >> KEY_BITS; }

/* May the last block's edge lead straight to this one? Not where the fetch TLB has to be asked, nor where fetch was
 * late this time: that is no property of the edge. Blocks of one instruction, for the end of a slice, follow each
 * other. */
static bool may_link(const struct hart *hart, const struct block *from, uint32_t state, const struct block *block)
{
	return block != hart->exec->scratch && limit_of(block) == (limit_of(from) == 1) && block->state == state &&
	       (!hart->model || !hart->model->fetch_space || (from->pc ^ block->pc) < PAGE_SIZE);
}

/* Near the end of a slice instructions are run one by one; not where blocks end where slices do (ends_turn in
 * xlate.c). */
static bool is_near(const struct hart *hart, uint64_t bound)
{
	enum { NEAR = 8 };
	return bound - hart->cycle <= NEAR && !hart->engine->catch_up;
}

/* The block that comes next, if that is known. */
static struct block *known_block(const struct hart *hart)
{
	const struct exec *exec = hart->exec;
	const struct link *link = exec->link;
	return link && exec->target == hart->pc && link->context == hart->context ? link->block : NULL;
}

static bool fits(const struct hart *hart, const struct block *block, uint64_t bound)
{
	return block_is_open(block) && hart->cycle + block->last < bound;
}

/* The block that the edge just left is known to lead to, if it is one to take now. */
static const struct block *linked_block(const struct hart *hart, uint64_t bound)
{
	const struct block *block = known_block(hart);
	bool take = block && !hart->engine->options.flush_always && fits(hart, block, bound) && is_near(hart, bound) == (limit_of(block) == 1);
	return take ? block : NULL;
}

static void forget_blocks(struct hart *hart)
{
	block_flush(hart);
	hart->effects |= EFFECT_TRANSLATE;
	settle_effects(hart);
}

void exec_set_tracing(struct hart *hart, bool insn)
{
	hart->exec->trace_insn = insn;
	hart->exec->trace_begins = insn;
	block_flush(hart);
	hart->effects |= EFFECT_MODE | EFFECT_TRANSLATE;
}

void exec_restored(struct hart *hart)
{
	hart->exec->last_mode = hart->mode;
	block_flush(hart);
	hart->effects |= EFFECT_IRQ | EFFECT_MODE | EFFECT_TRANSLATE;
}

void exec_switch_timing(struct hart *hart, bool on)
{
	if (on == (hart->model != NULL))
		return;
	block_flush(hart);
	if (!on) {
		hart->parked = hart->model;
		hart->model = NULL;
		hart->exec->state = 0;
	} else {
		hart->model = hart->parked;
		hart->parked = NULL;
		model_cold(hart);
	}
	if (hart->metering)
		meter_switched(hart);
	hart->effects |= EFFECT_TRANSLATE;
}

/* The block to enter now. NULL: something else comes first. */
static struct block *enter_block(struct hart *hart, unsigned limit)
{
	struct block *block = find_block(hart, limit);
	if (!block) {
		if (hart->triggers.execute) /* a breakpoint at an address comes before any fault of its fetch */
			trigger_on_execute(hart, 0);
		take_trap_between(hart);
		return NULL;
	}
	look_at_counters(hart);
	return hart->effects ? NULL : block; /* the walk wrote A into code, say: first things first */
}

/* The link through which the block was just left, to be filled in. NULL: there is none. */
static struct link *open_link(const struct hart *hart)
{
	const struct exec *exec = hart->exec;
	return exec->target == hart->pc && exec->link != &exec->found ? exec->link : NULL;
}

static void run_next(struct hart *hart, uint64_t bound, bool step)
{
	struct exec *exec = hart->exec;
	struct link *link = open_link(hart);
	const struct block *from = hart->block, *next = step ? NULL : linked_block(hart, bound);
	uint64_t context = hart->context;
	uint32_t state = exec->state;
	exec->link = NULL;
	if (next) {
		run_block(hart, next);
		return;
	}
	if (hart->engine->options.flush_always)
		forget_blocks(hart);
	step |= is_near(hart, bound);
	struct block *block = enter_block(hart, step);
	if (block && !step && block->count > 1 && hart->cycle + block->last >= bound)
		block = enter_block(hart, true);
	if (!block)
		return;
	if (link && context == hart->context && may_link(hart, from, state, block))
		*link = (struct link){block, context};
	run_block(hart, block);
}

/* Find out which block comes next; this may trap, or raise effects. */
static void look_ahead(struct hart *hart)
{
	struct exec *exec = hart->exec;
	struct link *link = open_link(hart);
	const struct block *from = hart->block;
	uint64_t context = hart->context;
	uint32_t state = exec->state;
	exec->link = NULL;
	if (hart->engine->options.flush_always)
		forget_blocks(hart);
	struct block *block = enter_block(hart, 0);
	if (!block)
		return;
	if (!link || context != hart->context || !may_link(hart, from, state, block))
		link = &exec->found;
	*link = (struct link){block, hart->context};
	exec->link = link;
	exec->target = hart->pc;
}

static bool may_go_on(const struct hart *hart, uint64_t bound)
{
	return hart->cycle < bound && !hart->waiting && !(hart->effects & EFFECT_YIELD);
}

/* Blocks may follow each other until this cycle; not too far away for hart->progress. */
static uint64_t chain_bound(const struct hart *hart, uint64_t stop)
{
	enum { FAR = 1 << 30 };
	if (stop <= hart->cycle)
		return hart->cycle;
	return stop - hart->cycle < FAR ? stop : hart->cycle + FAR;
}

static void advance(struct hart *hart, uint64_t bound, bool chain, bool step)
{
	struct exec *exec = hart->exec;
	uint64_t stop = bound < exec->timer_cycle ? bound : exec->timer_cycle;
	hart->bound = chain && !hart->metering ? chain_bound(hart, stop) : hart->cycle;
	run_next(hart, stop, step);
	if (hart->cycle >= exec->timer_cycle)
		hart->effects |= EFFECT_IRQ;
}

/* A short slice that does nothing but run blocks known to follow each other. False: go on as exec_run does, from
 * here. */
static bool run_linked(struct hart *hart, uint64_t bound)
{
	struct exec *exec = hart->exec;
	if (hart->effects || hart->waiting || exec->trace_insn || hart->reservation.valid || bound > exec->timer_cycle)
		return false;
	hart->bound = hart->metering ? hart->cycle : chain_bound(hart, bound);
	while (hart->cycle < bound) {
		const struct block *block = linked_block(hart, bound);
		if (!block)
			return false;
		run_block(hart, block);
		if (hart->cycle >= exec->timer_cycle)
			hart->effects |= EFFECT_IRQ;
		if (hart->effects || !exec->settled)
			return false;
	}
	return !hart->reservation.valid;
}

/* Others run now: leave the hart as anyone may look at it. */
static void end_slice(struct hart *hart)
{
	hart->effects &= ~(uint32_t)EFFECT_YIELD;
	reservation_guard(hart);
}

/* The slice is over, or pauses. */
static bool pause(struct hart *hart, uint64_t bound)
{
	if (hart->exec->trace_insn)
		trace_tell(hart->trace, hart, hart->retired);
	settle_effects(hart);
	bool over = !may_go_on(hart, bound);
	if (over)
		end_slice(hart);
	return over;
}

bool exec_run(struct hart *hart, uint64_t bound, uint64_t max_insns)
{
	if (max_insns == UINT64_MAX && run_linked(hart, bound))
		return true;
	uint64_t limit = max_insns > UINT64_MAX - hart->insns ? UINT64_MAX : hart->insns + max_insns;
	trace_noting(hart->trace, hart->exec->trace_insn ? hart : NULL);
	settle_effects(hart);
	while (may_go_on(hart, bound) && hart->insns < limit) {
		settle_effects(hart);
		if (!may_go_on(hart, bound))
			break;
		advance(hart, bound, limit == UINT64_MAX, limit - hart->insns <= BLOCK_MAX);
	}
	return pause(hart, bound);
}

bool exec_step(struct hart *hart, uint64_t bound)
{
	uint64_t cycle = hart->cycle, insns = hart->insns;
	trace_noting(hart->trace, hart->exec->trace_insn ? hart : NULL);
	/* translating anew (FP state becomes dirty) is no step */
	do {
		settle_effects(hart);
		if (may_go_on(hart, bound))
			advance(hart, bound, false, true);
	} while (may_go_on(hart, bound) && hart->cycle == cycle && hart->insns == insns);
	return pause(hart, bound);
}

/* ---- turns ---- */

static inline struct standing standing_before(const struct hart *hart, struct block *next)
{
	uint64_t timer = hart->exec->timer_cycle, until = next ? hart->cycle + next->alone : hart->cycle;
	return (struct standing){until < timer ? until : timer, next};
}

struct standing exec_standing(const struct hart *hart)
{
	return hart->effects ? (struct standing){hart->cycle, NULL} : standing_before(hart, known_block(hart));
}

/* Instructions one by one, if not all of the next block come before the bound. */
static void advance_turn(struct hart *hart, const struct block *next, uint64_t bound)
{
	struct exec *exec = hart->exec;
	if (!next) {
		look_ahead(hart);
	} else if (!fits(hart, next, bound) || bound > exec->timer_cycle) {
		advance(hart, bound, true, true);
	} else {
		exec->link = NULL;
		hart->bound = hart->metering ? hart->cycle : chain_bound(hart, bound);
		run_block(hart, next);
		if (hart->cycle >= exec->timer_cycle)
			hart->effects |= EFFECT_IRQ;
	}
}

struct standing exec_turn(struct hart *hart, struct standing standing, uint64_t bound)
{
	while (standing.turn < bound) {
		advance_turn(hart, standing.next, bound);
		if (hart->effects)
			settle_effects(hart);
		standing = exec_standing(hart);
		if (hart->waiting || hart->effects)
			break;
	}
	if (hart->reservation.valid || hart->effects)
		end_slice(hart);
	return standing;
}
