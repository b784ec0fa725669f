/* disas: a function, or so many instructions, of the hart's memory or of the program that they are named in. */
#include <inttypes.h>
#include <string.h>
#include "base/symbols.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/locate.h"
#include "debug/programs.h"
#include "debug/source_text.h"
#include "isa/insn.h"
#include "watch/names.h"

/* Where instructions are read. */
struct text {
	struct hart *hart;
	struct program *program; /* whose lines they are, or NULL */
	bool from_file;          /* the hart runs something else: they are read in the program's file */
	unsigned space;
	uint32_t asid;
	bool with_lines;
	struct source_line shown;
};

/* The program that holds an address of a place; NULL: none that is known. */
static struct program *program_of_place(struct debugger *debugger, const struct debug_place *place, uint64_t address)
{
	struct program *program;
	for (size_t i = 0; (program = debug_program_at(debugger, i)) != NULL; i++) {
		struct debug_place its = debug_program_place(debugger, program);
		if (its.space == place->space && its.asid == place->asid && program_holds(program, address))
			return program;
	}
	return NULL;
}

static void open_text(struct debugger *debugger, const struct debug_place *place, uint64_t address, struct text *text)
{
	struct hart *hart = current(debugger);
	*text = (struct text){.hart = hart};
	if (place->given && !debug_is_there(debugger, hart, place)) {
		text->program = program_of_place(debugger, place, address);
		text->from_file = text->program != NULL;
		text->space = place->space;
		text->asid = place->asid;
	}
	if (text->from_file)
		return;
	name_place(debugger->machine->symbols, hart, hart->mode, &text->space, &text->asid);
	text->program = debug_program(debugger, hart, hart->mode, address);
}

/* How many bytes the function has that begins here; 0: none does. */
static uint64_t function_size(const struct debugger *debugger, const struct text *text, uint64_t address)
{
	const struct symbols *symbols = debugger->machine->symbols;
	const struct symbol *symbol;
	uint64_t size = 0;
	for (size_t i = 0; (symbol = symbols_at(symbols, i)) != NULL; i++)
		if (symbol->address == address && symbol->is_function && symbol->size > size &&
		    symbols_module(symbols, symbol->module).space == text->space)
			size = symbol->size;
	return size;
}

static bool read_word(const struct text *text, uint64_t address, uint32_t *word)
{
	uint16_t halves[2] = {0};
	if (!text->from_file)
		return debug_fetch(text->hart, address, word);
	if (!program_bytes(text->program, address, &halves[0], 2) ||
	    ((halves[0] & 3) == 3 && !program_bytes(text->program, address + 2, &halves[1], 2)))
		return false;
	*word = halves[0] | (uint32_t)halves[1] << 16;
	return true;
}

/* The line that an instruction is of, where it is another than that of the one before. */
static void print_line_before(struct debugger *debugger, struct text *text, uint64_t address)
{
	struct source_line line;
	size_t length;
	if (!text->program || !line_at(text->program, address, &line) ||
	    (text->shown.line == line.line && text->shown.file && strcmp(text->shown.file, line.file) == 0))
		return;
	text->shown = line;
	print_plain(debugger->out, line.file, strlen(line.file));
	fprintf(debugger->out, ":%u\t", line.line);
	const char *source = source_text_line(debugger, &line, &length);
	if (source)
		print_plain(debugger->out, source, length);
	fputc('\n', debugger->out);
}

/* Its length; 0: it cannot be read. */
static unsigned print_insn_of(struct debugger *debugger, struct text *text, uint64_t address)
{
	char words[128];
	uint32_t word;
	uint64_t offset = 0;
	const char *name = symbols_find_at(debugger->machine->symbols, text->space, text->asid, address, &offset);
	if (text->with_lines)
		print_line_before(debugger, text, address);
	fprintf(debugger->out, "0x%016" PRIx64, address);
	if (name && offset)
		fprintf(debugger->out, " <%s+0x%" PRIx64 ">", name, offset);
	else if (name)
		fprintf(debugger->out, " <%s>", name);
	if (!read_word(text, address, &word)) {
		fputs(": cannot be fetched\n", debugger->out);
		return 0;
	}
	struct insn insn = decode(&text->hart->isa, word);
	fprintf(debugger->out, ": %0*x  %s\n", insn.length * 2, word, disasm(&insn, address, words, sizeof words));
	return insn.length;
}

/* As many as `count`, or up to `end`. */
static bool disassemble(struct debugger *debugger, struct text *text, uint64_t address, uint64_t count, uint64_t end)
{
	unsigned length = 1;
	if (text->from_file)
		fprintf(debugger->out, "(hart %u is elsewhere: as the file %s has it)\n", text->hart->id,
		        text->program->name);
	bool counted = count != 0;
	for (uint64_t i = 0; (counted ? i < count : address < end) && length && !debug_interrupted(debugger); i++) {
		length = print_insn_of(debugger, text, address);
		address += length;
	}
	return length != 0 || complain(debugger, "disas: cannot read 0x%" PRIx64, address);
}

COMMAND(cmd_disas, 160, "disas", "disa", "[/s] [LOC [N]]",
        "instructions of the function that begins at LOC, or N (10) from LOC or pc on; /s: with lines of source")
{
	enum { INSNS = 10 };
	struct locations locations = {0};
	struct debug_place place = {0};
	struct text text;
	uint64_t address = current(debugger)->pc, count = 0;
	size_t length;
	bool with_lines = *args == '/';
	if (with_lines) {
		const char *word = next_word(&args, &length);
		if (!word_is(word, length, "/s") && !word_is(word, length, "/m"))
			return complain(debugger, "disas: no `%.*s': /s", (int)length, word);
	}
	if (*args) {
		const char *rest = args;
		if (!locate(debugger, &rest, &locations))
			return false;
		address = locations.addresses[0];
		place = locations.place;
		locations_free(&locations);
		if (*rest && strchr("+-*/%&|^<>=", *rest)) { /* the name was the beginning of an expression */
			rest = args;
			if (!expression(debugger, &rest, &address))
				return false;
		}
		if (*rest && !expression_all(debugger, rest, &count))
			return false;
	}
	open_text(debugger, &place, address, &text);
	text.with_lines = with_lines;
	uint64_t size = count || !place.given ? 0 : function_size(debugger, &text, address);
	return disassemble(debugger, &text, address, count || size ? count : INSNS, address + size);
}
