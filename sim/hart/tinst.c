/* What mtinst and htinst get on a trap: the instruction, transformed. */
#include "hart/trap.h"
#include "isa/insn.h"

/* norm:H_trap_xtinst_val: rs1 becomes the address offset, an immediate becomes 0, a compressed instruction is
 * expanded first and marked by a clear bit 1. */
void trap_transform(struct hart *hart, uint32_t word, unsigned offset)
{
	struct insn insn = decode(&hart->isa, word);
	const struct insn_row *row = &insn_rows[insn.semantics];
	uint32_t result;
	switch (row->class) {
	case CLASS_LOAD:
	case CLASS_FLOAD: result = row->match | (uint32_t)insn.rd << 7; break;
	case CLASS_STORE:
	case CLASS_FSTORE: result = row->match | (uint32_t)insn.rs2 << 20; break;
	case CLASS_AMO:
	case CLASS_LR:
	case CLASS_SC:
	case CLASS_HLOAD:
	case CLASS_HSTORE: result = word & ~UINT32_C(0xf8000); break;
	default: /* no standard transformation: 0 is always allowed, norm:H_trap_xtinst_exception_list */ return;
	}
	result |= offset << 15;
	if (insn.length == 2)
		result &= ~UINT32_C(2);
	hart->trap.tinst = result;
}
