/* Waves (IEEE 1364's value change dump): of every hart its world, wires for each of the worlds and for being in an exit, the exit's
 * cause, the guest's VMID, and the pc where the trace tells it. A cycle is a nanosecond. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/version.h"
#include "merge.h"
#include "export.h"
#include "quick.h"

enum { VMID_LOW = 44, VMID_MASK = 0x3fff };
enum { WIRE_MODE, WIRE_PC, WIRE_VMID, WIRE_CAUSE, WIRE_EXIT, WIRE_FIRST_WORLD, WIRES = WIRE_FIRST_WORLD + MODE_COUNT };

static const struct wire {
	const char *name;
	unsigned width;
} wires[WIRES] = {
    [WIRE_MODE] = {"mode", 3},    [WIRE_PC] = {"pc", 64},    [WIRE_VMID] = {"vmid", 14},
    [WIRE_CAUSE] = {"cause", 64}, [WIRE_EXIT] = {"exit", 1},
};

struct vcd {
	struct export *export;
	struct quick out;
	uint64_t now;
	struct vcd_hart {
		uint64_t values[WIRES];
	} harts[TRACE_HARTS_MAX];
};

/* Identifier codes are of printable characters. */
static void put_code(struct quick *out, unsigned hart, unsigned wire)
{
	enum { FIRST = '!', CODES = 94 };
	for (unsigned number = hart * WIRES + wire + 1; number; number /= CODES)
		quick_byte(out, (char)(FIRST + number % CODES));
}

/* Without leading zeros. */
static void put_binary(struct quick *out, uint64_t value)
{
	unsigned size = value ? 64 - (unsigned)__builtin_clzll(value) : 1;
	quick_room(out, size);
	char *at = out->bytes + out->size;
	for (unsigned bit = size; bit-- > 0;)
		*at++ = (char)('0' + (value >> bit & 1));
	out->size += size;
}

static unsigned wire_width(unsigned wire) { return wires[wire].width ? wires[wire].width : 1; }

static void put_value(struct quick *out, unsigned hart, unsigned wire, uint64_t value)
{
	unsigned width = wire_width(wire);
	if (width == 1) {
		quick_byte(out, value ? '1' : '0');
	} else {
		quick_byte(out, 'b');
		put_binary(out, width < 64 ? value & ((UINT64_C(1) << width) - 1) : value);
		quick_byte(out, ' ');
	}
	put_code(out, hart, wire);
	quick_byte(out, '\n');
}

static void change(struct vcd *vcd, unsigned hart, unsigned wire, uint64_t value)
{
	if (vcd->harts[hart].values[wire] == value)
		return;
	vcd->harts[hart].values[wire] = value;
	put_value(&vcd->out, hart, wire, value);
}

static void change_world(struct vcd *vcd, const struct trace_event *event)
{
	unsigned hart = event->hart;
	bool was = mode_virt((enum mode)event->from), is = mode_virt((enum mode)event->mode);
	for (unsigned i = 0; i < MODE_COUNT; i++)
		change(vcd, hart, WIRE_FIRST_WORLD + i, i == event->mode);
	change(vcd, hart, WIRE_MODE, event->mode);
	if (is)
		change(vcd, hart, WIRE_VMID, event->value[2] >> VMID_LOW & VMID_MASK);
	if (is || event->value[0] == TRACE_RESET) {
		change(vcd, hart, WIRE_EXIT, 0);
	} else if (was) {
		change(vcd, hart, WIRE_EXIT, 1);
		change(vcd, hart, WIRE_CAUSE, event->value[0]);
	}
}

static void put_time(struct quick *out, uint64_t cycle)
{
	quick_byte(out, '#');
	quick_decimal(out, cycle);
	quick_byte(out, '\n');
}

static void vcd_take(void *context, const struct merged *merged)
{
	struct vcd *vcd = context;
	const struct trace_event *event = &merged->event;
	if (merged->cycle != vcd->now)
		put_time(&vcd->out, merged->cycle);
	vcd->now = merged->cycle;
	change(vcd, event->hart, WIRE_PC, event->pc);
	if (event->type == TRACE_WORLD)
		change_world(vcd, event);
}

static const char *wire_name(unsigned wire)
{
	return wires[wire].name ? wires[wire].name : mode_name((enum mode)(wire - WIRE_FIRST_WORLD));
}

