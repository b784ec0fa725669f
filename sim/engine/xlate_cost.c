/* What the ops of a block cost, from its start. */
#include "engine/xlate.h"

/* One cycle an instruction. */
static void count_instructions(struct translator *translator)
{
	struct block *block = translator->block;
	for (struct op *op = block->ops; op < translator->op; op += op_slots(op)) {
		op->prefix = op->index;
		if (op_has_edge(op))
			op_edge(op)->advance = edge_advance(op->index + op_is_instruction(op),
			                                    op->index + op_is_instruction(op));
	}
	block->last = block->code.count - 1u;
	block_open(block);
}

/* The handler that knows of the model, where there is one. */
static void choose_timed(const struct translator *translator, struct op *op, const struct insn_cost *cost)
{
	const struct model *model = translator->hart->model;
	uint16_t semantics = translator->semantics[op->index];
	op_fn *timed = op_timed_forms[semantics][FORM_REGISTERS];
	uint64_t pc = translator->block->code.pc + op_offset(op);
	if (!timed || op->run != op_table[semantics])
		return;
	op->run = timed;
	if (translator->uops[op->index].kind == UOP_LOAD) {
		op->rs3 = cost->stores;
		if (cost->stores)
			op->run = op_after_store_forms[semantics][FORM_REGISTERS];
	} else if (insn_is_branch(semantics)) {
		op->rm = (uint64_t)op->imm < pc && model->timing->bht_backward;
		op->word = predict_place(&model->predictors, pc);
	}
}

static void set_edge(struct edge *edge, unsigned taken, unsigned insns, const struct code_exit *exit)
{
	edge->advance = edge_advance(insns, exit->cycles);
	edge->exits[taken] = exit->state;
}

static void ask_model(struct translator *translator, bool falls)
{
	struct block *block = translator->block;
	struct code_costs costs;
	block->code.state = translator->hart->pipeline_state;
	block->code.uops = translator->uops;
	model_costs(translator->hart->model, &block->code, falls, &costs);
	for (struct op *op = block->ops; op < translator->op; op += op_slots(op)) {
		if (op->index == block->code.count) { /* behind the last instruction */
			op->prefix = costs.cycles;
			if (op_has_edge(op))
				set_edge(op_edge(op), EDGE_FALL, block->code.count, &costs.fall);
			continue;
		}
		const struct insn_cost *cost = &costs.insns[op->index];
		/* op_tp before an instruction tells of the one before it */
		bool at_commit = translator->uops[op->index].kind == UOP_CSR && op->run != op_tp;
		op->prefix = at_commit ? cost->commit : cost->issue;
		if (op_is_instruction(op))
			choose_timed(translator, op, cost);
		if (op_has_edge(op))
			set_edge(op_edge(op), EDGE_TAKEN, op->index + 1u, &cost->taken);
	}
	block->last = costs.insns[block->code.count - 1].issue;
	block->lines = NULL;
	block_close(block);
}

void xlate_costs(struct translator *translator, bool falls)
{
	if (translator->hart->model)
		ask_model(translator, falls);
	else
		count_instructions(translator);
}
