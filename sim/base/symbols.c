#include "base/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/say.h"

/* The symbols of one file. */
struct module {
	char *path, *name;
	unsigned space;
	uint32_t asid;
	/* Once sealed, sorted by (address, best name last); behind the first `named` those that name no byte. */
	struct symbol *by_address;
	size_t *by_name; /* indices into by_address, sorted by (name, globals first, address) */
	size_t count, named, capacity;
	bool sealed;
};

struct space {
	char *name;
	bool guest; /* one was given to the machine: may be the one that runs where that is not known */
	uint32_t vmid; /* VMID_NONE: known by its bindings */
};

struct symbols {
	struct module *modules;
	size_t module_count, module_capacity;
	struct space *spaces;
	size_t space_count, space_capacity;
	struct symbol_binding *bindings;
	size_t binding_count, binding_capacity;
};

enum { VMID_LOW = 44, VMID_MASK = 0x3fff };
#define VMID_NONE UINT32_MAX

struct symbols *symbols_new(void) { return calloc(1, sizeof(struct symbols)); }

static void empty_module(struct module *module)
{
	for (size_t i = 0; i < module->count; i++)
		free((void *)(uintptr_t)module->by_address[i].name);
	free(module->by_address);
	free(module->by_name);
	free(module->path);
	free(module->name);
	*module = (struct module){.space = module->space, .asid = module->asid};
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->module_count; i++)
		empty_module(&symbols->modules[i]);
	for (size_t i = 0; i < symbols->space_count; i++)
		free(symbols->spaces[i].name);
	free(symbols->modules);
	free(symbols->spaces);
	free(symbols->bindings);
	free(symbols);
}

/* ---- spaces ---- */

static int reach_space(struct symbols *symbols, unsigned space)
{
	while (symbols->space_count <= space) {
		if (ARRAY_RESERVE(symbols->spaces, symbols->space_count, 1, &symbols->space_capacity))
			return -1;
		symbols->spaces[symbols->space_count++] = (struct space){.vmid = VMID_NONE};
	}
	return 0;
}

int symbols_add_guest(struct symbols *symbols, unsigned space)
{
	if (reach_space(symbols, space) != 0)
		return -1;
	symbols->spaces[space].guest = space != SPACE_HOST && symbols->spaces[space].vmid == VMID_NONE;
	return 0;
}

static bool is_name(const char *one, const char *name, size_t length)
{
	return one && strncmp(one, name, length) == 0 && one[length] == '\0';
}

static bool name_is_taken(const struct symbols *symbols, const char *name)
{
	for (unsigned i = 0; i < symbols->space_count; i++)
		if (is_name(symbols->spaces[i].name, name, strlen(name)))
			return true;
	for (size_t i = 0; i < symbols->module_count; i++)
		if (is_name(symbols->modules[i].name, name, strlen(name)))
			return true;
	return false;
}

/* A copy that nothing else is called by: NULL: no memory. */
static char *new_name(const struct symbols *symbols, const char *name)
{
	for (unsigned copy = 1;; copy++) {
		char *text;
		if ((copy == 1 ? asprintf(&text, "%s", name) : asprintf(&text, "%s_%u", name, copy)) < 0)
			return NULL;
		if (!name_is_taken(symbols, say_plain(text)))
			return text;
		free(text);
	}
}

int symbols_name_space(struct symbols *symbols, unsigned space, const char *name)
{
	if (reach_space(symbols, space) != 0)
		return -1;
	free(symbols->spaces[space].name);
	symbols->spaces[space].name = NULL;
	symbols->spaces[space].name = new_name(symbols, name);
	return symbols->spaces[space].name ? 0 : -1;
}

unsigned symbols_spaces(const struct symbols *symbols) { return symbols ? (unsigned)symbols->space_count : 0; }

const char *symbols_space_name(const struct symbols *symbols, unsigned space)
{
	return space < symbols_spaces(symbols) && symbols->spaces[space].name ? symbols->spaces[space].name : "";
}

unsigned symbols_space_named(const struct symbols *symbols, const char *name, size_t length)
{
	for (unsigned i = 0; i < symbols_spaces(symbols); i++)
		if (length && is_name(symbols->spaces[i].name, name, length))
			return i;
	return SPACE_UNKNOWN;
}

bool symbols_have_guests(const struct symbols *symbols)
{
	for (unsigned i = 0; i < symbols_spaces(symbols); i++)
		if (symbols->spaces[i].guest)
			return true;
	return false;
}

bool symbols_is_guest(const struct symbols *symbols, unsigned space)
{
	return space < symbols_spaces(symbols) && symbols->spaces[space].guest;
}

