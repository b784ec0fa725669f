/*
 * Handlers of blocks that belong to a timing model: the same semantics, and what a hit must change. Whatever costs more
 * than translation knew leaves the block after its instruction; the model looks at it then.
 */
#include "hart/block.h"
#include "hart/mem.h"
#include "timing/model.h"

static inline uint64_t address(const struct hart *hart, const struct op *op) { return X(rs1) + (uint64_t)op->imm; }

/* Leave after the instruction if it has a stall. */
#define NEXT_STALLED(stalled)                                                                                        \
	do {                                                                                                         \
		if (stalled)                                                                                         \
			OP_TAIL(op_leave_after);                                                                     \
		NEXT_EFFECTS;                                                                                        \
	} while (0)

/* A load's functional half; on a fault the model hears of it. */
static bool load(struct hart *hart, const struct op *op, unsigned size, uint64_t *value)
{
	uint64_t va = address(hart, op);
	uint8_t *host;
	*value = 0;
	if (l0_find(hart->l0->read, va, size, &host)) {
		memcpy(value, host, size);
		op_sync(hart, op);
		return true;
	}
	if (mem_load(hart, op, va, size, value))
		return true;
	model_fault(hart, va, ACCESS_LOAD);
	return false;
}

static bool store(struct hart *hart, const struct op *op, unsigned size, uint64_t value)
{
	uint64_t va = address(hart, op);
	uint8_t *host;
	if (l0_find(hart->l0->write, va, size, &host)) {
		memcpy(host, &value, size);
		op_sync(hart, op);
	} else if (!mem_store(hart, op, va, size, value)) {
		model_fault(hart, va, ACCESS_STORE);
		return false;
	}
	model_log_store(hart->model, va);
	return true;
}

