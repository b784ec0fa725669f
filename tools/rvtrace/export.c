/* rvtrace export: traces in the formats of other programs. */
#include "rvtrace.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "trace/spike.h"

static void export_trap(struct input *input, struct spike *spike, const struct trace_event *event)
{
	uint32_t word;
	bool known = spike_trap_has_insn(event) &&
	             trace_reader_insn(input->reader, (enum mode)event->mode, event->pc, &word);
	spike_trap(spike, event, known ? &word : NULL);
}

static int export_spike(struct input *input, bool disassembly)
{
	struct spike *spike = calloc(1, sizeof *spike);
	struct trace_event event;
	if (!spike)
		return input_refuse(input, "no memory");
	*spike = (struct spike){.out = stdout, .disassembly = disassembly, .names = &input->names};
	while (input_next(input, &event)) {
		if (event.type == TRACE_TRAP && disassembly)
			export_trap(input, spike, &event);
		else
			spike_event(spike, &event, trace_reader_registers(input->reader, event.hart));
	}
	free(spike);
	return input_close(input);
}

int rvtrace_export(int argc, char **argv)
{
	static const struct option options[] = {
	    {"format", required_argument, NULL, 'f'},
	    {"disassembly", no_argument, NULL, 'd'},
	    {0},
	};
	const char *format = "";
	bool disassembly = false;
	struct input input;
	int option;
	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return EXIT_TROUBLE;
		if (option == 'd')
			disassembly = true;
		else
			format = optarg;
	}
	if (argc - optind != 1 || !*format)
		return usage();
	if (strcmp(format, "spike") != 0)
		return trouble(format, "this export format is not supported; spike is");
	if (input_open(&input, argv[optind]))
		return EXIT_TROUBLE;
	if (!(trace_reader_header(input.reader)->events >> TRACE_INSN & 1))
		return input_refuse(&input, "the trace has no insn events: record with events=insn,csr");
	return export_spike(&input, disassembly);
}
