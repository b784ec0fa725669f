/* Files being read, and words about what is wrong with them. */
#include "rvtrace.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include "base/say.h"

const char usage_text[] =
    "usage: rvtrace dump [--hart N] [--type LIST] [--from CYCLE] [--to CYCLE] [--golden] FILE\n"
    "       rvtrace diff [--context N] [--ignore cycle,retired,addresses,interrupts] A B     exit 0: same, 1: differ, 2: trouble\n"
    "       rvtrace stat [--json] FILE\n"
    "       rvtrace info FILE                  version, configuration, events, size; complete or cut\n"
    "       rvtrace report [BEFORE] FILE -o report.html     a page about a run, or about what changed\n"
    "       rvtrace view FILE                  who had the harts when, and what left guests, in a window (docs/view.md)\n"
    "       rvtrace export --format=FORMAT [-o PATH] [--hart N] [--from CYCLE] [--to CYCLE] FILE\n"
    "         spike [--disassembly], perfetto, chrome, kanata, callgrind, folded, csv, vcd; with -o only: ctf (a folder), fst,\n"
    "         sqlite [--instructions]\n";

int usage(void)
{
	fputs(usage_text, stderr);
	return EXIT_TROUBLE;
}

int trouble(const char *subject, const char *reason)
{
	char *text;
	if (asprintf(&text, "rvtrace: %s: %s", subject, reason) < 0)
		return EXIT_TROUBLE;
	fprintf(stderr, "%s\n", say_plain(text));
	free(text);
	return EXIT_TROUBLE;
}

bool parse_number(const char *text, uint64_t *value)
{
	char *end;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && end != text && !*end && *text != '-';
}

static const char *find_name(void *context, enum mode mode, unsigned guest, uint64_t address, uint64_t *offset)
{
	return trace_reader_symbol(context, mode, guest, address, offset);
}

int input_open(struct input *input, const char *path)
{
	char reason[160];
	*input = (struct input){.path = path, .status = TRACE_READ_EVENT};
	input->reader = trace_reader_open(path, reason, sizeof(reason));
	if (!input->reader)
		return trouble(path, reason);
	input->names = (struct trace_names){find_name, input->reader};
	return 0;
}

bool input_next(struct input *input, struct trace_event *event)
{
	input->status = trace_reader_next(input->reader, event);
	return input->status == TRACE_READ_EVENT;
}

enum { SYMBOLS = 1 << 12 };

struct input_symbol {
	uint64_t pc, offset;
	const char *name;
	uint16_t guest;
	uint8_t mode;
	bool known;
};

const char *input_symbol(struct input *input, const struct trace_event *event, uint64_t *offset)
{
	if (!input->symbols)
		input->symbols = calloc(SYMBOLS, sizeof *input->symbols);
	if (!input->symbols)
		return trace_reader_symbol(input->reader, (enum mode)event->mode, event->guest, event->pc, offset);
	struct input_symbol *kept = &input->symbols[(event->pc >> 1 ^ event->guest) % SYMBOLS];
	if (!kept->known || kept->pc != event->pc || kept->mode != event->mode || kept->guest != event->guest) {
		*kept = (struct input_symbol){
		    .pc = event->pc, .guest = event->guest, .mode = event->mode, .known = true};
		kept->name = trace_reader_symbol(input->reader, (enum mode)event->mode, event->guest, event->pc,
		                                 &kept->offset);
	}
	*offset = kept->offset;
	return kept->name;
}

int input_close(struct input *input)
{
	int result = 0;
	if (input->status == TRACE_READ_EVENT)
		input->status = trace_reader_check_rest(input->reader);
	if (input->status == TRACE_READ_TRUNCATED)
		fprintf(stderr, "rvtrace: %s: note: no end record (the run was killed?); %" PRIu64 " events read\n",
		        input->path, trace_reader_events(input->reader));
	if (input->status == TRACE_READ_CORRUPT)
		result = trouble(input->path, trace_reader_error(input->reader));
	free(input->symbols);
	trace_reader_close(input->reader);
	return result;
}

int input_refuse(struct input *input, const char *reason)
{
	free(input->symbols);
	trace_reader_close(input->reader);
	return trouble(input->path, reason);
}
