/* Presets: parameters and their rows, files, and numbers that do not go together. */
#include "timing/timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The files are part of the program, so that it runs from anywhere. */
#define EMBED(name)                                                                                                    \
	__asm__(".section .rodata\npreset_" #name ":\n.incbin \"sim/timing/presets/" #name                             \
	        ".cpu\"\n.byte 0\n.previous\n");                                                                       \
	extern const char preset_##name[] __attribute__((visibility("hidden")));

EMBED(ideal)
EMBED(cva6)
EMBED(rocket)
EMBED(u74)

static const struct {
	const char *name, *text;
} presets[] = {{"ideal", preset_ideal}, {"cva6", preset_cva6}, {"rocket", preset_rocket}, {"u74", preset_u74}};

const struct timing_row timing_rows[TIMING_PARAMS] = {
#define TIMING(field, name, value, low, high, meaning)                                                                 \
	{name, offsetof(struct timing, field), value, low, high, meaning},
#include "timing/param.def"
#undef TIMING
};

static unsigned *value_of(struct timing *timing, unsigned row)
{
	return (unsigned *)((char *)timing + timing_rows[row].offset);
}

unsigned timing_device(const struct timing *timing, unsigned kind)
{
	const unsigned cycles[] = {
#define DEVICE(name, ...) timing->device_##name,
#include "dev/devices.def"
#undef DEVICE
	};
	return cycles[kind];
}

const struct timing *timing_find(const char *name)
{
	static const struct timing ideal = {.name = "ideal", .ideal = true};
	return strcmp(name, ideal.name) == 0 ? &ideal : NULL;
}

void timing_default(struct timing *timing)
{
	*timing = (struct timing){.name = "ideal", .ideal = true};
	for (unsigned i = 0; i < TIMING_PARAMS; i++)
		*value_of(timing, i) = timing_rows[i].value;
}

/* ---- files: "name = value # source" ---- */

static char *trim(char *text)
{
	text += strspn(text, " \t\r");
	size_t length = strlen(text);
	while (length && strchr(" \t\r", text[length - 1]))
		text[--length] = '\0';
	return text;
}

static int assign(struct timing *timing, const char *name, const char *value, char *reason, size_t size)
{
	if (strcmp(name, "model") == 0) {
		timing->ideal = strcmp(value, "ideal") == 0;
		if (timing->ideal || strcmp(value, "pipeline") == 0)
			return 0;
		snprintf(reason, size, "model = %s: must be ideal or pipeline", value);
		return -1;
	}
	for (unsigned i = 0; i < TIMING_PARAMS; i++) {
		const struct timing_row *row = &timing_rows[i];
		char *end;
		if (strcmp(row->name, name) != 0)
			continue;
		unsigned long number = strtoul(value, &end, 0);
		if (value[0] < '0' || value[0] > '9' || *end || number < row->low || number > row->high) {
			snprintf(reason, size, "%s = %s: must be a number from %u to %u", name, value, row->low,
			         row->high);
			return -1;
		}
		if (!timing->set[i])
			*value_of(timing, i) = (unsigned)number;
		return 0;
	}
	snprintf(reason, size, "there is no parameter '%s'", name);
	return -1;
}

static int parse_lines(struct timing *timing, char *text, char *reason, size_t size)
{
	unsigned number = 0;
	for (char *line, *rest = text; (line = strsep(&rest, "\n")) != NULL;) {
		char why[160];
		number++;
		line[strcspn(line, "#")] = '\0';
		line = trim(line);
		if (!*line)
			continue;
		char *equals = strchr(line, '=');
		if (!equals) {
			snprintf(reason, size, "line %u: must be 'name = value'", number);
			return -1;
		}
		*equals = '\0';
		if (assign(timing, trim(line), trim(equals + 1), why, sizeof(why)) != 0) {
			snprintf(reason, size, "line %u: %s", number, why);
			return -1;
		}
	}
	return 0;
}

