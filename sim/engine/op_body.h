/*
 * The bodies of the commonest instructions, for handlers of one (op_int.c, op_mem.c, op_timed.c) and of two
 * (op_pair.c). A body works on `op`, reads its sources from where it is told to, passes on what it computes in `last`,
 * and falls through to what comes after it; a branch's goes on by itself. With TIMED defined they are those of blocks
 * that belong to a timing model.
 */
#ifndef OP_BODY_H
#define OP_BODY_H

#include "engine/block.h"
#include "engine/mem.h"
#include "isa/value.h"
#include "timing/model.h"

/* A handler that consists of a body. */
#define HANDLER(form, a, b, BODY, name)                                                                                \
	OP(form)                                                                                                       \
	{                                                                                                              \
		BODY(name, a, b)                                                                                       \
		NEXT;                                                                                                  \
	}

#define VALUE_BODY(name, a, b) X(rd) = last = value_##name(a, b, (uint64_t)OPERAND(imm));

/* ---- memory: what the filter knows; everything else is the slow path's, which goes on by itself ---- */

#ifdef TIMED
#define READABLE(va, size)                                                                                             \
	near_find(&hart->model->near.bank->read, &hart->model->near.read, &hart->model->dtlb, va, size, &host)
#define WRITABLE(va, size)                                                                                             \
	near_find(&hart->model->near.bank->write, &hart->model->near.write, &hart->model->dtlb, va, size, &host)
#define SLOW(name) op_timed_##name##_slow
#define STORED(va) model_log_store(hart->model, va)
#else
#define READABLE(va, size) l0_find(hart->l0->read, va, size, &host)
#define WRITABLE(va, size) l0_find(hart->l0->write, va, size, &host)
#define SLOW(name) op_##name##_slow
#define STORED(va) (void)(va)
#endif

#define LOAD_FROM(name, base, file, box)                                                                               \
	{                                                                                                              \
		uint8_t *host;                                                                                         \
		type_##name value;                                                                                     \
		if (!READABLE((base) + (uint64_t)OPERAND(imm), sizeof value))                                          \
			OP_TAIL(SLOW(name));                                                                           \
		memcpy(&value, host, sizeof value);                                                                    \
		hart->file[OPERAND(rd)] = last = (uint64_t)value | (box);                                              \
	}
#define LOAD_BODY(name, a, b) LOAD_FROM(name, a, x, UINT64_C(0))

#define STORE_TO(name, base, data)                                                                                     \
	{                                                                                                              \
		uint8_t *host;                                                                                         \
		const uint64_t va = (base) + (uint64_t)OPERAND(imm);                                                   \
		const type_##name value = (type_##name)(data);                                                         \
		if (!WRITABLE(va, sizeof value))                                                                       \
			OP_TAIL(SLOW(name));                                                                           \
		memcpy(host, &value, sizeof value);                                                                    \
		STORED(va);                                                                                            \
	}
#define STORE_BODY(name, a, b) STORE_TO(name, a, b)

/* All of them, with and without a model: LOAD(name, register file, box), STORE(name), FSTORE(name). */
#define EACH_LOAD(LOAD)                                                                                                \
	LOAD(lb, x, UINT64_C(0))                                                                                       \
	LOAD(lh, x, UINT64_C(0))                                                                                       \
	LOAD(lw, x, UINT64_C(0))                                                                                       \
	LOAD(ld, x, UINT64_C(0))                                                                                       \
	LOAD(lbu, x, UINT64_C(0))                                                                                      \
	LOAD(lhu, x, UINT64_C(0))                                                                                      \
	LOAD(lwu, x, UINT64_C(0))                                                                                      \
	LOAD(flh, f, ~UINT64_C(0xffff))                                                                                \
	LOAD(flw, f, UINT64_C(0xffffffff) << 32)                                                                       \
	LOAD(fld, f, UINT64_C(0))
#define EACH_STORE(STORE) STORE(sb) STORE(sh) STORE(sw) STORE(sd)
#define EACH_FSTORE(FSTORE) FSTORE(fsh) FSTORE(fsw) FSTORE(fsd)

#define LOAD_FORM(form, a, name, file, box)                                                                            \
	OP(form)                                                                                                       \
	{                                                                                                              \
		LOAD_FROM(name, a, file, box)                                                                          \
		NEXT;                                                                                                  \
	}
#define FSTORE_FORM(form, a, name) HANDLER(form, a, F(rs2), STORE_TO, name)

/* The slow paths, in op_mem.c and op_timed.c. */
/* clang-format off */
#define DECLARE(name, ...) op_fn op_##name##_slow, op_timed_##name##_slow;
EACH_LOAD(DECLARE)
EACH_STORE(DECLARE)
EACH_FSTORE(DECLARE)
/* clang-format on */
#undef DECLARE

/* ---- branches ---- */

/* Where the instruction after this one is. */
static inline uint64_t op_after(const struct hart *hart, const struct op *op)
{
	return hart->code->pc + op_offset(op) + OPERAND(length);
}

#ifdef TIMED
/* Was it predicted? And learn. OPERAND(word): index without history; OPERAND(rm): what a branch without a counter is
 * predicted to be. */
static inline bool op_predicted(struct hart *hart, const struct op *op, bool taken)
{
	struct predictors *predictors = &hart->model->predictors;
	uint8_t *entry = &predictors->bht[(OPERAND(word) ^ predictors->history_index) & predictors->bht_mask];
	if (*entry == (BHT_VALID | (taken ? 3 : 0)) && !predictors->bht_noted) /* nothing to learn */
		return true;
	bool predicted = *entry & BHT_VALID ? *entry & 2 : OPERAND(rm);
	*entry = (uint8_t)bht_next(*entry, taken);
	if (predictors->bht_noted)
		predict_note_branch(predictors, entry, taken);
	return predicted == taken;
}

op_fn op_mispredicted_taken, op_mispredicted_fall;
#define UNLESS_PREDICTED(taken, mispredicted)                                                                          \
	if (__builtin_expect(!op_predicted(hart, op, taken), 0))                                                       \
		OP_TAIL(mispredicted);
#else
#define UNLESS_PREDICTED(taken, mispredicted)
#endif

#define BRANCH_BODY(name, a, b)                                                                                        \
	if (taken_##name(a, b)) {                                                                                      \
		UNLESS_PREDICTED(true, op_mispredicted_taken)                                                          \
		BLOCK_EXIT(EDGE_TAKEN, (uint64_t)OPERAND(imm));                                                        \
	}                                                                                                              \
	UNLESS_PREDICTED(false, op_mispredicted_fall)                                                                  \
	NEXT_AFTER_EDGE;

#define EACH_BRANCH(BRANCH) BRANCH(beq) BRANCH(bne) BRANCH(blt) BRANCH(bge) BRANCH(bltu) BRANCH(bgeu)

#endif
