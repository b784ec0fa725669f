/* A hart as questions about source see it: its registers as a frame, its memory as one of its modes has it. */
#ifndef DEBUG_VIEW_H
#define DEBUG_VIEW_H

#include "debug/debugger.h"
#include "source/view.h"

struct debug_view {
	struct source_view view; /* points into this: it is not to be copied */
	struct frame frame;
	struct debugger *debugger;
	struct hart *hart;
	enum mode mode;
	unsigned asked; /* for how many frames further in this is a caller's view */
};

/* The hart as it is now, and its innermost frame. */
void debug_view_hart(struct debugger *debugger, struct hart *hart, struct debug_view *view);
/* Likewise with other registers and in another mode: a frame further out, or what a trap left. */
void debug_view_frame(struct debugger *debugger, struct hart *hart, enum mode mode, const struct frame *frame,
                      struct debug_view *view);

/* What a register holds, by its column (source/view.h). False: this hart has no such register. */
bool debug_register(struct hart *hart, uint64_t column, uint64_t *value);

#endif
