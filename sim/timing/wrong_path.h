#ifndef WRONG_PATH_H
#define WRONG_PATH_H

#include "timing/model.h"

/* Instruction `index` of a block sent the frontend the wrong way (a misprediction to `wrong`, or 0: it was flushed,
 * so sequentially), its times given: let it run there for as long as it did. model->trail says what it met. Cycles
 * that the right path's fetch has to wait. */
uint16_t wrong_path_run(struct model *model, const struct code_block *code, unsigned index,
                        const struct pipe_times *times, uint64_t wrong);

#endif
