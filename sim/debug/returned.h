/* What a function has returned, for `finish`. */
#ifndef RETURNED_H
#define RETURNED_H

#include "debug/debugger.h"
#include "source/type.h"

/* The type that the function returns which the hart is in. False: nothing, nobody knows, or not in a register. */
bool returned_type(struct debugger *debugger, struct type *type);
/* It has just returned to here: say what, and keep it in the history. */
void returned_print(struct debugger *debugger, const struct type *type);

#endif