static uint32_t vmid_of(uint64_t hgatp) { return (uint32_t)(hgatp >> VMID_LOW) & VMID_MASK; }

int symbols_bind(struct symbols *symbols, uint64_t hgatp, unsigned space)
{
	for (size_t i = 0; i < symbols->binding_count; i++)
		if (symbols->bindings[i].hgatp == hgatp) {
			symbols->bindings[i].space = space;
			return 0;
		}
	if (ARRAY_RESERVE(symbols->bindings, symbols->binding_count, 1, &symbols->binding_capacity))
		return -1;
	symbols->bindings[symbols->binding_count++] = (struct symbol_binding){hgatp, space};
	return 0;
}

void symbols_unbind(struct symbols *symbols) { symbols->binding_count = 0; }

const struct symbol_binding *symbols_binding(const struct symbols *symbols, size_t index)
{
	return symbols && index < symbols->binding_count ? &symbols->bindings[index] : NULL;
}

unsigned symbols_space_of(const struct symbols *symbols, uint64_t hgatp)
{
	for (unsigned i = 0; i < symbols_spaces(symbols); i++)
		if (symbols->spaces[i].vmid == vmid_of(hgatp))
			return i;
	for (size_t i = 0; symbols && i < symbols->binding_count; i++)
		if (symbols->bindings[i].hgatp == hgatp)
			return symbols->bindings[i].space;
	return SPACE_UNKNOWN;
}

unsigned symbols_space_of_vmid(struct symbols *symbols, unsigned vmid)
{
	char name[32];
	unsigned space = symbols_spaces(symbols);
	for (unsigned i = 0; i < space; i++)
		if (symbols->spaces[i].vmid == vmid)
			return i;
	for (size_t i = 0; i < symbols->binding_count; i++)
		if (vmid_of(symbols->bindings[i].hgatp) == vmid)
			return symbols->bindings[i].space;
	snprintf(name, sizeof(name), "vmid%u", vmid);
	if (symbols_name_space(symbols, space, name) != 0)
		return SPACE_UNKNOWN;
	symbols->spaces[space].vmid = vmid;
	return space;
}

/* ---- modules ---- */

int symbols_new_module(struct symbols *symbols, const struct symbol_module *made)
{
	struct module module = {.space = made->space, .asid = made->asid};
	module.path = made->path ? strdup(made->path) : NULL;
	module.name = made->name ? new_name(symbols, made->name) : NULL;
	if ((made->path && !module.path) || (made->name && !module.name) || reach_space(symbols, made->space) != 0 ||
	    ARRAY_RESERVE(symbols->modules, symbols->module_count, 1, &symbols->module_capacity)) {
		empty_module(&module);
		return -1;
	}
	symbols->modules[symbols->module_count] = module;
	return (int)symbols->module_count++;
}

size_t symbols_modules(const struct symbols *symbols) { return symbols ? symbols->module_count : 0; }

struct symbol_module symbols_module(const struct symbols *symbols, size_t index)
{
	const struct module *module = &symbols->modules[index];
	return (struct symbol_module){
	    .path = module->path,
	    .name = module->name,
	    .space = module->space,
	    .asid = module->asid,
	    .count = module->count,
	};
}

void symbols_empty(struct symbols *symbols, size_t module) { empty_module(&symbols->modules[module]); }

/* Modules that nobody made are spaces of their own. */
static struct module *module_of(struct symbols *symbols, unsigned number)
{
	while (symbols->module_count <= number)
		if (symbols_new_module(symbols, &(struct symbol_module){.space = (unsigned)symbols->module_count,
		                                                        .asid = ASID_ANY}) < 0)
			return NULL;
	return &symbols->modules[number];
}

int symbols_add(struct symbols *symbols, const struct symbol *symbol)
{
	struct module *module = module_of(symbols, symbol->module);
	if (!module)
		return -1;
	if (module->count == module->capacity) {
		size_t capacity = module->capacity ? 2 * module->capacity : 256;
		struct symbol *grown = realloc(module->by_address, capacity * sizeof(*grown));
		if (grown)
			module->by_address = grown;
		size_t *names = realloc(module->by_name, capacity * sizeof(*names));
		if (names)
			module->by_name = names;
		if (!grown || !names)
			return -1;
		module->capacity = capacity;
	}
	struct symbol copy = *symbol;
	copy.name = strdup(symbol->name);
	if (!copy.name)
		return -1;
	say_plain((char *)(uintptr_t)copy.name); /* for debugger, reports and traces */
	module->by_address[module->count++] = copy;
	module->sealed = false;
	return symbols_add_guest(symbols, module->space);
}

