/* From a frame to that of its caller, by the call frame information of .debug_frame or .eh_frame. */
#ifndef UNWIND_H
#define UNWIND_H

#include "source/program.h"
#include "source/view.h"

enum unwound {
	UNWOUND,      /* *caller is filled in */
	UNWOUND_LAST, /* the information says that nobody called */
	UNWOUND_NOT,  /* there is none for this address, or memory it needs cannot be read */
};

/* view->program and view->frame say whose frame. Columns of CSRs are followed, too, where a frame returns by one (sepc): a
 * trap's. The caller's own canonical address is not looked for yet. */
enum unwound unwind_frame(const struct source_view *view, struct frame *caller);
/* The canonical address of the view's frame, by call frame information. */
bool unwind_cfa(const struct source_view *view, uint64_t *cfa);

#endif
