/* A block of code as the pipeline sees it: instructions that follow each other in memory, inside one page. It is
 * entered at the first, and left after the last or, by a branch that is taken, before. */
#ifndef CODE_BLOCK_H
#define CODE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "timing/pipe.h"

enum { CODE_MAX = 64 }; /* instructions */

struct code_block {
	uint64_t pc, pa;
	const struct uop *uops; /* one an instruction; NULL without a model */
	uint32_t state; /* number of the pipeline state it starts in */
	uint16_t count; /* instructions: 1..CODE_MAX */
	uint16_t bytes;
	bool lasting; /* it stays where it is, with its uops, until model_forget_code */
};

#endif
