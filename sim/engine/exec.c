#include "engine/exec.h"

#include <stdlib.h>
#include <sys/mman.h>
#include "csr/csr.h"
#include "engine/block.h"
#include "engine/engine.h"
#include "engine/l0.h"
#include "engine/note.h"
#include "hart/reservation.h"
#include "hart/trap.h"
#include "timing/model.h"
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
	void *arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
	                   0);
	exec->arena = arena == MAP_FAILED ? NULL : arena;
	exec->epoch = 1;
	hart->lines_gone = block_lines_gone;
	if (bus_listen(hart->bus, &(struct bus_listener){.flags = PAGE_CODE, .stored = code_stored, .context = hart}) !=
	        0 ||
	    reservation_listen(hart) != 0)
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

/* An instruction was tried and did not retire. */
static void count_trapped(struct hart *hart)
{
	hart->trapped.count++;
	hart->trapped.in_a_row = hart->trapped.insns == hart->insns ? hart->trapped.in_a_row + 1 : 1;
	hart->trapped.insns = hart->insns;
}

/* An interrupt is about to be taken: how long its handler's first instruction has been waited for. */
static void tell_latency(struct hart *hart)
{
	struct trace_latency latency = irq_taken(hart, hart->cycle + (hart->model ? 0 : TRAP_CYCLES));
	trace_latency(hart->trace, hart->id, &latency);
}

static void take_trap(struct hart *hart)
{
	enum mode from = hart->mode;
	struct trap trap = hart->trap;
	uint64_t taken = hart->now;
	uint64_t epc = hart->pc, cause = trap.cause | (uint64_t)trap.interrupt << 63;
	note_flags_back(hart);
	struct trace_event event = {
	    .type = TRACE_TRAP,
	    .flags = (uint8_t)trap_hidden(hart, &trap),
	    .pc = epc,
	    .value = {cause, trap.tval, trap.tval2, trap.tinst},
	};
	if (trap.interrupt)
		tell_latency(hart);
	hart_emit(hart, &event);
	reservation_end(hart);
	if (trap.interrupt)
		hart->interrupted++;
	else
		count_trapped(hart);
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
static void obey_effects(struct hart *hart)
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
			l0_flush(hart);
		}
		if (exec->trace_begins) {
			exec->trace_begins = false;
			note_registers(hart);
		}
		if (effects & (EFFECT_MODE | EFFECT_TRANSLATE)) {
			trigger_arm(hart);
			l0_select(hart);
			hart->context = exec->epoch << KEY_BITS | execution_key(hart);
		}
		if (effects & (EFFECT_IRQ | EFFECT_MODE)) {
			if (irq_poll(hart))
				take_trap_between(hart);
			exec->timer_cycle = irq_next_cycle(hart);
		}
	}
}

static inline void settle_effects(struct hart *hart)
{
	if (hart->effects & ~(uint32_t)EFFECT_YIELD)
		obey_effects(hart);
}

/* ---- running a block ---- */

/* Room for what a misprediction did, in its jump's list: that of the same one, which is not what it does any more; a new one; or
 * the one that has not come for the longest time. NULL: there is none. */
static struct wrong *room_for_wrong(struct exec *exec, struct wrong **first, uint64_t target)
{
	struct wrong *last = NULL;
	unsigned count = 0;
	for (struct wrong *wrong = *first; wrong; wrong = wrong->next, count++) {
		if (wrong->target == target && wrong->wrong_pc == exec->mispredicted.wrong_pc)
			return wrong;
		last = wrong;
	}
	struct wrong *made = count < WRONGS_MAX ? block_room(exec, sizeof *made) : NULL;
	if (!made)
		return last;
	made->next = *first;
	*first = made;
	return made;
}

