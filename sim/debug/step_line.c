#include "debug/step_line.h"

#include <string.h>
#include "debug/programs.h"
#include "debug/view.h"
#include "source/scope.h"
#include "source/unwind.h"

static bool cfa_of(struct debugger *debugger, struct hart *hart, uint64_t *cfa)
{
	struct debug_view view;
	debug_view_hart(debugger, hart, &view);
	*cfa = view.frame.cfa;
	return view.frame.has_cfa;
}

/* The function that a place is in as it was written. False: no function is known there. */
static bool innermost_function(const struct scopes *scopes, Dwarf_Die *function)
{
	for (unsigned i = scopes->count; i--;) {
		*function = scopes->die[i];
		if (scope_is_function(function))
			return true;
	}
	return false;
}

/* Is this place in a function that was inlined into the one where the step began? */
static bool is_inlined_below(struct program *program, const struct line_step *step, uint64_t pc)
{
	struct scopes scopes;
	Dwarf_Die function;
	if (!scopes_at(program, pc, &scopes) || !innermost_function(&scopes, &function) ||
	    function.addr == step->innermost.addr)
		return false;
	for (unsigned i = 0; i < scopes.count; i++)
		if (scopes.die[i].addr == step->innermost.addr)
			return true;
	return false;
}

void line_step_begin(struct debugger *debugger, bool over, struct line_step *step)
{
	struct hart *hart = current(debugger);
	*step = (struct line_step){.over = over, .mode = hart->mode, .sp = hart->x[2]};
	step->has_line = debug_line(debugger, hart, hart->mode, hart->pc, &step->line);
	struct program *program = debug_program(debugger, hart, hart->mode, hart->pc);
	if (!function_range_at(program, hart->pc, &step->function))
		step->function = (struct address_range){hart->pc, hart->pc + 1};
	struct scopes scopes;
	if (!scopes_at(program, hart->pc, &scopes) || !innermost_function(&scopes, &step->innermost))
		step->innermost = (Dwarf_Die){0};
	step->inside = true;
	step->has_cfa = cfa_of(debugger, hart, &step->cfa);
}

/* Has a trap brought the hart here from where the step began? */
static bool is_above(enum mode mode, enum mode begun)
{
	static const unsigned ranks[] = {[MODE_M] = 3, [MODE_HS] = 2, [MODE_VS] = 1, [MODE_U] = 0, [MODE_VU] = 0};
	return ranks[mode] > ranks[begun];
}

enum { REG_RA = 1 };

static bool holds_pc(const struct address_range *range, uint64_t pc)
{
	return pc - range->low < range->high - range->low;
}

bool line_step_done(struct debugger *debugger, const struct hart *moved, void *context)
{
	struct line_step *step = context;
	struct hart *hart = current(debugger);
	struct source_line line;
	struct address_range function;
	uint64_t pc = hart->pc, cfa;
	if (moved != hart || is_above(hart->mode, step->mode))
		return false;
	bool outside = !holds_pc(&step->function, pc);
	step->called = step->over && outside && step->inside && holds_pc(&step->function, hart->x[REG_RA]);
	step->inside = !outside;
	if (step->called)
		return true;
	if (!outside && step->has_line && pc - step->line.low < step->line.high - step->line.low)
		return false;
	if (outside && step->over && hart->x[2] < step->sp)
		return false;
	if (!debug_line(debugger, hart, hart->mode, pc, &line) || line.low != pc)
		return false;
	struct program *program = debug_program(debugger, hart, hart->mode, pc);
	if (!line_begins(program, pc))
		return false;
	if (!outside && step->has_line && line.line == step->line.line && strcmp(line.file, step->line.file) == 0) {
		step->line = line;
		return false;
	}
	if (outside && function_range_at(program, pc, &function) && function.low == pc &&
	    line_after_prologue(program, function.low, function.high) != pc)
		return false;
	if (step->over && step->innermost.addr && is_inlined_below(program, step, pc))
		return false;
	return !step->over || !step->has_cfa || !cfa_of(debugger, hart, &cfa) || cfa >= step->cfa;
}
