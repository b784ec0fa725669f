/* rvtrace info: what a file is, without its events. */
#include "rvtrace.h"
#include <inttypes.h>
#include <stdlib.h>

/* What reading all of it tells. */
struct totals {
	uint64_t events[TRACE_TYPES];
	uint64_t cycles; /* the latest of any hart */
};

static void read_totals(struct input *input, struct totals *totals)
{
	struct trace_event event;
	while (input_next(input, &event)) {
		totals->events[event.type]++;
		if (event.cycle > totals->cycles)
			totals->cycles = event.cycle;
	}
	for (unsigned i = 0; i < trace_reader_header(input->reader)->hart_count; i++) {
		const struct trace_end *end = trace_reader_end(input->reader, i);
		if (end->known && end->cycle > totals->cycles)
			totals->cycles = end->cycle;
	}
}

static void print_types(uint32_t events)
{
	const char *separator = "";
	printf("%-14s ", "recorded");
	for (unsigned type = 0; type < TRACE_TYPES; type++) {
		if (!(events >> type & 1))
			continue;
		printf("%s%s", separator, trace_rows[type].name);
		separator = ",";
	}
	putchar('\n');
}

static void print_events(const struct totals *totals)
{
	uint64_t sum = 0;
	for (unsigned type = 0; type < TRACE_TYPES; type++)
		sum += totals->events[type];
	printf("%-14s %" PRIu64 "\n", "events", sum);
	for (unsigned type = 0; type < TRACE_TYPES; type++)
		if (totals->events[type])
			printf("  %-12s %" PRIu64 "\n", trace_rows[type].name, totals->events[type]);
}

static void print_info(const struct input *input, const struct totals *totals)
{
	const struct trace_header *header = trace_reader_header(input->reader);
	const struct trace_sizes *sizes = trace_reader_sizes(input->reader);
	uint64_t hash;
	printf("%-14s %" PRIu32 "\n", "version", header->version);
	printf("%-14s 0x%016" PRIx64 "\n", "configuration", header->config_hash);
	printf("%-14s %" PRIu64 "\n", "seed", header->seed);
	printf("%-14s %" PRIu32 "\n", "harts", header->hart_count);
	print_types(header->events);
	print_events(totals);
	printf("%-14s %" PRIu64 "\n", "cycles", totals->cycles);
	printf("%-14s %" PRIu64 " bytes, %" PRIu64 " decompressed, in %" PRIu64 " chunks\n", "size", sizes->bytes,
	       sizes->content, sizes->chunks);
	if (trace_reader_hash(input->reader, &hash))
		printf("%-14s 0x%016" PRIx64 "\n", "trace hash", hash);
	printf("%-14s %s\n", "state", input->status == TRACE_READ_END ? "complete" : "cut: the end is missing");
	fputs(trace_reader_config(input->reader), stdout);
}

int rvtrace_info(int argc, char **argv)
{
	struct input input;
	struct totals totals = {0};
	if (argc != 2 || *argv[1] == '-')
		return usage();
	if (input_open(&input, argv[1]))
		return EXIT_TROUBLE;
	read_totals(&input, &totals);
	if (input.status != TRACE_READ_CORRUPT)
		print_info(&input, &totals);
	return input_close(&input);
}
