/* Names that users type: whose they are. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/symbols.h"
#include "debug/debugger.h"
#include "watch/names.h"

/* ---- looking up ---- */

enum { FOUND_MAX = 8 };

static size_t symbol_length(const char *text)
{
	size_t length = 0;
	while (isalnum((unsigned char)text[length]) || (text[length] && strchr("_.", text[length])))
		length++;
	return length;
}

/* The bytes before a single colon, if something is called so that has symbols; 0: there is no qualifier. */
static size_t qualifier_length(const struct symbols *symbols, const char *text)
{
	for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':'))
		if (colon[1] != ':' && symbols_is_qualifier(symbols, text, (size_t)(colon - text)))
			return (size_t)(colon - text);
	return 0;
}

static const char *module_name(const struct symbols *symbols, size_t index)
{
	struct symbol_module module = symbols_module(symbols, index);
	return module.name ? module.name : symbols_space_name(symbols, module.space);
}

static const char *qualifier_of(const struct symbols *symbols, const struct symbol_found *found)
{
	return module_name(symbols, found->module);
}

/* Do all of them mean the same byte of the same program? */
static bool all_the_same(const struct symbol_found *found, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (found[i].space != found[0].space || found[i].asid != found[0].asid ||
		    found[i].symbol->address != found[0].symbol->address)
			return false;
	return true;
}

static bool complain_ambiguous(struct debugger *debugger, const char *name, const struct symbol_found *found,
                               size_t count)
{
	char text[512];
	size_t used = 0;
	for (size_t i = 0; i < count && used < sizeof text; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s:%s",
		                         i == 0           ? ""
		                         : i == count - 1 ? " or "
		                                          : ", ",
		                         qualifier_of(debugger->machine->symbols, &found[i]), name);
	return complain(debugger, "`%s' is ambiguous: say %s%s", name, text, count == FOUND_MAX ? ", ..." : "");
}

bool debug_name(struct debugger *debugger, const char **text, const struct symbol **symbol)
{
	const struct symbols *symbols = debugger->machine->symbols;
	struct symbol_found found[FOUND_MAX];
	size_t qualifier = qualifier_length(symbols, *text);
	const char *start = *text + qualifier + (qualifier != 0);
	size_t length = symbol_length(start);
	if (length == 0)
		return complain(debugger, "expected a value at `%s'", *text);
	char *name = strndup(start, length);
	if (!name)
		return complain(debugger, "no memory");
	size_t count = symbols_resolve(symbols, *text, qualifier, name, found, FOUND_MAX);
	bool good = count != 0 && all_the_same(found, count);
	if (good) {
		*symbol = found[0].symbol;
		debugger->named = (struct debug_place){true, found[0].space, found[0].asid};
	} else if (count != 0) {
		complain_ambiguous(debugger, name, found, count);
	} else if (start[length] == ':' && start[length + 1] != ':') {
		complain(debugger, "no program or zone `%s'", name);
	} else {
		complain(debugger, "no symbol `%.*s'", (int)(start + length - *text), *text);
	}
	*text = start + length;
	free(name);
	return good;
}

bool debug_qualifier(const struct debugger *debugger, const char **text, struct debug_place *place)
{
	const struct symbols *symbols = debugger->machine->symbols;
	size_t length = qualifier_length(symbols, *text);
	if (length == 0)
		return false;
	*place = (struct debug_place){true, symbols_space_named(symbols, *text, length), ASID_ANY};
	for (size_t i = 0; place->space == SPACE_UNKNOWN && i < symbols_modules(symbols); i++) {
		struct symbol_module module = symbols_module(symbols, i);
		if (module.name && strlen(module.name) == length && strncmp(module.name, *text, length) == 0)
			*place = (struct debug_place){true, module.space, module.asid};
	}
	*text += length + 1;
	return true;
}

bool debug_name_is_one(struct debugger *debugger, const char *name)
{
	struct symbol_found found[FOUND_MAX];
	size_t count = symbols_resolve(debugger->machine->symbols, "", 0, name, found, FOUND_MAX);
	return count == 0 || all_the_same(found, count) || complain_ambiguous(debugger, name, found, count);
}

bool debug_is_there(const struct debugger *debugger, const struct hart *hart, const struct debug_place *place)
{
	const struct symbols *symbols = debugger->machine->symbols;
	unsigned space;
	uint32_t asid;
	name_place(symbols, hart, hart->mode, &space, &asid);
	if (!place->given || (place->asid != ASID_ANY && place->asid != asid))
		return !place->given;
	if (!mode_virt(hart->mode))
		return place->space == SPACE_HOST;
	/* a program that holds its guests itself; a guest that has not been recognised */
	return space == SPACE_UNKNOWN ? (place->space == SPACE_HOST) != symbols_have_guests(symbols)
	                              : place->space == space;
}

bool debug_zone(struct debugger *debugger, const char **text, unsigned *space)
{
	enum { VMID_MAX = 0x3fff };
	struct symbols *symbols = debugger->machine->symbols;
	size_t length;
	char *end;
	const char *word = next_word(text, &length);
	*space = symbols_space_named(symbols, word, length);
	if (*space != SPACE_UNKNOWN)
		return true;
	unsigned long vmid = isdigit((unsigned char)*word) ? strtoul(word, &end, 0) : 0;
	if (!isdigit((unsigned char)*word) || end != word + length || vmid > VMID_MAX)
		return complain(debugger, "no zone `%.*s': a name, or a VMID", (int)length, word);
	*space = symbols_space_of_vmid(symbols, (unsigned)vmid);
	return *space != SPACE_UNKNOWN || complain(debugger, "no memory");
}

/* ---- completion ---- */

struct debug_completion {
	size_t count;
	char *names[];
};

void debug_names_free(struct debugger *debugger)
{
	for (size_t i = 0; debugger->completion && i < debugger->completion->count; i++)
		free(debugger->completion->names[i]);
	free(debugger->completion);
	debugger->completion = NULL;
}

/* Every symbol by its name alone, and with whose it is in front. */
static void make_completion(struct debugger *debugger)
{
	const struct symbols *symbols = debugger->machine->symbols;
	const struct symbol *symbol;
	size_t count = 0;
	while (symbols_at(symbols, count))
		count++;
	struct debug_completion *completion = calloc(1, sizeof *completion + 2 * count * sizeof(char *));
	debugger->completion = completion;
	for (size_t i = 0; completion && (symbol = symbols_at(symbols, i)) != NULL; i++) {
		struct symbol_found found = {symbol, symbols_module(symbols, symbol->module).space, 0, symbol->module};
		char *qualified;
		if (asprintf(&qualified, "%s:%s", qualifier_of(symbols, &found), symbol->name) >= 0)
			completion->names[completion->count++] = qualified;
		char *plain = strdup(symbol->name);
		if (plain)
			completion->names[completion->count++] = plain;
	}
}

const char *debug_name_candidate(struct debugger *debugger, size_t index)
{
	if (!debugger->completion)
		make_completion(debugger);
	return debugger->completion && index < debugger->completion->count ? debugger->completion->names[index] : NULL;
}
