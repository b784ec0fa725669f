#include "source/unwind.h"

#include <dwarf.h>
#include <stdlib.h>
#include "source/location.h"

enum { RA = 1, SP = 2 };

/* Freed by the caller. NULL: there is no call frame information for where the view's frame is. */
static Dwarf_Frame *frame_rules(const struct source_view *view)
{
	const struct program *program = view->program;
	Dwarf_CFI *const tables[] = {program->debug_frame, program->eh_frame};
	uint64_t linked = view->frame->pc - !view->frame->exact - program->bias;
	for (unsigned i = 0; i < 2; i++) {
		Dwarf_Frame *rules = NULL;
		Dwarf_Addr low = 0, high = 0;
		if (!tables[i] || dwarf_cfi_addrframe(tables[i], linked, &rules) != 0)
			continue;
		if (dwarf_frame_info(rules, &low, &high, NULL) >= 0 && linked - low < high - low)
			return rules;
		free(rules);
	}
	return NULL;
}

/* A canonical address or a saved register's: operations without a variable. */
static void compute_rule(const struct source_view *view, const Dwarf_Op *ops, size_t count, const uint64_t *cfa,
                         struct location *place)
{
	struct frame frame = *view->frame;
	struct source_view with_cfa = *view;
	frame.has_cfa = cfa != NULL;
	frame.cfa = cfa ? *cfa : 0;
	with_cfa.frame = &frame;
	const struct location_ops rule = {ops, count, NULL, NULL, NULL};
	location_compute(&with_cfa, &rule, place);
}

static bool rules_cfa(const struct source_view *view, Dwarf_Frame *rules, uint64_t *cfa)
{
	Dwarf_Op *ops;
	size_t count;
	struct location place;
	if (dwarf_frame_cfa(rules, &ops, &count) != 0 || count == 0)
		return false;
	compute_rule(view, ops, count, NULL, &place);
	if (place.kind != PLACE_MEMORY && place.kind != PLACE_VALUE)
		return false;
	*cfa = place.address;
	return true;
}

bool unwind_cfa(const struct source_view *view, uint64_t *cfa)
{
	Dwarf_Frame *rules = view->program && view->frame ? frame_rules(view) : NULL;
	bool found = rules && rules_cfa(view, rules, cfa);
	free(rules);
	return found;
}

enum restored { RESTORED, RESTORED_SAME, RESTORED_NOT, RESTORED_UNDEFINED };

/* What a column was when the frame was entered. */
static enum restored restore_column(const struct source_view *view, Dwarf_Frame *rules, unsigned column, uint64_t cfa,
                                    uint64_t *value)
{
	Dwarf_Op memory[3], *ops;
	size_t count;
	struct location place;
	if (dwarf_frame_register(rules, (int)column, memory, &ops, &count) != 0)
		return RESTORED_NOT;
	if (count == 0)
		return ops ? RESTORED_UNDEFINED : RESTORED_SAME;
	compute_rule(view, ops, count, &cfa, &place);
	switch (place.kind) {
	case PLACE_MEMORY:
		*value = 0;
		return view->read(view->context, place.address, value, 8) ? RESTORED : RESTORED_NOT;
	case PLACE_REGISTER: return location_column(view, (unsigned)place.address, value) ? RESTORED : RESTORED_NOT;
	case PLACE_VALUE: *value = place.value; return RESTORED;
	default: return RESTORED_NOT;
	}
}

/* Nobody changes gp and tp by calls, whatever the ABI's rules in libdw say of them. */
static void restore_caller(const struct source_view *view, Dwarf_Frame *rules, uint64_t cfa, struct frame *caller)
{
	enum { GP = 3, TP = 4 };
	const struct frame *frame = view->frame;
	for (unsigned i = 1; i < 32; i++) {
		uint64_t value = frame->x[i];
		enum restored how = restore_column(view, rules, i, cfa, &value);
		bool same = how == RESTORED_SAME || (how == RESTORED_UNDEFINED && (i == GP || i == TP));
		if (i == SP && how != RESTORED) {
			value = cfa;
			how = RESTORED;
		}
		caller->x[i] = value;
		if (how == RESTORED || (same && (frame->known >> i & 1)))
			caller->known |= UINT32_C(1) << i;
	}
}

static enum unwound unwind_by(const struct source_view *view, Dwarf_Frame *rules, struct frame *caller)
{
	bool is_signal = false;
	int column = dwarf_frame_info(rules, NULL, NULL, &is_signal);
	uint64_t cfa;
	if (column < 0 || !rules_cfa(view, rules, &cfa))
		return UNWOUND_NOT;
	*caller = (struct frame){.known = 1};
	restore_caller(view, rules, cfa, caller);
	enum restored how = restore_column(view, rules, (unsigned)column, cfa, &caller->pc);
	if (how == RESTORED_UNDEFINED)
		return UNWOUND_LAST;
	if (how == RESTORED_SAME && !location_column(view, (unsigned)column, &caller->pc))
		return UNWOUND_NOT;
	if (how == RESTORED_NOT)
		return UNWOUND_NOT;
	caller->exact = is_signal || column >= COLUMN_CSR;
	return UNWOUND;
}

enum unwound unwind_frame(const struct source_view *view, struct frame *caller)
{
	Dwarf_Frame *rules = view->program && view->frame ? frame_rules(view) : NULL;
	if (!rules)
		return UNWOUND_NOT;
	enum unwound result = unwind_by(view, rules, caller);
	free(rules);
	return result;
}
