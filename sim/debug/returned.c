#include "debug/returned.h"

#include "debug/display.h"
#include "debug/kept.h"
#include "debug/programs.h"

bool returned_type(struct debugger *debugger, struct type *type)
{
	struct hart *hart = current(debugger);
	struct program *program = debug_program(debugger, hart, hart->mode, hart->pc);
	struct scopes scopes;
	if (!scopes_at(program, hart->pc, &scopes))
		return false;
	*type = type_of(program, &scopes.die[0]);
	uint64_t size = type_size(type);
	switch (type_kind(type)) {
	case KIND_INTEGER:
	case KIND_CHARACTER:
	case KIND_BOOLEAN:
	case KIND_ENUM:
	case KIND_POINTER:
	case KIND_FLOAT: return size >= 1 && size <= 8;
	default: return false;
	}
}

void returned_print(struct debugger *debugger, const struct type *type)
{
	enum { A0 = 10 };
	struct evaluated evaluated = {.debugger = debugger};
	struct hart *hart = current(debugger);
	debug_view_hart(debugger, hart, &evaluated.view);
	evaluated.value = value_of_number(type, type_kind(type) == KIND_FLOAT ? hart->f[A0] : hart->x[A0]);
	unsigned number = kept_add(debugger, &evaluated.view.view, &evaluated.value);
	fprintf(debugger->out, "Value returned is $%u = ", number);
	print_evaluated(debugger, &evaluated, 0);
	fputc('\n', debugger->out);
}
