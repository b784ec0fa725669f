/*
 * Handlers of blocks that belong to a timing model: the same semantics, and what a hit must change. Whatever costs more
 * than translation knew leaves the block after its instruction; the model looks at it then.
 */
#define TIMED
#include "engine/op_body.h"

#include "engine/note.h"

static inline uint64_t address(const struct hart *hart, const struct op *op) { return X(rs1) + (uint64_t)OPERAND(imm); }

/* The block is over behind an instruction that has stalled: on to the next one, if it is known what comes. NULL: leave. */
static const struct op *follow_stall(struct hart *hart)
{
	unsigned count = (unsigned)(hart->retired - hart_block_insns(hart));
	struct passed passed;
	hart->exec->link = NULL;
	if (hart->effects || hart->counters.armed || hart->metering || !model_pass(hart, count, &passed))
		return NULL;
	struct link *link = (struct link *)passed.next;
	hart->progress += edge_advance(count, passed.cycles);
	const struct op *next = block_follow(hart, link);
	if (!next)
		block_leave(hart, FLOW_NEXT, link, passed.state, hart->pc);
	return next;
}

OP(stalled)
{
	op = note_after(hart, op + 1);
	op_sync(hart, op);
	if (op->run == op_tp && !op->rs1) /* as in op_leave_after */
		OP_TAIL(op_leave_tp);
	const struct op *next = follow_stall(hart);
	if (!next)
		LEAVE;
	OP_CONTINUE(next);
}

/* The block is over after the instruction if that has a stall. */
#define NEXT_STALLED(has_stall)                                                                                        \
	do {                                                                                                           \
		if (has_stall)                                                                                         \
			OP_TAIL(op_stalled);                                                                           \
		NEXT_EFFECTS;                                                                                          \
	} while (0)

/* A load's functional half; on a fault the model hears of it. */
static bool timed_load(struct hart *hart, const struct op *op, unsigned size, uint64_t *value)
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

static bool timed_store(struct hart *hart, const struct op *op, unsigned size, uint64_t value)
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

/* Where the filter finds the byte at va; NULL: it does not know it. */
static const uint8_t *known_host(const struct l0_entry *entries, uint64_t va)
{
	uint8_t *host;
	return l0_find(entries, va, 1, &host) ? host : NULL;
}

