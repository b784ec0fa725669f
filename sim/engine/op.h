/*
 * Ops: what translated blocks are made of, and the shape every handler has.
 *
 * A handler is OP(name) { ... NEXT; }: a small function that does one instruction and continues with the next op, by
 * tail call (clang: musttail, preserve_none) or by returning it to a plain loop (any compiler; the permanent oracle).
 * The same handlers can be compiled as stencils later: they touch nothing but hart, op and last, and end in NEXT, JUMP
 * or LEAVE.
 *
 * `last` is what the op before wrote to its rd, if that op is one that passes it on; registers always hold it too.
 * Handlers have forms that take it as their first or second source (FORMS), which spares the way through memory:
 * translation chooses them where the instruction before is the source. The plain loop has only the form that reads
 * registers.
 *
 *   OPERAND(imm)         a field of the op
 *   X(rd) X(rs1) X(rs2)  integer registers named by op fields; op->rd is SINK for x0
 *   F(rd) F(rs1)...      FP registers (raw bits, NaN-boxed)
 *   NEXT                 continue with the next op of the block
 *   NEXT_WITH(value)     likewise, passing on what was written to rd
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
#define OP_CONTINUE(next_op)                                                                                           \
	do {                                                                                                           \
		const struct op *op_next_ = (next_op);                                                                 \
		__attribute__((musttail)) return op_next_->run(hart, op_next_, last);                                  \
	} while (0)
#define LEAVE return
#define OP_TAIL(function) __attribute__((musttail)) return function(hart, op, last)
#else
#define DISPATCH_TAIL 0
#define OP_CC
typedef const struct op *op_result;
#define OP_CONTINUE(next_op) return (next_op)
#define LEAVE return NULL
#define OP_TAIL(function) return function(hart, op, last)
#endif

typedef OP_CC op_result op_fn(struct hart *hart, const struct op *op, uint64_t last);

/* Instead of x0 as a destination: the register that nobody reads. */
enum { SINK = 32 };

struct op {
	op_fn *run;
	uint8_t rd, rs1, rs2, rs3; /* register numbers; rd = SINK instead of x0 */
	uint8_t rm;                /* as in struct insn */
	uint8_t index;             /* instructions of the block before this one */
	uint8_t halves;            /* halfwords from the block's start to this instruction */
	uint8_t length;            /* 2 or 4 bytes */
	int64_t imm;               /* immediate; branch and jump: absolute target; auipc: the value */
	uint32_t prefix;           /* cycles from the block's start to this instruction's */
	uint32_t word;             /* raw bits, for tval and tinst */
};

_Static_assert(sizeof(struct op) == 32, "the step between ops is a constant the address unit likes");

/* Bytes from the block's start to this instruction. */
static inline uint64_t op_offset(const struct op *op) { return 2 * (uint64_t)op->halves; }

/* Is it the instruction itself, rather than something that translation put before it? */
static inline bool op_is_instruction(const struct op *op) { return op->length != 0; }

#define OP(name)                                                                                                       \
	OP_CC op_result op_##name(struct hart *hart, const struct op *op, uint64_t last __attribute__((unused)))
/* A field of the op that a handler runs. Handlers name none otherwise, so that a stencil can make them constants. */
#define OPERAND(field) (op->field)
#define X(reg) hart->x[OPERAND(reg)]
#define F(reg) hart->f[OPERAND(reg)]
#define NEXT OP_CONTINUE(op + 1)
#define NEXT_WITH(value)                                                                                               \
	do {                                                                                                           \
		last = (value);                                                                                        \
		NEXT;                                                                                                  \
	} while (0)
#define TRAP LEAVE
#define NEXT_EFFECTS                                                                                                   \
	do {                                                                                                           \
		if (__builtin_expect(hart->effects != 0, 0))                                                           \
			OP_TAIL(op_leave_after);                                                                       \
		NEXT;                                                                                                  \
	} while (0)

/* The forms of a handler: FORM(name, a, b, ...), with what its sources are read from. */
#if DISPATCH_TAIL
#define FORMS_1(FORM, name, ...) FORM(name, X(rs1), __VA_ARGS__) FORM(name##_1, last, __VA_ARGS__)
#define FORMS_2(FORM, name, ...)                                                                                       \
	FORM(name, X(rs1), X(rs2), __VA_ARGS__)                                                                        \
	FORM(name##_1, last, X(rs2), __VA_ARGS__)                                                                      \
	FORM(name##_2, X(rs1), last, __VA_ARGS__)
#else
#define FORMS_1(FORM, name, ...) FORM(name, X(rs1), __VA_ARGS__)
#define FORMS_2(FORM, name, ...) FORM(name, X(rs1), X(rs2), __VA_ARGS__)
#endif

/* An instruction that only computes, in one line: rd = an expression of its sources a and b, and imm. */
#define VALUE_FORM(name, source_a, source_b, expression)                                                               \
	OP(name)                                                                                                       \
	{                                                                                                              \
		const uint64_t a __attribute__((unused)) = source_a, b __attribute__((unused)) = source_b;             \
		const uint64_t imm __attribute__((unused)) = (uint64_t)OPERAND(imm);                                   \
		const uint64_t value = (uint64_t)(expression);                                                         \
		X(rd) = value;                                                                                         \
		NEXT_WITH(value);                                                                                      \
	}
#define VALUE_OP(name, expression) FORMS_2(VALUE_FORM, name, expression)

/* Run from this op until one leaves. */
static inline void op_run(struct hart *hart, const struct op *op)
{
#if DISPATCH_TAIL
	op->run(hart, op, 0);
#else
	while (op)
		op = op->run(hart, op, 0);
#endif
}

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

/* The same in all its forms; NULL: the handler has no such form. */
enum op_form { FORM_REGISTERS, FORM_LAST_1, FORM_LAST_2, OP_FORMS };
extern op_fn *const op_forms[][OP_FORMS];

#endif
