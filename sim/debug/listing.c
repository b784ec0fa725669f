/* Commands that show source: list, info line, info source, info symbol. */
#include <ctype.h>
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>
#include "base/symbols.h"
#include "debug/as_json.h"
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

/* The line of an address, in the program that the hart runs or any other. False after a complaint. */
static bool find_line(struct debugger *debugger, uint64_t address, struct source_line *line)
{
	struct hart *hart = current(debugger);
	struct program *other;
	if (debug_line(debugger, hart, hart->mode, address, line))
		return true;
	for (size_t i = 0; (other = debug_program_at(debugger, i)) != NULL; i++)
		if (line_at(other, address, line))
			return true;
	return complain(debugger, "nobody knows what line 0x%llx is of", (unsigned long long)address);
}

static void print_line_of(struct debugger *debugger, const struct source_line *line, struct json *json)
{
	struct hart *hart = current(debugger);
	char low[160], high[160];
	if (json) {
		json_open(json, NULL, '{');
		json_string(json, "file", line->file);
		json_string(json, "folder", line->folder);
		json_u64(json, "line", line->line);
		as_json_place(json, "low", debugger, hart, hart->mode, line->low);
		json_hex(json, "high", line->high);
		json_close(json, '}');
		return;
	}
	fprintf(debugger->out, "line %u of ", line->line);
	print_plain(debugger->out, line->file, strlen(line->file));
	fprintf(debugger->out, ": 0x%llx%s to 0x%llx%s\n", (unsigned long long)line->low,
	        debug_symbol(debugger, hart, hart->mode, line->low, low, sizeof low), (unsigned long long)line->high,
	        debug_symbol(debugger, hart, hart->mode, line->high, high, sizeof high));
}

/* json: into that, unless NULL. */
static bool show_lines(struct debugger *debugger, const char *args, struct json *json)
{
	struct locations locations;
	struct source_line line;
	if (!*args) {
		bool known = find_line(debugger, current(debugger)->pc, &line);
		if (known)
			print_line_of(debugger, &line, json);
		return known;
	}
	char file[512];
	unsigned number;
	if (locate_file_line(&args, file, sizeof file, &number) ? !locate_line(debugger, file, number, &locations)
	                                                        : !locate(debugger, &args, &locations))
		return false;
	bool good = !*args || complain(debugger, "what is `%s'?", args);
	for (size_t i = 0; good && i < locations.count; i++)
		if (find_line(debugger, locations.addresses[i], &line))
			print_line_of(debugger, &line, json);
	locations_free(&locations);
	return good;
}

TOPIC(topic_line, 210, "line", "li", "[LOC]", "which line of source a place is, and its addresses")
{
	return show_lines(debugger, args, NULL);
}
AS_JSON(topic_line)
{
	json_open(json, "lines", '[');
	bool good = show_lines(debugger, args, json);
	json_close(json, ']');
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

/* The unit of source that the hart is in. */
struct source_place {
	struct program *program;
	struct unit *unit;
	const char *name, *producer; /* NULL: not known */
	const char *language;
	Dwarf_Half version;
	bool has_line;
	struct source_line line;
};

/* False after a complaint. */
static bool find_source(struct debugger *debugger, const char *args, struct source_place *place)
{
	struct hart *hart = current(debugger);
	struct program *program = debug_program(debugger, hart, hart->mode, hart->pc);
	struct unit *unit = program ? program_unit_at(program, hart->pc) : NULL;
	Dwarf_Attribute attribute;
	if (*args)
		return complain(debugger, "what is `%s'?", args);
	if (!unit)
		return complain(debugger, "no debug information for 0x%llx", (unsigned long long)hart->pc);
	*place = (struct source_place){
	    .program = program,
	    .unit = unit,
	    .name = die_name(&unit->skeleton),
	    .producer = dwarf_attr(&unit->die, DW_AT_producer, &attribute) ? dwarf_formstring(&attribute) : NULL,
	    .language = language_name(die_language(&unit->die)),
	};
	dwarf_cu_info(unit->skeleton.cu, &place->version, NULL, NULL, NULL, NULL, NULL, NULL);
	place->has_line = line_at(program, hart->pc, &place->line);
	return true;
}

static void print_named(struct debugger *debugger, const char *what, const char *text)
{
	fprintf(debugger->out, "%-8s ", what);
	print_plain(debugger->out, text ? text : "?", strlen(text ? text : "?"));
	fputc('\n', debugger->out);
}

TOPIC(topic_source, 220, "source", "so", "", "the source file that the hart is in: where, by which compiler")
{
	struct source_place place;
	if (!find_source(debugger, args, &place))
		return false;
	print_named(debugger, "program", place.program->name);
	print_named(debugger, "unit", place.name);
	if (place.has_line) {
		print_named(debugger, "file", place.line.file);
		print_named(debugger, "folder", place.line.folder);
	}
	fprintf(debugger->out, "language %s, DWARF %u\n", place.language, place.version);
	print_named(debugger, "compiler", place.producer);
	return true;
}
AS_JSON(topic_source)
{
	struct source_place place;
	if (!find_source(debugger, args, &place))
		return false;
	json_string(json, "program", place.program->name);
	json_string(json, "unit", place.name);
	json_string(json, "file", place.has_line ? place.line.file : NULL);
	json_string(json, "folder", place.has_line ? place.line.folder : NULL);
	json_string(json, "language", place.language);
	json_u64(json, "dwarf", place.version);
	json_string(json, "compiler", place.producer);
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
AS_JSON(topic_symbol)
{
	const struct symbols *symbols = debugger->machine->symbols;
	uint64_t address, offset = 0;
	bool some = false;
	if (!expression_all(debugger, args, &address))
		return false;
	json_hex(json, "address", address);
	json_open(json, "symbols", '[');
	for (unsigned space = 0; space < symbols_spaces(symbols); space++) {
		const char *name = symbols_find_in(symbols, space, address, &offset);
		if (!name)
			continue;
		json_open(json, NULL, '{');
		json_string(json, "symbol", name);
		json_hex(json, "offset", offset);
		json_string(json, "zone", space == SPACE_HOST ? NULL : symbols_space_name(symbols, space));
		json_close(json, '}');
		some = true;
	}
	json_close(json, ']');
	return some || complain(debugger, "no symbol holds 0x%llx", (unsigned long long)address);
}
