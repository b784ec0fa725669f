#include "debug/view.h"

#include <string.h>
#include "base/bus.h"
#include "csr/csr.h"
#include "debug/programs.h"
#include "debug/prologue.h"
#include "source/call_site.h"
#include "source/unwind.h"

static bool view_read(void *context, uint64_t address, void *bytes, size_t size)
{
	const struct debug_view *view = context;
	return debug_read_bytes(view->hart, view->mode, address, bytes, size);
}

bool debug_register(struct hart *hart, uint64_t column, uint64_t *value)
{
	if (column >= COLUMN_CSR && column < COLUMN_CSR + 4096)
		return csr_peek(hart, (unsigned)column - COLUMN_CSR, value);
	if (column < COLUMN_F)
		*value = column ? hart->x[column] : 0;
	else if (column < COLUMN_F + 32)
		*value = hart->f[column - COLUMN_F];
	else if (column == COLUMN_PC)
		*value = hart->pc;
	else
		return false;
	return true;
}

/* Those that a frame does not have a copy of. */
static bool view_column(void *context, unsigned column, uint64_t *value)
{
	const struct debug_view *view = context;
	return column >= COLUMN_F && column != COLUMN_PC && debug_register(view->hart, column, value);
}

static const char *view_symbol(void *context, uint64_t address, char *text, size_t size)
{
	const struct debug_view *view = context;
	return debug_symbol(view->debugger, view->hart, view->mode, address, text, size);
}

/* Callers may be asked in turn what they were called with. */
static bool view_at_entry(void *context, unsigned reg, uint64_t *value)
{
	enum { CALLERS_MAX = 8 };
	const struct debug_view *view = context;
	struct frame caller;
	struct debug_view above;
	struct scopes scopes;
	if (view->asked >= CALLERS_MAX || unwind_frame(&view->view, &caller) != UNWOUND ||
	    !scopes_at(view->view.program, view->frame.pc - !view->frame.exact, &scopes))
		return false;
	debug_view_frame(view->debugger, view->hart, view->mode, &caller, &above);
	above.asked = view->asked + 1;
	return call_site_register(&above.view, &scopes.die[0], reg, value);
}

void debug_view_frame(struct debugger *debugger, struct hart *hart, enum mode mode, const struct frame *frame,
                      struct debug_view *view)
{
	*view = (struct debug_view){.frame = *frame, .debugger = debugger, .hart = hart, .mode = mode};
	view->view = (struct source_view){
	    .context = view,
	    .read = view_read,
	    .column = view_column,
	    .symbol = view_symbol,
	    .at_entry = view_at_entry,
	    .program = debug_program(debugger, hart, mode, frame->pc - !frame->exact),
	    .frame = &view->frame,
	};
	view->frame.has_cfa = unwind_cfa(&view->view, &view->frame.cfa) || prologue_cfa(view, &view->frame.cfa);
}

void debug_view_hart(struct debugger *debugger, struct hart *hart, struct debug_view *view)
{
	struct frame frame = {.pc = hart->pc, .exact = true, .known = UINT32_MAX};
	memcpy(frame.x, hart->x, sizeof frame.x);
	frame.x[0] = 0;
	debug_view_frame(debugger, hart, hart->mode, &frame, view);
}
