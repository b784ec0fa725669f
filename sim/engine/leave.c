/* The ways out of a block, and where a hart is inside one. */
#include "engine/block.h"
#include "engine/note.h"
#include "hart/observer.h"

void op_sync(struct hart *hart, const struct op *op)
{
	hart->pc = hart->code->pc + op_offset(op);
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

/* What stands before the instruction at this place asks to stop. */
OP(leave_before)
{
	op_sync(hart, op);
	hart->exec->link = NULL;
	LEAVE;
}

OP(illegal)
{
	op_sync(hart, op);
	hart_raise(hart, CAUSE_ILLEGAL, op->word);
	TRAP;
}

void block_leave(struct hart *hart, enum flow flow, struct link *link, uint32_t state, uint64_t target)
{
	struct exec *exec = hart->exec;
	hart->pc = target;
	hart->now = hart_block_cycle(hart);
	hart->retired = hart_block_insns(hart);
	hart->pipeline_state = state;
	exec->link = link;
	exec->target = target;
	exec->settled = true;
	exec->flow = (uint8_t)flow;
}

/* ---- tp ---- */

static void note_tp(struct hart *hart, const struct op *op)
{
	struct tp_file *tp = &hart->tp;
	op_sync(hart, op);
	/* rs1 holds the length of a jump that is about to write its link, else x4 is written already. */
	uint64_t value = op->rs1 ? (uint64_t)op->imm + op->rs1 : hart->x[4];
	tp->value[hart->mode] = value;
	tp->pc[hart->mode] = (uint64_t)op->imm;
	tp->cycle[hart->mode] = hart->now;
	tp->written[hart->mode] = true;
	tp->last_writer = hart->mode;
	if (hart->mode == MODE_HS) {
		tp->before = tp->hypervisor;
		tp->hypervisor = value;
	}
	struct trace_event event = {.type = TRACE_TP, .pc = (uint64_t)op->imm, .value = {value}};
	hart_emit(hart, &event);
}

OP(tp)
{
	note_tp(hart, op);
	if (__builtin_expect(hart->effects != 0, 0))
		OP_TAIL(op_leave_before);
	NEXT;
}

OP(leave_tp)
{
	note_tp(hart, op);
	hart->exec->link = NULL;
	LEAVE;
}
