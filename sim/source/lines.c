#include "source/lines.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

static const char *folder_of(Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	const char *folder = dwarf_attr(unit, DW_AT_comp_dir, &attribute) ? dwarf_formstring(&attribute) : NULL;
	return folder ? folder : "";
}

static bool rows_of(struct unit *unit, Dwarf_Lines **rows, size_t *count)
{
	return dwarf_getsrclines(&unit->skeleton, rows, count) == 0 && *count != 0;
}

static uint64_t row_address(Dwarf_Lines *rows, size_t index)
{
	Dwarf_Addr address = 0;
	dwarf_lineaddr(dwarf_onesrcline(rows, index), &address);
	return address;
}

static bool row_flag(Dwarf_Lines *rows, size_t index, int (*ask)(Dwarf_Line *, bool *))
{
	bool flag = false;
	return ask(dwarf_onesrcline(rows, index), &flag) == 0 && flag;
}

/* Rows of line 0 are nobody's: what stands before goes on through them, as in gdb. */
static bool row_counts(Dwarf_Lines *rows, size_t index)
{
	int number = 0;
	return (dwarf_lineno(dwarf_onesrcline(rows, index), &number) == 0 && number > 0) ||
	       row_flag(rows, index, dwarf_lineendsequence);
}

/* A row as a line. False: it is nobody's line. */
static bool row_line(const struct program *program, struct unit *unit, Dwarf_Lines *rows, size_t count, size_t index,
                     struct source_line *line)
{
	int number = 0;
	Dwarf_Line *row = dwarf_onesrcline(rows, index);
	const char *file = dwarf_linesrc(row, NULL, NULL);
	if (!file || dwarf_lineno(row, &number) != 0 || number <= 0)
		return false;
	size_t next = index + 1;
	while (next < count && (row_address(rows, next) == row_address(rows, index) || !row_counts(rows, next)))
		next++;
	line->folder = folder_of(&unit->skeleton);
	size_t within = strlen(line->folder);
	line->file = within && strncmp(file, line->folder, within) == 0 && file[within] == '/' ? file + within + 1
	                                                                                       : file;
	line->line = (unsigned)number;
	line->low = row_address(rows, index) + program->bias;
	line->high = next < count ? row_address(rows, next) + program->bias : line->low;
	return true;
}

/* Rows are sorted by address. The first past this one, and at `address` or before the last. */
static bool find_line_row(Dwarf_Lines *rows, size_t count, uint64_t linked, size_t *found)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (row_address(rows, middle) <= linked)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	size_t last = low - 1;
	while (last && !row_counts(rows, last))
		last--;
	size_t at = last;
	if (row_flag(rows, last, dwarf_lineendsequence))
		return false;
	while (!row_flag(rows, at, dwarf_linebeginstatement) && at &&
	       row_address(rows, at - 1) == row_address(rows, last))
		at--;
	bool good = row_flag(rows, at, dwarf_linebeginstatement) && !row_flag(rows, at, dwarf_lineendsequence);
	*found = good ? at : last;
	return true;
}

bool line_at(const struct program *program, uint64_t address, struct source_line *line)
{
	struct unit *unit = program ? program_unit_at(program, address) : NULL;
	Dwarf_Lines *rows;
	size_t count, row;
	return unit && rows_of(unit, &rows, &count) && find_line_row(rows, count, address - program->bias, &row) &&
	       row_line(program, unit, rows, count, row, line);
}

bool line_begins(const struct program *program, uint64_t address)
{
	struct unit *unit = program ? program_unit_at(program, address) : NULL;
	Dwarf_Lines *rows;
	size_t count, row;
	return unit && rows_of(unit, &rows, &count) && find_line_row(rows, count, address - program->bias, &row) &&
	       row_address(rows, row) == address - program->bias && row_flag(rows, row, dwarf_linebeginstatement);
}

void line_path(const struct source_line *line, char *path, size_t size)
{
	if (line->file[0] == '/' || !*line->folder)
		snprintf(path, size, "%s", line->file);
	else
		snprintf(path, size, "%s/%s", line->folder, line->file);
}