/* The handler that looks for earlier stores has the number of those that may be on their way in OPERAND(rs3). */
#define LOAD_HANDLERS(name, file, box)                                                                                 \
	__attribute__((noinline)) OP(timed_##name##_slow)                                                              \
	{                                                                                                              \
		uint64_t value, va = address(hart, op);                                                                \
		if (!timed_load(hart, op, sizeof(type_##name), &value))                                                \
			TRAP;                                                                                          \
		hart->model->outcome.stall.conflict = (uint8_t)model_conflict(hart->model, va, OPERAND(rs3));          \
		bool stalled = model_data(hart, va, ACCESS_LOAD, known_host(hart->l0->read, va));                      \
		hart->file[OPERAND(rd)] = last = (uint64_t)(type_##name)value | (box);                                 \
		NEXT_STALLED(stalled);                                                                                 \
	}                                                                                                              \
	FORMS_1(LOAD_FORM, timed_##name, name, file, box)                                                              \
	FORMS_1(AFTER_STORE_FORM, after_store_##name, name, file, box)
#define AFTER_STORE_FORM(form, a, name, file, box)                                                                     \
	OP(form)                                                                                                       \
	{                                                                                                              \
		const unsigned conflict = model_conflict(hart->model, (a) + (uint64_t)OPERAND(imm), OPERAND(rs3));     \
		LOAD_FROM(name, a, file, box)                                                                          \
		if (__builtin_expect(conflict != 0, 0)) {                                                              \
			hart->model->outcome.stall.conflict = (uint8_t)conflict;                                       \
			OP_TAIL(op_stalled);                                                                           \
		}                                                                                                      \
		NEXT;                                                                                                  \
	}

#define STORE_SLOW(name, file)                                                                                         \
	__attribute__((noinline)) OP(timed_##name##_slow)                                                              \
	{                                                                                                              \
		uint64_t va = address(hart, op);                                                                       \
		if (!timed_store(hart, op, sizeof(type_##name), hart->file[OPERAND(rs2)]))                             \
			TRAP;                                                                                          \
		NEXT_STALLED(model_data(hart, va, ACCESS_STORE, known_host(hart->l0->write, va)));                     \
	}
#define STORE_HANDLERS(name)                                                                                           \
	STORE_SLOW(name, x)                                                                                            \
	FORMS_2(HANDLER, timed_##name, STORE_BODY, name)
#define FSTORE_HANDLERS(name)                                                                                          \
	STORE_SLOW(name, f)                                                                                            \
	FORMS_1(FSTORE_FORM, timed_##name, name)

EACH_LOAD(LOAD_HANDLERS)
EACH_STORE(STORE_HANDLERS)
EACH_FSTORE(FSTORE_HANDLERS)

/* ---- control transfer ---- */

/* The jump was mispredicted: everything after it waits until it is resolved. */
static void leave_mispredicted(struct hart *hart, const struct op *op, unsigned taken, uint64_t target,
                               uint64_t wrong_pc)
{
	model_mispredicted(hart->model, wrong_pc);
	hart->exec->mispredicted.slot = &op_edge(op)->wrong[taken];
	hart->exec->mispredicted.wrong_pc = wrong_pc;
	hart->retired = hart_block_insns(hart) + OPERAND(index) + 1;
	hart->pc = target;
	hart->exec->link = NULL;
}

/* What the jump did when it went from there to the target the last time, moved to the front. NULL: it never has. */
static struct wrong *find_wrong(struct wrong **first, uint64_t target, uint64_t wrong_pc)
{
	struct wrong **link = first, *found = *first;
	while (found && (found->target != target || found->wrong_pc != wrong_pc)) {
		link = &found->next;
		found = found->next;
	}
	if (!found || found == *first)
		return found;
	*link = found->next;
	found->next = *first;
	*first = found;
	return found;
}

/* If it does what it did before, and no counter is about to overflow, go on as after an edge. NULL: leave. */
static const struct op *follow_wrong(struct hart *hart, const struct op *op, unsigned taken, uint64_t target,
                                     uint64_t wrong_pc)
{
	struct wrong *wrong = find_wrong(&op_edge(op)->wrong[taken], target, wrong_pc);
	hart->model->counts.mispredicts++;
	if (!wrong || hart->counters.armed || wrong->code_writes != hart->model->code_writes ||
	    !model_follow_trail(hart->model, &wrong->trail)) {
		leave_mispredicted(hart, op, taken, target, wrong_pc);
		return NULL;
	}
	hart->progress += wrong->advance;
	const struct op *next = block_follow(hart, &wrong->link);
	if (!next)
		block_leave(hart, FLOW_WRONG, &wrong->link, wrong->state, target);
	return next;
}

OP(mispredicted_taken)
{
	const struct op *next = follow_wrong(hart, op, EDGE_TAKEN, (uint64_t)OPERAND(imm), op_after(hart, op));
	if (!next)
		LEAVE;
	OP_CONTINUE(next);
}

OP(mispredicted_fall)
{
	const struct op *next = follow_wrong(hart, op, EDGE_FALL, op_after(hart, op), (uint64_t)OPERAND(imm));
	if (!next)
		LEAVE;
	OP_CONTINUE(next);
}

#define BRANCH_FORMS(name) FORMS_2(HANDLER, timed_##name, BRANCH_BODY, name)
EACH_BRANCH(BRANCH_FORMS)

OP(timed_jal)
{
	X(rd) = op_after(hart, op);
	if (predict_is_link(OPERAND(rd)))
		predict_call(&hart->model->predictors, op_after(hart, op));
	BLOCK_EXIT(EDGE_TAKEN, (uint64_t)OPERAND(imm));
}

static inline const struct op *timed_exit_indirect(struct hart *hart, const struct op *op, uint64_t target)
{
	const struct edge *edge = op_edge(op);
	uint32_t state = edge->exits[EDGE_TAKEN];
	const struct jump *jump = &hart->exec->jumps[jump_index_in(target, state)];
	hart->progress += edge->advance;
	if (jump->pc == target && jump->context == hart->context && jump->block->code.state == state &&
	    hart->progress > jump->block->need &&
	    (!hart->model->fetch_space || (target ^ hart->code->pc) < PAGE_SIZE)) {
		hart->code = &jump->block->code;
		return jump->block->ops;
	}
	return NULL;
}

OP(timed_jalr)
{
	uint64_t target = (X(rs1) + (uint64_t)OPERAND(imm)) & ~UINT64_C(1), next = op_after(hart, op);
	uint64_t predicted = predict_indirect(&hart->model->predictors, OPERAND(rd), OPERAND(rs1), OPERAND(length),
	                                      next - OPERAND(length));
	X(rd) = next;
	if (predicted != target) {
		predict_learn_indirect(&hart->model->predictors, OPERAND(rd), OPERAND(rs1), OPERAND(length),
		                       next - OPERAND(length), target);
		if (predict_is_link(OPERAND(rd)))
			predict_call(&hart->model->predictors, next);
		const struct op *follows = follow_wrong(hart, op, EDGE_TAKEN, target, predicted ? predicted : next);
		if (!follows)
			LEAVE;
		OP_CONTINUE(follows);
	}
	if (predict_is_link(OPERAND(rd)))
		predict_call(&hart->model->predictors, next);
	BLOCK_EXIT_INDIRECT(timed_exit_indirect, target);
}

/* ---- what the model has to look at ---- */

OP(probe)
{
	op_sync(hart, op);
	const uint8_t *host = OPERAND(rm) == PROBE_NO_ACCESS ? NULL
	                      : OPERAND(rm) == PROBE_LOAD    ? known_host(hart->l0->read, X(rs1))
	                                                     : known_host(hart->l0->write, X(rs1));
	model_probe(hart, (enum insn_id)OPERAND(imm), OPERAND(rs1), OPERAND(rs2), host);
	NEXT;
}

OP(settle)
{
	op_sync(hart, op);
	const struct op *next = follow_stall(hart);
	if (!next)
		LEAVE;
	OP_CONTINUE(next);
}

#if DISPATCH_TAIL
#define ROW_1(name, handler) [INSN_##name] = {op_##handler, op_##handler##_1},
#define ROW_2(name, handler) [INSN_##name] = {op_##handler, op_##handler##_1, op_##handler##_2},
#else
#define ROW_1(name, handler) [INSN_##name] = {op_##handler},
#define ROW_2(name, handler) ROW_1(name, handler)
#endif

op_fn *const op_timed_forms[INSN_COUNT][OP_FORMS] = {
#define ROW(name, ...) ROW_1(name, timed_##name)
    EACH_LOAD(ROW) EACH_FSTORE(ROW)
#undef ROW
#define ROW(name) ROW_2(name, timed_##name)
	EACH_STORE(ROW) EACH_BRANCH(ROW)
#undef ROW
	    [INSN_jal] = {op_timed_jal},
    [INSN_jalr] = {op_timed_jalr},
};

op_fn *const op_after_store_forms[INSN_COUNT][OP_FORMS] = {
#define ROW(name, ...) ROW_1(name, after_store_##name)
    EACH_LOAD(ROW)
#undef ROW
};
