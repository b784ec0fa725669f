/* What the engine asks of a timing model, at translation. Prefix costs: cycles from a block's start to each instruction. */
#ifndef TIMING_H
#define TIMING_H

#include <stdint.h>
#include "hart/insn.h"

struct timing {
	const char *name;
	/* Fill prefix[0..count]: prefix[i] = static cycles before instruction i, prefix[count] = cost of the whole block. */
	void (*block)(const struct timing *timing, const struct insn *insns, unsigned count, uint32_t *prefix);
};

/* --cpu NAME; NULL if there is no such preset. */
const struct timing *timing_find(const char *name);

#endif
