/* Ops that stand between instructions: for the trace, --check, triggers, landing pads, and the timing model. */
#include "engine/xlate.h"

#include "engine/note.h"
#include "watch/check.h"

static uint8_t probed_access(const struct insn *insn)
{
	switch (insn_rows[insn->semantics].class) {
	case CLASS_LR: return PROBE_LOAD;
	case CLASS_AMO:
	case CLASS_SC: return PROBE_STORE;
	default: return PROBE_NO_ACCESS;
	}
}

/* The probe sees the operands of the instruction after it. */
static void emit_probe(struct translator *translator, const struct insn *insn)
{
	struct op *op = emit(translator, op_probe);
	op->rs1 = insn->rs1;
	op->rs2 = insn->rs2;
	op->rm = probed_access(insn);
	op->word = insn->word;
	op->imm = insn->semantics;
}

/* norm:zicflip_lpad_expected norm:zicflip_indirect_branch_lpad: returns and software-guarded jumps do not. */
static bool expects_landing_pad(const struct insn *insn)
{
	return insn->semantics == INSN_jalr && insn->rs1 != 1 && insn->rs1 != 5 && insn->rs1 != 7;
}

static bool accesses_by_tp(const struct insn *insn)
{
	enum { REG_TP = 4 };
	switch (insn_rows[insn->semantics].class) {
	case CLASS_LOAD:
	case CLASS_STORE:
	case CLASS_AMO:
	case CLASS_LR:
	case CLASS_SC:
	case CLASS_FLOAD:
	case CLASS_FSTORE: return insn->rs1 == REG_TP;
	default: return false;
	}
}

/* Is it a place where --check looks at tp? */
static bool checks_tp(const struct translator *translator, const struct insn *insn)
{
	const struct hart *hart = translator->hart;
	return hart->check && hart->mode == MODE_HS &&
	       (check_is_function(hart->check, translator->pc) ||
	        (accesses_by_tp(insn) && check_wants_tp(hart->check, translator->pc)));
}

/* Is somebody told of fflags, and can the instruction change them? It runs, as translation knows by now, or traps. */
static bool tells_flags(const struct translator *translator, const struct insn *insn)
{
	return insn_raises_flags(insn) && translator->key & KEY_FS_DIRTY && hart_wants(translator->hart, TRACE_CSR);
}

/* Does a debugger ask about the instruction? */
static bool asked_about(const struct translator *translator)
{
	const struct engine_pause *pause = &translator->hart->engine->pause;
	size_t low = 0, high = pause->place_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (pause->places[middle] < translator->pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low < pause->place_count && pause->places[low] == translator->pc;
}

void xlate_before(struct translator *translator, const struct insn *insn)
{
	struct hart *hart = translator->hart;
	if (asked_about(translator))
		emit(translator, op_pause);
	if (timing_begins(translator))
		emit(translator, op_timing_from);
	if (checks_tp(translator, insn))
		emit(translator, op_function);
	if (translator->key & KEY_TRIGGER)
		emit(translator, op_trigger)->length = insn->length;
	if (translator->key & KEY_ELP && translator->block->code.count == 0)
		emit(translator, op_landing)->word = insn->word;
	if (translator->key & KEY_LPE && expects_landing_pad(insn))
		emit(translator, op_expect);
	if (hart->model) {
		struct uop uop = uop_of(hart->model->timing, insn, translator->pc);
		translator->uops[translator->block->code.count] = uop;
		if (uop.flags & UOP_PROBE)
			emit_probe(translator, insn);
	}
	if (translator->key & KEY_TRACE && insn_rows[insn->semantics].class == CLASS_AMO)
		emit(translator, op_note_address)->rs1 = insn->rs1;
	if (tells_flags(translator, insn))
		emit(translator, op_note_no_flags);
	/* A jump writes its link before it goes: note it here, the value is known. */
	if (insn->rd == 4 && ends_block(insn->semantics) && insn_writes_x(insn)) {
		struct op *op = emit(translator, op_tp);
		op->imm = (int64_t)translator->pc;
		op->rs1 = insn->length;
	}
}

/* The values that the instruction leaves for the trace. */
static void emit_notes(struct translator *translator, uint32_t word)
{
	struct insn insn = trace_decode_insn(word);
	unsigned noted = trace_noted(&insn);
	if (noted & NOTED_X)
		emit(translator, op_note_x)->rd = insn.rd;
	if (noted & NOTED_X_NEXT)
		emit(translator, op_note_x)->rd = insn.rd + 1;
	if (noted & NOTED_F)
		emit(translator, op_note_f)->rd = insn.rd;
	if (noted & NOTED_MEMORY)
		emit(translator, op_note_memory)->rm = (uint8_t)(1 << trace_access_log2(&insn));
}

void xlate_after(struct translator *translator, const struct insn *insn)
{
	if (tells_flags(translator, insn))
		emit(translator, op_note_flags);
	if (translator->key & KEY_TRACE)
		emit_notes(translator, insn->word);
	if (insn->rd == 4 && insn_writes_x(insn))
		emit(translator, op_tp)->imm = (int64_t)(translator->pc - insn->length);
}