/* What the model found may be found again: remember where it led. */
static void remember_settled(struct hart *hart, const struct settled *settled, unsigned insns)
{
	struct exec *exec = hart->exec;
	struct wrong *wrong = exec->mispredicted.slot && settled->trail
	                          ? room_for_wrong(exec, exec->mispredicted.slot, hart->pc)
	                          : NULL;
	if (wrong)
		*wrong = (struct wrong){
		    .next = wrong->next,
		    .target = hart->pc,
		    .wrong_pc = exec->mispredicted.wrong_pc,
		    .advance = edge_advance(insns, settled->cycles),
		    .state = hart->pipeline_state,
		    .code_writes = hart->model->code_writes,
		    .trail = *settled->trail,
		};
	exec->mispredicted.slot = NULL;
	if (settled->next) {
		exec->link = (struct link *)settled->next;
		exec->target = hart->pc;
	}
}

/* A block was left inside, or by what the model has to look at. */
static void settle_block(struct hart *hart, struct settled *settled)
{
	unsigned insns = (unsigned)(hart->retired - hart->insns);
	if (hart->model) {
		model_settle(hart, settled);
		remember_settled(hart, settled, insns);
	} else {
		hart->cycle = hart->now;
		hart->insns = hart->retired;
	}
}

/* A world switch is being split. */
static void meter_block(struct hart *hart, const struct settled *settled, uint64_t start, uint64_t insns)
{
	struct meter_run run = {.code = hart->code, .start = start, .insns = insns};
	if (hart->exec->settled)
		run.settled.stall.flow = hart->exec->flow;
	else
		run.settled = *settled;
	meter_ran(hart, &run);
}

/* The next cycle at which the hart's own timers can interrupt has come. */
static inline void look_at_timer(struct hart *hart)
{
	if (hart->cycle >= hart->exec->timer_cycle)
		hart->effects |= EFFECT_IRQ;
}

/* Blocks may follow each other until cycle `stop`; not too far away for hart->progress. */
static uint64_t chain_bound(const struct hart *hart, uint64_t stop)
{
	enum { FAR = 1 << 30 };
	if (stop <= hart->cycle)
		return hart->cycle;
	return stop - hart->cycle < FAR ? stop : hart->cycle + FAR;
}

/* Run the block, and those it is known to lead to while they start before `stop`; `alone`: none of them. */
static void run_block(struct hart *hart, const struct block *block, uint64_t stop, bool alone)
{
	struct settled settled;
	uint64_t start = hart->cycle, insns = hart->insns;
	hart->bound = alone || hart->metering ? hart->cycle : chain_bound(hart, stop);
	hart->code = &block->code;
	hart->exec->settled = false;
	hart->progress = (int64_t)((hart->bound - hart->cycle) << 32);
	op_run(hart, block->ops);
	hart->cycle = hart_block_cycle(hart);
	hart->insns = hart_block_insns(hart);
	if (!hart->exec->settled)
		settle_block(hart, &settled);
	if (hart->metering)
		meter_block(hart, &settled, start, insns);
	if (hart->trap.pending)
		take_trap(hart);
	look_at_counters(hart);
	look_at_timer(hart);
}

/* ---- which block comes next ---- */

/* Made if there is none yet, of instructions that are in the instruction cache alone. NULL: a fetch fault, or *present is
 * MODEL_RETRY. */
static struct block *find_or_make(struct hart *hart, unsigned limit, struct causes *late, int *present)
{
	uint64_t pa;
	struct block *block = block_find(hart, limit, &pa);
	*present = BLOCK_MAX;
	if (block || hart->trap.pending)
		return block;
	if (hart->model)
		*present = model_fetch_ahead(hart, pa, late);
	return *present == MODEL_RETRY ? NULL : block_make(hart, pa, limit, (unsigned)*present);
}

/* The block to run next; with a timing model, one whose instructions are in the instruction cache. */
static struct block *find_block(struct hart *hart, unsigned limit)
{
	struct causes late = {0};
	struct block *block;
	int present;
	do {
		block = find_or_make(hart, limit, &late, &present);
		if (block)
			present = hart->model ? model_fetch(hart, &block->code, block_is_open(block), &late) : 0;
		if (present > 0)
			limit = (unsigned)present;
	} while (present && !hart->trap.pending);
	if (block && hart->model && !block_is_open(block))
		block_admit(hart->exec, block);
	if (hart->metering)
		meter_fetched(hart, &late);
	return block;
}

