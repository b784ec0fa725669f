#include "timing/model.h"

#include <stdlib.h>
#include <string.h>
#include "engine/mem.h"
#include "timing/fetch.h"
#include "timing/memory.h"
#include "timing/shadow.h"

/* ---- life ---- */

static const struct stall no_stall;

static int init_predictors(struct model *model)
{
	const struct timing *timing = model->timing;
	model->bht_mask = timing->bht_entries - 1;
	model->bht_noted = timing->bht_history || timing->bht_bits == 1;
	model->bht = calloc(timing->bht_entries, 1);
	model->btb = calloc(timing->btb_entries, sizeof *model->btb);
	return model->bht && model->btb ? 0 : -1;
}

static int init_parts(struct model *model)
{
	const struct timing *timing = model->timing;
	model->banks = malloc((NEAR_BANKS + 1) * sizeof *model->banks);
	model->strays = calloc(MEMO_ENTRIES, sizeof *model->strays);
	if (!model->banks || !model->strays)
		return -1;
	return init_predictors(model) || states_init(&model->states) || pages_init(&model->dtlb, timing->dtlb_entries) ||
	               pages_init(&model->itlb, timing->itlb_entries) || walker_init(&model->walker, timing) ||
	               cache_init(&model->l1i, timing->l1i_size, timing->l1i_ways, timing->l1i_line) ||
	               cache_init(&model->l1d, timing->l1d_size, timing->l1d_ways, timing->l1d_line)
	           ? -1
	           : 0;
}

int model_init(struct hart *hart, const struct timing *timing, struct model_shared *shared)
{
	struct model *model = calloc(1, sizeof *model);
	hart->model = model;
	if (!model)
		return -1;
	model->timing = timing;
	model->hart = hart;
	model->shared = shared;
	model->line_shift = (unsigned)__builtin_ctz(timing->l1d_line);
	model->line_mask = -(uint64_t)timing->l1d_line;
	if (init_parts(model) != 0)
		return -1;
	model_near_init(model);
	model->near = &model->banks[NEAR_BANKS];
	model->walks_from = 0;
	hart->exec->state = 0;
	hart->events = (const uint64_t *)&model->counts;
	hart->event_count = EVENT_COUNTS;
	return 0;
}

void model_free(struct hart *hart)
{
	struct model *model = hart->model ? hart->model : hart->parked;
	if (!model)
		return;
	free(model->banks);
	free(model->strays);
	free(model->bht);
	free(model->btb);
	shadow_free(model->shadow);
	states_free(&model->states);
	pages_free(&model->dtlb);
	pages_free(&model->itlb);
	walker_free(&model->walker);
	cache_free(&model->l1i);
	cache_free(&model->l1d);
	free(model);
	hart->model = hart->parked = NULL;
	hart->events = NULL;
	hart->event_count = 0;
}

static void forget_predictors(struct model *model)
{
	memset(model->bht, 0, model->timing->bht_entries);
	memset(model->btb, 0, model->timing->btb_entries * sizeof *model->btb);
	model->history = 0;
	model->history_index = 0;
	model->ras_used = 0;
}

void model_cold(struct hart *hart)
{
	struct model *model = hart->model;
	model->store_log = 0;
	forget_predictors(model);
	pages_clear(&model->itlb);
	pages_clear(&model->dtlb);
	walker_clear(&model->walker);
	cache_clear(&model->l1i);
	cache_clear(&model->l1d);
	model->stall = no_stall;
	model->wrong_pc = 0;
	model->trap_walked = model->walked = model->fence.pending = false;
	model->walks_from = 0;
	model->fetch_page = model->fetch_space = 0;
	pipe_reset(&model->states.list[0]);
	hart->exec->state = 0;
	model_forget_blocks(hart);
	model_near_flush(hart);
}

void model_shared_cold(struct model_shared *shared)
{
	if (shared->has_l2)
		cache_clear(&shared->l2);
	memset(&shared->channel, 0, sizeof shared->channel);
}

int model_shared_init(struct model_shared *shared, const struct timing *timing)
{
	*shared = (struct model_shared){.has_l2 = timing->l2_size != 0};
	return shared->has_l2 ? cache_init(&shared->l2, timing->l2_size, timing->l2_ways, timing->l2_line) : 0;
}

void model_shared_free(struct model_shared *shared)
{
	cache_free(&shared->l2);
}

/* ---- translation ---- */

