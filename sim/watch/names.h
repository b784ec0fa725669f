/* Names of addresses as a hart has them. */
#ifndef NAMES_H
#define NAMES_H

#include "hart/hart.h"

struct symbols;

/* The symbol that holds `address` of code in this mode, and how far in. With V=1 that of the guest whose hgatp the hart has,
 * or a name that all guests give; where no guest was given, a program that holds its guests itself: then the firmware's, for
 * what lies where it was linked. NULL: none. */
const char *name_of(const struct symbols *symbols, struct hart *hart, enum mode mode, uint64_t address,
                    uint64_t *offset);
/* Where such code has its names: the space (SPACE_UNKNOWN: it is not known whose hgatp that is) and the ASID. */
void name_place(const struct symbols *symbols, const struct hart *hart, enum mode mode, unsigned *space,
                uint32_t *asid);

#endif