static int compare_u64(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

/* Where a section or a region begins: __text_start, __world_switch_start. */
static bool is_mark(const struct symbol *symbol) { return symbol->name[0] == '_' && symbol->name[1] == '_'; }

/* Of several symbols at one address the last is the one to show: later ones first, functions before objects and labels, globals before
 * locals, known sizes before unknown, others before marks, then by name so that the order is total. */
static int compare_address(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;
	if (a->address != b->address)
		return compare_u64(a->address, b->address);
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	if (a->is_function != b->is_function)
		return a->is_function ? 1 : -1;
	if (a->is_global != b->is_global)
		return a->is_global ? 1 : -1;
	if ((a->size != 0) != (b->size != 0))
		return a->size != 0 ? 1 : -1;
	if (is_mark(a) != is_mark(b))
		return is_mark(a) ? -1 : 1;
	return strcmp(b->name, a->name);
}

static int compare_name(const void *left, const void *right, void *table)
{
	const struct symbol *symbols = table;
	const struct symbol *a = &symbols[*(const size_t *)left], *b = &symbols[*(const size_t *)right];
	int order = strcmp(a->name, b->name);
	if (order != 0)
		return order;
	if (a->is_global != b->is_global)
		return a->is_global ? -1 : 1;
	return compare_u64(a->address, b->address);
}

static bool holds(const struct symbol *symbol, uint64_t address) { return address - symbol->address < symbol->size; }

/* The symbol around one, from that of the one before it on outwards. */
static size_t find_around(const struct symbol *table, size_t index)
{
	if (index == 0)
		return 0;
	size_t around = index; /* the one before, plus 1 */
	while (around && !holds(&table[around - 1], table[index].address))
		around = table[around - 1].around;
	return around;
}

static void give_size(struct symbol *table, size_t count, size_t index)
{
	struct symbol *symbol = &table[index];
	uint64_t end = symbol->limit;
	size_t next = index + 1;
	while (next < count && table[next].address == symbol->address)
		next++;
	if (next < count && table[next].address < end)
		end = table[next].address;
	if (symbol->around) {
		const struct symbol *around = &table[symbol->around - 1];
		uint64_t rest = around->address + around->size - symbol->address;
		if (end - symbol->address > rest)
			end = symbol->address + rest;
	}
	symbol->size = end > symbol->address ? end - symbol->address : 0;
}

static void find_all_around(struct symbol *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		table[i].around = find_around(table, i);
}

/* Numbers, and marks at a section's end. */
static bool names_nothing(const struct symbol *symbol) { return symbol->size == 0; }

static int compare_sealed(const void *left, const void *right)
{
	bool a = names_nothing(left), b = names_nothing(right);
	return a != b ? a - b : compare_address(left, right);
}

/* Those of unknown size are not around any: their sizes come after. */
static void give_sizes(struct module *module)
{
	struct symbol *table = module->by_address;
	find_all_around(table, module->count);
	for (size_t i = 0; i < module->count; i++)
		if (table[i].size == 0)
			give_size(table, module->count, i);
	qsort(table, module->count, sizeof(*table), compare_sealed);
	for (module->named = module->count; module->named && names_nothing(&table[module->named - 1]);)
		module->named--;
	find_all_around(table, module->named);
}

static void seal_module(struct module *module)
{
	module->sealed = true;
	if (module->count == 0)
		return;
	qsort(module->by_address, module->count, sizeof(struct symbol), compare_address);
	give_sizes(module);
	for (size_t i = 0; i < module->count; i++)
		module->by_name[i] = i;
	qsort_r(module->by_name, module->count, sizeof(size_t), compare_name, module->by_address);
}

void symbols_seal(struct symbols *symbols)
{
	for (size_t i = 0; i < symbols->module_count; i++)
		if (!symbols->modules[i].sealed)
			seal_module(&symbols->modules[i]);
}

/* ---- names of addresses ---- */

static const char *find_in_module(const struct module *module, uint64_t address, uint64_t *offset)
{
	size_t low = 0, high = module->named;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (module->by_address[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low && !holds(&module->by_address[low - 1], address))
		low = module->by_address[low - 1].around;
	if (low == 0)
		return NULL;
	if (offset)
		*offset = address - module->by_address[low - 1].address;
	return module->by_address[low - 1].name;
}

/* What was added last comes first. */
static const char *find_in_asid(const struct symbols *symbols, unsigned space, uint32_t asid, uint64_t address,
                                uint64_t *offset)
{
	for (size_t i = symbols->module_count; i-- > 0;) {
		const struct module *module = &symbols->modules[i];
		const char *name = module->space == space && module->asid == asid
		                       ? find_in_module(module, address, offset)
		                       : NULL;
		if (name)
			return name;
	}
	return NULL;
}

static const char *find_guest(const struct symbols *symbols, uint64_t address, uint64_t *offset)
{
	uint64_t first_offset = 0, other_offset = 0;
	const char *first = NULL;
	for (unsigned i = 0; i < symbols_spaces(symbols); i++) {
		if (!symbols->spaces[i].guest)
			continue;
		const char *other = symbols_find_in(symbols, i, address, &other_offset);
		if (!other || (first && (strcmp(other, first) != 0 || other_offset != first_offset)))
			return NULL;
		first = other;
		first_offset = other_offset;
	}
	if (first && offset)
		*offset = first_offset;
	return first;
}

const char *symbols_find_at(const struct symbols *symbols, unsigned space, uint32_t asid, uint64_t address,
                            uint64_t *offset)
{
	if (!symbols)
		return NULL;
	if (space == SPACE_UNKNOWN)
		return find_guest(symbols, address, offset);
	const char *name = asid == ASID_ANY ? NULL : find_in_asid(symbols, space, asid, address, offset);
	return name ? name : find_in_asid(symbols, space, ASID_ANY, address, offset);
}

const char *symbols_find_in(const struct symbols *symbols, unsigned space, uint64_t address, uint64_t *offset)
{
	return symbols_find_at(symbols, space, ASID_ANY, address, offset);
}

const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *offset)
{
	return symbols_find_at(symbols, SPACE_HOST, ASID_ANY, address, offset);
}

/* ---- addresses of names ---- */

static const struct symbol *lookup_in_module(const struct module *module, const char *name)
{
	size_t low = 0, high = module->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(module->by_address[module->by_name[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	const struct symbol *symbol = low < module->count ? &module->by_address[module->by_name[low]] : NULL;
	return symbol && strcmp(symbol->name, name) == 0 ? symbol : NULL;
}

/* NULL, or one of length 0: any. */
static bool is_called(const struct symbols *symbols, const struct module *module, const char *qualifier, size_t length)
{
	return !length || is_name(module->name, qualifier, length) ||
	       is_name(symbols->spaces[module->space].name, qualifier, length);
}

size_t symbols_resolve(const struct symbols *symbols, const char *qualifier, size_t length, const char *name,
                       struct symbol_found *found, size_t room)
{
	size_t count = 0;
	for (unsigned space = 0; space < symbols_spaces(symbols); space++)
		for (size_t i = 0; i < symbols->module_count && count < room; i++) {
			const struct module *module = &symbols->modules[i];
			const struct symbol *symbol = module->space == space &&
			                                      is_called(symbols, module, qualifier, length)
			                                  ? lookup_in_module(module, name)
			                                  : NULL;
			if (symbol)
				found[count++] = (struct symbol_found){symbol, space, module->asid, i};
		}
	return count;
}

bool symbols_is_qualifier(const struct symbols *symbols, const char *text, size_t length)
{
	for (size_t i = 0; symbols && length && i < symbols->module_count; i++)
		if (is_called(symbols, &symbols->modules[i], text, length))
			return true;
	return symbols_space_named(symbols, text, length) != SPACE_UNKNOWN;
}

static bool take_found(const struct symbols *symbols, unsigned space, const char *name, const struct symbol **symbol)
{
	*symbol = NULL;
	for (size_t i = 0; symbols && !*symbol && i < symbols->module_count; i++)
		if (symbols->modules[i].space == space)
			*symbol = lookup_in_module(&symbols->modules[i], name);
	return *symbol != NULL;
}

bool symbols_lookup(const struct symbols *symbols, const char *name, uint64_t *address, uint64_t *size,
                    bool *is_function)
{
	const struct symbol *symbol = NULL;
	for (unsigned space = 0; !symbol && space < symbols_spaces(symbols); space++)
		take_found(symbols, space, name, &symbol);
	if (!symbol)
		return false;
	if (address)
		*address = symbol->address;
	if (size)
		*size = symbol->size;
	if (is_function)
		*is_function = symbol->is_function;
	return true;
}

bool symbols_lookup_in(const struct symbols *symbols, unsigned space, const char *name, uint64_t *address)
{
	const struct symbol *symbol;
	if (!take_found(symbols, space, name, &symbol))
		return false;
	if (address)
		*address = symbol->address;
	return true;
}

const struct symbol *symbols_at(const struct symbols *symbols, size_t index)
{
	for (size_t i = 0; symbols && i < symbols->module_count; i++) {
		if (index < symbols->modules[i].named)
			return &symbols->modules[i].by_address[index];
		index -= symbols->modules[i].named;
	}
	for (size_t i = 0; symbols && i < symbols->module_count; i++) {
		const struct module *module = &symbols->modules[i];
		if (index < module->count - module->named)
			return &module->by_address[module->named + index];
		index -= module->count - module->named;
	}
	return NULL;
}
