/* rvtrace export: traces in the formats of other programs. */
#include "rvtrace.h"
#include <getopt.h>
#include <string.h>

enum { CSRS_MAX = 4 };

/* csr events stand before the insn event of the instruction that wrote them. */
static void export_spike(struct input *input)
{
	struct {
		struct trace_event csrs[CSRS_MAX];
		unsigned count;
	} pending[TRACE_HARTS_MAX] = {0};
	struct trace_event event;
	while (input_next(input, &event)) {
		unsigned *count = &pending[event.hart].count;
		struct trace_event *csrs = pending[event.hart].csrs;
		if (event.type == TRACE_CSR && *count < CSRS_MAX)
			csrs[(*count)++] = event;
		if (event.type != TRACE_INSN)
			continue;
		bool own = *count && csrs[0].pc == event.pc;
		trace_print_spike(stdout, &event, csrs, own ? *count : 0);
		*count = 0;
	}
}

int rvtrace_export(int argc, char **argv)
{
	static const struct option options[] = {{"format", required_argument, NULL, 'f'}, {0}};
	const char *format = "";
	struct input input;
	int option;
	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return EXIT_TROUBLE;
		format = optarg;
	}
	if (argc - optind != 1 || !*format)
		return usage();
	if (strcmp(format, "spike") != 0)
		return trouble(format, "this export format is not supported; spike is");
	if (input_open(&input, argv[optind]))
		return EXIT_TROUBLE;
	if (!(trace_reader_header(input.reader)->events >> TRACE_INSN & 1))
		return input_refuse(&input, "the trace has no insn events: record with events=insn");
	export_spike(&input);
	return input_close(&input);
}
