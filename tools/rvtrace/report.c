/* rvtrace report: one page about a run, or about two side by side, for a person who will not read tables. It needs nothing but itself. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "profile.h"
#include "timeline.h"
#include "trace/world.h"

enum { SLOWEST = 12, FUNCTIONS = 20, BAR_WIDTH = 460, LANES_WIDTH = 1000 };

/* Told apart by the colour-blind (Okabe and Ito), in the order of split.def; then worlds. */
static const char *const part_colours[SPLIT_PARTS] = {"#56b4e9", "#0072b2", "#009e73", "#e69f00", "#d55e00", "#999999",
                                                      "#cc79a7", "#882255", "#f0e442", "#44aa99", "#dddddd"};
static const char *const world_colours[MODE_COUNT] = {
    [MODE_M] = "#999999", [MODE_HS] = "#0072b2", [MODE_U] = "#56b4e9", [MODE_VS] = "#009e73", [MODE_VU] = "#e69f00"};

struct run {
	struct export export;
	struct world world;
	struct world_now *now;
	uint64_t cycles, instructions;
	struct world_exits *rows;
	size_t row_count;
	struct timeline_exit slowest[SLOWEST];
	size_t slow_count;
	uint64_t *lanes; /* of each hart and piece of time: cycles in each world */
	struct profile profile;
	bool has_profile;
};

/* ---- text ---- */

static void put_html(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else
			putc(*text, out);
}

/* With a thin space between thousands. */
static void put_count(FILE *out, uint64_t value)
{
	char digits[32];
	int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			fputs("&#8201;", out);
		putc(digits[i], out);
	}
}

static void put_cell(FILE *out, uint64_t value)
{
	fputs("<td class=n>", out);
	put_count(out, value);
	fputs("</td>", out);
}

/* ---- reading ---- */

enum { PIECES = 500 }; /* of a hart's time */

static void add_world(void *context, const struct timeline_world *world)
{
	struct run *run = context;
	uint64_t piece = run->cycles / PIECES + 1;
	for (uint64_t at = world->begin; at < world->end;) {
		uint64_t index = at / piece, next = (index + 1) * piece < world->end ? (index + 1) * piece : world->end;
		if (index < PIECES)
			run->lanes[(world->hart * (uint64_t)PIECES + index) * MODE_COUNT + world->mode] += next - at;
		at = next;
	}
}

static uint64_t length_of(const struct timeline_exit *exit) { return exit->end - exit->begin; }

static void add_exit(void *context, const struct timeline_exit *exit)
{
	struct run *run = context;
	size_t at = run->slow_count;
	if (!exit->ended)
		return;
	while (at > 0 && length_of(&run->slowest[at - 1]) < length_of(exit))
		at--;
	if (at == SLOWEST)
		return;
	size_t kept = run->slow_count < SLOWEST ? run->slow_count : SLOWEST - 1;
	memmove(&run->slowest[at + 1], &run->slowest[at], (kept - at) * sizeof run->slowest[0]);
	run->slowest[at] = *exit;
	run->slow_count = kept + 1;
}

/* From the file's beginning each time: 0, or EXIT_TROUBLE after a line. */
static int reopen(struct run *run, const char *path)
{
	if (run->export.input.reader)
		trace_reader_close(run->export.input.reader);
	run->export.input.reader = NULL;
	return input_open(&run->export.input, path);
}

static int read_statistics(struct run *run)
{
	unsigned harts = trace_reader_header(run->export.input.reader)->hart_count;
	run->now = calloc(harts, sizeof *run->now);
	run->lanes = calloc((size_t)harts * PIECES * MODE_COUNT, sizeof *run->lanes);
	if (!run->now || !run->lanes || world_init(&run->world, harts) != 0)
		return trouble(run->export.input.path, "no memory");
	stat_read(&run->export.input, &run->world, run->now);
	run->rows = world_exits(&run->world, WORLD_ALL, &run->row_count);
	for (unsigned i = 0; i < harts; i++) {
		run->cycles = run->now[i].cycle > run->cycles ? run->now[i].cycle : run->cycles;
		run->instructions += run->now[i].retired;
	}
	return run->export.input.status == TRACE_READ_CORRUPT
	           ? trouble(run->export.input.path, trace_reader_error(run->export.input.reader))
	           : 0;
}

