#include "source/names.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"

struct collecting {
	struct program *program;
	size_t capacity;
	bool failed;
};

static unsigned kind_of_name(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram: return NAME_FUNCTION;
	case DW_TAG_variable:
	case DW_TAG_constant: return NAME_VARIABLE;
	case DW_TAG_member: return dwarf_hasattr(die, DW_AT_external) ? NAME_VARIABLE : 0; /* a class's own */
	case DW_TAG_base_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_class_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef: return NAME_TYPE;
	case DW_TAG_enumerator: return NAME_ENUMERATOR;
	case DW_TAG_namespace:
	case DW_TAG_module: return NAME_SCOPE;
	default: return 0;
	}
}

/* Are there names inside that can be meant from outside? */
static bool is_scope(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type ||
	       tag == DW_TAG_class_type || tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type;
}

static void collect_level(struct collecting *collecting, Dwarf_Die *die, uint32_t parent, unsigned depth)
{
	struct program *program = collecting->program;
	do {
		unsigned kind = kind_of_name(die);
		if (!kind)
			continue;
		const char *text = die_name(die);
		uint32_t place = parent;
		if (text) {
			if (program->names.count == UINT32_MAX - 1 ||
			    ARRAY_RESERVE(program->names.in_order, program->names.count, 1, &collecting->capacity) !=
			        0) {
				collecting->failed = true;
				return;
			}
			bool declared = dwarf_hasattr(die, DW_AT_declaration) != 0;
			program->names.in_order[program->names.count++] = (struct name){text, *die, parent,
			                                                                (uint8_t)kind, declared};
			place = (uint32_t)program->names.count;
		}
		Dwarf_Die child;
		if (depth < SOURCE_DEPTH_MAX && is_scope(dwarf_tag(die)) && die_child(die, &child))
			collect_level(collecting, &child, dwarf_tag(die) == DW_TAG_enumeration_type ? parent : place,
			              depth + 1);
	} while (!collecting->failed && die_next(die));
}

static int compare_place(const void *left, const void *right)
{
	const struct name *a = left, *b = right;
	return ((uintptr_t)a->die.addr > (uintptr_t)b->die.addr) - ((uintptr_t)a->die.addr < (uintptr_t)b->die.addr);
}

/* A unit's entries lie in one piece and come in order of address; units do, too, but those of other files. */
static struct name *entry_of_die(struct program *program, Dwarf_Die *die)
{
	const struct name key = {.die = *die};
	return bsearch(&key, program->names.in_order, program->names.count, sizeof key, compare_place);
}

/* What is defined outside of its class or namespace is named as where it was declared. */
static void adopt_declared(struct program *program)
{
	for (size_t i = 0; i < program->names.count; i++) {
		struct name *name = &program->names.in_order[i];
		Dwarf_Die declaration;
		Dwarf_Attribute attribute;
		if (!dwarf_attr(&name->die, DW_AT_specification, &attribute) ||
		    !dwarf_formref_die(&attribute, &declaration))
			continue;
		const struct name *found = entry_of_die(program, &declaration);
		if (found)
			name->parent = found->parent;
	}
}

static int compare_text(const void *left, const void *right, void *context)
{
	const struct name *table = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order = strcmp(table[a].text, table[b].text);
	return order != 0 ? order : (a > b) - (a < b);
}

static bool names_known(struct program *program)
{
	if (program->names.known || !program->dwarf)
		return program->names.count != 0;
	program->names.known = true;
	struct collecting collecting = {program, 0, false};
	for (size_t i = 0; i < program->unit_count && !collecting.failed; i++) {
		Dwarf_Die child;
		if (die_child(&program->units[i].die, &child))
			collect_level(&collecting, &child, 0, 0);
	}
	program->names.by_text = calloc(program->names.count + 1, sizeof *program->names.by_text);
	if (collecting.failed || !program->names.by_text) {
		program->names.count = 0;
		return false;
	}
	adopt_declared(program);
	for (size_t i = 0; i < program->names.count; i++)
		program->names.by_text[i] = (uint32_t)i;
	qsort_r(program->names.by_text, program->names.count, sizeof(uint32_t), compare_text, program->names.in_order);
	return program->names.count != 0;
}

