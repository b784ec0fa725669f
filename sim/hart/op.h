/*
 * Ops: what translated blocks are made of, and the shape every handler has.
 *
 * A handler is OP(name) { ... NEXT; }: a small function that does one instruction and continues with the next op, by
 * tail call (clang: musttail, preserve_none) or by returning it to a plain loop (any compiler; the permanent oracle).
 * The same handlers can be compiled as stencils later: they touch nothing but hart and op, and end in NEXT, JUMP or
 * LEAVE.
 *
 *   X(rd) X(rs1) X(rs2)  integer registers named by op fields; op->rd is 32 (a sink) for x0
 *   F(rd) F(rs1)...      FP registers (raw bits, NaN-boxed)
 *   NEXT                 continue with the next op of the block
 *   TRAP                 leave: hart->trap is filled, hart->pc/now/retired are exact (op_sync was called)
 *   NEXT_EFFECTS         like NEXT, but first obeys hart->effects (after a CSR write, a device access...)
 */
#ifndef OP_H
#define OP_H

#include <string.h>
#include "hart/hart.h"

struct op;

#if defined(__clang__) && !defined(PLAIN_LOOP)
#define DISPATCH_TAIL 1
#define OP_CC __attribute__((preserve_none))
typedef void op_result;
#define OP_CONTINUE(next_op)                                                                                         \
	do {                                                                                                         \
		const struct op *op_next_ = (next_op);                                                               \
		__attribute__((musttail)) return op_next_->run(hart, op_next_);                                      \
	} while (0)
#define LEAVE return
#define OP_TAIL(function) __attribute__((musttail)) return function(hart, op)
#else
#define DISPATCH_TAIL 0
#define OP_CC
typedef const struct op *op_result;
#define OP_CONTINUE(next_op) return (next_op)
#define LEAVE return NULL
#define OP_TAIL(function) return function(hart, op)
#endif

typedef OP_CC op_result op_fn(struct hart *hart, const struct op *op);

struct op {
	op_fn *run;
	uint8_t rd, rs1, rs2, rs3; /* register numbers; rd = 32 instead of x0 */
	uint8_t rm;                /* as in struct insn */
	uint8_t index;             /* instructions of the block before this one */
	uint8_t halves;            /* halfwords from the block's start to this instruction */
	uint8_t length;            /* 2 or 4 bytes */
	int64_t imm;               /* immediate; branch and jump: absolute target; auipc: the value */
	uint32_t prefix;           /* cycles from the block's start to this instruction's */
	uint32_t word;             /* raw bits, for tval and tinst */
};

_Static_assert(sizeof(struct op) == 32, "the step between ops is a constant the address unit likes");

#define OP(name) OP_CC op_result op_##name(struct hart *hart, const struct op *op)
#define X(reg) hart->x[op->reg]
#define F(reg) hart->f[op->reg]
#define NEXT OP_CONTINUE(op + 1)
#define TRAP LEAVE
#define NEXT_EFFECTS                                                                                                 \
	do {                                                                                                         \
		if (__builtin_expect(hart->effects != 0, 0))                                                         \
			OP_TAIL(op_leave_after);                                                                     \
		NEXT;                                                                                                \
	} while (0)

/* Set hart->pc, now and retired to this op's exact place. Every handler calls it before anything that can trap, reads
 * time or looks at the hart from outside. */
void op_sync(struct hart *hart, const struct op *op);

/* Leave the block after this (completed) instruction, so that effects are obeyed. */
op_fn op_leave_after;

/* Raise an illegal-instruction exception for this op (tval = its word). Handlers: `return`s through
 * OP_TAIL(op_illegal). */
op_fn op_illegal;

/* Handler of each instruction: op_table[enum insn_id of the semantics]. */
extern op_fn *const op_table[];

#endif
