/* rvtrace export: traces in the formats of other programs. */
#include "export.h"
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "isa/csr_table.h"
#include "isa/insn.h"
#include "trace/spike.h"
#include "trace/world.h"

#define BIT(type) (1u << TRACE_##type)

static const struct export_format {
	const char *name;
	export_function *run;
	uint32_t needs; /* events that the trace must have */
	bool needs_path, opens;
	const char *what;
} formats[] = {
    {"spike", export_spike, BIT(INSN), false, false, "Spike's commit log"},
    {"perfetto", export_perfetto, BIT(WORLD), false, false, "Perfetto's protobuf"},
    {"chrome", export_chrome, BIT(WORLD), false, false, "Trace Event JSON: chrome://tracing, DevTools, speedscope"},
    {"kanata", export_kanata, BIT(INSN), false, false, "Konata's pipeline log"},
    {"callgrind", export_callgrind, BIT(INSN), false, false, "callgrind_annotate, KCachegrind"},
    {"folded", export_folded, BIT(INSN), false, false, "stacks for flamegraph.pl, speedscope"},
    {"csv", export_csv, 0, false, false, "every event, a line each"},
    {"ctf", export_ctf, 0, true, true, "Common Trace Format 1.8, a folder: babeltrace2, Trace Compass"},
    {"vcd", export_vcd, BIT(WORLD), false, false, "waves for GTKWave"},
    {"fst", export_fst, BIT(WORLD), true, true, "the same, packed by GTKWave's vcd2fst"},
    {"sqlite", export_sqlite, BIT(WORLD), true, true, "tables: exits, worlds, events"},
};

enum { FORMATS = sizeof formats / sizeof formats[0] };

bool export_next(struct export *export, struct trace_event *event)
{
	while (input_next(&export->input, event))
		if (export_shows(export, event->hart, event->cycle, event->cycle))
			return true;
	return false;
}

const char *export_field_name(const struct trace_event *event, const struct trace_field *field)
{
	uint64_t value = trace_field_value(event, field);
	const struct csr_info *csr;
	switch ((enum trace_field_format)field->format) {
	case PRINT_MODE: return mode_name((enum mode)value);
	case PRINT_CAUSE: return world_cause_name(value);
	case PRINT_REGISTER: return event->flags & TRACE_FRD ? freg_name(value & 31) : reg_name(value & 31);
	case PRINT_CSR: csr = value < 4096 ? csr_info((unsigned)value) : NULL; return csr ? csr->name : NULL;
	default: return NULL;
	}
}

void export_quoted(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte == '"' || byte == '\\')
			putc('\\', out);
		if (byte < ' ')
			fprintf(out, "\\u%04x", byte);
		else
			putc(byte, out);
	}
	putc('"', out);
}

/* ---- spike ---- */

static void spike_of_trap(struct input *input, struct spike *spike, const struct trace_event *event)
{
	uint32_t word;
	bool known = spike_trap_has_insn(event) &&
	             trace_reader_insn(input->reader, (enum mode)event->mode, event->pc, &word);
	spike_trap(spike, event, known ? &word : NULL);
}

int export_spike(struct export *export)
{
	struct input *input = &export->input;
	struct spike *spike = calloc(1, sizeof *spike);
	struct trace_event event;
	if (!spike)
		return trouble(input->path, "no memory");
	*spike = (struct spike){.out = export->out, .disassembly = export->disassembly, .names = &input->names};
	while (export_next(export, &event)) {
		if (event.type == TRACE_TRAP && export->disassembly)
			spike_of_trap(input, spike, &event);
		else
			spike_event(spike, &event, trace_reader_registers(input->reader, event.hart));
	}
	free(spike);
	return 0;
}

/* ---- the command ---- */

static int parse_option(struct export *export, const char **format, int option, const char *argument)
{
	uint64_t number = 0;
	switch (option) {
	case 'F': *format = argument; return 0;
	case 'o': export->path = argument; return 0;
	case 'd': export->disassembly = true; return 0;
	case 'i': export->instructions = true; return 0;
	case '?': return EXIT_TROUBLE;
	default: break;
	}
	if (!parse_number(argument, &number))
		return trouble(argument, "not a number");
	if (option == 'h' && number >= TRACE_HARTS_MAX)
		return trouble(argument, "no such hart");
	if (option == 'h')
		export->hart = (int)number;
	else
		*(option == 'f' ? &export->from : &export->to) = number;
	return 0;
}

static int unknown_format(const char *name)
{
	char list[160] = "no such export format; there are";
	for (size_t i = 0; i < FORMATS; i++) {
		strcat(list, i ? ", " : " ");
		strcat(list, formats[i].name);
	}
	return trouble(name, list);
}

/* "the trace has no insn, trap events" */
static int lacks(struct export *export, uint32_t lacking)
{
	char text[160], names[80] = "";
	for (unsigned i = 0; i < TRACE_TYPES; i++)
		if (lacking >> i & 1) {
			strcat(names, *names ? "," : "");
			strcat(names, trace_rows[i].name);
		}
	snprintf(text, sizeof text, "the trace has no %s events: record with events=%s", names, names);
	return input_refuse(&export->input, text);
}

static int open_output(struct export *export, const struct export_format *format)
{
	if (format->opens)
		return 0;
	export->out = export->path ? fopen(export->path, "we") : stdout;
	return export->out ? 0 : trouble(export->path, strerror(errno));
}

static int close_output(struct export *export, int result)
{
	if (!export->out || export->out == stdout)
		return result;
	bool bad = ferror(export->out) != 0;
	bad |= fclose(export->out) != 0;
	return bad ? trouble(export->path, strerror(errno ? errno : EIO)) : result;
}

static int run_export(struct export *export, const struct export_format *format, const char *file)
{
	if (format->needs_path && !export->path)
		return trouble(format->name, "--output PATH says where to: this format does not go to stdout");
	if (input_open(&export->input, file))
		return EXIT_TROUBLE;
	const struct trace_header *header = trace_reader_header(export->input.reader);
	if (format->needs & ~header->events)
		return lacks(export, format->needs & ~header->events);
	if (export->hart >= (int)header->hart_count)
		return input_refuse(&export->input, "no such hart in this trace");
	int result = open_output(export, format);
	if (result == 0)
		result = close_output(export, format->run(export));
	return input_close(&export->input) | result;
}

int rvtrace_export(int argc, char **argv)
{
	static const struct option options[] = {
	    {"format", required_argument, NULL, 'F'},
	    {"output", required_argument, NULL, 'o'},
	    {"o", required_argument, NULL, 'o'},
	    {"hart", required_argument, NULL, 'h'},
	    {"from", required_argument, NULL, 'f'},
	    {"to", required_argument, NULL, 't'},
	    {"disassembly", no_argument, NULL, 'd'},
	    {"instructions", no_argument, NULL, 'i'},
	    {0},
	};
	struct export export = {.to = UINT64_MAX, .hart = -1};
	const char *name = "";
	int option;
	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1)
		if (parse_option(&export, &name, option, optarg))
			return EXIT_TROUBLE;
	if (argc - optind != 1 || !*name)
		return usage();
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(formats[i].name, name) == 0)
			return run_export(&export, &formats[i], argv[optind]);
	return unknown_format(name);
}
