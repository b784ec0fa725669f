/* A block was left where translation did not know what would happen: what that cost, and the state the hart goes on
 * in. */
#include "timing/fetch.h"
#include "timing/memo.h"
#include "timing/translate.h"
#include "timing/wrong_path.h"

static void count_stall(struct model *model, const struct stall *stall)
{
	model->counts.stall_walk += stall->translate;
	model->counts.stall_dcache += stall->memory;
	model->counts.stall_device += stall->device;
	model->counts.store_conflicts += stall->conflict != 0;
}

/* What the walk's cycles are of. A walk that a fence still holds up starts later: *cycles grows. */
static struct causes hold_walk(struct model *model, const struct outcome *outcome, unsigned count, uint64_t start,
                               uint16_t *cycles)
{
	static const struct stall no_stall;
	uint16_t second = outcome->walked ? outcome->walk_second : 0;
	struct causes causes = {.first = (uint16_t)(*cycles - second), .second = second};
	if (!outcome->walked || model->walks_from <= start)
		return causes;
	const struct memo *memo = memo_run(model, model->hart->code, count, &no_stall);
	uint64_t request = start + (uint64_t)memo->times.issue + model->timing->lsu_access;
	if (model->walks_from > request) {
		causes.fence = (uint16_t)(model->walks_from - request);
		*cycles = (uint16_t)(*cycles + causes.fence);
		model->counts.stall_fence += model->walks_from - request;
	}
	return causes;
}

/* Behind an instruction that flushes or traps the frontend runs on: does it do the same as the last time? Then it has. */
static bool runs_on_as_before(struct model *model, const struct memo *memo)
{
	const struct repeated *repeated = &model->repeated[memo - model->memo];
	return memo->repeats && repeated->code_writes == model->code_writes &&
	       model_follow_trail(model, &repeated->trail);
}

/* Let it run on. Cycles as of wrong_path_run. */
static uint16_t run_on(struct model *model, unsigned index, struct memo *memo)
{
	struct repeated *repeated = &model->repeated[memo - model->memo];
	if (runs_on_as_before(model, memo))
		return 0;
	uint16_t cycles = wrong_path_run(model, model->hart->code, index, &memo->times, 0);
	memo->repeats = memo->code && model->trail.repeats;
	if (memo->repeats)
		*repeated = (struct repeated){model->code_writes, model->trail};
	return cycles;
}

static void reach(struct hart *hart, const struct memo *memo, uint64_t start)
{
	hart->cycle = start + (uint64_t)memo->times.next;
	hart->pipeline_state = memo->state;
}

static void trapped(struct model *model)
{
	model->counts.traps++;
	predict_trapped(&model->predictors);
}

static void settle_trap(struct hart *hart, unsigned count, const struct outcome *outcome, struct settled *settled)
{
	struct model *model = hart->model;
	uint64_t start = hart->cycle;
	uint16_t walk = outcome->stall.translate;
	settled->translate = hold_walk(model, outcome, count + 1, start, &walk);
	settled->walked = outcome->trap_walked;
	settled->stall = (struct stall){.trap = pipe_trap(model->timing, outcome->trap_walked, walk)};
	struct memo *memo = memo_run(model, hart->code, count + 1, &settled->stall);
	uint16_t refetch = run_on(model, count, memo);
	hart->now = start + (uint64_t)memo->times.commit;
	settled->refetch = (struct causes){.icache = refetch};
	settled->stall.refetch = refetch;
	if (refetch)
		memo = memo_run(model, hart->code, count + 1, &settled->stall);
	reach(hart, memo, start);
	trapped(model);
}

/* The last instruction flushed the pipeline, or was mispredicted: what the frontend did on the wrong path, and what
 * a fence asks for. Cycles that the right path's fetch waits. */
