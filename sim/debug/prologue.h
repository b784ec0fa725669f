/* Frames of functions without call frame information, read out of their first instructions. */
#ifndef PROLOGUE_H
#define PROLOGUE_H

#include "debug/view.h"

/* The canonical address of the view's frame. False: nobody knows where its function begins, or its beginning cannot be read. */
bool prologue_cfa(const struct debug_view *view, uint64_t *cfa);
/* The caller's frame. Where no function is known, by s0 as a frame pointer, if it leads up the stack. False: it cannot be
 * told, or nobody called. */
bool prologue_unwind(const struct debug_view *view, struct frame *caller);

#endif
