/* What instructions of a block do to the pipeline, remembered. */
#ifndef MEMO_H
#define MEMO_H

#include "timing/model.h"

/* Run `count` instructions of a block, the last of them with a stall. Trap: the stall is that of one more, which
 * traps. Valid until the next call. */
struct memo *memo_run(struct model *model, const struct code_block *code, unsigned count, const struct stall *stall);

/* The cycle in which the load, store or atomic that is being looked at asks the data cache, as its stall stands. */
uint64_t memo_access_cycle(struct model *model);

#endif
