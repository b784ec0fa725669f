/* The frames of a hart, innermost first: inlined functions are frames of their own, and behind a trap's handler follow those of
 * whom it interrupted. */
#ifndef STACK_H
#define STACK_H

#include "debug/left.h"
#include "debug/view.h"
#include "source/lines.h"
#include "source/scope.h"

enum { FRAMES_MAX = 1024 };

struct stack_frame {
	unsigned number;
	struct frame frame;
	enum mode mode;
	struct program *program; /* NULL: no debug information */
	struct scopes scopes; /* all that is around the instruction, inlined functions too; none: count is 0 */
	unsigned function; /* which of scopes.die this frame's function is */
	unsigned inner; /* scopes from `function` up to this one are its own */
	bool inlined; /* into the next frame */
	bool has_line;
	struct source_line line;
	const struct left *left; /* the trap that came between this frame and the one before, or NULL */
	bool is_mapped; /* false: only its registers are known, its memory is not in place */
};

/* Called with each; false ends it. */
typedef bool stack_visitor(void *context, const struct stack_frame *frame);
void stack_walk(struct debugger *debugger, struct hart *hart, stack_visitor *visitor, void *context);
/* Frame `number`; false: there are not so many. */
bool stack_frame_at(struct debugger *debugger, struct hart *hart, unsigned number, struct stack_frame *frame);

/* What a frame would be at an address of any program, where nothing is known but that. */
void stack_frame_for(struct debugger *debugger, struct hart *hart, uint64_t address, struct stack_frame *frame,
                     struct debug_view *view);

/* Where the function that the hart runs returns to, and what sp is there then. False: nobody knows. */
bool stack_return(struct debugger *debugger, struct hart *hart, uint64_t *pc, uint64_t *sp);

/* The frame that commands speak of: number 0 after the hart has moved. */
unsigned stack_chosen(struct debugger *debugger);
void stack_choose(struct debugger *debugger, unsigned number);
/* It, and its view. False: there is none. */
bool stack_chosen_frame(struct debugger *debugger, struct stack_frame *frame, struct debug_view *view);

/* The real function around a frame, for its variables; NULL: none is known. */
Dwarf_Die *stack_function(struct stack_frame *frame);

#endif
