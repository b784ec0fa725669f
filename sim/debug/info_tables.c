/* info gstage and info pt: page tables as ranges, and what is mapped more than once. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/symbols.h"
#include "debug/as_json.h"
#include "debug/switches.h"
#include "debug/tables.h"
#include "debug/commands.h"
#include "hart/pte.h"
#include "hart/walk.h"

/* So much is printed: the rest is a number. */
enum { LINES_MAX = 4096, DOUBLES_MAX = 32, TABLES_MAX = 64 };

static const char *scheme_name(enum walk_stage stage, uint64_t atp)
{
	static const char *const names[] = {[8] = "Sv39", [9] = "Sv48", [10] = "Sv57"};
	static const char *const second[] = {[8] = "Sv39x4", [9] = "Sv48x4", [10] = "Sv57x4"};
	uint64_t mode = atp >> hgatp_MODE_LOW;
	return mode < 8 || mode > 10 ? "Bare" : stage == STAGE_G ? second[mode] : names[mode];
}

static void print_size(FILE *out, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	unsigned unit = 0;
	for (bytes >>= 10; bytes >= 1024 && bytes % 1024 == 0 && unit < 4; bytes >>= 10)
		unit++;
	fprintf(out, "%" PRIu64 " %s", bytes, units[unit]);
}

static const char *const page_names[TABLE_SHIFTS] = {"4K", "64K", "2M", "1G", "512G", "256T"};

/* How many pages, too: of NAPOT ones sixteenths were counted. */
static uint64_t range_pages(const struct table_range *range, unsigned i)
{
	return i == 1 ? (range->pages[i] + 15) / 16 : range->pages[i];
}

static const char letters[] = "rwxugad";

static void range_rights(const struct table_range *range, char rights[sizeof letters])
{
	static const uint64_t bits[] = {PTE_R, PTE_W, PTE_X, PTE_U, PTE_G, PTE_A, PTE_D};
	for (unsigned i = 0; i < sizeof letters; i++)
		rights[i] = (char)(i == sizeof letters - 1 ? 0 : range->rights & bits[i] ? letters[i] : '-');
}

static void range_json(const struct table_range *range, struct json *json)
{
	static const char *const memory[] = {NULL, "nc", "io", NULL};
	char rights[sizeof letters];
	range_rights(range, rights);
	json_open(json, NULL, '{');
	json_hex(json, "va", range->va);
	json_hex(json, "pa", range->pa);
	json_hex(json, "size", range->size);
	json_string(json, "rights", rights);
	json_string(json, "memory", memory[(range->rights & PTE_PBMT) >> 61]);
	json_open(json, "pages", '{');
	for (unsigned i = 0; i < TABLE_SHIFTS; i++)
		if (range->pages[i])
			json_u64(json, page_names[i], range_pages(range, i));
	json_close(json, '}');
	json_close(json, '}');
}

static void print_range(struct debugger *debugger, const struct table_range *range)
{
	static const char *const memory[] = {"", " nc", " io", ""};
	char rights[sizeof letters];
	range_rights(range, rights);
	fprintf(debugger->out, "0x%016" PRIx64 "..0x%016" PRIx64 " -> 0x%014" PRIx64 " %s%s  ", range->va,
	        range->va + range->size - 1, range->pa, rights, memory[(range->rights & PTE_PBMT) >> 61]);
	print_size(debugger->out, range->size);
	for (unsigned i = 0; i < TABLE_SHIFTS; i++)
		if (range->pages[i])
			fprintf(debugger->out, ", %" PRIu64 " x %s", range_pages(range, i), page_names[i]);
	fputc('\n', debugger->out);
}

/* json: into that, unless NULL; of what follows likewise. */
static void print_ranges(struct debugger *debugger, const struct table_ranges *ranges, struct json *json)
{
	size_t i = 0;
	if (json) {
		json_open(json, "ranges", '[');
		for (; i < ranges->count; i++)
			range_json(&ranges->ranges[i], json);
		json_close(json, ']');
		json_bool(json, "whole", ranges->whole);
		return;
	}
	for (; i < ranges->count && i < LINES_MAX && !(i % 64 == 63 && debug_interrupted(debugger)); i++)
		print_range(debugger, &ranges->ranges[i]);
	if (i < ranges->count)
		fprintf(debugger->out, "(and %zu ranges more)\n", ranges->count - i);
	if (!ranges->count)
		fprintf(debugger->out, "nothing is mapped\n");
	if (!ranges->whole)
		fprintf(debugger->out, "(not all of the tables was read)\n");
}

