/*
 * Translation, for its files alone: xlate.c fetches and goes from instruction to instruction, xlate_lower.c turns one
 * into ops, xlate_insert.c adds the ops that stand around it, xlate_cost.c says what they cost, xlate_choose.c chooses
 * among handlers that do the same, xlate_lookahead.c finds out what comes after the block.
 */
#ifndef XLATE_H
#define XLATE_H

#include "engine/block.h"
#include "engine/engine.h"
#include "isa/insn.h"
#include "timing/model.h"
#include "trace/run.h"

struct translator {
	struct hart *hart;
	struct block *block;
	uint64_t pc, pa;      /* of the next instruction */
	unsigned limit;       /* instructions */
	struct op *op;        /* the next free op */
	bool fragile;         /* pages or PMP regions meet inside the instruction */
	bool ended;           /* the last instruction leaves the block by itself */
	unsigned branches;    /* so far */
	uint32_t key;
	uint16_t semantics[BLOCK_MAX]; /* of the instructions so far */
	struct trace_text *text;       /* likewise, for the trace */
	struct uop *uops;              /* likewise, with a model */
};

/* ---- facts about instructions ---- */

/* Instructions that end a block: they change pc or privilege, or may make the following bytes mean something else. */
static inline bool ends_block(uint16_t semantics)
{
	return insn_is_jump(semantics) || insn_has(semantics, FLAG_TRAPS | FLAG_RETURNS | FLAG_WAITS | FLAG_FENCE_I);
}

/* Instructions that touch nothing but the hart's own registers. */
static inline bool is_private(const struct hart *hart, const struct insn *insn)
{
	switch (insn_rows[insn->semantics].class) {
	case CLASS_ALU:
	case CLASS_MUL: return insn->rd != 4; /* tp is traced */
	case CLASS_BRANCH:
	case CLASS_JAL: return insn->rd != 4 && isa_has(&hart->isa, EXT_Zca); /* else they may trap */
	default: return false;
	}
}

/* ---- xlate_fetch.c ---- */

/* Read the instruction at translator->pc; false: a fault is in hart->trap. */
bool xlate_fetch(const struct translator *translator, uint32_t *word);

/* Does the next instruction lie wholly in this page and in memory, whatever its length? */
bool xlate_next_is_inside(const struct translator *translator);

/* ---- emitting ---- */

static inline struct op *emit(struct translator *translator, op_fn *run)
{
	struct op *op = translator->op++;
	memset(op, 0, sizeof *op);
	op->run = run;
	op->index = (uint8_t)translator->block->code.count;
	op->halves = (uint8_t)((translator->pc - translator->block->code.pc) / 2);
	return op;
}

/* `op`, the last one, can leave the block. */
static inline void add_edge(struct translator *translator, struct op *op)
{
	op->rs3 = HAS_EDGE;
	memset(op_edge(op), 0, sizeof(struct edge));
	translator->op += op_slots(op) - 1;
}

/* Timing begins here. A block that comes to this place ends before it. */
static inline bool timing_begins(const struct translator *translator)
{
	const struct hart *hart = translator->hart;
	return hart->engine->timing.at_pc && hart->engine->timing.pc == translator->pc &&
	       hart->engine->timing.guest == mode_virt(hart->mode);
}

/* xlate_insert.c: what stands before the instruction, and after it if it completes. */
void xlate_before(struct translator *translator, const struct insn *insn);
void xlate_after(struct translator *translator, const struct insn *insn);

/* xlate_lower.c: the instruction, with what stands around it; translator->ended says whether the block is. */
void xlate_insn(struct translator *translator, const struct insn *insn);

/* xlate_cost.c: each op's prefix, the edges' costs, and handlers that know of the model. */
void xlate_costs(struct translator *translator, bool falls);

/* xlate_choose.c: forms that pass values on in a host register, and handlers of two instructions. */
void xlate_choose(struct translator *translator);

/* xlate_lookahead.c: cycles from the block's start until an instruction may come, on any way, that others may
 * notice. */
uint32_t xlate_lookahead(const struct translator *translator);

#endif
