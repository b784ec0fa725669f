/*
 * Translation: bytes -> rows -> ops. Whatever the execution key and the bytes decide is decided here, so that no
 * handler asks again: privilege-dependent existence of FP, x0 as a sink, absolute targets, inserted trace and check
 * ops, the prefix cost of every instruction.
 */
#include "engine/xlate.h"

#include <assert.h>
#include "engine/note.h"
#include "trace/trace.h"

static bool settles(const struct translator *translator)
{
	return translator->hart->model && translator->uops[translator->block->code.count - 1].flags & UOP_SETTLE;
}

/* Tell the trace what runs of this block will be about. */
static void tell_text(struct translator *translator)
{
	struct block *block = translator->block;
	struct trace_text *text = translator->text;
	_Static_assert((int)BLOCK_MAX <= (int)TRACE_CODE_MAX, "a block is a text");
	text->pc = block->code.pc;
	text->mode = (uint8_t)translator->hart->mode;
	text->count = (uint8_t)block->code.count;
	for (const struct op *op = block->ops; op < translator->op; op += op_slots(op))
		if (op_is_instruction(op))
			text->insns[op->index].prefix = op->prefix;
	block->ops[0].word = trace_text(translator->hart->trace, text); /* op_note_block's */
}

void xlate(struct hart *hart, struct block *block, uint64_t pa, unsigned limit, bool fragile)
{
	struct trace_text_insn texts[BLOCK_MAX];
	struct trace_text text = {.insns = texts};
	struct translator translator = {
	    .text = &text,
	    .hart = hart,
	    .uops = hart->exec->uops,
	    .block = block,
	    .pc = hart->pc,
	    .pa = pa,
	    .limit = limit < BLOCK_MAX ? limit : BLOCK_MAX,
	    .op = block->ops,
	    .fragile = fragile,
	    .key = hart->context & ((1 << KEY_BITS) - 1),
	};
	memset(block, 0, sizeof *block);
	block->code.pc = hart->pc;
	block->code.pa = pa;
	if (translator.key & KEY_TRACE)
		emit(&translator, op_note_block);
	do {
		uint32_t word = 0;
		if (!xlate_fetch(&translator, &word))
			return;
		struct insn insn = decode(&hart->isa, word);
		xlate_insn(&translator, &insn);
	} while (!translator.ended && block->code.count < translator.limit && xlate_next_is_inside(&translator) &&
	         !timing_begins(&translator));
	bool falls = !settles(&translator);
	if (falls)
		add_edge(&translator, emit(&translator, op_end));
	else
		emit(&translator, op_settle);
	block->code.bytes = (uint16_t)(translator.pc - block->code.pc);
	block->code.lasting = !fragile;
	xlate_costs(&translator, falls);
	if (translator.key & KEY_TRACE)
		tell_text(&translator);
	if (hart->engine->catch_up && !fragile && !(translator.key & (KEY_TRACE | KEY_TRIGGER | KEY_ELP | KEY_LPE)))
		block->lookahead = xlate_lookahead(&translator);
	if (DISPATCH_TAIL)
		xlate_choose(&translator);
	assert(translator.op <= block->ops + OPS_MAX);
}

unsigned block_ops(const struct block *block)
{
	const struct op *op = block->ops;
	while (op->run != op_end && op->run != op_settle)
		op += op_slots(op);
	return (unsigned)(op - block->ops) + op_slots(op);
}