/* Stores that a load issued at `base` or later may still meet on their way. */
static unsigned stores_before(const struct pipe *pipe, int base)
{
	unsigned count = 0;
	while (count < PIPE_STORES && pipe->store_gone[count] > base + 1)
		count++;
	return count;
}

static void prepare_op(struct hart *hart, const struct block *block, struct op *op, const struct uop *uop,
                       const struct pipe *pipe, int base)
{
	struct insn insn = decode(&hart->isa, op->word);
	op_fn *timed = op_timed_forms[insn.semantics][FORM_REGISTERS];
	if (!timed || op->run != op_table[insn.semantics])
		return;
	op->run = timed;
	uint64_t pc = block->pc + 2 * op->halves;
	if (uop->kind == UOP_LOAD) {
		unsigned count = hart->model->timing->store_conflict ? stores_before(pipe, base) : 0;
		op->rs3 = (uint8_t)count;
		if (count)
			op->run = op_after_store_forms[insn.semantics][FORM_REGISTERS];
	} else if (uop->kind == UOP_BRANCH) {
		op->rm = (uint64_t)op->imm < pc && hart->model->timing->bht_backward;
		op->word = model_branch_place(hart->model, pc);
	}
}

/* The block is left through this edge after instruction i, before which the pipeline was in this state at `base`:
 * what the block costs then, and the state it leads to. */
static void prepare_edge(struct model *model, struct edge *edge, unsigned taken, const struct block *block, unsigned i,
                         const struct pipe *before, int base)
{
	struct pipe pipe = *before;
	struct stall stall = {.flow = taken == EDGE_TAKEN ? FLOW_TAKEN : FLOW_NEXT};
	struct pipe_times times = {.next = base};
	pipe_step(model->timing, &pipe, &block->uops[i], &stall, &times);
	pipe_settle(model->timing, &pipe, times.next);
	edge->advance = edge_advance(i + 1, (uint32_t)times.next);
	edge->exits[taken] = states_number(&model->states, &pipe);
}

void model_block(struct hart *hart, struct block *block, const struct op *end)
{
	struct model *model = hart->model;
	struct pipe pipe = model->states.list[hart->exec->state], before = pipe;
	struct pipe_times times = {0};
	struct op *op = block->ops;
	int base = 0;
	block->state = hart->exec->state;
	for (unsigned i = 0; i < block->count; i++) {
		base = times.next;
		before = pipe;
		pipe_step(model->timing, &pipe, &block->uops[i], &no_stall, &times);
		for (; op < end && op->index == i; op += op_slots(op)) {
			/* op_tp before an instruction tells of the one before it */
			op->prefix = (uint32_t)(block->uops[i].kind == UOP_CSR && op->run != op_tp ? times.commit : base);
			if (op_is_instruction(op))
				prepare_op(hart, block, op, &block->uops[i], &before, base);
			if (op_has_edge(op))
				prepare_edge(model, op_edge(op), EDGE_TAKEN, block, i, &before, base);
		}
	}
	for (; op < end; op += op_slots(op)) {
		op->prefix = (uint32_t)times.next;
		if (op_has_edge(op))
			prepare_edge(model, op_edge(op), EDGE_FALL, block, block->count - 1u, &before, base);
	}
	block->last = (uint32_t)base;
	block_close(block);
}

void model_ahead_begin(const struct model *model, struct model_ahead *ahead)
{
	*ahead = (struct model_ahead){.pipe = model->states.list[model->hart->exec->state]};
}

uint32_t model_ahead_step(const struct model *model, struct model_ahead *ahead, const struct insn *insn, uint64_t pc, bool taken)
{
	const struct stall stall = {.flow = taken ? FLOW_TAKEN : FLOW_NEXT};
	struct uop uop = uop_of(model->timing, insn, pc);
	pipe_step(model->timing, &ahead->pipe, &uop, &stall, &ahead->times);
	return (uint32_t)ahead->times.next;
}

bool model_fetches_alone(const struct model *model)
{
	return !model->shared->has_l2 && !model->timing->dram_gap;
}

void model_forget_blocks(struct hart *hart)
{
	struct model *model = hart->model;
	struct pipe pipe = model->states.list[hart->exec->state];
	states_clear(&model->states);
	memset(model->memo, 0, sizeof model->memo);
	if (model->shadow)
		shadow_forget(model->shadow);
	hart->exec->state = states_number(&model->states, &pipe);
}

/* ---- settling ---- */

/* By nothing that depends on the host or on how ops look: which memos displace each other shows in how often the
 * engine asks its TLB. */
