/* Accesses to data, for whoever knows that one happens. */
#ifndef DATA_H
#define DATA_H

#include "timing/model.h"

/* The access's cost goes into model->outcome. Returns the index of the page's entry in the data TLB, or -1: it is not
 * translated. va: with pointer masking applied. */
int data_access(struct model *model, uint64_t va, enum access access, const struct mmu_context *context);

#endif
