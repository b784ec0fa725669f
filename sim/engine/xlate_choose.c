/* Among handlers that do the same, the one that is fastest here. */
#include "engine/xlate.h"

#include "engine/note.h"
#include "engine/pair.h"

/* Of which table is this handler the first form? NULL: of none. */
static op_fn *const *forms_of(const struct op *op, uint16_t semantics)
{
	op_fn *const *const tables[] = {op_forms[semantics], op_timed_forms[semantics],
	                                op_after_store_forms[semantics]};
	for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++)
		if (tables[i][FORM_REGISTERS] == op->run)
			return tables[i];
	return NULL;
}

/* Integer instructions that have forms pass on what they write, but for a jump's link. */
static bool passes_on(const struct op *op, uint16_t semantics, op_fn *const *forms)
{
	return insn_row_writes_x(semantics) && !insn_is_jump(semantics) && forms && forms[FORM_LAST_1] &&
	       op->rd != SINK;
}

/* The form that reads register rd from what the op before passes on, if this one reads it. */
static enum op_form form_for(struct op *op, uint16_t semantics, op_fn *const *forms, uint8_t rd)
{
	if (op->rs1 != rd && op->rs2 == rd && insn_has(semantics, FLAG_COMMUTES)) {
		op->rs2 = op->rs1;
		op->rs1 = rd;
	}
	if (op->rs1 == rd && forms[FORM_LAST_1])
		return FORM_LAST_1;
	return op->rs2 == rd && forms[FORM_LAST_2] ? FORM_LAST_2 : FORM_REGISTERS;
}

/* How an op was chosen. */
struct choice {
	op_fn *const *forms; /* NULL: it has none, or is no instruction */
	enum op_form form;
	uint16_t semantics;
	bool passes, paired;
};

/* The handler of both, or NULL. */
static op_fn *pair_of(const struct choice *first, const struct choice *second)
{
	if (!first->forms || !second->forms || first->paired ||
	    first->forms == op_after_store_forms[first->semantics] ||
	    second->forms == op_after_store_forms[second->semantics])
		return NULL;
	bool plain = first->forms == op_forms[first->semantics] && second->forms == op_forms[second->semantics];
	return (plain ? pair_find : pair_find_timed)(first->semantics, first->form, second->semantics, second->form);
}

/* Where an instruction reads what the one right before it has written, take the form that gets it passed on; where
 * two that follow each other have a handler together, take that. */
void xlate_choose(struct translator *translator)
{
	struct choice before = {0};
	for (struct op *op = translator->block->ops; op < translator->op; op += op_slots(op)) {
		struct choice choice = {0};
		if (op->run == op_note_x) { /* it leaves `last` alone */
			before.forms = NULL;
			continue;
		}
		if (op_is_instruction(op)) {
			choice.semantics = translator->semantics[op->index];
			choice.forms = forms_of(op, choice.semantics);
		}
		if (choice.forms) {
			choice.passes = passes_on(op, choice.semantics, choice.forms);
			choice.form = before.passes ? form_for(op, choice.semantics, choice.forms, op[-1].rd)
			                            : FORM_REGISTERS;
			op->run = choice.forms[choice.form];
		}
		op_fn *pair = pair_of(&before, &choice);
		if (pair) {
			op[-1].run = pair;
			choice.paired = true;
		}
		before = choice;
	}
}
