/* Give a CSR a value between instructions, whatever the hart's mode: through the WARL rules of a write from M-mode, but without
 * permission, and without the instruction that such a write is part of. */
#ifndef CSR_POKE_H
#define CSR_POKE_H

#include "csr/csr.h"
#include "csr/csr_row.h"

/* False: the hart has no such CSR. */
static inline bool csr_poke(struct hart *hart, unsigned num, uint64_t value)
{
	enum { COUNTERS = 0xb00, COUNTERS_END = 0xb20 };
	enum mode mode = hart->mode;
	uint64_t before;
	if (!csr_peek(hart, num, &before))
		return false;
	hart->mode = MODE_M;
	if (num >= COUNTERS && num < COUNTERS_END)
		csr_counter_set(hart, num & 31, value);
	else
		csr_write(hart, num, value);
	hart->mode = mode;
	return true;
}

#endif
