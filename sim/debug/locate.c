#include "debug/locate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "debug/evaluate.h"
#include "debug/programs.h"
#include "source/names.h"
#include "source/scope.h"

void locations_free(struct locations *locations)
{
	free(locations->addresses);
	*locations = (struct locations){0};
}

static bool add_location(struct locations *locations, uint64_t address)
{
	enum { LOCATIONS_MAX = 4096 };
	for (size_t i = 0; i < locations->count; i++)
		if (locations->addresses[i] == address)
			return true;
	if (locations->count == LOCATIONS_MAX ||
	    ARRAY_RESERVE(locations->addresses, locations->count, 1, &locations->capacity) != 0)
		return false;
	locations->addresses[locations->count++] = address;
	return true;
}

bool locate_file_line(const char **text, char *file, size_t size, unsigned *number)
{
	size_t length = strcspn(*text, " \t,");
	const char *colon = memrchr(*text, ':', length);
	if (!colon || colon == *text || colon[-1] == ':' || !isdigit((unsigned char)colon[1]))
		return false;
	char *end;
	unsigned long value = strtoul(colon + 1, &end, 10);
	if (end != *text + length || value == 0 || value > INT32_MAX || (size_t)(colon - *text) >= size)
		return false;
	memcpy(file, *text, (size_t)(colon - *text));
	file[colon - *text] = '\0';
	*number = (unsigned)value;
	*text = end + strspn(end, " \t");
	return true;
}

/* ---- functions ---- */

struct copies {
	const struct program *program;
	struct locations *locations;
};

static void add_copy(void *context, uint64_t address)
{
	struct copies *copies = context;
	if (!copies->locations->count)
		copies->locations->has_line = line_at(copies->program, address, &copies->locations->line);
	add_location(copies->locations, address);
}

/* Where the function begins; one that has no code of its own begins where it was inlined. */
static void add_functions_of(struct program *program, const char *name, struct locations *locations)
{
	const struct name *entry;
	size_t cursor = 0;
	while ((entry = names_next(program, name, NAME_FUNCTION, &cursor)) != NULL) {
		Dwarf_Die die = entry->die;
		struct copies copies = {program, locations};
		uint64_t linked;
		if (die_entry(&die, &linked) && program_holds(program, linked + program->bias))
			add_copy(&copies, linked + program->bias);
		else
			inlined_visit(program, &die, add_copy, &copies);
	}
}

bool locate_function(struct debugger *debugger, const char *name, struct locations *locations)
{
	struct program *program;
	for (size_t i = 0; !locations->count && (program = debug_program_at(debugger, i)) != NULL; i++) {
		struct debug_place place = debug_program_place(debugger, program);
		if (locations->place.given && locations->place.space != place.space)
			continue;
		add_functions_of(program, name, locations);
		if (locations->count && !locations->place.given)
			locations->place = place;
	}
	return locations->count != 0;
}

/* ---- lines ---- */

struct line_places {
	struct program *program;
	struct locations *locations;
	bool itself; /* not where a breakpoint at a function's first line belongs */
	/* The function and block that each is in: the first row in one counts. */
	Dwarf_Die blocks[64];
	uint64_t addresses[64];
	unsigned count;
};

/* Rows come by address, so the first of a block is where the line begins in it. */
static bool visit_line(void *context, const struct source_line *line)
{
	struct line_places *places = context;
	struct scopes scopes;
	struct address_range range;
	uint64_t address = line->low;
	if (scopes_at(places->program, address, &scopes)) {
		const Dwarf_Die *block = &scopes.die[scopes.count - 1];
		for (unsigned i = 0; i < places->count; i++)
			if (places->blocks[i].addr == block->addr)
				return true;
		if (places->count < sizeof places->blocks / sizeof places->blocks[0])
			places->blocks[places->count++] = *block;
	}
	if (!places->itself && function_range_at(places->program, address, &range) && range.low == address)
		address = line_after_prologue(places->program, range.low, range.high);
	if (!places->locations->count) {
		places->locations->has_line = true;
		places->locations->line = *line;
	}
	return add_location(places->locations, address);
}

static bool find_line_places(struct debugger *debugger, const char *file, unsigned number, bool itself,
                             struct locations *locations)
{
	struct program *program;
	struct source_line line;
	bool known = false;
	for (size_t i = 0; (program = debug_program_at(debugger, i)) != NULL; i++) {
		struct line_places places = {.program = program, .locations = locations, .itself = itself};
		size_t before = locations->count;
		known |= line_file(program, file, &line);
		line_visit(program, file, number, visit_line, &places);
		if (locations->count == before)
			continue;
		locations->place = debug_program_place(debugger, program);
		locations->place.given = before == 0; /* of several programs: anybody's */
	}
	if (locations->count)
		return true;
	return known ? complain(debugger, "no code at line %u of %s, nor behind it", number, file)
	             : complain(debugger, "no source file `%s'", file);
}

bool locate_line(struct debugger *debugger, const char *file, unsigned number, struct locations *locations)
{
	*locations = (struct locations){0};
	return find_line_places(debugger, file, number, true, locations);
}

/* An address: `*EXPR` is what it holds; without a star a variable is none. */
static bool address_of_place(struct debugger *debugger, const char **text, uint64_t *address)
{
	struct evaluated evaluated;
	bool star = **text == '*';
	const char *start = *text += star;
	debugger->named.given = false;
	if (!evaluate(debugger, text, false, &evaluated))
		return false;
	enum type_kind kind = type_kind(&evaluated.value.type);
	if (!star && !type_is_word(&evaluated.value.type) && kind != KIND_FUNCTION && kind != KIND_POINTER &&
	    kind != KIND_ARRAY)
		return complain(debugger, "`%.*s' is a variable: a place is a function, FILE:LINE, *EXPR or an address",
		                (int)strcspn(start, " \t"), start);
	const char *reason = value_number(&evaluated.view.view, &evaluated.value, address);
	return !reason || complain(debugger, "`%s': %s", start, reason);
}

bool locate(struct debugger *debugger, const char **text, struct locations *locations)
{
	char file[512], name[256];
	unsigned number;
	uint64_t address;
	*locations = (struct locations){0};
	if (locate_file_line(text, file, sizeof file, &number))
		return find_line_places(debugger, file, number, false, locations);
	const char *start = *text;
	bool qualified = debug_qualifier(debugger, text, &locations->place);
	size_t length = name_length(*text);
	if (length && length < sizeof name && (!(*text)[length] || isspace((unsigned char)(*text)[length]))) {
		snprintf(name, sizeof name, "%.*s", (int)length, *text);
		if (!qualified && !debug_name_is_one(debugger, name))
			return false;
		if (locate_function(debugger, name, locations)) {
			*text += length + strspn(*text + length, " \t");
			return true;
		}
	}
	*text = start;
	if (!address_of_place(debugger, text, &address))
		return false;
	locations->place = debugger->named;
	struct hart *hart = current(debugger);
	locations->has_line = debug_line(debugger, hart, hart->mode, address, &locations->line);
	return add_location(locations, address) || complain(debugger, "no memory");
}