/* ---- what is mapped more than once ---- */

/* Ranges of several tables: number 0 is the one that is shown. */
struct owned_range {
	const struct table_range *range;
	unsigned table;
};

static int compare_owned(const void *left, const void *right)
{
	const struct owned_range *a = left, *b = right;
	if (a->range->pa != b->range->pa)
		return a->range->pa < b->range->pa ? -1 : 1;
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	return (a->range->va > b->range->va) - (a->range->va < b->range->va);
}

static void print_twice(struct debugger *debugger, const struct table_range *a, const struct table_range *b,
                        struct json *json)
{
	uint64_t start = b->pa, end_a = a->pa + a->size, end_b = b->pa + b->size, end = end_a < end_b ? end_a : end_b;
	if (json) {
		json_open(json, NULL, '{');
		json_hex(json, "pa", start);
		json_hex(json, "size", end - start);
		json_hex(json, "va", a->va + (start - a->pa));
		json_string(json, "zone", a->whose);
		json_hex(json, "other_va", b->va);
		json_string(json, "other_zone", b->whose);
		json_close(json, '}');
		return;
	}
	fprintf(debugger->out, "twice: 0x%" PRIx64 "..0x%" PRIx64 " is at 0x%" PRIx64 "%s%s and at 0x%" PRIx64 "%s%s\n",
	        start, end - 1, a->va + (start - a->pa), a->whose ? " of " : "", a->whose ? a->whose : "", b->va,
	        b->whose ? " of " : "", b->whose ? b->whose : "");
}

/* In the order of physical addresses: of each table only the range that reaches furthest can still meet another. */
static void print_doubles(struct debugger *debugger, struct owned_range *owned, size_t count, struct json *json)
{
	const struct table_range *furthest[TABLES_MAX] = {NULL};
	size_t found = 0;
	if (json)
		json_open(json, "twice", '[');
	if (count)
		qsort(owned, count, sizeof *owned, compare_owned);
	for (size_t i = 0; i < count; i++) {
		const struct table_range *range = owned[i].range;
		for (unsigned table = 0; table < TABLES_MAX; table++) {
			const struct table_range *other = furthest[table];
			if (!other || other->pa + other->size <= range->pa || (table && owned[i].table))
				continue;
			if (++found <= DOUBLES_MAX)
				print_twice(debugger, other, range, json);
		}
		const struct table_range **place = &furthest[owned[i].table];
		if (!*place || (*place)->pa + (*place)->size < range->pa + range->size)
			*place = range;
	}
	if (json) {
		json_close(json, ']');
		json_u64(json, "twice_count", found);
	} else if (found > DOUBLES_MAX)
		fprintf(debugger->out, "(and %zu more that are mapped twice)\n", found - DOUBLES_MAX);
}

static void find_doubles(struct debugger *debugger, const struct table_ranges *tables, unsigned table_count,
                         struct json *json)
{
	size_t count = 0, at = 0;
	for (unsigned i = 0; i < table_count; i++)
		count += tables[i].count;
	struct owned_range *owned = calloc(count + 1, sizeof *owned);
	for (unsigned i = 0; owned && i < table_count; i++)
		for (size_t j = 0; j < tables[i].count; j++)
			owned[at++] = (struct owned_range){&tables[i].ranges[j], i};
	if (owned)
		print_doubles(debugger, owned, at, json);
	free(owned);
}

/* ---- G-stage ---- */

struct known_tables {
	uint64_t hgatp[TABLES_MAX];
	unsigned count;
};

static void know_table(struct known_tables *known, uint64_t hgatp)
{
	for (unsigned i = 0; i < known->count; i++)
		if (known->hgatp[i] == hgatp)
			return;
	if (hgatp >> hgatp_MODE_LOW && known->count < TABLES_MAX)
		known->hgatp[known->count++] = hgatp;
}

