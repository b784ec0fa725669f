/* Commands that show source: list, info line, info source, info symbol. */
#include <ctype.h>
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>
#include "base/symbols.h"
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/locate.h"
#include "debug/programs.h"
#include "debug/source.h"
#include "debug/source_text.h"
#include "source/names.h"

enum { LIST_LINES = 10 };

/* ---- list ---- */

/* Lines first to last, as far as there are any. False: not one. */
static bool print_lines(struct debugger *debugger, struct source_line *line, unsigned first, unsigned last)
{
	size_t length;
	bool some = false;
	for (line->line = first; line->line <= last && !debug_interrupted(debugger); line->line++) {
		const char *text = source_text_line(debugger, line, &length);
		if (!text)
			break;
		fprintf(debugger->out, "%u%s", line->line, length ? "\t" : "");
		print_plain(debugger->out, text, length);
		fputc('\n', debugger->out);
		some = true;
	}
	return some;
}

static bool list_from(struct debugger *debugger, struct source_line line, unsigned first, unsigned last)
{
	struct listed *listed = &debugger->source->listed;
	if (!print_lines(debugger, &line, first, last)) {
		size_t length;
		struct source_line begin = line;
		begin.line = 1;
		return source_text_line(debugger, &begin, &length)
		           ? complain(debugger, "%s has no line %u", line.file, first)
		           : complain(debugger, "%s:%u: the file cannot be read (directory FOLDER says where it is)",
		                      line.file, first);
	}
	listed->line = line;
	listed->first = first;
	listed->last = line.line - 1;
	listed->valid = true;
	return true;
}

static bool list_around(struct debugger *debugger, const struct source_line *line)
{
	size_t length;
	if (!source_text_line(debugger, line, &length))
		return list_from(debugger, *line, line->line, line->line);
	unsigned first = line->line > LIST_LINES / 2 ? line->line - LIST_LINES / 2 : 1;
	return list_from(debugger, *line, first, first + LIST_LINES - 1);
}

/* Without a place: on from what was shown last; first around where the hart is. */
static bool list_on(struct debugger *debugger)
{
	struct hart *hart = current(debugger);
	struct listed *listed = &debugger->source->listed;
	struct source_line here;
	bool known = debug_line(debugger, hart, hart->mode, hart->pc, &here);
	bool moved = listed->pc != hart->pc || listed->hart != hart->id;
	listed->pc = hart->pc;
	listed->hart = hart->id;
	if (known && (moved || !listed->valid))
		return list_around(debugger, &here);
	if (!listed->valid)
		return complain(debugger, "nobody knows what line 0x%llx is of", (unsigned long long)hart->pc);
	return list_from(debugger, listed->line, listed->last + 1, listed->last + LIST_LINES);
}

/* N or N,M in the file that was shown last, or where the hart is. */
static bool list_numbers(struct debugger *debugger, const char *args)
{
	struct hart *hart = current(debugger);
	struct source_line line = debugger->source->listed.line;
	char *end;
	unsigned long first = strtoul(args, &end, 10), last;
	if (first == 0 || first > INT32_MAX)
		return complain(debugger, "lines begin at 1");
	if (!debugger->source->listed.valid && !debug_line(debugger, hart, hart->mode, hart->pc, &line))
		return complain(debugger, "no file was listed yet");
	if (!*end) {
		line.line = (unsigned)first;
		return list_around(debugger, &line);
	}
	end += strspn(end, " \t");
	const char *number = end + 1 + strspn(end + (*end != 0), " \t,");
	bool two = *end == ',' && isdigit((unsigned char)*number);
	last = two ? strtoul(number, &end, 10) : 0;
	if (!two || last < first || last > INT32_MAX || *end)
		return complain(debugger, "list FIRST,LAST: what is `%s'?", args);
	return list_from(debugger, line, (unsigned)first, (unsigned)last);
}

COMMAND(cmd_list, 161, "list", "l", "[LOC | N | N,M]",
        "lines of source around a place; on from there; of the same file")
{
	char file[512];
	unsigned number;
	struct program *program;
	struct source_line line;
	const char *rest = args;
	if (!*args)
		return list_on(debugger);
	if (isdigit((unsigned char)*args) && strspn(args, "0123456789, \t") == strlen(args))
		return list_numbers(debugger, args);
	if (locate_file_line(&rest, file, sizeof file, &number)) {
		for (size_t i = 0; (program = debug_program_at(debugger, i)) != NULL; i++)
			if (line_file(program, file, &line)) {
				line.line = number;
				return list_around(debugger, &line);
			}
		return complain(debugger, "no source file `%s'", file);
	}
	struct locations locations;
	bool good = locate(debugger, &rest, &locations) && (!*rest || complain(debugger, "what is `%s'?", rest)) &&
	            (locations.has_line || complain(debugger, "nobody knows what line 0x%llx is of",
	                                            (unsigned long long)locations.addresses[0]));
	good = good && list_around(debugger, &locations.line);
	locations_free(&locations);
	return good;
}

