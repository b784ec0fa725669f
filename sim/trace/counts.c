#include "trace/counts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/output_file.h"
#include "base/say.h"
#include "base/version.h"
#include "hart/hart.h"

enum { VMID_LOW = 44, VMID_MASK = 0x3fff, PAGE = 4096 };
#define OWN_NUMBERS (UINT32_C(1) << 31) /* of blocks that no file names */

/* Counts of one block in one zone. */
struct count_cell {
	uint64_t pc, cycles, instructions, exits;
	uint32_t space; /* SPACE_HOST: V=0 */
	uint32_t vmid;
};

struct count_codes {
	struct count_code {
		uint64_t pc;
		uint32_t cell; /* 1 + that of the zone it ran in last; 0: none yet */
		bool virt;
	} *at;
	size_t count, capacity;
};

struct counts {
	struct count_codes named, own;
	struct count_cell *cells;
	size_t cell_count, cell_capacity;
	uint32_t *index; /* cells by place and zone: 1 + number; open addressing */
	size_t index_size;
	struct count_hart {
		struct trace_note note; /* the block it is in, as it was noted */
		struct trace_note last; /* likewise, but from where it is not counted yet */
		bool known;
		uint32_t space, vmid; /* of its guest */
	} *harts;
	unsigned hart_count;
	bool lost; /* no memory */
};

struct counts *counts_new(unsigned hart_count)
{
	struct counts *counts = calloc(1, sizeof(*counts));
	if (!counts)
		return NULL;
	counts->hart_count = hart_count;
	counts->harts = calloc(hart_count, sizeof(*counts->harts));
	counts->index_size = 1 << 12;
	counts->index = calloc(counts->index_size, sizeof(*counts->index));
	if (counts->harts && counts->index)
		return counts;
	counts_free(counts);
	return NULL;
}

void counts_free(struct counts *counts)
{
	if (!counts)
		return;
	free(counts->named.at);
	free(counts->own.at);
	free(counts->cells);
	free(counts->index);
	free(counts->harts);
	free(counts);
}

/* ---- blocks ---- */

static bool reserve_code(struct count_codes *codes, size_t number)
{
	if (number < codes->count)
		return true;
	if (ARRAY_RESERVE(codes->at, codes->count, number + 1 - codes->count, &codes->capacity))
		return false;
	memset(codes->at + codes->count, 0, (number + 1 - codes->count) * sizeof(*codes->at));
	codes->count = number + 1;
	return true;
}

uint32_t counts_text(struct counts *counts, uint32_t number, const struct trace_text *text)
{
	struct count_codes *codes = number ? &counts->named : &counts->own;
	size_t place = number ? number : codes->count;
	if (place >= OWN_NUMBERS || !reserve_code(codes, place)) {
		counts->lost = true;
		return number;
	}
	struct count_code *code = &codes->at[place];
	*code = (struct count_code){.pc = text->pc, .virt = mode_virt((enum mode)text->mode)};
	return number ? number : OWN_NUMBERS | (uint32_t)place;
}

static struct count_code *find_code(struct counts *counts, uint32_t number)
{
	struct count_codes *codes = number & OWN_NUMBERS ? &counts->own : &counts->named;
	number &= ~OWN_NUMBERS;
	return number < codes->count ? &codes->at[number] : NULL;
}

/* ---- cells ---- */

static size_t hash_cell(uint64_t pc, uint32_t space, uint32_t vmid)
{
	return (size_t)(((pc >> 1) ^ (uint64_t)space << 50 ^ (uint64_t)vmid << 36) * UINT64_C(0x9e3779b97f4a7c15) >>
	                20);
}

static bool grow_cells(struct counts *counts)
{
	size_t size = counts->index_size * 2;
	uint32_t *index = calloc(size, sizeof(*index));
	if (!index)
		return false;
	for (uint32_t i = 0; i < counts->cell_count; i++) {
		size_t at = hash_cell(counts->cells[i].pc, counts->cells[i].space, counts->cells[i].vmid);
		while (index[at &= size - 1])
			at++;
		index[at] = i + 1;
	}
	free(counts->index);
	counts->index = index;
	counts->index_size = size;
	return true;
}