static const struct name *name_by_text(const struct program *program, size_t index)
{
	return &program->names.in_order[program->names.by_text[index]];
}

/* Where the last component of "a::b::c" begins, outside of template arguments. */
static const char *last_component(const char *name, const char *end)
{
	unsigned angles = 0;
	for (const char *at = end; at > name; at--) {
		angles += at[-1] == '>';
		if (at[-1] == '<' && angles)
			angles--;
		if (!angles && at >= name + 2 && at[-1] == ':' && at[-2] == ':')
			return at;
	}
	return name;
}

/* Do the scopes around this end in what stands before `end`, which is "a::b::"? */
static bool is_within(const struct program *program, const struct name *entry, const char *name, const char *end)
{
	uint32_t parent = entry->parent;
	for (unsigned depth = 0; end > name; depth++) {
		end -= 2;
		if (end == name)
			return parent == 0; /* "::name" */
		if (!parent || depth > SOURCE_DEPTH_MAX)
			return false;
		const struct name *scope = &program->names.in_order[parent - 1];
		const char *component = last_component(name, end);
		if (strlen(scope->text) != (size_t)(end - component) ||
		    memcmp(scope->text, component, (size_t)(end - component)) != 0)
			return false;
		parent = scope->parent;
		end = component;
	}
	return true;
}

static size_t first_of_text(const struct program *program, const char *text)
{
	size_t low = 0, high = program->names.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(name_by_text(program, middle)->text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct name *names_next(struct program *program, const char *name, unsigned kinds, size_t *cursor)
{
	if (!program || !names_known(program))
		return NULL;
	const char *text = last_component(name, name + strlen(name));
	size_t index = *cursor ? *cursor : first_of_text(program, text);
	for (; index < program->names.count && strcmp(name_by_text(program, index)->text, text) == 0; index++) {
		const struct name *entry = name_by_text(program, index);
		if ((entry->kind & kinds) && !entry->declared && is_within(program, entry, name, text)) {
			*cursor = index + 1;
			return entry;
		}
	}
	*cursor = index ? index : 1;
	return NULL;
}

const struct name *names_find(struct program *program, const char *name, unsigned kinds)
{
	size_t cursor = 0;
	return names_next(program, name, kinds, &cursor);
}

bool names_complete(struct program *program, Dwarf_Die *die)
{
	const char *name = die_name(die);
	const struct name *entry;
	size_t cursor = 0;
	while (name && (entry = names_next(program, name, NAME_TYPE, &cursor)) != NULL) {
		Dwarf_Die found = entry->die;
		if (dwarf_tag(&found) == dwarf_tag(die)) {
			*die = found;
			return true;
		}
	}
	return false;
}

static void write_scope(const struct program *program, uint32_t parent, char *text, size_t size)
{
	const struct name *scopes[SOURCE_DEPTH_MAX];
	unsigned depth = 0;
	for (; parent && depth < SOURCE_DEPTH_MAX; parent = scopes[depth - 1]->parent)
		scopes[depth++] = &program->names.in_order[parent - 1];
	size_t length = 0;
	text[0] = '\0';
	while (depth-- && length < size) {
		int more = snprintf(text + length, size - length, "%s::", scopes[depth]->text);
		length += more > 0 ? (size_t)more : 0;
	}
}

bool names_at(struct program *program, size_t index, char *text, size_t size, const struct name **name)
{
	if (!program || !names_known(program) || index >= program->names.count)
		return false;
	*name = name_by_text(program, index);
	write_scope(program, (*name)->parent, text, size);
	size_t length = strlen(text);
	snprintf(text + length, size - length, "%s", (*name)->text);
	return true;
}

void names_scope(struct program *program, Dwarf_Die *die, char *text, size_t size)
{
	Dwarf_Die at = *die, next;
	text[0] = '\0';
	if (!program || !names_known(program))
		return;
	for (unsigned depth = 0; depth < 4 && die_reference(&at, DW_AT_abstract_origin, &next); depth++)
		at = next;
	const struct name *entry = entry_of_die(program, &at);
	if (entry)
		write_scope(program, entry->parent, text, size);
}
