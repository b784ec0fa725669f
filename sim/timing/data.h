/* Accesses to data, for whoever knows that one happens. */
#ifndef DATA_H
#define DATA_H

#include "timing/model.h"

/* Where the access finds its page in the data TLB (-1: it is not translated), and a load its line in the data cache (-1: it does
 * not go there). */
struct data_place {
	int page, slot;
};

/* The access's cost goes into model->outcome. va: with pointer masking applied; host: where it happens, if that is memory and known, or NULL. */
struct data_place data_access(struct model *model, uint64_t va, enum access access, const struct mmu_context *context,
                              const uint8_t *host);

#endif
