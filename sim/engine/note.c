#include "engine/note.h"

#include "base/bus.h"
#include "engine/tell_csr.h"
#include "hart/mmu.h"
#include "trace/trace.h"

void note_registers(struct hart *hart)
{
	trace_forget_notes(hart->notes);
	hart->notes->run_count = hart->notes->told = hart->notes->unchecked = 0;
	trace_registers(hart->trace, hart, false);
}

/* No more room. Every now and then the registers are told too, for the reader to compare with. */
static __attribute__((noinline)) void make_room(struct hart *hart)
{
	enum { CHECK_AFTER = 1 << 16 };
	trace_tell(hart->trace, hart, hart_block_insns(hart));
	if (hart->notes->unchecked >= CHECK_AFTER) {
		hart->notes->unchecked = 0;
		trace_registers(hart->trace, hart, true);
	}
}

OP(note_block)
{
	struct trace_notes *notes = hart->notes;
	if (__builtin_expect(notes->run_count == NOTES_MAX, 0))
		make_room(hart);
	notes->runs[notes->run_count++] = (struct trace_note){hart_block_cycle(hart), hart_block_insns(hart), op->word};
	NEXT;
}

OP(note_address)
{
	hart->notes->address = X(rs1);
	NEXT;
}

void note_flags_back(struct hart *hart)
{
	if (!hart->notes->flags_aside)
		return;
	hart->csr.fcsr |= hart->notes->flags;
	hart->notes->flags_aside = false;
}

/* Flags that were there already are raised too. */
static void note_flags(struct hart *hart)
{
	struct csrs_told told;
	bool raised = hart->csr.fcsr & fcsr_FFLAGS, tell = raised && tell_csr_begin(hart, &told);
	uint64_t now = hart->csr.fcsr;
	if (tell) {
		hart->csr.fcsr = (now & ~fcsr_FFLAGS) | hart->notes->flags;
		tell_csr_before(hart, &told, CSR_fflags);
		hart->csr.fcsr = now;
	}
	note_flags_back(hart);
	if (tell)
		tell_csrs_after(hart, &told);
}

static inline void note_value(struct hart *hart, uint64_t value)
{
	hart->notes->values[hart->notes->value_count++] = value;
}

/* What an AMO left in memory, which no register tells. */
static uint64_t value_in_memory(struct hart *hart, uint64_t va, unsigned size)
{
	struct mmu_context context = mmu_context_data(hart);
	struct translation translation;
	struct trap trap;
	uint64_t value = 0;
	va = mmu_unmasked(hart, &context, va);
	if (mmu_walk(hart, va, size, ACCESS_LOAD, &context, false, NULL, NULL, &translation, &trap))
		bus_peek(hart->bus, translation.pa, &value, size < sizeof value ? size : sizeof value);
	return value;
}

static void note_result(struct hart *hart, const struct op *op)
{
	if (op->run == op_note_flags)
		note_flags(hart);
	else if (op->run == op_note_x)
		note_value(hart, X(rd));
	else if (op->run == op_note_f)
		note_value(hart, F(rd));
	else
		note_value(hart, value_in_memory(hart, hart->notes->address, op->rm));
}

const struct op *note_after(struct hart *hart, const struct op *op)
{
	for (; op->run == op_note_flags || op->run == op_note_x || op->run == op_note_f || op->run == op_note_memory;
	     op++)
		note_result(hart, op);
	return op;
}

OP(note_x)
{
	note_value(hart, X(rd));
	NEXT;
}

OP(note_f)
{
	note_value(hart, F(rd));
	NEXT;
}

OP(note_flags)
{
	note_result(hart, op);
	NEXT;
}

OP(note_memory)
{
	note_result(hart, op);
	NEXT;
}
