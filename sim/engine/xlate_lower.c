/* One instruction becomes an op. */
#include "engine/xlate.h"

/* norm:Zca_no_misaligned: without compressed instructions, targets are 4-byte aligned. */
static op_fn *aligned_jump(const struct insn *insn)
{
	switch (insn_rows[insn->semantics].class) {
	case CLASS_JALR: return op_jalr_aligned;
	case CLASS_JAL:
	case CLASS_BRANCH: return insn->imm & 2 ? op_jump_misaligned : op_table[insn->semantics];
	default: return op_table[insn->semantics];
	}
}

static bool is_timing_hint(const struct translator *translator, const struct insn *insn)
{
	return translator->hart->engine->timing.hints && insn->semantics == INSN_slti && insn->rd == 0 &&
	       insn->rs1 == 0 && (insn->imm == TIMING_HINT_ON || insn->imm == TIMING_HINT_OFF);
}

static op_fn *handler(const struct translator *translator, const struct insn *insn)
{
	if (is_timing_hint(translator, insn))
		return op_timing_hint;
	if (insn_uses_fp(insn->semantics)) {
		if (!(translator->key & KEY_FS_ON))
			return op_illegal;
		if (!(translator->key & KEY_FS_DIRTY) && insn_dirties_fp(insn))
			return op_fs_dirty;
	}
	return isa_has(&translator->hart->isa, EXT_Zca) ? op_table[insn->semantics] : aligned_jump(insn);
}

/* Immediates as handlers want them: jumps and auipc absolute. */
static int64_t absolute_imm(const struct insn *insn, uint64_t pc)
{
	return insn_has(insn->semantics, FLAG_PC_RELATIVE) ? (int64_t)(pc + (uint64_t)insn->imm) : insn->imm;
}

/* Does the block go on after this branch? Not after one that is likely taken, and not for ever; nor, with a timing
 * model, into a line that may never be fetched. */
static bool goes_on(struct translator *translator, const struct insn *insn)
{
	const struct model *model = translator->hart->model;
	return insn->imm > 0 && ++translator->branches <= BRANCHES_MAX &&
	       (!model || cache_find(&model->l1i, translator->pa + insn->length) >= 0);
}

/* Where harts may get ahead of each other, blocks end before and after what others may notice. */
static bool ends_lookahead(const struct translator *translator, const struct insn *insn)
{
	const struct hart *hart = translator->hart;
	return hart->engine->catch_up && (insn_is_branch(insn->semantics) || !is_private(hart, insn));
}

void xlate_insn(struct translator *translator, const struct insn *insn)
{
	xlate_before(translator, insn);
	struct op *op = emit(translator, handler(translator, insn));
	op->rd = insn->rd == 0 && insn_writes_x(insn) ? SINK : insn->rd;
	op->rs1 = insn->rs1;
	op->rs2 = insn->rs2;
	op->rs3 = insn->rs3;
	op->rm = insn->rm;
	op->length = insn->length;
	op->imm = absolute_imm(insn, translator->pc);
	op->word = insn->word;
	if (insn_is_branch(insn->semantics) || insn_is_jump(insn->semantics))
		add_edge(translator, op);
	bool completes = !ends_block(insn->semantics) && op->run != op_illegal && op->run != op_fs_dirty;
	translator->ended = !completes;
	if (translator->hart->model && translator->uops[translator->block->code.count].flags & UOP_SETTLE)
		translator->ended = true;
	if (insn_is_branch(insn->semantics) && !goes_on(translator, insn))
		translator->ended = true;
	if (ends_lookahead(translator, insn))
		translator->ended = true;
	translator->text->insns[translator->block->code.count].word = insn->word;
	translator->semantics[translator->block->code.count++] = insn->semantics;
	translator->pc += insn->length;
	translator->pa += insn->length;
	if (completes)
		xlate_after(translator, insn);
}