/* The handler that looks for earlier stores has the number of those that may be on their way in op->rs3. */
#define LOAD(name, type, file, box)                                                                                  \
	static OP(timed_##name##_slow)                                                                               \
	{                                                                                                            \
		uint64_t value, va = address(hart, op);                                                              \
		if (!load(hart, op, sizeof(type), &value))                                                           \
			TRAP;                                                                                        \
		hart->model->stall.conflict = (uint8_t)model_conflict(hart->model, va, op->rs3);                     \
		bool stalled = model_data(hart, va, ACCESS_LOAD);                                      \
		hart->file[op->rd] = (uint64_t)(type)value | (box);                                                  \
		NEXT_STALLED(stalled);                                                                               \
	}                                                                                                            \
	OP(timed_##name)                                                                                             \
	{                                                                                                            \
		uint8_t *host;                                                                                       \
		type value;                                                                                          \
		if (!near_find(hart, hart->model->near->read, address(hart, op), sizeof(type), &host))               \
			OP_TAIL(op_timed_##name##_slow);                                                             \
		memcpy(&value, host, sizeof value);                                                                  \
		hart->file[op->rd] = (uint64_t)value | (box);                                                        \
		NEXT;                                                                                                \
	}                                                                                                            \
	OP(after_store_##name)                                                                                       \
	{                                                                                                            \
		if (__builtin_expect(model_conflict(hart->model, address(hart, op), op->rs3) != 0, 0))               \
			OP_TAIL(op_timed_##name##_slow);                                                             \
		OP_TAIL(op_timed_##name);                                                                            \
	}

#define STORE(name, type, file)                                                                                      \
	static OP(timed_##name##_slow)                                                                               \
	{                                                                                                            \
		uint64_t va = address(hart, op);                                                                     \
		if (!store(hart, op, sizeof(type), hart->file[op->rs2]))                                             \
			TRAP;                                                                                        \
		NEXT_STALLED(model_data(hart, va, ACCESS_STORE));                                      \
	}                                                                                                            \
	OP(timed_##name)                                                                                             \
	{                                                                                                            \
		uint8_t *host;                                                                                       \
		uint64_t va = address(hart, op);                                                                     \
		type value = (type)hart->file[op->rs2];                                                              \
		if (!near_find(hart, hart->model->near->write, va, sizeof(type), &host))                             \
			OP_TAIL(op_timed_##name##_slow);                                                             \
		memcpy(host, &value, sizeof value);                                                                  \
		model_log_store(hart->model, va);                                                                    \
		NEXT;                                                                                                \
	}

LOAD(lb, int8_t, x, UINT64_C(0))
LOAD(lh, int16_t, x, UINT64_C(0))
LOAD(lw, int32_t, x, UINT64_C(0))
LOAD(ld, uint64_t, x, UINT64_C(0))
LOAD(lbu, uint8_t, x, UINT64_C(0))
LOAD(lhu, uint16_t, x, UINT64_C(0))
LOAD(lwu, uint32_t, x, UINT64_C(0))
LOAD(flw, uint32_t, f, UINT64_C(0xffffffff) << 32)
LOAD(fld, uint64_t, f, UINT64_C(0))
STORE(sb, uint8_t, x)
STORE(sh, uint16_t, x)
STORE(sw, uint32_t, x)
STORE(sd, uint64_t, x)
STORE(fsw, uint32_t, f)
STORE(fsd, uint64_t, f)

/* ---- control transfer ---- */

static inline uint64_t after(const struct hart *hart, const struct op *op)
{
	return hart->block->pc + 2 * op->halves + op->length;
}

/* The jump was mispredicted: everything after it waits until it is resolved. The op after it is the block's end. */
static op_result leave_mispredicted(struct hart *hart, const struct op *op, uint64_t target, uint64_t wrong) OP_CC;
static OP_CC op_result leave_mispredicted(struct hart *hart, const struct op *op, uint64_t target, uint64_t wrong)
{
	hart->model->stall.flow = FLOW_WRONG;
	hart->model->wrong_pc = wrong;
	hart->model->counts.mispredicts++;
	op_sync(hart, op + 1);
	hart->pc = target;
	hart->exec->link = NULL;
	LEAVE;
}

/* op->word: index without history; op->rm: what a branch without a counter is predicted to be. */
static inline bool predict_branch(struct hart *hart, const struct op *op, bool taken)
{
	struct model *model = hart->model;
	uint8_t *entry = &model->bht[(op->word ^ model->history_index) & model->bht_mask];
	bool predicted = *entry & BHT_VALID ? *entry & 2 : op->rm;
	*entry = (uint8_t)bht_next(*entry, taken);
	if (model->bht_noted)
		model_note_branch(model, entry, taken);
	return predicted == taken;
}

#define BRANCH(name, type, relation)                                                                                 \
	OP(timed_##name)                                                                                             \
	{                                                                                                            \
		if ((type)X(rs1) relation (type)X(rs2)) {                                                            \
			if (__builtin_expect(!predict_branch(hart, op, true), 0))                                    \
				return leave_mispredicted(hart, op, (uint64_t)op->imm, after(hart, op));             \
			BLOCK_EXIT(EDGE_TAKEN, (uint64_t)op->imm);                                                   \
		}                                                                                                    \
		if (__builtin_expect(!predict_branch(hart, op, false), 0))                                           \
			return leave_mispredicted(hart, op, after(hart, op), (uint64_t)op->imm);                     \
		BLOCK_EXIT(EDGE_FALL, after(hart, op));                                                              \
	}

BRANCH(beq, uint64_t, ==)
BRANCH(bne, uint64_t, !=)
BRANCH(blt, int64_t, <)
BRANCH(bge, int64_t, >=)
BRANCH(bltu, uint64_t, <)
BRANCH(bgeu, uint64_t, >=)

static inline bool is_link(unsigned reg) { return reg == 1 || reg == 5; }

OP(timed_jal)
{
	X(rd) = after(hart, op);
	if (is_link(op->rd))
		model_call(hart->model, after(hart, op));
	BLOCK_EXIT(EDGE_TAKEN, (uint64_t)op->imm);
}

static inline const struct op *timed_exit_indirect(struct hart *hart, uint64_t target)
{
	struct block *block = hart->block;
	uint32_t state = block->exits[EDGE_TAKEN];
	const struct jump *jump = &hart->exec->jumps[jump_index_in(target, state)];
	hart->cycle += block->cost[EDGE_TAKEN];
	hart->insns += block->count;
	if (jump->pc == target && jump->context == hart->context && jump->block->state == state &&
	    hart->cycle + jump->block->last < hart->bound &&
	    (!hart->model->fetch_space || (target ^ block->pc) < PAGE_SIZE)) {
		hart->block = jump->block;
		return jump->block->ops;
	}
	hart->pc = target;
	hart->now = hart->cycle;
	hart->retired = hart->insns;
	hart->exec->link = NULL;
	hart->exec->state = state;
	hart->exec->settled = true;
	return NULL;
}

OP(timed_jalr)
{
	uint64_t target = (X(rs1) + (uint64_t)op->imm) & ~UINT64_C(1), next = after(hart, op);
	uint64_t predicted = model_predict_indirect(hart->model, op, next - op->length);
	X(rd) = next;
	if (predicted != target) {
		model_learn_indirect(hart->model, op, next - op->length, target);
		if (is_link(op->rd))
			model_call(hart->model, next);
		return leave_mispredicted(hart, op, target, predicted ? predicted : next);
	}
	if (is_link(op->rd))
		model_call(hart->model, next);
	const struct op *exit = timed_exit_indirect(hart, target);
	if (__builtin_expect(!exit, 0))
		LEAVE;
	OP_CONTINUE(exit);
}

/* ---- what the model has to look at ---- */

OP(probe)
{
	op_sync(hart, op);
	model_probe(hart, op);
	NEXT;
}

OP(settle)
{
	op_sync(hart, op);
	hart->exec->link = NULL;
	LEAVE;
}

#define LOADS(X) X(lb) X(lh) X(lw) X(ld) X(lbu) X(lhu) X(lwu) X(flw) X(fld)
#define OTHERS(X) X(sb) X(sh) X(sw) X(sd) X(fsw) X(fsd) X(beq) X(bne) X(blt) X(bge) X(bltu) X(bgeu) X(jal) X(jalr)

op_fn *const op_timed_table[INSN_COUNT] = {
#define ROW(name) [INSN_##name] = op_timed_##name,
    LOADS(ROW) OTHERS(ROW)
#undef ROW
};

op_fn *const op_timed_after_store[INSN_COUNT] = {
#define ROW(name) [INSN_##name] = op_after_store_##name,
    LOADS(ROW)
#undef ROW
};
