/* When a run by lines of source has come to the next one. */
#ifndef STEP_LINE_H
#define STEP_LINE_H

#include "debug/debugger.h"
#include "source/lines.h"

struct line_step {
	bool over; /* functions that are called are run through */
	bool has_line;
	struct source_line line; /* where it began */
	struct address_range function;
	Dwarf_Die innermost; /* function, maybe an inlined one */
	enum mode mode;
	uint64_t sp, cfa;
	bool has_cfa;
	bool inside; /* the last step ended in the function */
	bool called; /* `over`: it stands in a function that the line has called, and that returns to ra */
};

/* The current hart is about to leave its line. */
void line_step_begin(struct debugger *debugger, bool over, struct line_step *step);
/* A done_function; context: struct line_step. After `called`, it is asked again where the function has returned to. A statement of another line begins here, in the same function, one that
 * called it or, unless `over`, one that was called and has lines. What a trap leads to is run through. */
bool line_step_done(struct debugger *debugger, const struct hart *moved, void *context);

#endif
