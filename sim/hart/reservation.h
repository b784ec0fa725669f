/* LR's reservation. Its set is the 64-byte line of the address (norm:LR_RESERVATION_SET_SIZE). */
#ifndef RESERVATION_H
#define RESERVATION_H

#include "hart/hart.h"

enum { RESERVATION_BYTES = 64 };

/* Let others' stores end the hart's reservation: once, before it makes one. 0, or -1: no memory. */
int reservation_listen(struct hart *hart);

/* Reserve the set of a physical address; an earlier reservation ends. */
void reservation_make(struct hart *hart, uint64_t pa);
void reservation_end(struct hart *hart);

/* The hart stops running for a while: others' stores must be able to break its reservation. While a hart runs nobody
 * else does, so a reservation needs guarding only when the hart stops between LR and SC. */
void reservation_guard(struct hart *hart);

#endif
