#include "base/symbols.h"
#include "debug/percpu.h"

#include <ctype.h>
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>
#include "debug/programs.h"
#include "debug/value_json.h"
#include "debug/view.h"
#include "source/format.h"
#include "source/names.h"

/* How much a struct is named like it: 3 "PerCpu" or "per_cpu", 2 "RiscvPerCpu<H>" or "percpu_data", 0 not at all. */
static unsigned percpu_rank(const char *name)
{
	char plain[64];
	size_t length = 0;
	for (; *name && *name != '<' && length < sizeof plain - 1; name++)
		if (*name != '_')
			plain[length++] = (char)tolower((unsigned char)*name);
	plain[length] = '\0';
	const char *found = strstr(plain, "percpu");
	bool ends = found && (!found[6] || strcmp(found + 6, "data") == 0);
	return !ends ? 0 : strcmp(plain, "percpu") == 0 ? 3 : 2;
}

/* The variable that begins at the array's base: an array of structs, or the first of them. */
static bool type_of_variable(struct program *program, const struct name *name, uint64_t base, uint64_t slot,
                             struct type *type)
{
	Dwarf_Die die = name->die;
	struct location location;
	const struct source_view view = {.program = program};
	location_of(&view, &die, NULL, &location);
	if (location.kind != PLACE_MEMORY || location.address != base)
		return false;
	*type = type_of(program, &die);
	if (type_kind(type) == KIND_ARRAY)
		*type = type_target(type);
	return type_kind(type) == KIND_STRUCT && type_size(type) <= slot;
}

/* Variables come first; of structs the one whose name is most like it. */
static bool find_percpu(struct program *program, uint64_t base, uint64_t slot, struct type *type)
{
	char text[512];
	const struct name *name;
	unsigned best = 0;
	for (size_t i = 0; names_at(program, i, text, sizeof text, &name); i++)
		if (name->kind == NAME_VARIABLE && !name->declared && type_of_variable(program, name, base, slot, type))
			return true;
	for (size_t i = 0; names_at(program, i, text, sizeof text, &name); i++) {
		unsigned rank = name->kind == NAME_TYPE && !name->declared ? percpu_rank(name->text) : 0;
		struct type one = type_of_die(program, &name->die);
		if (rank > best && type_kind(&one) == KIND_STRUCT && type_size(&one) && type_size(&one) <= slot) {
			*type = one;
			best = rank;
		}
	}
	return best != 0;
}

bool percpu_type(struct debugger *debugger, uint64_t base, uint64_t slot, struct type *type)
{
	struct program *program;
	for (size_t i = 0; (program = debug_program_at(debugger, i)) != NULL; i++)
		if (debug_program_place(debugger, program).space == SPACE_HOST &&
		    find_percpu(program, base, slot, type))
			return true;
	return false;
}

/* Slots lie at physical addresses: M-mode sees them without a page table. */
static bool read_bus(void *context, uint64_t address, void *bytes, size_t size)
{
	struct debugger *debugger = context;
	return bus_peek(&debugger->machine->bus, address, bytes, size);
}

static const char *bus_symbol(void *context, uint64_t address, char *text, size_t size)
{
	struct debugger *debugger = context;
	return debug_symbol(debugger, current(debugger), MODE_HS, address, text, size);
}

static struct source_view bus_view(struct debugger *debugger, struct program *program)
{
	return (struct source_view){.context = debugger, .read = read_bus, .symbol = bus_symbol, .program = program};
}

/* What is most likely an address is shown as such. */
static char letter_of(const struct value *field)
{
	return type_kind(&field->type) == KIND_INTEGER && type_size(&field->type) == 8 && !type_signed(&field->type)
	           ? 'x'
	           : 0;
}

void percpu_json(struct debugger *debugger, const struct type *type, uint64_t address, struct json *json)
{
	const struct source_view view = bus_view(debugger, type->program);
	struct value whole = value_in_memory(type, address), field;
	Dwarf_Die member = {0};
	whole.type = type_bare(type);
	while (type_member_next(&whole.type, &member)) {
		if (value_of_member(&view, &whole, &member, &field))
			continue;
		json_open(json, NULL, '{');
		json_string(json, "name", die_name(&member));
		value_json(json, &view, &field, letter_of(&field));
		json_close(json, '}');
	}
}

void percpu_print(struct debugger *debugger, const struct type *type, uint64_t address)
{
	const struct source_view view = bus_view(debugger, type->program);
	struct value whole = value_in_memory(type, address), field;
	Dwarf_Die member = {0};
	whole.type = type_bare(type);
	while (type_member_next(&whole.type, &member)) {
		char *bytes = NULL;
		size_t size = 0;
		const char *name = die_name(&member);
		if (value_of_member(&view, &whole, &member, &field))
			continue;
		FILE *out = open_memstream(&bytes, &size);
		if (!out)
			return;
		fprintf(out, "  %s = ", name ? name : "");
		format_value(out, &view, &field, letter_of(&field), false);
		fclose(out);
		print_plain(debugger->out, bytes, size);
		fputc('\n', debugger->out);
		free(bytes);
	}
}