/* 1 + its number; 0: no memory. */
static uint32_t number_cell(struct counts *counts, uint64_t pc, uint32_t space, uint32_t vmid)
{
	size_t at = hash_cell(pc, space, vmid);
	for (; counts->index[at &= counts->index_size - 1]; at++) {
		const struct count_cell *cell = &counts->cells[counts->index[at] - 1];
		if (cell->pc == pc && cell->space == space && cell->vmid == vmid)
			return counts->index[at];
	}
	if (ARRAY_RESERVE(counts->cells, counts->cell_count, 1, &counts->cell_capacity))
		return 0;
	counts->cells[counts->cell_count] = (struct count_cell){.pc = pc, .space = space, .vmid = vmid};
	counts->index[at] = (uint32_t)++counts->cell_count;
	if (counts->cell_count * 2 > counts->index_size && !grow_cells(counts))
		counts->lost = true;
	return (uint32_t)counts->cell_count;
}

/* NULL: nothing is known of the block, or no memory. */
static struct count_cell *cell_of(struct counts *counts, const struct count_hart *hart)
{
	struct count_code *code = find_code(counts, hart->last.code);
	if (!code)
		return NULL;
	uint32_t space = code->virt ? hart->space : SPACE_HOST, vmid = code->virt ? hart->vmid : 0;
	struct count_cell *cell = code->cell ? &counts->cells[code->cell - 1] : NULL;
	if (cell && cell->space == space && cell->vmid == vmid)
		return cell;
	code->cell = number_cell(counts, code->pc, space, vmid);
	if (!code->cell)
		counts->lost = true;
	return code->cell ? &counts->cells[code->cell - 1] : NULL;
}

/* The hart's block is over. */
static void leave_block(struct counts *counts, struct count_hart *hart, uint64_t cycle, uint64_t retired)
{
	struct count_cell *cell = cell_of(counts, hart);
	if (!cell)
		return;
	cell->cycles += cycle > hart->last.cycle ? cycle - hart->last.cycle : 0;
	cell->instructions += retired > hart->last.retired ? retired - hart->last.retired : 0;
}

static bool is_same_note(const struct trace_note *a, const struct trace_note *b)
{
	return a->cycle == b->cycle && a->retired == b->retired && a->code == b->code;
}

void counts_notes(struct counts *counts, unsigned number, const struct trace_notes *notes)
{
	struct count_hart *hart = &counts->harts[number];
	unsigned i = notes->run_count && hart->known && is_same_note(&hart->note, &notes->runs[0]);
	for (; i < notes->run_count; i++) {
		const struct trace_note *note = &notes->runs[i];
		if (hart->known)
			leave_block(counts, hart, note->cycle, note->retired);
		hart->note = hart->last = *note;
		hart->known = true;
	}
}

void counts_world(struct counts *counts, const struct symbols *symbols, const struct trace_event *event)
{
	struct count_hart *hart = &counts->harts[event->hart];
	bool from_guest = mode_virt((enum mode)event->from), to_guest = mode_virt((enum mode)event->mode);
	struct count_cell *cell = from_guest && !to_guest && event->value[0] != TRACE_RESET && hart->known
	                              ? cell_of(counts, hart)
	                              : NULL;
	if (cell)
		cell->exits++;
	/* what the block took of time is the guest's, and ends here */
	if (hart->known && event->cycle > hart->last.cycle && event->retired >= hart->last.retired) {
		leave_block(counts, hart, event->cycle, event->retired);
		hart->last.cycle = event->cycle;
		hart->last.retired = event->retired;
	}
	if (to_guest) {
		hart->space = symbols_space_of(symbols, event->value[2]);
		hart->vmid = (uint32_t)(event->value[2] >> VMID_LOW) & VMID_MASK;
	}
}

void counts_finish(struct counts *counts, unsigned number, uint64_t cycle, uint64_t retired)
{
	struct count_hart *hart = &counts->harts[number];
	if (hart->known)
		leave_block(counts, hart, cycle, retired);
	hart->known = false;
}

/* ---- the file ---- */

/* Of one function, all its blocks. */
struct count_row {
	const char *name;
	struct count_cell sum;
};

static int compare_rows(const void *a, const void *b)
{
	const struct count_row *x = a, *y = b;
	if (x->sum.space != y->sum.space)
		return x->sum.space < y->sum.space ? -1 : 1;
	if (x->sum.vmid != y->sum.vmid)
		return x->sum.vmid < y->sum.vmid ? -1 : 1;
	if (x->sum.pc != y->sum.pc)
		return x->sum.pc < y->sum.pc ? -1 : 1;
	return (x->name != NULL) - (y->name != NULL);
}

static struct count_row row_of(const struct symbols *symbols, const struct count_cell *cell)
{
	uint64_t offset = 0;
	bool host = cell->space == SPACE_HOST || !symbols_have_guests(symbols);
	struct count_row row = {symbols_find_in(symbols, host ? SPACE_HOST : cell->space, cell->pc, &offset), *cell};
	row.sum.pc = row.name ? cell->pc - offset : cell->pc & ~(uint64_t)(PAGE - 1);
	return row;
}

