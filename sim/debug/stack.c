#include "debug/stack.h"

#include <dwarf.h>
#include <string.h>
#include "csr/csr.h"
#include "debug/programs.h"
#include "debug/prologue.h"
#include "debug/source.h"
#include "isa/insn.h"
#include "source/unwind.h"
#include "watch/names.h"

struct walking {
	struct debugger *debugger;
	struct hart *hart;
	stack_visitor *visitor;
	void *context;
	unsigned number;
	const struct left *left; /* for the next frame */
	bool is_mapped, over;
};

/* Where the call of an inlined function stands. */
static bool call_line(const struct program *program, Dwarf_Die *inlined, uint64_t address, struct source_line *line)
{
	uint64_t file = 0, number = 0;
	Dwarf_Die unit;
	Dwarf_Files *files;
	size_t count;
	if (!die_unsigned(inlined, DW_AT_call_line, &number) || !die_unsigned(inlined, DW_AT_call_file, &file) ||
	    !dwarf_cu_die(inlined->cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL) ||
	    dwarf_getsrcfiles(&unit, &files, &count) != 0 || file >= count)
		return false;
	const char *name = dwarf_filesrc(files, (size_t)file, NULL, NULL);
	if (!name || !line_at(program, address, line))
		return false;
	size_t within = strlen(line->folder);
	line->file = within && strncmp(name, line->folder, within) == 0 && name[within] == '/' ? name + within + 1
	                                                                                       : name;
	line->line = (unsigned)number;
	return true;
}

/* One frame of the machine, as the functions that were inlined there and the one that runs. */
static void visit_frame(struct walking *walking, const struct debug_view *view)
{
	uint64_t address = view->frame.pc - !view->frame.exact;
	struct stack_frame frame = {
	    .frame = view->frame,
	    .mode = view->mode,
	    .program = view->view.program,
	    .left = walking->left,
	    .is_mapped = walking->is_mapped,
	};
	frame.has_line = line_at(frame.program, address, &frame.line);
	if (!scopes_at(frame.program, address, &frame.scopes)) {
		frame.number = walking->number++;
		walking->over = !walking->visitor(walking->context, &frame);
		return;
	}
	frame.inner = frame.scopes.count;
	for (unsigned i = frame.scopes.count; i--;) {
		if (!scope_is_function(&frame.scopes.die[i]))
			continue;
		frame.function = i;
		frame.inlined = dwarf_tag(&frame.scopes.die[i]) == DW_TAG_inlined_subroutine;
		frame.number = walking->number++;
		walking->over = !walking->visitor(walking->context, &frame);
		if (walking->over || !frame.inlined)
			return;
		frame.has_line = call_line(frame.program, &frame.scopes.die[i], address, &frame.line);
		frame.left = NULL;
		frame.inner = i;
	}
}

/* Is this the code that traps into the frame's mode lead to, which was called by nobody? */
static bool is_vector(const struct debug_view *view)
{
	static const unsigned numbers[] = {[MODE_M] = 0x305, [MODE_HS] = 0x105, [MODE_VS] = 0x205};
	const struct symbols *symbols = view->debugger->machine->symbols;
	uint64_t vector, offset;
	if (view->mode == MODE_U || view->mode == MODE_VU || !csr_peek(view->hart, numbers[view->mode], &vector))
		return false;
	const char *handler = name_of(symbols, view->hart, view->mode, vector & ~UINT64_C(3), &offset);
	return handler &&
	       handler == name_of(symbols, view->hart, view->mode, view->frame.pc - !view->frame.exact, &offset);
}

/* Where no function is known, an address is only one that a call returns to if a call stands before it. */
static bool follows_call(const struct debug_view *view, const struct frame *caller)
{
	uint64_t offset;
	uint16_t halves[2];
	if (caller->exact || debug_program(view->debugger, view->hart, view->mode, caller->pc - 1) ||
	    name_of(view->debugger->machine->symbols, view->hart, view->mode, caller->pc - 1, &offset))
		return true;
	if (!view->view.read(view->view.context, caller->pc - 4, halves, sizeof halves))
		return false;
	struct insn wide = decode(&view->hart->isa, halves[0] | (uint32_t)halves[1] << 16),
		    narrow = decode(&view->hart->isa, halves[1]);
	const struct insn *calls[] = {&wide, &narrow};
	for (unsigned i = 0; i < 2; i++) {
		uint8_t class = insn_rows[calls[i]->semantics].class;
		if ((class == CLASS_JAL || class == CLASS_JALR) && calls[i]->rd != 0 && calls[i]->length == 4 - 2 * i)
			return true;
	}
	return false;
}

/* The caller in the same mode. */
static bool unwind_call(const struct debug_view *view, struct frame *caller)
{
	switch (unwind_frame(&view->view, caller)) {
	case UNWOUND: break;
	case UNWOUND_LAST: return false;
	default:
		if (is_vector(view) || !prologue_unwind(view, caller))
			return false;
	}
	if (caller->pc == 0 || (caller->pc & 1) || !follows_call(view, caller))
		return false;
	/* a stack that does not grow is damaged, or nobody's */
	return caller->exact || !view->frame.has_cfa || caller->x[2] > view->frame.x[2] ||
	       (caller->x[2] == view->frame.x[2] && caller->pc != view->frame.pc && view->frame.exact);
}