static int read_run(struct run *run, const char *path)
{
	struct timeline_sink sink = {add_world, add_exit, NULL, run};
	run->export.to = UINT64_MAX;
	run->export.hart = -1;
	if (reopen(run, path))
		return EXIT_TROUBLE;
	uint32_t events = trace_reader_header(run->export.input.reader)->events;
	if (!(events >> TRACE_WORLD & 1))
		return trouble(path, "the trace has no world events: record with events=world");
	if (read_statistics(run) || reopen(run, path) || timeline_read(&run->export, &sink))
		return EXIT_TROUBLE;
	run->has_profile = events >> TRACE_INSN & 1;
	if (run->has_profile && (reopen(run, path) || profile_read(&run->export, &run->profile)))
		return EXIT_TROUBLE;
	return 0;
}

static void free_run(struct run *run)
{
	world_exits_free(run->rows, run->row_count);
	world_free(&run->world);
	free(run->now);
	free(run->lanes);
	profile_free(&run->profile);
	if (run->export.input.reader)
		trace_reader_close(run->export.input.reader);
}

/* ---- parts of the page ---- */

static void put_head(FILE *out)
{
	fputs(
	    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>rvsim report</title><style>"
	    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1100px;padding:0 1rem;color:#222}h1{font-size:1.6rem}"
	    "h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #ddd;padding-bottom:.2rem}table{border-collapse:collapse}"
	    "td,th{padding:.2rem .7rem .2rem 0;text-align:left;vertical-align:middle;font-weight:400}th{color:#666;font-size:.85rem}"
	    ".cards{display:flex;gap:.8rem;flex-wrap:wrap}.cards div{border:1px solid #ddd;border-radius:8px;background:#f7f8fa;padding:.6rem 1rem;"
	    "color:#555;font-size:.85rem;flex:1}.cards b{display:block;font-size:1.35rem;color:#222;font-variant-numeric:tabular-nums}"
	    ".n{text-align:right;font-variant-numeric:tabular-nums}code{background:#f4f4f4;padding:.1rem .3rem;overflow-wrap:anywhere}"
	    ".key span{display:inline-block;margin-right:1rem;font-size:.85rem}.key i{display:inline-block;width:.8rem;height:.8rem;"
	    "margin-right:.3rem;vertical-align:-1px}.up{color:#b33c00}.down{color:#00684c}svg{display:block}p.small{color:#666;font-size:.85rem}"
	    "</style>\n",
	    out);
}

static void put_card(FILE *out, uint64_t value, const char *what)
{
	fputs("<div><b>", out);
	put_count(out, value);
	fprintf(out, "</b>%s</div>", what);
}

static void put_run(FILE *out, const struct run *run)
{
	const struct trace_header *header = trace_reader_header(run->export.input.reader);
	const char *config = trace_reader_config(run->export.input.reader), *command = strstr(config, "\"command\"");
	uint64_t exits = 0, split = 0, busy = 0; /* of those whose split is known: all cycles but those asleep */
	for (size_t i = 0; i < run->row_count; i++) {
		exits += run->rows[i].count;
		split += run->rows[i].split.exits;
		busy += run->rows[i].split.cycles - run->rows[i].split.parts[SPLIT_WAIT];
	}
	fputs("<p><code>", out);
	put_html(out, run->export.input.path);
	fputs("</code></p>\n<div class=cards>", out);
	put_card(out, run->cycles, "cycles");
	put_card(out, run->instructions, "instructions");
	put_card(out, header->hart_count, header->hart_count == 1 ? "hart" : "harts");
	put_card(out, exits, "VM exits");
	if (split)
		put_card(out, busy / split, "cycles an exit, without sleep");
	fputs("</div>\n", out);
	if (!command || !strchr(command, '['))
		return;
	const char *end = strchr(command, ']');
	fputs("<p class=small><code>rvsim", out);
	for (const char *at = strchr(command, '['); end && at < end; at++)
		if (*at == '"') {
			const char *close = at + 1;
			while (close < end && (*close != '"' || close[-1] == '\\'))
				close++;
			char word[300];
			snprintf(word, sizeof word, " %.*s", (int)(close - at - 1), at + 1);
			put_html(out, word);
			at = close;
		}
	fputs("</code></p>\n", out);
}

