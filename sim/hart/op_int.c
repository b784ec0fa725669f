/* RV64I and M on registers, and control transfer. */
#include "hart/block.h"
#include "hart/insn.h"
#include "hart/op.h"

/* One line an instruction: its value as an expression of a = x[rs1], b = x[rs2], imm. */
#define INT_OP(name, expression)                                                                                     \
	OP(name)                                                                                                     \
	{                                                                                                            \
		const uint64_t a __attribute__((unused)) = X(rs1), b __attribute__((unused)) = X(rs2);               \
		const uint64_t imm __attribute__((unused)) = (uint64_t)op->imm;                                      \
		X(rd) = (uint64_t)(expression);                                                                      \
		NEXT;                                                                                                \
	}

/* Sign-extended low word. */
static inline uint64_t word(uint64_t value) { return (uint64_t)(int64_t)(int32_t)(uint32_t)value; }

INT_OP(lui, imm)
INT_OP(auipc, imm) /* translation made it absolute */
INT_OP(addi, a + imm)
INT_OP(slti, (int64_t)a < (int64_t)imm)
INT_OP(sltiu, a < imm)
INT_OP(xori, a ^ imm)
INT_OP(ori, a | imm)
INT_OP(andi, a & imm)
INT_OP(slli, a << imm)
INT_OP(srli, a >> imm)
INT_OP(srai, (int64_t)a >> imm)
INT_OP(add, a + b)
INT_OP(sub, a - b)
INT_OP(sll, a << (b & 63))
INT_OP(slt, (int64_t)a < (int64_t)b)
INT_OP(sltu, a < b)
INT_OP(xor, a ^ b)
INT_OP(srl, a >> (b & 63))
INT_OP(sra, (int64_t)a >> (b & 63))
INT_OP(or, a | b)
INT_OP(and, a & b)
INT_OP(addiw, word(a + imm))
INT_OP(slliw, word(a << imm))
INT_OP(srliw, word((uint32_t)a >> imm))
INT_OP(sraiw, word((uint64_t)((int32_t)a >> imm)))
INT_OP(addw, word(a + b))
INT_OP(subw, word(a - b))
INT_OP(sllw, word(a << (b & 31)))
INT_OP(srlw, word((uint32_t)a >> (b & 31)))
INT_OP(sraw, word((uint64_t)((int32_t)a >> (b & 31))))

INT_OP(mul, a * b)
INT_OP(mulh, (__int128)(int64_t)a * (int64_t)b >> 64)
INT_OP(mulhsu, (__int128)(int64_t)a * (__int128)b >> 64)
INT_OP(mulhu, (unsigned __int128)a * b >> 64)
INT_OP(mulw, word(a * b))

/* Division by zero gives all ones and the dividend, overflow the dividend and 0: no traps. */
static inline int64_t div_signed(int64_t a, int64_t b)
{
	return b == 0 ? -1 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static inline int64_t rem_signed(int64_t a, int64_t b) { return b == 0 ? a : b == -1 ? 0 : a % b; }
static inline uint64_t div_unsigned(uint64_t a, uint64_t b) { return b == 0 ? UINT64_MAX : a / b; }
static inline uint64_t rem_unsigned(uint64_t a, uint64_t b) { return b == 0 ? a : a % b; }

INT_OP(div, div_signed((int64_t)a, (int64_t)b))
INT_OP(divu, div_unsigned(a, b))
INT_OP(rem, rem_signed((int64_t)a, (int64_t)b))
INT_OP(remu, rem_unsigned(a, b))
INT_OP(divw, word((uint64_t)div_signed((int32_t)a, (int32_t)b)))
INT_OP(divuw, word(div_unsigned((uint32_t)a, (uint32_t)b)))
INT_OP(remw, word((uint64_t)rem_signed((int32_t)a, (int32_t)b)))
INT_OP(remuw, word(rem_unsigned((uint32_t)a, (uint32_t)b)))

/* Fences of ordinary memory order nothing here: harts interleave instruction by instruction. */
OP(fence)
{
	(void)hart;
	NEXT;
}

static inline uint64_t after(const struct hart *hart, const struct op *op)
{
	return hart->block->pc + 2 * op->halves + op->length;
}

#define BRANCH(name, type, relation)                                                                                 \
	OP(name)                                                                                                     \
	{                                                                                                            \
		if ((type)X(rs1) relation (type)X(rs2))                                                              \
			BLOCK_EXIT(EDGE_TAKEN, (uint64_t)op->imm);                                                   \
		BLOCK_EXIT(EDGE_FALL, after(hart, op));                                                              \
	}

BRANCH(beq, uint64_t, ==)
BRANCH(bne, uint64_t, !=)
BRANCH(blt, int64_t, <)
BRANCH(bge, int64_t, >=)
BRANCH(bltu, uint64_t, <)
BRANCH(bgeu, uint64_t, >=)

OP(jal)
{
	X(rd) = after(hart, op);
	BLOCK_EXIT(EDGE_TAKEN, (uint64_t)op->imm);
}

OP(jalr)
{
	uint64_t target = (X(rs1) + (uint64_t)op->imm) & ~UINT64_C(1);
	X(rd) = after(hart, op);
	BLOCK_EXIT_INDIRECT(target);
}

/* ---- without compressed instructions ---- */

static bool taken(enum insn_id branch, uint64_t a, uint64_t b)
{
	switch (branch) {
	case INSN_beq: return a == b;
	case INSN_bne: return a != b;
	case INSN_blt: return (int64_t)a < (int64_t)b;
	case INSN_bge: return (int64_t)a >= (int64_t)b;
	case INSN_bltu: return a < b;
	case INSN_bgeu: return a >= b;
	default: return true; /* jal */
	}
}

/* The jump itself traps, and writes no link. */
OP(jump_misaligned)
{
	struct insn insn = decode(&hart->isa, op->word);
	if (!taken(insn.semantics, X(rs1), X(rs2)))
		BLOCK_EXIT(EDGE_FALL, after(hart, op));
	op_sync(hart, op);
	hart_raise(hart, CAUSE_FETCH_MISALIGNED, (uint64_t)op->imm);
	TRAP;
}

OP(jalr_aligned)
{
	uint64_t target = (X(rs1) + (uint64_t)op->imm) & ~UINT64_C(1);
	if (!(target & 2)) {
		if (hart->model)
			OP_TAIL(op_timed_jalr);
		OP_TAIL(op_jalr);
	}
	op_sync(hart, op);
	hart_raise(hart, CAUSE_FETCH_MISALIGNED, target);
	TRAP;
}
