/* The model as a whole: its parts, and what blocks of code will cost. */
#include "timing/model.h"

#include <stdlib.h>
#include <string.h>
#include "hart/hart.h"
#include "base/bus.h"
#include "hart/platform.h"
#include "timing/shadow.h"

/* ---- life ---- */

static int init_parts(struct model *model)
{
	const struct timing *timing = model->timing;
	model->repeated = calloc(MEMO_ENTRIES, sizeof *model->repeated);
	bool stores_free = !timing->l1d_writeback && model->hart->platform->hart_count == 1;
	if (near_init(&model->near, timing->l1d_line, timing->l1d_size / timing->l1d_line,
	              stores_free ? PAGE_SIZE : timing->l1d_line) != 0)
		return -1;
	if (!model->repeated || predict_init(&model->predictors, timing) || states_init(&model->states) ||
	    l1_tlb_init(&model->dtlb, timing->dtlb_entries) || l1_tlb_init(&model->itlb, timing->itlb_entries) ||
	    ptw_init(&model->ptw, timing) ||
	    cache_init(&model->l1i, timing->l1i_size, timing->l1i_ways, timing->l1i_line) ||
	    cache_init(&model->l1d, timing->l1d_size, timing->l1d_ways, timing->l1d_line))
		return -1;
	return 0;
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
	if (init_parts(model) != 0)
		return -1;
	hart->pipeline_state = 0;
	hart->events = (const uint64_t *)&model->counts;
	hart->event_count = EVENT_COUNTS;
	return 0;
}

void model_free(struct hart *hart)
{
	struct model *model = hart->model ? hart->model : hart->parked;
	if (!model)
		return;
	near_free(&model->near);
	predict_free(&model->predictors);
	free(model->repeated);
	shadow_free(model->shadow);
	states_free(&model->states);
	l1_tlb_free(&model->dtlb);
	l1_tlb_free(&model->itlb);
	ptw_free(&model->ptw);
	cache_free(&model->l1i);
	cache_free(&model->l1d);
	free(model);
	hart->model = hart->parked = NULL;
	hart->events = NULL;
	hart->event_count = 0;
}

void model_cold(struct hart *hart)
{
	struct model *model = hart->model;
	model->store_log = 0;
	predict_clear(&model->predictors);
	l1_tlb_clear(&model->itlb);
	l1_tlb_clear(&model->dtlb);
	ptw_clear(&model->ptw);
	cache_clear(&model->l1i);
	cache_clear(&model->l1d);
	model->outcome = (struct outcome){0};
	model->walks_from = 0;
	model->fetch_page = model->fetch_space = 0;
	pipe_reset(&model->states.list[0]);
	hart->pipeline_state = 0;
	model_forget_code(hart);
	near_flush(&model->near);
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

void model_shared_free(struct model_shared *shared) { cache_free(&shared->l2); }

/* ---- translation ---- */

/* Stores that a load issued at `base` or later may still meet on their way. */
static unsigned stores_before(const struct timing *timing, const struct pipe *pipe, int base)
{
	unsigned count = 0;
	while (count < PIPE_STORES && pipe->store_drain[count] > base + (int)timing->lsu_access)
		count++;
	return count;
}

/* The block is left after instruction i, before which the pipeline was in this state at `base`. */
static struct code_exit leave_after(struct model *model, const struct code_block *code, unsigned i, enum flow flow,
                                    const struct pipe *before, int base)
{
	struct pipe pipe = *before;
	struct stall stall = {.flow = flow};
	struct pipe_times times = {.next = base};
	pipe_step(model->timing, &pipe, &code->uops[i], &stall, &times);
	pipe_settle(model->timing, &pipe, times.next);
	return (struct code_exit){(uint32_t)times.next, states_number(&model->states, &pipe)};
}

static bool jumps(const struct uop *uop)
{
	return uop->kind == UOP_BRANCH || uop->kind == UOP_JAL || uop->kind == UOP_JALR;
}

void model_costs(struct model *model, const struct code_block *code, bool falls, struct code_costs *costs)
{
	static const struct stall no_stall;
	struct pipe pipe = model->states.list[model->hart->pipeline_state], before = pipe;
	struct pipe_times times = {0};
	int base = 0;
	for (unsigned i = 0; i < code->count; i++) {
		const struct uop *uop = &code->uops[i];
		base = times.next;
		before = pipe;
		pipe_step(model->timing, &pipe, uop, &no_stall, &times);
		costs->insns[i] = (struct insn_cost){
		    .issue = (uint32_t)base,
		    .commit = (uint32_t)times.commit,
		    .stores = uop->kind == UOP_LOAD && model->timing->store_conflict
		                  ? (uint8_t)stores_before(model->timing, &before, base)
		                  : 0,
		};
		if (jumps(uop))
			costs->insns[i].taken = leave_after(model, code, i, FLOW_TAKEN, &before, base);
	}
	costs->cycles = (uint32_t)times.next;
	if (falls)
		costs->fall = leave_after(model, code, code->count - 1u, FLOW_NEXT, &before, base);
}

void model_ahead_begin(const struct model *model, struct model_ahead *ahead)
{
	*ahead = (struct model_ahead){.pipe = model->states.list[model->hart->pipeline_state]};
}

uint32_t model_ahead_step(const struct model *model, struct model_ahead *ahead, const struct insn *insn, uint64_t pc,
                          bool taken)
{
	const struct stall stall = {.flow = taken ? FLOW_TAKEN : FLOW_NEXT};
	struct uop uop = uop_of(model->timing, insn, pc);
	pipe_step(model->timing, &ahead->pipe, &uop, &stall, &ahead->times);
	return (uint32_t)ahead->times.next;
}

bool model_fetches_privately(const struct model *model) { return !model->shared->has_l2 && !model->timing->dram_gap; }

void model_forget_code(struct hart *hart)
{
	struct model *model = hart->model;
	struct pipe pipe = model->states.list[hart->pipeline_state];
	states_clear(&model->states);
	memset(model->memo, 0, sizeof model->memo);
	if (model->shadow)
		shadow_forget(model->shadow);
	hart->pipeline_state = states_number(&model->states, &pipe);
}
