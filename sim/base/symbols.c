#include "base/symbols.h"

#include <stdlib.h>
#include <string.h>
#include "base/say.h"

struct symbols {
	/* Once sealed, sorted by (module, address, best name last); behind the first `named` those that name no byte. */
	struct symbol *by_address;
	size_t *by_name; /* indices into by_address, sorted by (name, module, address) */
	size_t count, named, capacity;
	unsigned modules; /* number of the last, plus one */
};

struct symbols *symbols_new(void) { return calloc(1, sizeof(struct symbols)); }

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->count; i++)
		free((void *)(uintptr_t)symbols->by_address[i].name);
	free(symbols->by_address);
	free(symbols->by_name);
	free(symbols);
}

int symbols_add(struct symbols *symbols, const struct symbol *symbol)
{
	if (symbols->count == symbols->capacity) {
		size_t capacity = symbols->capacity ? 2 * symbols->capacity : 256;
		struct symbol *grown = realloc(symbols->by_address, capacity * sizeof(*grown));
		if (grown)
			symbols->by_address = grown;
		size_t *names = realloc(symbols->by_name, capacity * sizeof(*names));
		if (names)
			symbols->by_name = names;
		if (!grown || !names)
			return -1;
		symbols->capacity = capacity;
	}
	struct symbol copy = *symbol;
	copy.name = strdup(symbol->name);
	if (!copy.name)
		return -1;
	say_plain((char *)(uintptr_t)copy.name); /* for debugger, reports and traces */
	symbols_add_guest(symbols, copy.module);
	symbols->by_address[symbols->count++] = copy;
	return 0;
}

void symbols_add_guest(struct symbols *symbols, unsigned module)
{
	if (symbols->modules <= module)
		symbols->modules = module + 1;
}

static int compare_u64(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

/* Where a section or a region begins: __text_start, __world_switch_start. */
static bool is_mark(const struct symbol *symbol) { return symbol->name[0] == '_' && symbol->name[1] == '_'; }

/* Of several symbols at one address the last is the one to show: functions before objects and labels, globals before
 * locals, known sizes before unknown, others before marks, then by name so that the order is total. */
static int compare_address(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;
	if (a->module != b->module)
		return a->module < b->module ? -1 : 1;
	if (a->address != b->address)
		return compare_u64(a->address, b->address);
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
	if (a->is_global != b->is_global && a->module == b->module)
		return a->is_global ? -1 : 1;
	return a->module != b->module ? (a->module < b->module ? -1 : 1) : compare_u64(a->address, b->address);
}

static bool holds(const struct symbol *symbol, uint64_t address) { return address - symbol->address < symbol->size; }

/* The symbol around one, from that of the one before it on outwards. */
static size_t find_around(const struct symbol *table, size_t index)
{
	if (index == 0 || table[index - 1].module != table[index].module)
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
	while (next < count && table[next].module == symbol->module && table[next].address == symbol->address)
		next++;
	if (next < count && table[next].module == symbol->module && table[next].address < end)
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
static void give_sizes(struct symbols *symbols)
{
	struct symbol *table = symbols->by_address;
	find_all_around(table, symbols->count);
	for (size_t i = 0; i < symbols->count; i++)
		if (table[i].size == 0)
			give_size(table, symbols->count, i);
	qsort(table, symbols->count, sizeof(*table), compare_sealed);
	for (symbols->named = symbols->count; symbols->named && names_nothing(&table[symbols->named - 1]);)
		symbols->named--;
	find_all_around(table, symbols->named);
}

void symbols_seal(struct symbols *symbols)
{
	if (symbols->count == 0)
		return;
	qsort(symbols->by_address, symbols->count, sizeof(struct symbol), compare_address);
	give_sizes(symbols);
	for (size_t i = 0; i < symbols->count; i++)
		symbols->by_name[i] = i;
	qsort_r(symbols->by_name, symbols->count, sizeof(size_t), compare_name, symbols->by_address);
}

const char *symbols_find_in(const struct symbols *symbols, unsigned module, uint64_t address, uint64_t *offset)
{
	if (!symbols)
		return NULL;
	size_t low = 0, high = symbols->named;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct symbol *symbol = &symbols->by_address[middle];
		if (symbol->module < module || (symbol->module == module && symbol->address <= address))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || symbols->by_address[low - 1].module != module)
		return NULL;
	while (low && !holds(&symbols->by_address[low - 1], address))
		low = symbols->by_address[low - 1].around;
	if (low == 0)
		return NULL;
	if (offset)
		*offset = address - symbols->by_address[low - 1].address;
	return symbols->by_address[low - 1].name;
}

const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *offset)
{
	return symbols_find_in(symbols, 0, address, offset);
}

const char *symbols_find_guest(const struct symbols *symbols, uint64_t address, uint64_t *offset)
{
	unsigned modules = symbols_modules(symbols);
	uint64_t first_offset = 0, other_offset = 0;
	const char *first = symbols_find_in(symbols, 1, address, &first_offset);
	for (unsigned i = 2; i < modules && first; i++) {
		const char *other = symbols_find_in(symbols, i, address, &other_offset);
		if (!other || strcmp(other, first) != 0 || other_offset != first_offset)
			return NULL;
	}
	if (first && offset)
		*offset = first_offset;
	return first;
}

bool symbols_have_guests(const struct symbols *symbols) { return symbols_modules(symbols) > 1; }

/* Index into by_name of the first symbol whose name is not less than `name`. */
static size_t first_named(const struct symbols *symbols, const char *name)
{
	size_t low = 0, high = symbols->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(symbols->by_address[symbols->by_name[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool symbols_lookup(const struct symbols *symbols, const char *name, uint64_t *address, uint64_t *size,
                    bool *is_function)
{
	if (!symbols)
		return false;
	size_t index = first_named(symbols, name);
	if (index == symbols->count)
		return false;
	const struct symbol *symbol = &symbols->by_address[symbols->by_name[index]];
	if (strcmp(symbol->name, name) != 0)
		return false;
	if (address)
		*address = symbol->address;
	if (size)
		*size = symbol->size;
	if (is_function)
		*is_function = symbol->is_function;
	return true;
}

bool symbols_lookup_in(const struct symbols *symbols, unsigned module, const char *name, uint64_t *address)
{
	if (!symbols)
		return false;
	for (size_t index = first_named(symbols, name); index < symbols->count; index++) {
		const struct symbol *symbol = &symbols->by_address[symbols->by_name[index]];
		if (strcmp(symbol->name, name) != 0)
			return false;
		if (symbol->module == module) {
			if (address)
				*address = symbol->address;
			return true;
		}
	}
	return false;
}

const struct symbol *symbols_at(const struct symbols *symbols, size_t index)
{
	return symbols && index < symbols->count ? &symbols->by_address[index] : NULL;
}

unsigned symbols_modules(const struct symbols *symbols) { return symbols ? symbols->modules : 0; }