static struct memo *memo_slot(struct model *model, const struct block *block, unsigned count, const struct stall *stall)
{
	uint64_t bits[3] = {0};
	_Static_assert(sizeof *stall <= sizeof bits, "a stall fits the key");
	memcpy(bits, stall, sizeof *stall);
	uint64_t hash = (block->pc + ((uint64_t)block->state << 32)) * UINT64_C(0x9e3779b97f4a7c15) + count;
	for (unsigned i = 0; i < 3; i++)
		hash = (hash ^ bits[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return &model->memo[hash >> 40 & (MEMO_ENTRIES - 1)];
}

/* Run `count` instructions of a block, the last of them with a stall. Trap: the stall is that of one more, which
 * traps. */
static struct memo *run_code(struct model *model, const struct block *block, unsigned count, const struct stall *stall)
{
	struct memo *memo = memo_slot(model, block, count, stall);
	bool scratch = block == model->hart->exec->scratch;
	if (!scratch && memo->block == block && memo->count == count && memcmp(&memo->stall, stall, sizeof *stall) == 0)
		return memo;
	struct pipe pipe = model->states.list[block->state];
	struct pipe_times times = {0};
	for (unsigned i = 0; i < count; i++)
		pipe_step(model->timing, &pipe, &block->uops[i], i + 1 == count ? stall : &no_stall, &times);
	pipe_settle(model->timing, &pipe, times.next);
	*memo = (struct memo){scratch ? NULL : block, count, *stall, states_number(&model->states, &pipe), times, {0}, false};
	return memo;
}

uint64_t model_access_cycle(struct model *model)
{
	const struct hart *hart = model->hart;
	unsigned count = (unsigned)(hart->retired - hart_block_insns(hart)) + 1;
	return hart_block_cycle(hart) + (uint64_t)(int64_t)run_code(model, hart->block, count, &model->stall)->times.access;
}

static void count_stall(struct model *model, const struct stall *stall)
{
	model->counts.stall_walk += stall->translate;
	model->counts.stall_dcache += stall->memory;
	model->counts.store_conflicts += stall->conflict != 0;
}

/* A walk that a fence still holds up starts later. Notes what the walk's cycles are of. */
static void hold_walk(struct model *model, const struct block *block, unsigned count, uint64_t start, uint16_t *cycles)
{
	uint16_t second = model->walked ? model->walk_second : 0;
	model->settled.translate = (struct causes){.first = (uint16_t)(*cycles - second), .second = second};
	if (!model->walked || model->walks_from <= start)
		return;
	const struct memo *memo = run_code(model, block, count, &no_stall);
	uint64_t request = start + (uint64_t)memo->times.issue + 1;
	if (model->walks_from > request) {
		*cycles = (uint16_t)(*cycles + (model->walks_from - request));
		model->settled.translate.fence = (uint16_t)(model->walks_from - request);
		model->counts.stall_fence += model->walks_from - request;
	}
}

static void finish_settling(struct hart *hart, const struct memo *memo, uint64_t start)
{
	hart->cycle = start + (uint64_t)memo->times.next;
	hart->exec->state = memo->state;
}

/* An instruction flushes or traps: let the frontend run on behind it, unless it would do the same as the last time.
 * Cycles as of fetch_wrong_path. */
static uint16_t stray(struct model *model, const struct block *block, unsigned index, struct memo *memo)
{
	struct stray *stray = &model->strays[memo - model->memo];
	uint64_t writes = model->hart->exec->writes;
	if (memo->strayed && stray->writes == writes && model_follow_trail(model, &stray->trail))
		return 0;
	uint16_t cycles = fetch_wrong_path(model, block, index, memo, 0);
	memo->strayed = memo->block && model->trail.repeats;
	if (memo->strayed)
		*stray = (struct stray){writes, model->trail};
	return cycles;
}

static void settle_trap(struct hart *hart, unsigned count)
{
	struct model *model = hart->model;
	struct stall stall = model->stall;
	uint64_t start = hart->cycle;
	hold_walk(model, hart->block, count + 1, start, &stall.translate);
	stall = (struct stall){.trap = (uint16_t)(1 + (model->trap_walked ? 1 + stall.translate : 0))};
	struct memo *memo = run_code(model, hart->block, count + 1, &stall);
	uint16_t refetch = stray(model, hart->block, count, memo);
	hart->now = start + (uint64_t)memo->times.commit;
	if (refetch) {
		stall.refetch = refetch;
		memo = run_code(model, hart->block, count + 1, &stall);
	}
	finish_settling(hart, memo, start);
	model->settled.stall = stall;
	model->settled.refetch = (struct causes){.icache = refetch};
	model->settled.walked = model->trap_walked;
	fetch_trapped(model);
}

static void apply_fence(struct model *model, uint64_t commit)
{
	model->fence.pending = false;
	model->walks_from = commit + model->timing->fence_walk;
	memory_fence(model);
}

/* Remember what this misprediction did, if it may do so again. */
static void learn_wrong(struct hart *hart, const struct memo *memo, unsigned count)
{
	struct model *model = hart->model;
	struct edge *edge = model->wrong_edge;
	if (!edge || !model->trail.repeats || hart->block == hart->exec->scratch)
		return;
	struct wrong **wrong = &edge->wrong[model->wrong_taken];
	if (!*wrong)
		*wrong = block_room(hart->exec, sizeof **wrong);
	if (*wrong)
		**wrong = (struct wrong){
		    .target = hart->pc,
		    .wrong_pc = model->wrong_pc,
		    .advance = edge_advance(count, (uint32_t)memo->times.next),
		    .state = memo->state,
		    .writes = hart->exec->writes,
		    .trail = model->trail,
		};
}

/* What comes after an instruction that is no jump is known: no less than behind an edge. */
static void lead_on(struct hart *hart, const struct uop *last, struct memo *memo)
{
	if (last->kind == UOP_BRANCH || last->kind == UOP_JAL || last->kind == UOP_JALR || last->flags & UOP_FLUSH)
		return;
	hart->exec->link = &memo->link;
	hart->exec->target = hart->pc;
}

static void settle_done(struct hart *hart, unsigned count)
{
	struct model *model = hart->model;
	const struct uop *last = &hart->block->uops[count - 1];
	uint64_t start = hart->cycle;
	hold_walk(model, hart->block, count, start, &model->stall.translate);
	struct memo *memo = run_code(model, hart->block, count, &model->stall);
	bool flushed = last->flags & UOP_FLUSH;
	uint16_t busy = 0;
	if (flushed || model->stall.flow == FLOW_WRONG) {
		uint16_t wrong = 0;
		if (!flushed)
			wrong = fetch_wrong_path(model, hart->block, count - 1, memo, model->wrong_pc);
		else if (!(last->flags & UOP_RETURN))
			wrong = stray(model, hart->block, count - 1, memo);
		if (last->flags & UOP_ICACHE)
			busy = fetch_flush(model);
		model->stall.refetch = (uint16_t)(wrong + busy);
		if (model->fence.pending)
			apply_fence(model, start + (uint64_t)memo->times.commit);
		if (!flushed)
			learn_wrong(hart, memo, count);
		if (model->stall.refetch)
			memo = run_code(model, hart->block, count, &model->stall);
		model->counts.flushes += flushed;
	}
	if (last->flags & UOP_RETURN)
		fetch_trapped(model);
	count_stall(model, &model->stall);
	model->settled.stall = model->stall;
	model->settled.refetch = (struct causes){.icache = (uint16_t)(model->stall.refetch - busy), .fence = busy};
	finish_settling(hart, memo, start);
	hart->now = hart->cycle;
	lead_on(hart, last, memo);
}

void model_settle(struct hart *hart)
{
	struct model *model = hart->model;
	unsigned count = (unsigned)(hart->retired - hart->insns);
	if (hart->trap.pending)
		settle_trap(hart, count);
	else if (count)
		settle_done(hart, count);
	else
		hart->exec->state = hart->block->state; /* nothing has run yet */
	hart->insns = hart->retired;
	model->stall = no_stall;
	model->wrong_pc = 0;
	model->wrong_edge = NULL;
	model->walked = model->trap_walked = false;
	model->fence.pending = false;
}

void model_trap(struct hart *hart)
{
	struct model *model = hart->model;
	struct pipe pipe = model->states.list[hart->exec->state];
	struct uop uop = {.kind = UOP_NONE, .place = (uint8_t)(hart->pc >> 1 & 0x7f)};
	struct stall stall = {.trap = 1};
	struct pipe_times times = {0};
	pipe_step(model->timing, &pipe, &uop, &stall, &times);
	pipe_settle(model->timing, &pipe, times.next);
	hart->exec->state = states_number(&model->states, &pipe);
	hart->now = hart->cycle + (uint64_t)times.commit;
	hart->cycle += (uint64_t)times.next;
	fetch_trapped(model);
}