static void put_key(FILE *out, const char *const *colours, const char *const *names, unsigned count)
{
	fputs("<p class=key>", out);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "<span><i style=\"background:%s\"></i>%s</span>", colours[i], names[i]);
	fputs("</p>\n", out);
}

/* Parts as lengths, of which `scale` cycles are the whole width. */
static void put_bar(FILE *out, const uint64_t *parts, uint64_t scale)
{
	double x = 0;
	fprintf(out, "<svg width=%d height=16 role=img>", BAR_WIDTH);
	for (unsigned i = 0; i < SPLIT_PARTS; i++) {
		double width = scale ? (double)parts[i] * BAR_WIDTH / (double)scale : 0;
		if (width > 0)
			fprintf(out,
			        "<rect x=%.2f width=%.2f height=16 fill=\"%s\"><title>%s: %" PRIu64
			        " cycles</title></rect>",
			        x, width, part_colours[i], split_titles[i], parts[i]);
		x += width;
	}
	fputs("</svg>", out);
}

static const struct world_exits *row_for(const struct run *run, uint64_t cause)
{
	for (size_t i = 0; run && i < run->row_count; i++)
		if (run->rows[i].cause == cause)
			return &run->rows[i];
	return NULL;
}

static void put_change(FILE *out, uint64_t before, uint64_t after)
{
	int64_t change = (int64_t)(after - before);
	if (change == 0)
		fputs("<td class=n>=</td>", out);
	else
		fprintf(out, "<td class=\"n %s\">%+" PRId64 "</td>", change > 0 ? "up" : "down", change);
}

static uint64_t longest_median(const struct run *run, uint64_t longest)
{
	for (size_t i = 0; run && i < run->row_count; i++) {
		struct tally_summary cycles = tally_summary(&run->rows[i].cycles);
		longest = cycles.median > longest ? cycles.median : longest;
	}
	return longest;
}

static void put_cause(FILE *out, const struct world_exits *row, const struct world_exits *before, bool compares,
                      uint64_t scale)
{
	struct tally_summary cycles = tally_summary(&row->cycles);
	const struct split_example *example = split_sum_example(&row->split, cycles.median);
	fputs("<tr><td>", out);
	put_html(out, world_cause_name(row->cause));
	fputs("</td>", out);
	put_cell(out, row->count);
	put_cell(out, cycles.min);
	put_cell(out, cycles.median);
	if (compares)
		put_change(out, before ? tally_summary(&before->cycles).median : 0, cycles.median);
	put_cell(out, cycles.p99);
	put_cell(out, cycles.max);
	fputs("<td>", out);
	if (example)
		put_bar(out, example->parts, scale);
	fputs("</td></tr>\n", out);
}

static void put_causes(FILE *out, const struct run *run, const struct run *before)
{
	uint64_t scale = longest_median(before, longest_median(run, 1));
	fputs(
	    "<h2>What world switches cost</h2>\n<p>Cycles from a guest's trap to its next instruction; the bar is where they went at the median exit.</p>\n",
	    out);
	put_key(out, part_colours, split_titles, SPLIT_PARTS);
	fprintf(
	    out,
	    "<table><tr><th>exits by cause<th class=n>count<th class=n>min<th class=n>median%s<th class=n>p99<th class=n>max<th></tr>\n",
	    before ? "<th class=n>change" : "");
	for (size_t i = 0; i < run->row_count; i++)
		put_cause(out, &run->rows[i], row_for(before, run->rows[i].cause), before != NULL, scale);
	fputs("</table>\n", out);
}

