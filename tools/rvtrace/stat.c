/* rvtrace stat: what world switches cost, as --stats has it. */
#include "rvtrace.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include "trace/world.h"
#include "trace/world_json.h"

/* Where the cycles of all exits of a cause went; every line adds up to its total. */
static void stat_text_split(const struct world_exits *rows, size_t count)
{
	printf("\n%-40s %10s", "cycles of exits, by what they went to", "total");
	for (unsigned part = 0; part < SPLIT_PARTS; part++)
		printf(" %9s", split_titles[part]);
	putchar('\n');
	for (size_t i = 0; i < count; i++) {
		if (!rows[i].split.exits)
			continue;
		printf("%-40s %10" PRIu64, world_cause_name(rows[i].cause), rows[i].split.cycles);
		for (unsigned part = 0; part < SPLIT_PARTS; part++)
			printf(" %9" PRIu64, rows[i].split.parts[part]);
		putchar('\n');
	}
}

/* The instructions of the switch and the handler, by function: the first ones, and the rest in a line. */
static void stat_text_functions(const struct world_exits *row, const struct trace_names *names)
{
	enum { SHOWN = 8 };
	struct split_symbol *ranked = split_sum_ranked(&row->split);
	uint64_t rest = 0;
	for (size_t i = 0; ranked && i < row->split.symbol_count; i++) {
		const char *name = split_symbol_name(names, ranked[i].address);
		if (i < SHOWN)
			printf("%-40s %10" PRIu64 "  %s\n", i ? "" : world_cause_name(row->cause), ranked[i].cycles,
			       name ? name : "(no symbol)");
		else
			rest += ranked[i].cycles;
	}
	if (rest)
		printf("%-40s %10" PRIu64 "  (%zu others)\n", "", rest, row->split.symbol_count - SHOWN);
	free(ranked);
}

static void stat_text_exits(const struct world *world, const struct trace_names *names)
{
	bool split = false;
	size_t count;
	struct world_exits *rows = world_exits(world, WORLD_ALL, &count);
	printf("\n%-40s %10s %10s %10s %10s %10s\n", "exits by cause", "count", "min", "median", "p99", "max");
	for (size_t i = 0; i < count; i++) {
		struct tally_summary cycles = tally_summary(&rows[i].cycles);
		printf("%-40s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
		       world_cause_name(rows[i].cause), rows[i].count, cycles.min, cycles.median, cycles.p99,
		       cycles.max);
		split |= rows[i].split.exits != 0;
	}
	if (split) {
		stat_text_split(rows, count);
		printf("\n%-40s %10s\n", "cycles of instructions, by function", "total");
		for (size_t i = 0; i < count; i++)
			stat_text_functions(&rows[i], names);
	}
	world_exits_free(rows, count);
}

static void stat_text_interrupts(const struct world *world)
{
	printf("\n%-4s %-35s %10s %10s %10s %10s %10s %12s %12s\n", "hart", "cycles that interrupts waited", "count",
	       "min", "median", "p99", "max", "total", "masked");
	for (unsigned i = 0; i < world->hart_count; i++) {
		const struct latencies *latencies = &world->harts[i].latencies;
		for (size_t j = 0; j < latencies->count; j++) {
			const struct latency_row *row = &latencies->rows[j];
			struct tally_summary waited = tally_summary(&row->waited);
			printf("%-4u %-35s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64
			       " %12" PRIu64 " %12" PRIu64 "\n",
			       i, world_cause_name(row->cause), waited.count, waited.min, waited.median, waited.p99,
			       waited.max, tally_sum(&row->waited), row->masked);
		}
	}
}

static void stat_text_zones(const struct world *world, const struct world_now *now)
{
	size_t count;
	struct world_zone *zones = world_zones(world, now, &count);
	printf("\n%-5s %10s %10s %14s %14s\n", "vmid", "entries", "exits", "cycles", "instructions");
	for (size_t i = 0; i < count; i++)
		printf("%-5u %10" PRIu64 " %10" PRIu64 " %14" PRIu64 " %14" PRIu64 "\n", zones[i].vmid,
		       zones[i].entries, zones[i].exits, zones[i].cycles, zones[i].instructions);
	free(zones);
}