static void write_wires(struct quick *out, unsigned hart)
{
	quick_text(out, "$scope module hart");
	quick_decimal(out, hart);
	quick_text(out, " $end\n");
	for (unsigned i = 0; i < WIRES; i++) {
		unsigned width = wire_width(i);
		quick_text(out, "$var wire ");
		quick_decimal(out, width);
		quick_byte(out, ' ');
		put_code(out, hart, i);
		quick_byte(out, ' ');
		quick_text(out, wire_name(i));
		if (width > 1) {
			quick_text(out, " [");
			quick_decimal(out, width - 1);
			quick_text(out, ":0]");
		}
		quick_text(out, " $end\n");
	}
	quick_text(out, "$upscope $end\n");
}

static void write_head(struct vcd *vcd, unsigned harts)
{
	struct quick *out = &vcd->out;
	const struct export *export = vcd->export;
	quick_text(out, "$version rvtrace " RVSIM_VERSION " $end\n$timescale 1 ns $end\n$scope module machine $end\n");
	for (unsigned hart = 0; hart < harts; hart++)
		if (export_shows(export, hart, export->from, export->to))
			write_wires(out, hart);
	quick_text(out, "$upscope $end\n$enddefinitions $end\n");
	put_time(out, vcd->now);
	quick_text(out, "$dumpvars\n");
	for (unsigned hart = 0; hart < harts; hart++)
		for (unsigned i = 0; i < WIRES && export_shows(export, hart, export->from, export->to); i++)
			put_value(out, hart, i, vcd->harts[hart].values[i]);
	quick_text(out, "$end\n");
}

static void begin_hart(struct vcd_hart *hart)
{
	hart->values[WIRE_MODE] = MODE_M;
	hart->values[WIRE_FIRST_WORLD + MODE_M] = 1;
}

/* Worlds before what is shown are known to it. */
static void read_changes(struct vcd *vcd, struct merge *merge)
{
	struct input *input = &vcd->export->input;
	struct trace_event event;
	*merge = (struct merge){0};
	while (input_next(input, &event)) {
		if (!merge->take) /* the configuration is read by now */
			merge_begin(merge, trace_reader_config(input->reader), vcd_take, vcd);
		if (event.type != TRACE_WORLD && event.type != TRACE_INSN && event.type != TRACE_TRAP)
			continue;
		uint64_t cycle = event.cycle < vcd->export->from ? vcd->export->from : event.cycle;
		if (export_shows(vcd->export, event.hart, cycle, cycle) &&
		    (cycle == event.cycle || event.type == TRACE_WORLD))
			merge_put(merge, cycle, &event);
	}
}

static int write_vcd(struct export *export, FILE *out)
{
	unsigned harts = trace_reader_header(export->input.reader)->hart_count;
	struct vcd *vcd = calloc(1, sizeof *vcd);
	struct merge merge;
	if (!vcd)
		return trouble(export->input.path, "no memory");
	vcd->export = export;
	vcd->out.out = out;
	vcd->now = export->from;
	for (unsigned i = 0; i < harts; i++)
		begin_hart(&vcd->harts[i]);
	write_head(vcd, harts);
	read_changes(vcd, &merge);
	int result = merge_end(&merge);
	quick_flush(&vcd->out);
	free(vcd);
	return result ? trouble(export->input.path, "no memory") : 0;
}

int export_vcd(struct export *export) { return write_vcd(export, export->out); }

/* ---- FST: GTKWave's own tool packs it ---- */

static FILE *start_packer(const char *path, pid_t *child)
{
	int ends[2];
	if (pipe(ends) != 0)
		return NULL;
	*child = fork();
	if (*child == 0) {
		dup2(ends[0], STDIN_FILENO);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execlp("vcd2fst", "vcd2fst", "-v", "-", "-f", path, (char *)NULL);
		fprintf(stderr, "rvtrace: vcd2fst: %s (it is in the package gtkwave)\n", strerror(errno));
		_exit(EXIT_TROUBLE);
	}
	close(ends[0]);
	FILE *out = *child > 0 ? fdopen(ends[1], "w") : NULL;
	if (!out)
		close(ends[1]);
	return out;
}

int export_fst(struct export *export)
{
	pid_t child;
	int status = 0;
	FILE *out = start_packer(export->path, &child);
	if (!out)
		return trouble("vcd2fst", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	int result = write_vcd(export, out);
	fclose(out);
	if (waitpid(child, &status, 0) != child || status != 0)
		return result ? result : trouble(export->path, "vcd2fst could not write it");
	return result;
}
