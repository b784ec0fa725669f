/* RV64I and M on registers, and control transfer. */
#include "isa/insn.h"
#include "engine/op_body.h"

#define VALUE(name, expression) FORMS_2(VALUE_FORM, name, expression)
#include "isa/value.def"
#undef VALUE

/* Fences of ordinary memory order nothing here: harts interleave instruction by instruction. */
OP(fence)
{
	(void)hart;
	NEXT;
}

#define BRANCH_FORMS(name) FORMS_2(HANDLER, name, BRANCH_BODY, name)
EACH_BRANCH(BRANCH_FORMS)

OP(jal)
{
	X(rd) = op_after(hart, op);
	BLOCK_EXIT(EDGE_TAKEN, (uint64_t)OPERAND(imm));
}

#define JALR(name, a, unused)                                                                                          \
	OP(name)                                                                                                       \
	{                                                                                                              \
		uint64_t target = ((a) + (uint64_t)OPERAND(imm)) & ~UINT64_C(1);                                       \
		X(rd) = op_after(hart, op);                                                                            \
		BLOCK_EXIT_INDIRECT(block_exit_indirect, target);                                                      \
	}

FORMS_1(JALR, jalr)

/* ---- without compressed instructions ---- */

static bool taken(enum insn_id branch, uint64_t a, uint64_t b)
{
	switch (branch) {
	case INSN_beq: return taken_beq(a, b);
	case INSN_bne: return taken_bne(a, b);
	case INSN_blt: return taken_blt(a, b);
	case INSN_bge: return taken_bge(a, b);
	case INSN_bltu: return taken_bltu(a, b);
	case INSN_bgeu: return taken_bgeu(a, b);
	default: return true; /* jal */
	}
}

/* The jump itself traps, and writes no link. */
OP(jump_misaligned)
{
	struct insn insn = decode(&hart->isa, OPERAND(word));
	if (!taken(insn.semantics, X(rs1), X(rs2)))
		NEXT_AFTER_EDGE;
	op_sync(hart, op);
	hart_raise(hart, CAUSE_FETCH_MISALIGNED, (uint64_t)OPERAND(imm));
	TRAP;
}

OP(jalr_aligned)
{
	uint64_t target = (X(rs1) + (uint64_t)OPERAND(imm)) & ~UINT64_C(1);
	if (!(target & 2)) {
		if (hart->model)
			OP_TAIL(op_timed_jalr);
		OP_TAIL(op_jalr);
	}
	op_sync(hart, op);
	hart_raise(hart, CAUSE_FETCH_MISALIGNED, target);
	TRAP;
}