static bool unwind_trap(struct walking *walking, const struct debug_view *view, struct frame *caller, enum mode *mode)
{
	enum { STACK_ROOM = 1 << 16 };
	const struct left *left = left_by(walking->debugger, walking->hart, view->mode, true);
	uint64_t below = view->frame.has_cfa ? view->frame.cfa : view->frame.x[2];
	if (!left || !is_vector(view) || left->frame.x[2] - below > STACK_ROOM)
		left = left_by(walking->debugger, walking->hart, view->mode, false);
	if (!left)
		return false;
	walking->left = left;
	walking->is_mapped = left_is_mapped(walking->hart, left);
	*caller = left->frame;
	*mode = left->mode;
	return true;
}

/* A trap's frame that call frame information led through may be one that the hart took from another mode. */
static void note_trap(struct walking *walking, const struct frame *caller, enum mode *mode)
{
	const struct left *left = left_by(walking->debugger, walking->hart, *mode, false);
	if (!caller->exact)
		return;
	if (!left || left->frame.pc != caller->pc)
		left = left_by(walking->debugger, walking->hart, *mode, true);
	if (!left || left->frame.pc != caller->pc)
		return;
	walking->left = left;
	*mode = left->mode;
	walking->is_mapped = left_is_mapped(walking->hart, left);
}

void stack_walk(struct debugger *debugger, struct hart *hart, stack_visitor *visitor, void *context)
{
	struct walking walking = {debugger, hart, visitor, context, 0, NULL, true, false};
	struct debug_view view;
	struct frame caller;
	enum mode mode = hart->mode;
	debug_view_hart(debugger, hart, &view);
	for (;;) {
		visit_frame(&walking, &view);
		walking.left = NULL;
		if (walking.over || walking.number >= FRAMES_MAX)
			return;
		if (walking.is_mapped && unwind_call(&view, &caller))
			note_trap(&walking, &caller, &mode);
		else if (!unwind_trap(&walking, &view, &caller, &mode))
			return;
		debug_view_frame(debugger, hart, mode, &caller, &view);
	}
}

struct finding {
	unsigned number;
	struct stack_frame *frame;
	bool found;
};

static bool find_frame(void *context, const struct stack_frame *frame)
{
	struct finding *finding = context;
	if (frame->number != finding->number)
		return true;
	*finding->frame = *frame;
	finding->found = true;
	return false;
}

bool stack_frame_at(struct debugger *debugger, struct hart *hart, unsigned number, struct stack_frame *frame)
{
	struct finding finding = {number, frame, false};
	stack_walk(debugger, hart, find_frame, &finding);
	return finding.found;
}

void stack_frame_for(struct debugger *debugger, struct hart *hart, uint64_t address, struct stack_frame *frame,
                     struct debug_view *view)
{
	const struct frame known = {.pc = address, .exact = true, .known = 1};
	struct program *program;
	debug_view_frame(debugger, hart, hart->mode, &known, view);
	for (size_t i = 0; !view->view.program && (program = debug_program_at(debugger, i)) != NULL; i++)
		if (program_holds(program, address))
			view->view.program = program;
	*frame = (struct stack_frame){.frame = view->frame, .mode = hart->mode, .program = view->view.program};
	scopes_at(frame->program, address, &frame->scopes);
	frame->inner = frame->scopes.count;
	for (unsigned i = frame->scopes.count; i--;)
		if (scope_is_function(&frame->scopes.die[i])) {
			frame->function = i;
			return;
		}
}

bool stack_return(struct debugger *debugger, struct hart *hart, uint64_t *pc, uint64_t *sp)
{
	struct debug_view view;
	struct frame caller;
	debug_view_hart(debugger, hart, &view);
	if (!unwind_call(&view, &caller))
		return false;
	*pc = caller.pc;
	*sp = caller.x[2];
	return true;
}

unsigned stack_chosen(struct debugger *debugger)
{
	const struct hart *hart = current(debugger);
	const struct chosen *chosen = &debugger->source->chosen;
	return chosen->hart == hart->id && chosen->pc == hart->pc && chosen->cycle == hart->cycle ? chosen->number : 0;
}

void stack_choose(struct debugger *debugger, unsigned number)
{
	const struct hart *hart = current(debugger);
	debugger->source->chosen = (struct chosen){number, hart->id, hart->pc, hart->cycle};
}

bool stack_chosen_frame(struct debugger *debugger, struct stack_frame *frame, struct debug_view *view)
{
	struct hart *hart = current(debugger);
	if (!stack_frame_at(debugger, hart, stack_chosen(debugger), frame))
		return false;
	debug_view_frame(debugger, hart, frame->mode, &frame->frame, view);
	return true;
}

Dwarf_Die *stack_function(struct stack_frame *frame) { return frame->scopes.count ? &frame->scopes.die[0] : NULL; }