static uint16_t restart_fetch(struct model *model, const struct outcome *outcome, unsigned count, struct memo *memo,
                              uint64_t start, struct settled *settled)
{
	const struct code_block *code = model->hart->code;
	const struct uop *last = &code->uops[count - 1];
	bool flushed = last->flags & UOP_FLUSH;
	if (!flushed) {
		settled->refetch.icache = wrong_path_run(model, code, count - 1, &memo->times, outcome->wrong_pc);
		settled->trail = model->trail.repeats && code->lasting ? &model->trail : NULL;
	} else if (!(last->flags & UOP_RETURN)) {
		settled->refetch.icache = run_on(model, count - 1, memo);
	}
	if (last->flags & UOP_ICACHE)
		settled->refetch.fence = fetch_flush(model);
	if (outcome->fence.pending) {
		model->walks_from = start + (uint64_t)memo->times.commit + model->timing->fence_walk;
		translate_fence(model, &outcome->fence);
	}
	model->counts.flushes += flushed;
	return (uint16_t)(settled->refetch.icache + settled->refetch.fence);
}

static bool is_jump(const struct uop *last)
{
	return last->kind == UOP_BRANCH || last->kind == UOP_JAL || last->kind == UOP_JALR;
}

/* What comes after an instruction that is no jump is known: no less than behind an edge. */
static bool follows(const struct uop *last) { return !is_jump(last) && !(last->flags & UOP_FLUSH); }

static void settle_done(struct hart *hart, unsigned count, struct outcome *outcome, struct settled *settled)
{
	struct model *model = hart->model;
	const struct uop *last = &hart->code->uops[count - 1];
	struct stall *stall = &outcome->stall;
	uint64_t start = hart->cycle;
	settled->translate = hold_walk(model, outcome, count, start, &stall->translate);
	struct memo *memo = memo_run(model, hart->code, count, stall);
	if (last->flags & UOP_FLUSH || stall->flow == FLOW_WRONG) {
		stall->refetch = restart_fetch(model, outcome, count, memo, start, settled);
		if (stall->refetch)
			memo = memo_run(model, hart->code, count, stall);
	}
	if (last->flags & UOP_RETURN)
		trapped(model);
	count_stall(model, stall);
	reach(hart, memo, start);
	hart->now = hart->cycle;
	settled->stall = *stall;
	settled->cycles = (uint32_t)memo->times.next;
	settled->next = follows(last) ? &memo->next : NULL;
}

/* Has it more to do than its stall says? */
static bool does_more(const struct model *model, const struct uop *last)
{
	const struct outcome *outcome = &model->outcome;
	return is_jump(last) || last->flags & (UOP_RETURN | UOP_ICACHE) || outcome->fence.pending ||
	       (outcome->walked && model->walks_from > hart_block_cycle(model->hart));
}

bool model_pass(struct hart *hart, unsigned count, struct passed *passed)
{
	struct model *model = hart->model;
	struct outcome *outcome = &model->outcome;
	const struct uop *last = &hart->code->uops[count - 1];
	if (does_more(model, last))
		return false;
	struct memo *memo = memo_run(model, hart->code, count, &outcome->stall);
	if (last->flags & UOP_FLUSH) {
		if (!runs_on_as_before(model, memo))
			return false;
		model->counts.flushes++;
	}
	count_stall(model, &outcome->stall);
	*outcome = (struct outcome){0};
	*passed = (struct passed){(uint32_t)memo->times.next, memo->state, &memo->next};
	return true;
}

void model_settle(struct hart *hart, struct settled *settled)
{
	struct model *model = hart->model;
	unsigned count = (unsigned)(hart->retired - hart->insns);
	settled->walked = false;
	settled->refetch = (struct causes){0};
	settled->next = NULL;
	settled->trail = NULL;
	if (hart->trap.pending)
		settle_trap(hart, count, &model->outcome, settled);
	else if (count)
		settle_done(hart, count, &model->outcome, settled);
	else /* nothing has run yet */
		hart->pipeline_state = hart->code->state;
	model->outcome = (struct outcome){0};
	hart->insns = hart->retired;
}

void model_trap(struct hart *hart)
{
	struct model *model = hart->model;
	struct pipe pipe = model->states.list[hart->pipeline_state];
	struct uop uop = {.kind = UOP_NONE, .place = (uint8_t)(hart->pc >> 1 & 0x7f)};
	struct stall stall = {.trap = 1};
	struct pipe_times times = {0};
	pipe_step(model->timing, &pipe, &uop, &stall, &times);
	pipe_settle(model->timing, &pipe, times.next);
	hart->pipeline_state = states_number(&model->states, &pipe);
	hart->now = hart->cycle + (uint64_t)times.commit;
	hart->cycle += (uint64_t)times.next;
	trapped(model);
}
