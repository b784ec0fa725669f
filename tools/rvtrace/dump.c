/* rvtrace dump: events as text. */
#include "rvtrace.h"
#include <getopt.h>
#include <stdlib.h>

struct filter {
	uint64_t from, to;
	uint32_t types;
	int hart; /* -1: all */
	bool golden;
};

static bool passes(const struct filter *filter, const struct trace_event *event)
{
	return (filter->hart < 0 || filter->hart == event->hart) && filter->types >> event->type & 1 &&
	       event->cycle >= filter->from && event->cycle <= filter->to;
}

static void dump_plain(struct input *input, const struct filter *filter)
{
	struct trace_event event;
	while (input_next(input, &event)) {
		const struct trace_latency *latency = event.type == TRACE_TRAP
		                                          ? trace_reader_latency(input->reader, event.hart)
		                                          : NULL;
		if (passes(filter, &event))
			trace_print(stdout, &event, latency, &input->names);
	}
}

/* Hart by hart: how harts interleave is a matter of cycles. */
static int dump_golden(struct input *input, const struct filter *filter)
{
	struct {
		char *text;
		size_t size;
		FILE *out;
	} lines[TRACE_HARTS_MAX] = {0};
	unsigned count = trace_reader_header(input->reader)->hart_count;
	struct trace_event event;
	while (input_next(input, &event)) {
		if (!passes(filter, &event))
			continue;
		FILE **out = &lines[event.hart].out;
		if (!*out)
			*out = open_memstream(&lines[event.hart].text, &lines[event.hart].size);
		if (!*out)
			return trouble(input->path, "no memory");
		trace_print_golden(*out, &event, &input->names);
	}
	for (unsigned i = 0; i < count; i++) {
		if (!lines[i].out)
			continue;
		fclose(lines[i].out);
		fwrite(lines[i].text, 1, lines[i].size, stdout);
		free(lines[i].text);
	}
	return 0;
}

/* 0, or EXIT_TROUBLE after a line. */
static int parse_filter(struct filter *filter, int option, const char *argument)
{
	uint64_t number = 0;
	if (option == 'g')
		filter->golden = true;
	else if (option == 'y')
		return trace_parse_events(argument, &filter->types) ? trouble(argument, "no such event type") : 0;
	else if (!parse_number(argument, &number))
		return trouble(argument, "not a number");
	else if (option == 'h' && number >= TRACE_HARTS_MAX)
		return trouble(argument, "no such hart");
	else if (option == 'h')
		filter->hart = (int)number;
	else if (option == 'f')
		filter->from = number;
	else if (option == 't')
		filter->to = number;
	return 0;
}

int rvtrace_dump(int argc, char **argv)
{
	static const struct option options[] = {
	    {"hart", required_argument, NULL, 'h'}, {"type", required_argument, NULL, 'y'},
	    {"from", required_argument, NULL, 'f'}, {"to", required_argument, NULL, 't'},
	    {"golden", no_argument, NULL, 'g'},     {0},
	};
	struct filter filter = {.to = UINT64_MAX, .hart = -1};
	struct input input;
	int option, result;
	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1)
		if (option == '?' || parse_filter(&filter, option, optarg))
			return EXIT_TROUBLE;
	if (argc - optind != 1)
		return usage();
	/* Interrupt wires rise at cycles, not at places in the program. */
	if (!filter.types)
		filter.types = filter.golden ? TRACE_DEFAULT & ~(1u << TRACE_IRQ) : UINT32_MAX;
	if (input_open(&input, argv[optind]))
		return EXIT_TROUBLE;
	result = filter.golden ? dump_golden(&input, &filter) : 0;
	if (!filter.golden)
		dump_plain(&input, &filter);
	return input_close(&input) | result;
}
