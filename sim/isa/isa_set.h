/* Sets of extensions, for whoever reads names of them. */
#ifndef ISA_SET_H
#define ISA_SET_H

#include "isa/isa.h"

/* Turn the extension or the group of that name on or off, and nothing else. False: there is no such name. */
bool isa_switch(struct isa *isa, const char *name, size_t length, bool on);

/* Add what the set requires (grow), or drop what lacks a requirement; then work out the combinations. */
void isa_close(struct isa *isa, bool grow);

#endif
