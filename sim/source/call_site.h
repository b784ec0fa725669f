/* What a caller passed, where the function itself has not kept it. */
#ifndef CALL_SITE_H
#define CALL_SITE_H

#include "source/scope.h"
#include "source/view.h"

/* The value that register `reg` had when a function was entered, which was called from `caller`, a view of the caller's frame
 * (its frame's pc is where the call returns to). `callee`: the function that was entered, whose name the call must have. */
bool call_site_register(const struct source_view *caller, Dwarf_Die *callee, unsigned reg, uint64_t *value);

#endif
