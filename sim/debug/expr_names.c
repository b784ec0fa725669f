/* What names mean in expressions. */
#include <ctype.h>
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>
#include "csr/csr.h"
#include "debug/evaluate.h"
#include "debug/kept.h"
#include "debug/programs.h"
#include "isa/insn.h"
#include "source/names.h"

/* ---- variables ---- */

/* The blocks of the frame's own function. */
static bool local_value(struct evaluated *evaluated, const char *name, struct value *value)
{
	struct stack_frame *frame = &evaluated->frame;
	struct scopes own = {.count = 0};
	Dwarf_Die found;
	for (unsigned i = frame->function; i < frame->inner; i++)
		own.die[own.count++] = frame->scopes.die[i];
	if (scopes_find(&own, name, &found)) {
		*value = value_of_variable(&evaluated->view.view, &found, stack_function(frame));
		return true;
	}
	struct value object; /* C++: a member of *this */
	if (!scopes_find(&own, "this", &found))
		return false;
	object = value_of_variable(&evaluated->view.view, &found, stack_function(frame));
	return !value_member(&evaluated->view.view, &object, name, value);
}

/* The value of an entry of a program's; false: it is only declared, or optimized out. */
static bool entry_value(struct evaluated *evaluated, struct program *program, const struct name *entry,
                        struct value *value)
{
	Dwarf_Die die = entry->die;
	struct source_view view = evaluated->view.view;
	uint64_t linked;
	int64_t number;
	struct type type;
	view.program = program;
	switch (entry->kind) {
	case NAME_FUNCTION:
		type = type_of_die(program, &die);
		if (!die_entry(&die, &linked) || !program_holds(program, linked + program->bias))
			return false;
		*value = value_in_memory(&type, linked + program->bias);
		return true;
	case NAME_ENUMERATOR:
		if (!die_signed(&die, DW_AT_const_value, &number))
			return false;
		type = type_basic(number < INT32_MIN || number > INT32_MAX ? BASIC_LONG : BASIC_INT);
		*value = value_of_number(&type, (uint64_t)number);
		return true;
	default: {
		if (view.frame && program != evaluated->frame.program)
			view.frame = NULL;
		*value = value_of_variable(&view, &die, NULL);
		/* what is relocatable may have it in a section that is nowhere */
		return value->kind != PLACE_LOST &&
		       (value->kind != PLACE_MEMORY || !program->relocated || program_holds(program, value->address));
	}
	}
}

/* Of several of one name that of the frame's own unit, else the first that can be seen from everywhere, else the first. */
static bool global_value(struct evaluated *evaluated, struct program *program, const char *name, struct value *value)
{
	const struct scopes *scopes = &evaluated->frame.scopes;
	const struct name *entry;
	size_t cursor = 0;
	unsigned best = 0;
	while (best < 3 &&
	       (entry = names_next(program, name, NAME_FUNCTION | NAME_VARIABLE | NAME_ENUMERATOR, &cursor)) != NULL) {
		Dwarf_Die die = entry->die;
		struct value one;
		unsigned rank = scopes->count && die.cu == scopes->die[0].cu ? 3
		                : die_flag(&die, DW_AT_external)             ? 2
		                                                             : 1;
		if (rank > best && entry_value(evaluated, program, entry, &one)) {
			*value = one;
			best = rank;
		}
	}
	return best != 0;
}

/* Remembers whose it is. */
static bool global_of(struct evaluated *evaluated, struct program *program, const char *name, struct value *value)
{
	if (!program || !global_value(evaluated, program, name, value))
		return false;
	evaluated->debugger->named = debug_program_place(evaluated->debugger, program);
	return true;
}

bool name_value(struct evaluated *evaluated, const struct debug_place *place, const char *name, struct value *value)
{
	struct program *own = evaluated->frame.program, *program;
	struct value other;
	unsigned count = 0;
	if (!place->given && (local_value(evaluated, name, value) || global_of(evaluated, own, name, value)))
		return true;
	for (size_t i = 0; (program = debug_program_at(evaluated->debugger, i)) != NULL; i++) {
		struct debug_place its = debug_program_place(evaluated->debugger, program);
		bool asked = place->given ? its.space == place->space : program != own;
		if (asked && global_of(evaluated, program, name, count ? &other : value))
			count++;
	}
	return count == 1; /* of several one has to be said */
}

/* ---- $names ---- */

/* x0 to x31 by either name, fp, pc is 32, f0 to f31 from 33 on; -1: no such register. */
static int register_number(const char *name)
{
	char *end;
	if (strcmp(name, "pc") == 0)
		return 32;
	if (strcmp(name, "fp") == 0)
		return 8;
	for (int i = 0; i < 32; i++) {
		if (strcmp(name, reg_name((unsigned)i)) == 0)
			return i;
		if (strcmp(name, freg_name((unsigned)i)) == 0)
			return 33 + i;
	}
	if ((name[0] != 'x' && name[0] != 'f') || !isdigit((unsigned char)name[1]))
		return -1;
	unsigned long number = strtoul(name + 1, &end, 10);
	return *end || number > 31 ? -1 : name[0] == 'x' ? (int)number : 33 + (int)number;
}

static bool register_value(struct evaluated *evaluated, int number, struct value *value, const char **reason)
{
	const struct frame *frame = &evaluated->view.frame;
	*value = value_of_word(number == 32  ? frame->pc
	                       : number > 32 ? current(evaluated->debugger)->f[number - 33]
	                                     : 0);
	value->kind = PLACE_REGISTER;
	value->address = number == 32 ? COLUMN_PC : number > 32 ? COLUMN_F + (uint64_t)number - 33 : (uint64_t)number;
	if (number >= 32)
		return true;
	if (!(frame->known >> number & 1)) {
		*reason = "was not saved by the frames below";
		return false;
	}
	memcpy(value->bytes, &frame->x[number], 8);
	return true;
}

static bool mode_value(struct evaluated *evaluated, const char *name, struct value *value)
{
	if (strcmp(name, "mode") == 0) {
		*value = value_of_word(evaluated->view.mode);
		return true;
	}
	for (unsigned mode = 0; mode < MODE_COUNT; mode++)
		if (strcmp(name, mode_name(mode)) == 0) {
			*value = value_of_word(mode);
			return true;
		}
	return false;
}

bool dollar_value(struct evaluated *evaluated, const char *name, struct value *value, const char **reason)
{
	struct debugger *debugger = evaluated->debugger;
	int number = register_number(name);
	uint64_t word;
	*reason = NULL;
	if (kept_value(debugger, name, value))
		return true;
	if (number >= 0)
		return register_value(evaluated, number, value, reason);
	const struct csr_info *info = csr_info_by_name(name);
	if (info) {
		if (!csr_peek(current(debugger), info->num, &word))
			return false;
		*value = value_of_word(word);
		value->kind = PLACE_REGISTER;
		value->address = COLUMN_CSR + info->num;
		return true;
	}
	return mode_value(evaluated, name, value) || convenience_value(debugger, name, value);
}
