/* How long a hart only computes from a block on, whatever way it goes: conservative lookahead for quantum 1. */
#include "engine/xlate.h"

#include "base/bus.h"

/* A place that the hart may come to, and how soon. */
struct ahead {
	struct translator translator;
	struct model_ahead model;
	uint32_t cycles;
	unsigned left; /* instructions and branches to look at */
};

static uint32_t cycles_until(struct ahead ahead);

/* If it goes there; it may not if that is another page. */
static uint32_t cycles_until_at(struct ahead ahead, uint64_t pc)
{
	const struct block *block = ahead.translator.block;
	if ((pc ^ block->code.pc) >= PAGE_SIZE)
		return ahead.cycles;
	ahead.translator.pa = block->code.pa + (pc - block->code.pc);
	ahead.translator.pc = pc;
	return cycles_until(ahead);
}

static void look_at(struct ahead *ahead, const struct insn *insn, bool taken)
{
	struct hart *hart = ahead->translator.hart;
	ahead->cycles = hart->model ? model_ahead_step(hart->model, &ahead->model, insn, ahead->translator.pc, taken)
	                            : ahead->cycles + 1;
}

/* What is found out depends on the bytes of this instruction. */
static void note_seen(const struct translator *at, const struct insn *insn)
{
	struct block *block = at->block;
	uint16_t from = at->pa % PAGE_SIZE, to = (uint16_t)(from + insn->length);
	if (from < block->seen_from || !block->seen_to)
		block->seen_from = from;
	if (to > block->seen_to)
		block->seen_to = to;
}

static uint32_t cycles_until(struct ahead ahead)
{
	struct translator *at = &ahead.translator;
	uint32_t word = 0;
	while (ahead.left && xlate_next_is_inside(at) && xlate_fetch(at, &word)) {
		struct insn insn = decode(&at->hart->isa, word);
		bool jump = is_jump(insn.semantics), branch = is_branch(insn.semantics);
		note_seen(at, &insn);
		if (!is_private(at->hart, &insn))
			break;
		ahead.left--;
		struct ahead there = ahead;
		look_at(&ahead, &insn, jump);
		if (jump)
			return cycles_until_at(ahead, at->pc + (uint64_t)insn.imm);
		if (branch) {
			look_at(&there, &insn, true);
			there.left = ahead.left /= 2;
			uint32_t taken = cycles_until_at(there, at->pc + (uint64_t)insn.imm);
			uint32_t fall = cycles_until_at(ahead, at->pc + insn.length);
			return taken < fall ? taken : fall;
		}
		at->pc += insn.length;
		at->pa += insn.length;
	}
	return ahead.cycles;
}

uint32_t xlate_lookahead(const struct translator *translator)
{
	enum { AHEAD = 24 };
	const struct block *block = translator->block;
	struct ahead ahead = {.left = AHEAD};
	ahead.translator.hart = translator->hart;
	ahead.translator.block = translator->block;
	ahead.translator.pc = block->code.pc;
	ahead.translator.pa = block->code.pa;
	if (translator->hart->model)
		model_ahead_begin(translator->hart->model, &ahead.model);
	return cycles_until(ahead);
}