static void stat_text(const struct world *world, const struct world_now *now, const struct trace_names *names)
{
	printf("%-4s %14s %14s", "hart", "cycles", "instructions");
	for (enum mode mode = 0; mode < MODE_COUNT; mode++)
		printf(" %11s in", mode_name(mode));
	printf(" %10s %10s\n", "entries", "exits");
	for (unsigned i = 0; i < world->hart_count; i++) {
		struct world_modes modes = world_modes(world, i, now[i].cycle, now[i].retired);
		printf("%-4u %14" PRIu64 " %14" PRIu64, i, now[i].cycle, now[i].retired);
		for (enum mode mode = 0; mode < MODE_COUNT; mode++)
			printf(" %14" PRIu64, modes.instructions[mode]);
		printf(" %10" PRIu64 " %10" PRIu64 "\n", world->harts[i].entries, world->harts[i].exits);
	}
	stat_text_exits(world, names);
	stat_text_interrupts(world);
	stat_text_zones(world, now);
}

static void stat_json(const struct input *input, const struct world *world, const struct world_now *now)
{
	struct json json = {.out = stdout};
	uint64_t hash, cycles = 0, instructions = 0;
	for (unsigned i = 0; i < world->hart_count; i++) {
		cycles = now[i].cycle > cycles ? now[i].cycle : cycles;
		instructions += now[i].retired;
	}
	json_open(&json, NULL, '{');
	json_u64(&json, "cycles", cycles);
	json_u64(&json, "instructions", instructions);
	if (trace_reader_hash(input->reader, &hash))
		json_hex(&json, "trace_hash", hash);
	json_open(&json, "harts", '[');
	for (unsigned i = 0; i < world->hart_count; i++) {
		json_open(&json, NULL, '{');
		world_json_hart(&json, world, i, &now[i]);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	world_json_switches(&json, world, &input->names);
	world_json_zones(&json, world, now, &input->names);
	json_close(&json, '}');
}

void stat_read(struct input *input, struct world *world, struct world_now *now)
{
	struct trace_event event;
	while (input_next(input, &event)) {
		const struct split *split = trace_reader_split(input->reader, event.hart);
		const struct trace_latency *latency = event.type == TRACE_TRAP
		                                          ? trace_reader_latency(input->reader, event.hart)
		                                          : NULL;
		if (split)
			world_split(world, event.hart, split);
		if (latency)
			world_latency(world, event.hart, latency);
		world_event(world, &event);
		if (event.cycle > now[event.hart].cycle)
			now[event.hart] = (struct world_now){event.cycle, event.retired};
	}
	for (unsigned i = 0; i < world->hart_count; i++) {
		const struct trace_end *end = trace_reader_end(input->reader, i);
		if (end->known)
			now[i] = (struct world_now){end->cycle, end->retired};
	}
}

static int stat_file(const char *path, bool as_json)
{
	struct input input;
	struct world world;
	static const char lacking[] = "the trace has no world events: record with events=world";
	if (input_open(&input, path))
		return EXIT_TROUBLE;
	const struct trace_header *header = trace_reader_header(input.reader);
	if (!(header->events >> TRACE_WORLD & 1))
		return input_refuse(&input, lacking);
	struct world_now *now = calloc(header->hart_count, sizeof(*now));
	int result = 0;
	if (!now || world_init(&world, header->hart_count)) {
		result = trouble(path, "no memory");
	} else {
		stat_read(&input, &world, now);
		if (as_json)
			stat_json(&input, &world, now);
		else
			stat_text(&world, now, &input.names);
		world_free(&world);
	}
	free(now);
	return input_close(&input) | result;
}

int rvtrace_stat(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
	bool as_json = false;
	int option;
	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return EXIT_TROUBLE;
		as_json = true;
	}
	return argc - optind == 1 ? stat_file(argv[optind], as_json) : usage();
}
