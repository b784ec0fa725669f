#include "debug/prologue.h"

#include "isa/insn.h"
#include "source/scope.h"
#include "watch/names.h"

enum { RA = 1, SP = 2, FP = 8 };

/* What a function's beginning has done before the frame's instruction. Offsets are from sp at entry, upwards. */
struct prologue {
	uint64_t sp;     /* how far sp has moved down */
	bool has_fp;     /* s0 was made the entry's sp plus fp */
	int64_t fp;
	uint32_t saved;  /* bit n: x[n] */
	int64_t at[32];  /* where */
};

static bool function_start(const struct debug_view *view, uint64_t address, uint64_t *start)
{
	struct address_range range;
	uint64_t offset = 0;
	if (function_range_at(view->view.program, address, &range)) {
		*start = range.low;
		return true;
	}
	if (!name_of(view->debugger->machine->symbols, view->hart, view->mode, address, &offset))
		return false;
	*start = address - offset;
	return true;
}

static bool fetch_at(const struct debug_view *view, uint64_t address, uint32_t *word)
{
	uint16_t halves[2] = {0};
	if (!view->view.read(view->view.context, address, &halves[0], 2) ||
	    ((halves[0] & 3) == 3 && !view->view.read(view->view.context, address + 2, &halves[1], 2)))
		return false;
	*word = halves[0] | (uint32_t)halves[1] << 16;
	return true;
}

/* False: the beginning ends here, for control goes elsewhere. */
static bool follow(struct prologue *prologue, const struct insn *insn)
{
	int64_t from_entry = insn->imm - (int64_t)prologue->sp;
	switch (insn->semantics) {
	case INSN_addi:
		if (insn->rd == SP && insn->rs1 == SP && insn->imm < 0)
			prologue->sp += (uint64_t)-insn->imm;
		else if (insn->rd == FP && insn->rs1 == SP) {
			prologue->has_fp = true;
			prologue->fp = from_entry;
		}
		return true;
	case INSN_sd:
		if (insn->rs1 == SP && !(prologue->saved >> insn->rs2 & 1)) {
			prologue->saved |= UINT32_C(1) << insn->rs2;
			prologue->at[insn->rs2] = from_entry;
		}
		return true;
	default: {
		uint8_t class = insn_rows[insn->semantics].class;
		return class != CLASS_JAL && class != CLASS_JALR && class != CLASS_BRANCH;
	}
	}
}

static bool scan_prologue(const struct debug_view *view, struct prologue *prologue)
{
	enum { PROLOGUE_MAX = 128 }; /* instructions */
	uint64_t at, end = view->frame.pc;
	*prologue = (struct prologue){0};
	if (!function_start(view, end - !view->frame.exact, &at))
		return false;
	for (unsigned i = 0; at < end && i < PROLOGUE_MAX; i++) {
		uint32_t word;
		if (!fetch_at(view, at, &word))
			return false;
		struct insn insn = decode(&view->hart->isa, word);
		if (!follow(prologue, &insn))
			break;
		at += insn.length;
	}
	return true;
}

static bool entry_sp(const struct debug_view *view, const struct prologue *prologue, uint64_t *cfa)
{
	unsigned from = prologue->has_fp ? FP : SP;
	*cfa = view->frame.x[from] + (prologue->has_fp ? -(uint64_t)prologue->fp : prologue->sp);
	return view->frame.known >> from & 1;
}

bool prologue_cfa(const struct debug_view *view, uint64_t *cfa)
{
	struct prologue prologue;
	return scan_prologue(view, &prologue) && entry_sp(view, &prologue, cfa);
}

/* What calls keep: s0 to s11, gp, tp. */
static const uint32_t kept = UINT32_C(1) << 3 | UINT32_C(1) << 4 | UINT32_C(3) << 8 | UINT32_C(0x3ff) << 18 | 1;

static bool unwind_by_pointer(const struct debug_view *view, struct frame *caller)
{
	const struct frame *frame = &view->frame;
	uint64_t fp = frame->x[FP], words[2];
	if (!(frame->known >> FP & 1) || fp % 16 || fp <= frame->x[SP] ||
	    !view->view.read(view->view.context, fp - 16, words, sizeof words) || words[1] < 2)
		return false;
	*caller = *frame;
	caller->known &= kept | UINT32_C(1) << SP;
	caller->x[SP] = fp;
	caller->x[FP] = words[0];
	caller->pc = words[1];
	caller->exact = caller->has_cfa = false;
	return true;
}

bool prologue_unwind(const struct debug_view *view, struct frame *caller)
{
	const struct frame *frame = &view->frame;
	struct prologue prologue;
	uint64_t cfa;
	caller->has_cfa = false;
	if (!scan_prologue(view, &prologue))
		return unwind_by_pointer(view, caller);
	if (!entry_sp(view, &prologue, &cfa))
		return false;
	*caller = *frame;
	caller->known &= kept;
	caller->exact = caller->has_cfa = false;
	caller->x[SP] = cfa;
	caller->known |= UINT32_C(1) << SP;
	caller->pc = frame->x[RA];
	bool found = (frame->known >> RA & 1) && frame->exact; /* a leaf's own, or not saved yet */
	for (unsigned i = 1; i < 32; i++) {
		if (!(prologue.saved >> i & 1) || !((kept | UINT32_C(1) << RA) >> i & 1))
			continue;
		if (!view->view.read(view->view.context, cfa + (uint64_t)prologue.at[i], &caller->x[i], 8))
			return false;
		caller->known |= UINT32_C(1) << i;
		if (i == RA) {
			caller->pc = caller->x[RA];
			found = true;
		}
	}
	return found && caller->pc >= 2;
}