static unsigned limit_of(const struct block *block) { return block->key >> KEY_BITS; }

/* May the last block's edge lead straight to this one? Not where the fetch TLB has to be asked, nor where fetch was
 * late this time: that is no property of the edge. Blocks of one instruction, for the end of a slice, follow each
 * other. */
static bool may_link(const struct hart *hart, const struct block *from, uint32_t state, const struct block *block)
{
	return block->code.lasting && (limit_of(block) == 1) == (limit_of(from) == 1) && block->code.state == state &&
	       (!hart->model || !hart->model->fetch_space || (from->code.pc ^ block->code.pc) < PAGE_SIZE);
}

/* Near the end of a slice instructions are run one by one; not where blocks end where slices do (xlate_lookahead.c). */
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
	bool take = block && !hart->engine->options.flush_always && fits(hart, block, bound) &&
	            is_near(hart, bound) == (limit_of(block) == 1);
	return take ? block : NULL;
}

static void forget_blocks(struct hart *hart)
{
	block_flush(hart);
	hart->effects |= EFFECT_TRANSLATE;
	settle_effects(hart);
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

/* The way out of the block that was just left, which may be filled in with what comes next. */
struct way_out {
	struct link *link; /* NULL: there is none */
	const struct block *from;
	uint64_t context;
	uint32_t state;
};

static struct way_out take_way_out(struct hart *hart)
{
	struct exec *exec = hart->exec;
	bool open = exec->target == hart->pc && exec->link != &exec->found;
	struct way_out way = {open ? exec->link : NULL, block_running(hart), hart->context, hart->pipeline_state};
	exec->link = NULL;
	return way;
}

/* The link that leads to the block now; NULL: none may. */
static struct link *fill_in(struct hart *hart, const struct way_out *way, struct block *block)
{
	if (!way->link || way->context != hart->context || !may_link(hart, way->from, way->state, block))
		return NULL;
	*way->link = (struct link){block, way->context};
	return way->link;
}

/* ---- the loop ---- */

/* Run what comes next: blocks, or something that comes before any. `single`: one instruction at most; `alone`: one
 * block. */
static void advance(struct hart *hart, uint64_t bound, bool single, bool alone)
{
	uint64_t timer = hart->exec->timer_cycle, stop = bound < timer ? bound : timer;
	const struct block *next = single ? NULL : linked_block(hart, stop);
	if (next) {
		hart->exec->link = NULL;
		run_block(hart, next, stop, alone);
		return;
	}
	struct way_out way = take_way_out(hart);
	if (hart->engine->options.flush_always)
		forget_blocks(hart);
	single |= is_near(hart, stop);
	struct block *block = enter_block(hart, single);
	if (block && !single && block->code.count > 1 && hart->cycle + block->last >= stop)
		block = enter_block(hart, true);
	if (!block)
		return;
	fill_in(hart, &way, block);
	run_block(hart, block, stop, alone);
}

static bool may_go_on(const struct hart *hart, uint64_t bound)
{
	return hart->cycle < bound && !hart->waiting && !(hart->effects & EFFECT_YIELD);
}

/* Others run now: leave the hart as anyone may look at it. */
static void end_slice(struct hart *hart)
{
	hart->exec->yielded = (hart->effects & EFFECT_YIELD) != 0;
	hart->effects &= ~(uint32_t)EFFECT_YIELD;
	reservation_guard(hart);
}

static bool may_advance(const struct hart *hart, uint64_t bound, uint64_t limit)
{
	return may_go_on(hart, bound) && hart_steps(hart) < limit && !hart->engine->pause.now;
}

/* Go on until the bound, or until the hart has `limit` steps behind it. True: the slice is over. */
static bool run_slice(struct hart *hart, uint64_t bound, uint64_t limit)
{
	bool trace = hart->exec->trace_insn, alone = limit != UINT64_MAX;
	trace_noting(hart->trace, trace ? hart : NULL);
	settle_effects(hart);
	while (may_advance(hart, bound, limit)) {
		advance(hart, bound, limit - hart_steps(hart) <= BLOCK_MAX, alone);
		settle_effects(hart);
	}
	if (trace)
		trace_tell(hart->trace, hart, hart->retired);
	settle_effects(hart);
	bool over = !may_go_on(hart, bound);
	if (over)
		end_slice(hart);
	return over;
}

bool exec_run(struct hart *hart, uint64_t bound, uint64_t max_steps)
{
	uint64_t limit = hart_steps(hart) + max_steps;
	return run_slice(hart, bound, limit < max_steps ? UINT64_MAX : limit);
}

bool exec_yielded(const struct hart *hart) { return hart->exec->yielded; }

bool exec_step(struct hart *hart, uint64_t bound) { return run_slice(hart, bound, hart_steps(hart) + 1); }

/* ---- lookahead ---- */

struct lookahead exec_lookahead(const struct hart *hart)
{
	if (hart->effects)
		return (struct lookahead){hart->cycle, NULL};
	struct block *next = known_block(hart);
	uint64_t timer = hart->exec->timer_cycle, until = next ? hart->cycle + next->lookahead : hart->cycle;
	return (struct lookahead){until < timer ? until : timer, next};
}

/* Find out which block comes next; this may trap, or raise effects. */
static void find_next(struct hart *hart)
{
	struct exec *exec = hart->exec;
	struct way_out way = take_way_out(hart);
	if (hart->engine->options.flush_always)
		forget_blocks(hart);
	struct block *block = enter_block(hart, 0);
	if (!block)
		return;
	struct link *link = fill_in(hart, &way, block);
	if (!link) {
		link = &exec->found;
		*link = (struct link){block, hart->context};
	}
	exec->link = link;
	exec->target = hart->pc;
}

struct lookahead exec_run_lookahead(struct hart *hart, struct lookahead ahead, uint64_t bound)
{
	while (ahead.cycle < bound) {
		const struct block *next = ahead.next;
		if (!next) {
			find_next(hart);
		} else if (!fits(hart, next, bound) || bound > hart->exec->timer_cycle) {
			advance(hart, bound, true, false); /* not all of it comes before the bound */
		} else {
			hart->exec->link = NULL;
			run_block(hart, next, bound, false);
		}
		settle_effects(hart);
		ahead = exec_lookahead(hart);
		if (hart->waiting || hart->effects)
			break;
	}
	if (hart->reservation.valid || hart->effects)
		end_slice(hart);
	return ahead;
}

/* ---- what blocks are made for ---- */

void exec_set_tracing(struct hart *hart, bool insn)
{
	hart->exec->trace_insn = insn;
	hart->exec->trace_begins = insn;
	block_flush(hart);
	hart->effects |= EFFECT_MODE | EFFECT_TRANSLATE;
}

void exec_look_anew(struct hart *hart)
{
	block_flush(hart);
	hart->effects |= EFFECT_MODE | EFFECT_TRANSLATE;
}

void exec_restored(struct hart *hart)
{
	hart->exec->last_mode = hart->mode;
	block_flush(hart);
	hart->effects |= EFFECT_IRQ | EFFECT_MODE | EFFECT_TRANSLATE;
}

void exec_reset(struct hart *hart)
{
	exec_restored(hart);
	hart->exec->trace_begins = hart->exec->trace_insn;
	if (hart->model)
		model_cold(hart);
}

void exec_switch_timing(struct hart *hart, bool on)
{
	if (on == (hart->model != NULL))
		return;
	block_flush(hart);
	if (!on) {
		hart->parked = hart->model;
		hart->model = NULL;
		hart->pipeline_state = 0;
	} else {
		hart->model = hart->parked;
		hart->parked = NULL;
		model_cold(hart);
	}
	if (hart->metering)
		meter_switched(hart);
	hart->effects |= EFFECT_TRANSLATE;
}