/* Sorted and added up; NULL: no memory. */
static struct count_row *rows_of_cells(const struct counts *counts, const struct symbols *symbols, size_t *count)
{
	struct count_row *rows = calloc(counts->cell_count + 1, sizeof(*rows));
	for (size_t i = 0; rows && i < counts->cell_count; i++)
		rows[i] = row_of(symbols, &counts->cells[i]);
	*count = 0;
	if (rows)
		qsort(rows, counts->cell_count, sizeof(*rows), compare_rows);
	for (size_t i = 0; rows && i < counts->cell_count; i++) {
		struct count_row *last = *count ? &rows[*count - 1] : NULL;
		if (last && compare_rows(last, &rows[i]) == 0) {
			last->sum.cycles += rows[i].sum.cycles;
			last->sum.instructions += rows[i].sum.instructions;
			last->sum.exits += rows[i].sum.exits;
		} else {
			rows[(*count)++] = rows[i];
		}
	}
	return rows;
}

/* As a list may hold it: no separators, no controls; `blank` for blanks. */
static void write_escaped(FILE *out, const char *text, char blank)
{
	for (; *text; text++) {
		bool control = (unsigned char)*text < ' ' || *text == 0x7f;
		putc(*text == ' ' ? blank : *text == ';' ? ':' : control ? '?' : *text, out);
	}
}

/* Whose code it is, in rvtrace export's words. */
static void write_space(FILE *out, const struct symbols *symbols, const struct count_cell *cell, char blank)
{
	char text[160] = "hypervisor";
	bool known = cell->space < symbols_spaces(symbols);
	const char *name = known ? symbols_space_name(symbols, cell->space) : "";
	if (cell->space != SPACE_HOST && *name)
		snprintf(text, sizeof(text), "guest %s", name);
	else if (cell->space != SPACE_HOST)
		snprintf(text, sizeof(text), "a guest, VMID %u", cell->vmid);
	write_escaped(out, text, blank);
}

/* Of code without a name, by its page. */
static void write_function(FILE *out, const struct count_row *row, char blank)
{
	if (row->name)
		write_escaped(out, row->name, blank);
	else
		fprintf(out, "0x%" PRIx64 "...", row->sum.pc);
}

static void write_stacks(FILE *out, const struct symbols *symbols, const struct count_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!rows[i].sum.cycles)
			continue;
		write_space(out, symbols, &rows[i].sum, '_');
		putc(';', out);
		write_function(out, &rows[i], '_');
		fprintf(out, " %" PRIu64 "\n", rows[i].sum.cycles);
	}
}

static void write_costs(FILE *out, const char *prefix, const struct count_cell *costs)
{
	fprintf(out, "%s%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", prefix, costs->cycles, costs->instructions,
	        costs->exits);
}

static void write_callgrind(FILE *out, const struct symbols *symbols, const struct count_row *rows, size_t count)
{
	struct count_cell total = {0};
	for (size_t i = 0; i < count; i++) {
		total.cycles += rows[i].sum.cycles;
		total.instructions += rows[i].sum.instructions;
		total.exits += rows[i].sum.exits;
	}
	fputs("# callgrind format\nversion: 1\ncreator: rvsim " RVSIM_VERSION "\npositions: line\n"
	      "events: Cycles Instructions Exits\n",
	      out);
	write_costs(out, "summary: ", &total);
	for (size_t i = 0; i < count; i++) {
		fputs("\nfl=", out);
		write_space(out, symbols, &rows[i].sum, ' ');
		fputs("\nfn=", out);
		write_function(out, &rows[i], ' ');
		putc('\n', out);
		write_costs(out, "0 ", &rows[i].sum);
	}
	write_costs(out, "\ntotals: ", &total);
}

int counts_write(const struct counts *counts, const struct symbols *symbols, const char *path)
{
	const char *end = strrchr(path, '.');
	size_t count;
	if (counts->lost)
		return say("%s: no memory for the whole profile", path);
	struct count_row *rows = rows_of_cells(counts, symbols, &count);
	if (!rows)
		return say("%s: no memory", path);
	FILE *out = output_open(path);
	if (out && end && !strcmp(end, ".folded"))
		write_stacks(out, symbols, rows, count);
	else if (out)
		write_callgrind(out, symbols, rows, count);
	free(rows);
	bool wrong = !out || ferror(out);
	if ((out && fclose(out)) || wrong)
		return say("%s: %s", path, strerror(errno));
	return 0;
}