/* A lane a hart: what world it was in most, piece by piece. */
static void put_lanes(FILE *out, const struct run *run)
{
	enum { HEIGHT = 18, LEFT = 60 };
	static const char *names[MODE_COUNT];
	for (unsigned i = 0; i < MODE_COUNT; i++)
		names[i] = mode_name((enum mode)i);
	fputs("<h2>Which world ran when</h2>\n", out);
	put_key(out, world_colours, names, MODE_COUNT);
	unsigned harts = run->world.hart_count;
	fprintf(out, "<svg width=%d height=%u role=img>", LEFT + LANES_WIDTH, harts * (HEIGHT + 4));
	for (unsigned hart = 0; hart < harts; hart++) {
		fprintf(out, "<text x=0 y=%u font-size=12>hart %u</text>", hart * (HEIGHT + 4) + 13, hart);
		for (unsigned i = 0; i < PIECES; i++) {
			const uint64_t *piece = &run->lanes[(hart * (size_t)PIECES + i) * MODE_COUNT];
			uint64_t total = 0;
			double y = hart * (HEIGHT + 4);
			for (unsigned mode = 0; mode < MODE_COUNT; mode++)
				total += piece[mode];
			for (unsigned mode = 0; total && mode < MODE_COUNT; mode++) {
				double height = (double)piece[mode] * HEIGHT / (double)total;
				if (height > 0)
					fprintf(out, "<rect x=%d y=%.1f width=2.05 height=%.1f fill=\"%s\"/>",
					        LEFT + (int)i * LANES_WIDTH / PIECES, y, height, world_colours[mode]);
				y += height;
			}
		}
	}
	fputs("</svg>\n", out);
}

static void put_slowest(FILE *out, struct run *run)
{
	char zone[160];
	if (!run->slow_count)
		return;
	fputs(
	    "<h2>The slowest exits</h2>\n<table><tr><th>cause<th>zone<th>hart<th class=n>at cycle<th class=n>cycles<th></tr>\n",
	    out);
	for (size_t i = 0; i < run->slow_count; i++) {
		const struct timeline_exit *exit = &run->slowest[i];
		fputs("<tr><td>", out);
		put_html(out, world_cause_name(exit->cause));
		fputs("<td>", out);
		put_html(out, timeline_zone(&run->export, &exit->of, zone, sizeof zone));
		fprintf(out, "<td>%u", exit->hart);
		put_cell(out, exit->begin);
		put_cell(out, length_of(exit));
		fputs("<td>", out);
		if (exit->has_split)
			put_bar(out, exit->parts, length_of(&run->slowest[0]));
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
}

static void put_zones(FILE *out, struct run *run)
{
	size_t count;
	struct world_zone *zones = world_zones(&run->world, run->now, &count);
	if (count)
		fputs(
		    "<h2>Zones</h2>\n<table><tr><th>VMID<th class=n>entries<th class=n>exits<th class=n>cycles inside<th class=n>instructions</tr>\n",
		    out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "<tr><td>%u", zones[i].vmid);
		put_cell(out, zones[i].entries);
		put_cell(out, zones[i].exits);
		put_cell(out, zones[i].cycles);
		put_cell(out, zones[i].instructions);
		fputs("</tr>\n", out);
	}
	if (count)
		fputs("</table>\n", out);
	free(zones);
}

struct hot {
	size_t function;
	uint64_t cycles, instructions;
};

static int by_cycles(const void *left, const void *right)
{
	const struct hot *a = left, *b = right;
	if (a->cycles != b->cycles)
		return a->cycles > b->cycles ? -1 : 1;
	return a->function < b->function ? -1 : 1;
}

static void put_functions(FILE *out, const struct run *run)
{
	const struct profile *profile = &run->profile;
	struct hot *hot = run->has_profile ? calloc(profile->function_count + 1, sizeof *hot) : NULL;
	if (!hot) {
		fputs(
		    "<p class=small>Functions are shown of traces with insn events (--trace FILE,events=default,insn,csr).</p>\n",
		    out);
		return;
	}
	for (size_t i = 0; i < profile->function_count; i++)
		hot[i].function = i;
	for (size_t i = 1; i < profile->node_count; i++) {
		hot[profile->nodes[i].function].cycles += profile->nodes[i].self[COST_CYCLES];
		hot[profile->nodes[i].function].instructions += profile->nodes[i].self[COST_INSTRUCTIONS];
	}
	qsort(hot, profile->function_count, sizeof *hot, by_cycles);
	fputs(
	    "<h2>Functions by their own cycles</h2>\n<table><tr><th>function<th>of<th class=n>cycles<th class=n>instructions<th></tr>\n",
	    out);
	for (size_t i = 0; i < profile->function_count && i < FUNCTIONS && hot[i].cycles; i++) {
		fputs("<tr><td>", out);
		put_html(out, profile->functions[hot[i].function].name);
		fputs("<td>", out);
		put_html(out, profile->functions[hot[i].function].space);
		put_cell(out, hot[i].cycles);
		put_cell(out, hot[i].instructions);
		fprintf(out, "<td><svg width=%d height=12><rect width=%.2f height=12 fill=\"#0072b2\"/></svg></tr>\n",
		        BAR_WIDTH, (double)hot[i].cycles * BAR_WIDTH / (double)hot[0].cycles);
	}
	fputs("</table>\n", out);
	free(hot);
}