/* ---- info ---- */

static void print_line_of(struct debugger *debugger, uint64_t address)
{
	struct hart *hart = current(debugger);
	struct source_line line;
	char low[160], high[160];
	struct program *program = NULL, *other;
	if (!debug_line(debugger, hart, hart->mode, address, &line)) {
		for (size_t i = 0; !program && (other = debug_program_at(debugger, i)) != NULL; i++)
			if (line_at(other, address, &line))
				program = other;
		if (!program) {
			complain(debugger, "nobody knows what line 0x%llx is of", (unsigned long long)address);
			return;
		}
	}
	fprintf(debugger->out, "line %u of ", line.line);
	print_plain(debugger->out, line.file, strlen(line.file));
	fprintf(debugger->out, ": 0x%llx%s to 0x%llx%s\n", (unsigned long long)line.low,
	        debug_symbol(debugger, hart, hart->mode, line.low, low, sizeof low), (unsigned long long)line.high,
	        debug_symbol(debugger, hart, hart->mode, line.high, high, sizeof high));
}

TOPIC(topic_line, 210, "line", "li", "[LOC]", "which line of source a place is, and its addresses")
{
	struct locations locations;
	if (!*args) {
		print_line_of(debugger, current(debugger)->pc);
		return true;
	}
	if (!locate(debugger, &args, &locations))
		return false;
	bool good = !*args || complain(debugger, "what is `%s'?", args);
	for (size_t i = 0; good && i < locations.count; i++)
		print_line_of(debugger, locations.addresses[i]);
	locations_free(&locations);
	return good;
}

static const char *language_name(int language)
{
	switch (language) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11: return "C";
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14: return "C++";
	case DW_LANG_Rust: return "Rust";
	case DW_LANG_Mips_Assembler: return "assembly";
	default: return "another language";
	}
}

TOPIC(topic_source, 220, "source", "so", "", "the source file that the hart is in: where, by which compiler")
{
	struct hart *hart = current(debugger);
	struct program *program = debug_program(debugger, hart, hart->mode, hart->pc);
	struct unit *unit = program ? program_unit_at(program, hart->pc) : NULL;
	struct source_line line;
	Dwarf_Attribute attribute;
	Dwarf_Half version = 0;
	if (*args)
		return complain(debugger, "what is `%s'?", args);
	if (!unit)
		return complain(debugger, "no debug information for 0x%llx", (unsigned long long)hart->pc);
	dwarf_cu_info(unit->skeleton.cu, &version, NULL, NULL, NULL, NULL, NULL, NULL);
	const char *producer = dwarf_attr(&unit->die, DW_AT_producer, &attribute) ? dwarf_formstring(&attribute) : NULL;
	const char *name = die_name(&unit->skeleton);
	fprintf(debugger->out, "program  %s\nunit     ", program->name);
	print_plain(debugger->out, name ? name : "?", strlen(name ? name : "?"));
	if (line_at(program, hart->pc, &line)) {
		fputs("\nfile     ", debugger->out);
		print_plain(debugger->out, line.file, strlen(line.file));
		fputs("\nfolder   ", debugger->out);
		print_plain(debugger->out, line.folder, strlen(line.folder));
	}
	fprintf(debugger->out, "\nlanguage %s, DWARF %u\ncompiler ", language_name(die_language(&unit->die)), version);
	print_plain(debugger->out, producer ? producer : "?", strlen(producer ? producer : "?"));
	fputc('\n', debugger->out);
	return true;
}

TOPIC(topic_symbol, 230, "symbol", "sy", "ADDR", "the symbol that holds an address, in every program that has one")
{
	const struct symbols *symbols = debugger->machine->symbols;
	uint64_t address, offset = 0;
	bool some = false;
	if (!expression_all(debugger, args, &address))
		return false;
	for (unsigned space = 0; space < symbols_spaces(symbols); space++) {
		const char *name = symbols_find_in(symbols, space, address, &offset);
		if (!name)
			continue;
		fprintf(debugger->out, "%s + %llu", name, (unsigned long long)offset);
		if (space != SPACE_HOST)
			fprintf(debugger->out, " in %s", symbols_space_name(symbols, space));
		fputc('\n', debugger->out);
		some = true;
	}
	return some || complain(debugger, "no symbol holds 0x%llx", (unsigned long long)address);
}
