/* Files that symbols are read from. */
#include <stdlib.h>
#include <string.h>
#include "base/symbols.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/programs.h"
#include "machine/boot_symbols.h"
#include "machine/elf_symbols.h"
#include "machine/loader.h"
#include "watch/names.h"

enum { SECTIONS_MAX = 16 };

/* The arguments of add-symbol-file. */
struct symbol_arguments {
	char *path;
	struct debug_place place;
	struct section_place sections[SECTIONS_MAX];
	char *names[SECTIONS_MAX]; /* of sections: NULL is .text, which came as ADDR */
	struct symbol_place where;
};

/* An expression without blanks: behind a blank `-s' is an option. */
static bool word_expression(struct debugger *debugger, const char **args, uint64_t *value)
{
	size_t length;
	const char *word = next_word(args, &length);
	char *text = strndup(word, length);
	bool good = text && expression_all(debugger, text, value);
	free(text);
	return good || (!text && complain(debugger, "no memory"));
}

static bool parse_section(struct debugger *debugger, const char **args, struct symbol_arguments *arguments,
                          const char *name, size_t length)
{
	size_t index = arguments->where.section_count;
	if (index == SECTIONS_MAX)
		return complain(debugger, "more than %d sections", SECTIONS_MAX);
	if (!word_expression(debugger, args, &arguments->sections[index].address))
		return false;
	arguments->names[index] = name ? strndup(name, length) : NULL;
	arguments->sections[index].name = name ? arguments->names[index] : ".text";
	arguments->where.section_count++;
	return arguments->sections[index].name || complain(debugger, "no memory");
}

static bool parse_asid(struct debugger *debugger, const char **args, uint32_t *asid)
{
	uint64_t number;
	if (!word_expression(debugger, args, &number))
		return false;
	*asid = (uint32_t)number;
	return number <= 0xffff || complain(debugger, "an ASID has 16 bits");
}

static bool parse_place(struct debugger *debugger, const char **args, struct symbol_arguments *arguments)
{
	struct debug_place *place = &arguments->place;
	size_t length;
	const char *before = *args, *word = next_word(args, &length);
	if (word_is(word, length, "-")) {
		place->given = true;
		return true;
	}
	if (word_is(word, length, "zone")) {
		place->given = true;
		return debug_zone(debugger, args, &place->space);
	}
	if (word_is(word, length, "asid"))
		return parse_asid(debugger, args, &place->asid);
	if (word_is(word, length, "-o"))
		return word_expression(debugger, args, &arguments->where.offset);
	if (word_is(word, length, "-s")) {
		const char *name = next_word(args, &length);
		return parse_section(debugger, args, arguments, name, length);
	}
	*args = before;
	if (arguments->where.section_count)
		return complain(debugger, "what is `%s'?", before);
	arguments->where.whole = true;
	return parse_section(debugger, args, arguments, NULL, 0);
}

static bool parse_symbol_arguments(struct debugger *debugger, const char *args, struct symbol_arguments *arguments)
{
	size_t length;
	const char *word = next_word(&args, &length);
	arguments->place = (struct debug_place){false, SPACE_HOST, ASID_ANY};
	if (length == 0)
		return complain(debugger, "which file? FILE [ADDR] [zone NAME|VMID] [asid N] [-] [-o OFFSET] "
		                          "[-s SECTION ADDR]...");
	arguments->path = strndup(word, length);
	while (*args)
		if (!parse_place(debugger, &args, arguments))
			return false;
	/* an ASID alone is one of the hart that commands speak of */
	if (!arguments->place.given && arguments->place.asid != ASID_ANY && mode_virt(current(debugger)->mode)) {
		uint32_t ignored;
		const struct hart *hart = current(debugger);
		name_place(debugger->machine->symbols, hart, hart->mode, &arguments->place.space, &ignored);
		if (arguments->place.space == SPACE_UNKNOWN)
			return complain(debugger, "say which zone's ASID: zone NAME|VMID asid N");
	}
	arguments->where.sections = arguments->sections;
	return arguments->path || complain(debugger, "no memory");
}

/* Into a module of its own; `instead` of all others of its space. */
static bool read_symbols(struct debugger *debugger, struct symbol_arguments *arguments, const struct file *file,
                         bool instead)
{
	struct symbols *symbols = debugger->machine->symbols;
	char *stem = boot_stem(arguments->path);
	struct symbol_module made = {
	    .path = arguments->path,
	    .name = stem,
	    .space = arguments->place.space,
	    .asid = arguments->place.asid,
	};
	int module = stem ? symbols_new_module(symbols, &made) : -1;
	free(stem);
	if (module < 0)
		return complain(debugger, "no memory");
	bool good = elf_symbols_at(file, symbols, (unsigned)module, &arguments->where) == 0;
	if (!good)
		symbols_empty(symbols, (size_t)module);
	for (size_t i = 0; good && instead && i < (size_t)module; i++)
		if (symbols_module(symbols, i).space == made.space)
			symbols_empty(symbols, i);
	symbols_seal(symbols);
	debug_names_free(debugger);
	const struct program_place loaded = {arguments->where.offset, arguments->sections,
	                                     arguments->where.section_count};
	if (good)
		programs_add(debugger, arguments->path, &arguments->place, &loaded, instead);
	if (good)
		fprintf(debugger->out, "%zu symbols of %s\n", symbols_module(symbols, (size_t)module).count,
		        arguments->path);
	return good;
}

static bool add_symbol_file(struct debugger *debugger, const char *args, bool instead)
{
	struct symbol_arguments arguments = {0};
	struct file file = {0};
	bool good = parse_symbol_arguments(debugger, args, &arguments) && file_open(&file, arguments.path) == 0 &&
	            read_symbols(debugger, &arguments, &file, instead);
	file_close(&file);
	for (size_t i = 0; i < SECTIONS_MAX; i++)
		free(arguments.names[i]);
	free(arguments.path);
	return good;
}

COMMAND(cmd_add_symbol_file, 192, "add-symbol-file", "add-s",
        "FILE [ADDR] [zone NAME|VMID] [asid N] [-] [-o OFFSET] [-s SECTION ADDR]...",
        "symbols of a program, with its .text at ADDR; of the host (-), a zone, or one ASID in it")
{
	return add_symbol_file(debugger, args, false);
}

COMMAND(cmd_symbol_file, 194, "symbol-file", "symbol-f", "FILE [likewise]",
        "the same, instead of all symbols that the host or the zone has")
{
	return add_symbol_file(debugger, args, true);
}
