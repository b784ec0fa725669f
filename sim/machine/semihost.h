/* Semihosting's way from a hart to dev/semihosting.h and back: registers, the hart's memory, the end of a run. */
#ifndef SEMIHOST_H
#define SEMIHOST_H

#include "machine/machine.h"

struct layout;

/* As machine->config says; `layout` is of what was loaded. 0, or -1 after a line on stderr. */
int semihost_add(struct machine *machine, const struct layout *layout);

#endif
