/* Names of addresses as a hart has them. */
#ifndef NAMES_H
#define NAMES_H

#include "hart/hart.h"

struct symbols;

/* The symbol that holds `address` of code in this mode, and how far in. With V=1 a guest's, if all of them agree; where no guest
 * was given, a program that holds its guests itself: then the firmware's, for what lies where it was linked. NULL: none. */
const char *name_of(const struct symbols *symbols, struct hart *hart, enum mode mode, uint64_t address,
                    uint64_t *offset);

#endif