static const char *built_in(const char *name)
{
	for (unsigned i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (strcmp(presets[i].name, name) == 0)
			return presets[i].text;
	return NULL;
}

/* The text of a preset, on the heap; NULL: reason. */
static char *read_text(const char *name, char *reason, size_t size)
{
	enum { FILE_MAX = 1 << 16 };
	const char *text = built_in(name);
	if (text)
		return strdup(text);
	if (!strchr(name, '/') && !strchr(name, '.')) {
		snprintf(reason, size, "unknown preset (ideal, cva6, rocket, u74, or the path of a file)");
		return NULL;
	}
	FILE *file = fopen(name, "r");
	char *buffer = file ? calloc(1, FILE_MAX + 1) : NULL;
	size_t length = buffer ? fread(buffer, 1, FILE_MAX, file) : 0;
	bool bad = !buffer || ferror(file) || length == FILE_MAX || memchr(buffer, '\0', length);
	if (file)
		fclose(file);
	if (!bad)
		return buffer;
	free(buffer);
	snprintf(reason, size, "cannot be read as a preset");
	return NULL;
}

int timing_load(struct timing *timing, const char *name, char *reason, size_t size)
{
	char *text = read_text(name, reason, size);
	if (!text)
		return -1;
	const char *slash = strrchr(name, '/');
	snprintf(timing->name, sizeof(timing->name), "%s", slash ? slash + 1 : name);
	timing->ideal = false;
	for (unsigned i = 0; i < TIMING_PARAMS; i++)
		if (!timing->set[i])
			*value_of(timing, i) = timing_rows[i].value;
	int result = parse_lines(timing, text, reason, size);
	free(text);
	return result;
}

static bool power_of_two(unsigned value) { return value && !(value & (value - 1)); }

static bool cache_fits(unsigned size, unsigned ways, unsigned line)
{
	return power_of_two(line) && size % (ways * line) == 0 && power_of_two(size / (ways * line));
}

const char *timing_misfit(const struct timing *timing)
{
	if (timing->ideal)
		return NULL;
	if (!power_of_two(timing->fetch_bytes))
		return "fetch.bytes must be a power of two";
	if (timing->decode_issue > timing->fetch_issue)
		return "decode.to_issue must be at most fetch.to_issue";
	if (timing->lsu_access > timing->load)
		return "lsu.to_cache must be at most load.latency";
	if (timing->div_busy > timing->div_base)
		return "div.busy must be at most div.base";
	if (!power_of_two(timing->bht_entries) || (!timing->btb_full && !power_of_two(timing->btb_entries)))
		return "bht.entries and btb.entries must be powers of two";
	if (timing->bht_folded &&
	    (timing->bht_folded > timing->bht_history || timing->bht_entries < 1u << timing->bht_folded))
		return "bht.folded must be at most bht.history, and fit bht.entries";
	if (!power_of_two(timing->itlb_entries) || !power_of_two(timing->dtlb_entries))
		return "itlb.entries and dtlb.entries must be powers of two";
	if ((timing->pte_cache && !power_of_two(timing->pte_cache)) ||
	    (timing->l2tlb_entries && !power_of_two(timing->l2tlb_entries)))
		return "walk.cache and l2tlb.entries must be 0 or powers of two";
	if (!cache_fits(timing->l1i_size, timing->l1i_ways, timing->l1i_line))
		return "l1i: lines and sets must be powers of two in number";
	if (!cache_fits(timing->l1d_size, timing->l1d_ways, timing->l1d_line))
		return "l1d: lines and sets must be powers of two in number";
	if (timing->l2_size && !cache_fits(timing->l2_size, timing->l2_ways, timing->l2_line))
		return "l2: lines and sets must be powers of two in number";
	if (timing->l2_size && (timing->l2_line < timing->l1d_line || timing->l2_line < timing->l1i_line))
		return "l2.line must not be smaller than the lines of the first level";
	return NULL;
}

uint64_t timing_hash(const struct timing *timing)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	if (timing->ideal)
		return 0;
	for (unsigned i = 0; i < TIMING_PARAMS; i++) {
		hash = (hash ^ *value_of((struct timing *)timing, i)) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}