/* The costs of all functions of a space; false: it was there before this function. */
static bool sum_space(const struct profile *profile, size_t first, uint64_t sums[COSTS])
{
	const char *space = profile->functions[first].space;
	for (size_t i = 0; i < first; i++)
		if (strcmp(profile->functions[i].space, space) == 0)
			return false;
	memset(sums, 0, COSTS * sizeof sums[0]);
	for (size_t i = 1; i < profile->node_count; i++)
		if (strcmp(profile->functions[profile->nodes[i].function].space, space) == 0)
			for (unsigned cost = 0; cost < COSTS; cost++)
				sums[cost] += profile->nodes[i].self[cost];
	return true;
}

static void put_spaces(FILE *out, const struct run *run)
{
	const struct profile *profile = &run->profile;
	unsigned count = profile->has_tlb ? COSTS : COST_TLB;
	uint64_t sums[COSTS];
	if (!run->has_profile)
		return;
	fputs("<h2>Whose code ran</h2>\n<table><tr><th>", out);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "<th class=n>%s", i == COST_TLB ? "TLB fills" : profile_costs[i]);
	fputs("<th class=n>cycles an instruction</tr>\n", out);
	for (size_t i = 0; i < profile->function_count; i++) {
		if (!sum_space(profile, i, sums))
			continue;
		fputs("<tr><td>", out);
		put_html(out, profile->functions[i].space);
		for (unsigned cost = 0; cost < count; cost++)
			put_cell(out, sums[cost]);
		fprintf(out, "<td class=n>%.2f</tr>\n",
		        sums[COST_INSTRUCTIONS] ? (double)sums[COST_CYCLES] / (double)sums[COST_INSTRUCTIONS] : 0.0);
	}
	fputs("</table>\n", out);
}

static void put_page(FILE *out, struct run *run, struct run *before)
{
	put_head(out);
	fprintf(out, "<h1>%s</h1>\n", before ? "Two runs" : "A run of rvsim");
	if (before) {
		put_run(out, before);
		fputs("<p>and, what is shown below, with changes against it:</p>\n", out);
	}
	put_run(out, run);
	put_causes(out, run, before);
	put_lanes(out, run);
	put_slowest(out, run);
	put_zones(out, run);
	put_spaces(out, run);
	put_functions(out, run);
	if (before) {
		fputs("<h1>The run before</h1>\n", out);
		put_causes(out, before, NULL);
		put_lanes(out, before);
		put_slowest(out, before);
	}
	fputs("</html>\n", out);
}

static int write_page(const char *path, struct run *run, struct run *before)
{
	FILE *out = fopen(path, "we");
	if (!out)
		return trouble(path, strerror(errno));
	put_page(out, run, before);
	bool bad = ferror(out) != 0;
	bad |= fclose(out) != 0;
	return bad ? trouble(path, "could not be written whole") : 0;
}

int rvtrace_report(int argc, char **argv)
{
	static const struct option options[] = {
	    {"output", required_argument, NULL, 'o'}, {"o", required_argument, NULL, 'o'}, {0}};
	const char *path = NULL;
	struct run runs[2] = {0};
	int option, result = 0;
	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return EXIT_TROUBLE;
		path = optarg;
	}
	int count = argc - optind;
	if (!path || count < 1 || count > 2)
		return usage();
	for (int i = 0; i < count && result == 0; i++)
		result = read_run(&runs[i], argv[optind + i]);
	if (result == 0)
		result = write_page(path, &runs[count - 1], count == 2 ? &runs[0] : NULL);
	for (int i = 0; i < count; i++)
		free_run(&runs[i]);
	return result;
}
