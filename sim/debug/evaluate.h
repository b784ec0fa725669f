/* Expressions with their types, as the frame that the user has chosen sees them. */
#ifndef EVALUATE_H
#define EVALUATE_H

#include "debug/stack.h"
#include "source/value.h"

/* What an expression came to, and the view that its parts are read by. */
struct evaluated {
	struct debugger *debugger;
	struct value value;
	struct debug_view view;
	struct stack_frame frame;
	bool is_type; /* the text was a type: value.type, and no value */
	bool names_only; /* nothing is computed, since nothing runs there yet: expression_for */
};

/* Like expression and expression_all. `types`: a type alone will do, too. */
bool evaluate(struct debugger *debugger, const char **text, bool types, struct evaluated *evaluated);
bool evaluate_all(struct debugger *debugger, const char *text, bool types, struct evaluated *evaluated);

/* Could an expression be evaluated when the hart comes to `address`: are its names known there? False after a complaint. */
bool expression_for(struct debugger *debugger, const char *text, uint64_t address);

/* expr_names.c: what a name means in the chosen frame: a variable, function or enumerator of its program, or of the one other that
 * has it; if a place is given, of a program there. False: nothing, or more than one. */
bool name_value(struct evaluated *evaluated, const struct debug_place *place, const char *name, struct value *value);
/* "$name" without its sign: a register, a CSR, `mode`, the user's own, "3" or "" of the history. False: nothing. *reason says why
 * where that is known. */
bool dollar_value(struct evaluated *evaluated, const char *name, struct value *value, const char **reason);
/* expr_types.c: a type's name at *text, with its stars, and go behind it. False, and *text stays: none is there. */
bool type_at(struct evaluated *evaluated, const char **text, struct type *type);

#endif