/* Those that guests have run under, or that a hart has. */
static void find_tables(const struct debugger *debugger, struct known_tables *known)
{
	const struct seen_vcpu *vcpu;
	known->count = 0;
	for (size_t i = 0; (vcpu = switches_vcpu(debugger, i)) != NULL; i++)
		know_table(known, vcpu->hgatp);
	for (unsigned i = 0; i < debugger->machine->hart_count; i++)
		know_table(known, debugger->machine->harts[i].csr.hgatp);
}

static bool same_zone(const struct debugger *debugger, uint64_t a, uint64_t b)
{
	unsigned space = symbols_space_of(debugger->machine->symbols, a);
	uint64_t vmid = a & hgatp_VMID;
	return a == b || (vmid && vmid == (b & hgatp_VMID)) ||
	       (space != SPACE_UNKNOWN && space == symbols_space_of(debugger->machine->symbols, b));
}

static void name_ranges(struct table_ranges *ranges, const char *whose)
{
	for (size_t i = 0; i < ranges->count; i++)
		ranges->ranges[i].whose = whose;
}

/* Begins a table's object. */
static void print_gstage_root(struct debugger *debugger, uint64_t hgatp, const char *name, struct json *json)
{
	uint64_t root = walk_scheme(current(debugger), STAGE_G, hgatp).root;
	if (!json) {
		fprintf(debugger->out, "%s, hgatp 0x%" PRIx64 ": %s, root 0x%" PRIx64 "\n", name, hgatp,
		        scheme_name(STAGE_G, hgatp), root);
		return;
	}
	json_open(json, NULL, '{');
	switches_zone_json(debugger, hgatp, json);
	json_string(json, "scheme", scheme_name(STAGE_G, hgatp));
	json_hex(json, "root", root);
}

static void print_gstage(struct debugger *debugger, const struct known_tables *known, uint64_t hgatp, struct json *json)
{
	enum { NAME = 80 };
	struct table_ranges *tables = calloc(TABLES_MAX, sizeof *tables);
	char(*names)[NAME] = calloc(TABLES_MAX, NAME);
	unsigned count = 1;
	if (tables && names) {
		switches_zone(debugger, hgatp, names[0], NAME);
		print_gstage_root(debugger, hgatp, names[0], json);
		tables_read(debugger, current(debugger), STAGE_G, hgatp, &tables[0]);
		print_ranges(debugger, &tables[0], json);
		name_ranges(&tables[0], names[0]);
		for (unsigned i = 0; i < known->count && count < TABLES_MAX; i++) {
			if (same_zone(debugger, hgatp, known->hgatp[i]))
				continue;
			tables_read(debugger, current(debugger), STAGE_G, known->hgatp[i], &tables[count]);
			name_ranges(&tables[count], switches_zone(debugger, known->hgatp[i], names[count], NAME));
			count++;
		}
		find_doubles(debugger, tables, count, json);
		if (json)
			json_close(json, '}');
	}
	for (unsigned i = 0; tables && i < count; i++)
		tables_free(&tables[i]);
	free(tables);
	free(names);
}

static bool bare_gstage(struct debugger *debugger, uint64_t hgatp, struct json *json)
{
	if (hgatp >> hgatp_MODE_LOW)
		return false;
	if (!json)
		fprintf(debugger->out, "the G-stage of hart %u is Bare: guest-physical addresses are physical\n",
		        debugger->hart);
	return true;
}

/* Every table of a zone. */
static bool print_zone_tables(struct debugger *debugger, const char *args, struct json *json)
{
	struct known_tables known;
	unsigned space;
	bool any = false;
	const char *name = args;
	if (!debug_zone(debugger, &args, &space))
		return false;
	if (*args)
		return complain(debugger, "what is `%s'?", args);
	find_tables(debugger, &known);
	for (unsigned i = 0; i < known.count; i++)
		if (symbols_space_of(debugger->machine->symbols, known.hgatp[i]) == space) {
			print_gstage(debugger, &known, known.hgatp[i], json);
			any = true;
		}
	return any || complain(debugger, "no hart has, or had, an hgatp of %s", name);
}