bool line_is_file(const char *path, const char *wanted)
{
	size_t length = strlen(path), tail = strlen(wanted);
	return tail != 0 && length >= tail && strcmp(path + length - tail, wanted) == 0 &&
	       (length == tail || path[length - tail - 1] == '/' || *wanted == '/');
}

static bool unit_file(struct unit *unit, const char *wanted, const char **file)
{
	Dwarf_Files *files;
	size_t count;
	if (dwarf_getsrcfiles(&unit->skeleton, &files, &count) != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		*file = dwarf_filesrc(files, i, NULL, NULL);
		if (*file && line_is_file(*file, wanted))
			return true;
	}
	return false;
}

bool line_file(const struct program *program, const char *wanted, struct source_line *line)
{
	for (size_t i = 0; program && i < program->unit_count; i++) {
		const char *file;
		if (!unit_file(&program->units[i], wanted, &file))
			continue;
		*line = (struct source_line){file, folder_of(&program->units[i].skeleton), 1, 0, 0};
		return true;
	}
	return false;
}

struct line_search {
	const struct program *program;
	const char *wanted;
	unsigned number;
	line_visitor *visitor;
	void *context;
};

/* Rows of the searched line, or of the smallest one behind it: that number is returned, 0 when there is none. With a visitor each
 * row of exactly `number` is shown. */
static unsigned search_unit(const struct line_search *search, struct unit *unit)
{
	Dwarf_Lines *rows;
	size_t count;
	const char *file;
	unsigned best = 0;
	if (!unit_file(unit, search->wanted, &file) || !rows_of(unit, &rows, &count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct source_line line;
		int number;
		if (dwarf_lineno(dwarf_onesrcline(rows, i), &number) != 0 || number < (int)search->number ||
		    (best && (unsigned)number > best) || row_flag(rows, i, dwarf_lineendsequence) ||
		    !row_flag(rows, i, dwarf_linebeginstatement) ||
		    !row_line(search->program, unit, rows, count, i, &line) ||
		    !line_is_file(line.file, search->wanted) || !program_holds(search->program, line.low))
			continue;
		best = line.line;
		if (search->visitor && line.line == search->number && !search->visitor(search->context, &line))
			return best;
	}
	return best;
}

bool line_visit(const struct program *program, const char *wanted, unsigned number, line_visitor *visitor,
                void *context)
{
	struct line_search search = {program, wanted, number, NULL, context};
	unsigned best = 0;
	for (size_t i = 0; program && i < program->unit_count; i++) {
		unsigned found = search_unit(&search, &program->units[i]);
		if (found && (!best || found < best))
			best = found;
	}
	if (!best)
		return false;
	search.number = best;
	search.visitor = visitor;
	for (size_t i = 0; i < program->unit_count; i++)
		search_unit(&search, &program->units[i]);
	return true;
}

/* Does the first statement begin where the function does, as optimizers have it? Clang says so; gcc has two rows there. */
static bool begins_at_once(const struct program *program, uint64_t address)
{
	struct unit *unit = program_unit_at(program, address);
	uint64_t linked = address - program->bias;
	Dwarf_Lines *rows;
	size_t count, row;
	if (!unit || !rows_of(unit, &rows, &count) || !find_line_row(rows, count, linked, &row))
		return false;
	return row_flag(rows, row, dwarf_lineprologueend) || (row && row_address(rows, row - 1) == linked) ||
	       (row + 1 < count && row_address(rows, row + 1) == linked);
}

uint64_t line_after_prologue(const struct program *program, uint64_t low, uint64_t high)
{
	struct source_line first, next;
	if (!line_at(program, low, &first) || begins_at_once(program, low))
		return low;
	for (uint64_t at = first.high; at > low && at < high; at = next.high) {
		if (!line_at(program, at, &next))
			return low;
		if (next.low == at && (next.line != first.line || line_begins(program, at)))
			return at;
		if (next.high <= at)
			return low;
	}
	return low;
}
