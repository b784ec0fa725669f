#include "source/scope.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "source/names.h"

struct inlined_search {
	struct program *program;
	const void *function;
	inlined_visitor *visitor;
	void *context;
};

static void search_inlined(const struct inlined_search *search, Dwarf_Die *die, unsigned depth)
{
	do {
		Dwarf_Die child, origin;
		uint64_t linked;
		int tag = dwarf_tag(die);
		if (tag == DW_TAG_inlined_subroutine && die_reference(die, DW_AT_abstract_origin, &origin) &&
		    origin.addr == search->function && die_entry(die, &linked) &&
		    program_holds(search->program, linked + search->program->bias))
			search->visitor(search->context, linked + search->program->bias);
		if (depth < SOURCE_DEPTH_MAX && tag != DW_TAG_base_type && die_child(die, &child))
			search_inlined(search, &child, depth + 1);
	} while (die_next(die));
}

void inlined_visit(struct program *program, Dwarf_Die *function, inlined_visitor *visitor, void *context)
{
	const struct inlined_search search = {program, function->addr, visitor, context};
	for (size_t i = 0; i < program->unit_count; i++) {
		Dwarf_Die child;
		if (die_child(&program->units[i].die, &child))
			search_inlined(&search, &child, 0);
	}
}

static bool add_function(const struct program *program, struct unit *unit, Dwarf_Die *die, struct address_range range,
                         size_t *capacity)
{
	if (!program_holds(program, range.low + program->bias))
		return true;
	if (ARRAY_RESERVE(unit->functions, unit->function_count, 1, capacity) != 0)
		return false;
	unit->functions[unit->function_count++] = (struct function_range){range, *die};
	return true;
}

/* gcc's split DWARF for RISC-V has no sizes: the linker does not come by a .dwo file, and knows them alone. */
static bool lacks_sizes(const struct unit *unit) { return unit->die.addr != unit->skeleton.addr; }

static bool add_functions(const struct program *program, struct unit *unit, Dwarf_Die *die, size_t *capacity)
{
	enum { PIECES_MAX = 4096 };
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	bool sized = false;
	for (unsigned i = 0; i < PIECES_MAX && (at = dwarf_ranges(die, at, &base, &low, &high)) > 0; i++) {
		sized |= high > low;
		if (high > low && !add_function(program, unit, die, (struct address_range){low, high}, capacity))
			return false;
	}
	return sized || !lacks_sizes(unit) || dwarf_lowpc(die, &low) != 0 ||
	       add_function(program, unit, die, (struct address_range){low, low}, capacity);
}

/* What has no size goes as far as the next function, or as the unit. They are in order. */
static void bound_functions(struct unit *unit)
{
	for (size_t i = 0; i < unit->function_count; i++) {
		struct address_range *range = &unit->functions[i].range;
		if (range->high > range->low)
			continue;
		for (size_t k = 0; k < unit->range_count; k++)
			if (range->low - unit->ranges[k].low < unit->ranges[k].high - unit->ranges[k].low)
				range->high = unit->ranges[k].high;
		if (i + 1 < unit->function_count && unit->functions[i + 1].range.low < range->high)
			range->high = unit->functions[i + 1].range.low;
	}
}

static bool functions_of_level(const struct program *program, struct unit *unit, Dwarf_Die *die, size_t *capacity,
                               unsigned depth)
{
	do {
		Dwarf_Die child;
		int tag = dwarf_tag(die);
		if (tag == DW_TAG_subprogram && !add_functions(program, unit, die, capacity))
			return false;
		bool inside = tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type ||
		              tag == DW_TAG_class_type || tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type;
		if (inside && depth < SOURCE_DEPTH_MAX && die_child(die, &child) &&
		    !functions_of_level(program, unit, &child, capacity, depth + 1))
			return false;
	} while (die_next(die));
	return true;
}

static int compare_functions(const void *left, const void *right)
{
	const struct function_range *a = left, *b = right;
	return (a->range.low > b->range.low) - (a->range.low < b->range.low);
}

static const struct function_range *function_at(struct program *program, uint64_t address)
{
	struct unit *unit = program ? program_unit_at(program, address) : NULL;
	if (!unit)
		return NULL;
	uint64_t linked = address - program->bias;
	if (!unit->functions_known) {
		Dwarf_Die child;
		size_t capacity = 0;
		unit->functions_known = true;
		if (die_child(&unit->die, &child))
			functions_of_level(program, unit, &child, &capacity, 0);
		if (unit->function_count)
			qsort(unit->functions, unit->function_count, sizeof *unit->functions, compare_functions);
		bound_functions(unit);
	}
	size_t low = 0, high = unit->function_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (unit->functions[middle].range.low <= linked)
			low = middle + 1;
		else
			high = middle;
	}
	return low && linked < unit->functions[low - 1].range.high ? &unit->functions[low - 1] : NULL;
}

bool scope_is_function(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

/* The child that holds the address: a block without addresses of its own is looked into, too. */
static bool inner_scope(Dwarf_Die *scope, uint64_t linked)
{
	Dwarf_Die child;
	if (!die_child(scope, &child))
		return false;
	do {
		int tag = dwarf_tag(&child);
		if ((tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram) &&
		    die_holds(&child, linked)) {
			*scope = child;
			return true;
		}
	} while (die_next(&child));
	return false;
}

bool scopes_at(struct program *program, uint64_t address, struct scopes *scopes)
{
	const struct function_range *function = function_at(program, address);
	scopes->count = 0;
	if (!function)
		return false;
	Dwarf_Die scope = function->die;
	do
		scopes->die[scopes->count++] = scope;
	while (scopes->count < SOURCE_DEPTH_MAX && inner_scope(&scope, address - program->bias));
	return true;
}

bool function_range_at(struct program *program, uint64_t address, struct address_range *range)
{
	const struct function_range *function = function_at(program, address);
	if (!function)
		return false;
	range->low = function->range.low + program->bias;
	range->high = function->range.high + program->bias;
	return true;
}

void function_name(struct program *program, Dwarf_Die *die, char *text, size_t size)
{
	const char *name = die_name(die);
	names_scope(program, die, text, size);
	size_t length = strlen(text);
	snprintf(text + length, size - length, "%s", name ? name : "??");
}

bool scope_variable_next(const Dwarf_Die *scope, bool parameters, Dwarf_Die *die)
{
	int wanted = parameters ? DW_TAG_formal_parameter : DW_TAG_variable;
	Dwarf_Die at = *die;
	bool more = at.addr ? die_next(&at) : die_child(scope, &at);
	for (; more; more = die_next(&at))
		if (dwarf_tag(&at) == wanted && die_name(&at)) {
			*die = at;
			return true;
		}
	return false;
}

bool scopes_find(const struct scopes *scopes, const char *name, Dwarf_Die *die)
{
	for (unsigned i = scopes->count; i--;) {
		bool found = false;
		for (int parameters = 0; parameters < 2 && !found; parameters++) {
			Dwarf_Die at = {0};
			while (scope_variable_next(&scopes->die[i], parameters, &at))
				if (strcmp(die_name(&at), name) == 0) { /* of several the last: it hides the others */
					*die = at;
					found = true;
				}
		}
		if (found)
			return true;
		Dwarf_Die function = scopes->die[i];
		if (scope_is_function(&function))
			return false; /* an inlined function does not see what its caller has */
	}
	return false;
}