static bool show_gstage(struct debugger *debugger, const char *args, struct json *json)
{
	enum { VMID_MAX = 0x3fff };
	struct known_tables known;
	uint64_t value = debugger->hart, hgatp;
	size_t length;
	const char *rest = args, *word = next_word(&rest, &length);
	bool hart = length == 0 || word_is(word, length, "hart");
	if (!hart && symbols_space_named(debugger->machine->symbols, word, length) != SPACE_UNKNOWN)
		return print_zone_tables(debugger, args, json);
	if (length != 0 && !expression_all(debugger, hart ? rest : args, &value))
		return false;
	if (!hart && value <= VMID_MAX)
		return print_zone_tables(debugger, args, json);
	if (hart && value >= debugger->machine->hart_count)
		return complain(debugger, "no hart %" PRIu64, value);
	hgatp = hart ? debugger->machine->harts[value].csr.hgatp : value;
	if (bare_gstage(debugger, hgatp, json))
		return true;
	find_tables(debugger, &known);
	print_gstage(debugger, &known, hgatp, json);
	return true;
}

TOPIC(topic_gstage, 120, "gstage", "g", "[ZONE|VMID|HART]", "a G-stage table as ranges, and what is mapped twice")
{
	return show_gstage(debugger, args, NULL);
}
AS_JSON(topic_gstage)
{
	json_open(json, "tables", '[');
	bool good = show_gstage(debugger, args, json);
	json_close(json, ']');
	return good;
}

/* ---- S- and VS-stage ---- */

/* scheme NULL: there is no table. */
static void print_root(struct debugger *debugger, enum walk_stage stage, uint64_t atp, const struct walk_scheme *scheme,
                       struct json *json)
{
	bool virt = stage == STAGE_VS;
	const char *name = virt ? "vsatp" : "satp";
	uint64_t asid = (atp & satp_ASID) >> satp_ASID_LOW;
	if (json) {
		json_string(json, "register", name);
		json_hex(json, "value", atp);
		json_string(json, "scheme", scheme ? scheme_name(stage, atp) : "Bare");
		json_u64(json, "asid", asid);
		if (scheme)
			json_hex(json, "root", scheme->root);
		else
			json_null(json, "root");
	} else if (scheme) {
		fprintf(debugger->out, "%s 0x%" PRIx64 ": %s, ASID %" PRIu64 ", root at %s 0x%" PRIx64 "\n", name, atp,
		        scheme_name(stage, atp), asid, virt ? "gpa" : "pa", scheme->root);
	} else {
		fprintf(debugger->out, "%s 0x%" PRIx64 ": no page table, addresses are %sphysical\n", name, atp,
		        virt ? "guest-" : "");
	}
}

static bool show_pt(struct debugger *debugger, const char *args, struct json *json)
{
	struct hart *hart = current(debugger);
	bool virt = mode_virt(hart->mode);
	size_t length;
	const char *rest = args, *word = next_word(&rest, &length);
	if (word_is(word, length, "satp") || word_is(word, length, "vsatp")) {
		virt = *word == 'v';
		args = rest;
	}
	uint64_t atp = virt ? hart->csr.vsatp : hart->csr.satp;
	if (*args && !expression_all(debugger, args, &atp))
		return false;
	enum walk_stage stage = virt ? STAGE_VS : STAGE_S;
	struct walk_scheme scheme = walk_scheme(hart, stage, atp);
	struct table_ranges ranges = {.whole = true};
	print_root(debugger, stage, atp, scheme.levels ? &scheme : NULL, json);
	if (scheme.levels)
		tables_read(debugger, hart, stage, atp, &ranges);
	if (scheme.levels || json) {
		print_ranges(debugger, &ranges, json);
		find_doubles(debugger, &ranges, 1, json);
	}
	tables_free(&ranges);
	return true;
}

TOPIC(topic_pt, 130, "pt", "pt", "[satp|vsatp|VALUE]", "a page table as ranges, and what is mapped twice")
{
	return show_pt(debugger, args, NULL);
}
AS_JSON(topic_pt) { return show_pt(debugger, args, json); }
