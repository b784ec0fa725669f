/* rvtrace: reads what rvsim --trace wrote. Subcommands dump, diff, stat, export. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/say.h"
#include "trace/format.h"
#include "trace/text.h"
#include "trace/world.h"
#include "trace/world_json.h"

enum { EXIT_SAME = 0, EXIT_DIFFERS = 1, EXIT_TROUBLE = 2 };

static const char usage_text[] =
    "usage: rvtrace dump [--hart N] [--type LIST] [--from CYCLE] [--to CYCLE] [--golden] FILE\n"
    "       rvtrace diff [--context N] A B     exit 0: same, 1: differ, 2: trouble\n"
    "       rvtrace stat [--json] FILE\n"
    "       rvtrace export --format=spike FILE\n";

static int trouble(const char *subject, const char *reason)
{
	char *text;
	if (asprintf(&text, "rvtrace: %s: %s", subject, reason) < 0)
		return EXIT_TROUBLE;
	fprintf(stderr, "%s\n", say_plain(text));
	free(text);
	return EXIT_TROUBLE;
}

static int usage(void)
{
	fputs(usage_text, stderr);
	return EXIT_TROUBLE;
}

/* ---- a file being read ---- */

struct input {
	const char *path;
	struct trace_reader *reader;
	struct trace_names names;
	enum trace_status status; /* once input_next has returned false */
};

static const char *find_name(void *context, enum mode mode, uint64_t address, uint64_t *offset)
{
	return trace_reader_symbol(context, mode, address, offset);
}

/* 0, or EXIT_TROUBLE after a line. */
static int input_open(struct input *input, const char *path)
{
	char reason[160];
	input->path = path;
	input->status = TRACE_READ_EVENT;
	input->reader = trace_reader_open(path, reason, sizeof(reason));
	if (!input->reader)
		return trouble(path, reason);
	input->names = (struct trace_names){ find_name, input->reader };
	return 0;
}

static bool input_next(struct input *input, struct trace_event *event)
{
	input->status = trace_reader_next(input->reader, event);
	return input->status == TRACE_READ_EVENT;
}

/* What is to be said about how the file ended; the exit code that follows. */
static int input_close(struct input *input)
{
	int result = 0;
	if (input->status == TRACE_READ_TRUNCATED)
		fprintf(stderr, "rvtrace: %s: note: no end record (the run was killed?); %" PRIu64 " events read\n", input->path,
		        trace_reader_events(input->reader));
	if (input->status == TRACE_READ_CORRUPT)
		result = trouble(input->path, trace_reader_error(input->reader));
	trace_reader_close(input->reader);
	return result;
}

/* ---- dump ---- */

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
	while (input_next(input, &event))
		if (passes(filter, &event))
			trace_print(stdout, &event, &input->names);
}

/* Hart by hart: how harts interleave is a matter of cycles. */
static int dump_golden(struct input *input, const struct filter *filter)
{
	struct { char *text; size_t size; FILE *out; } lines[TRACE_HARTS_MAX] = { 0 };
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

static bool parse_number(const char *text, uint64_t *value)
{
	char *end;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && end != text && !*end && *text != '-';
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

static int dump(int argc, char **argv)
{
	static const struct option options[] = {
		{ "hart", required_argument, NULL, 'h' }, { "type", required_argument, NULL, 'y' },
		{ "from", required_argument, NULL, 'f' }, { "to", required_argument, NULL, 't' },
		{ "golden", no_argument, NULL, 'g' },     { 0 },
	};
	struct filter filter = { .to = UINT64_MAX, .hart = -1 };
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

/* ---- diff ---- */

/* Events of one hart, oldest first: a ring that grows. */
struct queue {
	struct trace_event *events;
	size_t first, count, capacity;
};

static void queue_push(struct queue *queue, const struct trace_event *event)
{
	if (queue->count == queue->capacity) {
		size_t capacity = queue->capacity ? queue->capacity * 2 : 16;
		struct trace_event *grown = malloc(capacity * sizeof(*grown));
		if (!grown)
			exit(trouble("diff", "no memory"));
		for (size_t i = 0; i < queue->count; i++)
			grown[i] = queue->events[(queue->first + i) % queue->capacity];
		free(queue->events);
		*queue = (struct queue){ grown, 0, queue->count, capacity };
	}
	queue->events[(queue->first + queue->count++) % queue->capacity] = *event;
}

static struct trace_event queue_pop(struct queue *queue)
{
	struct trace_event event = queue->events[queue->first];
	queue->first = (queue->first + 1) % queue->capacity;
	queue->count--;
	return event;
}

/* Two files compared hart by hart: events of one side wait in `waiting` until the other side's come. */
struct comparison {
	struct input input[2];
	bool dry[2];
	uint32_t types; /* those both files record */
	uint64_t context;
	struct queue waiting[2][TRACE_HARTS_MAX];
	struct queue before[TRACE_HARTS_MAX]; /* the last equal events, `context` at most */
	struct trace_event differing[2];
	bool present[2];
	unsigned hart; /* where the files differ */
};

static bool same_event(const struct trace_event *a, const struct trace_event *b)
{
	if (a->type != b->type || a->mode != b->mode || a->cycle != b->cycle || a->retired != b->retired || a->pc != b->pc)
		return false;
	const struct trace_row *row = &trace_rows[a->type];
	for (unsigned i = 0; i < row->field_count; i++)
		if (trace_source(a, row->fields[i].source) != trace_source(b, row->fields[i].source))
			return false;
	return true;
}

/* The event came from `side`. False: it differs from the one that the other side has in its place. */
static bool compare_event(struct comparison *comparison, unsigned side, const struct trace_event *event)
{
	struct queue *other = &comparison->waiting[!side][event->hart], *before = &comparison->before[event->hart];
	if (!other->count) {
		queue_push(&comparison->waiting[side][event->hart], event);
		return true;
	}
	struct trace_event partner = queue_pop(other);
	if (!same_event(event, &partner)) {
		comparison->differing[side] = *event;
		comparison->differing[!side] = partner;
		comparison->present[0] = comparison->present[1] = true;
		comparison->hart = event->hart;
		return false;
	}
	if (comparison->context)
		queue_push(before, event);
	if (before->count > comparison->context)
		queue_pop(before);
	return true;
}

/* The next event of a type that both files record. */
static bool next_common(struct comparison *comparison, unsigned side, struct trace_event *event)
{
	while (!comparison->dry[side]) {
		if (!input_next(&comparison->input[side], event))
			comparison->dry[side] = true;
		else if (comparison->types >> event->type & 1)
			return true;
	}
	return false;
}

/* Both files are at their ends: does one have events that the other lacks? The earliest, if so. */
static bool find_rest(struct comparison *comparison)
{
	bool found = false;
	for (unsigned side = 0; side < 2; side++) {
		for (unsigned hart = 0; hart < TRACE_HARTS_MAX; hart++) {
			struct queue *queue = &comparison->waiting[side][hart];
			if (!queue->count)
				continue;
			const struct trace_event *first = &queue->events[queue->first];
			if (found && first->cycle >= comparison->differing[comparison->present[1]].cycle)
				continue;
			found = true;
			comparison->present[side] = true;
			comparison->present[!side] = false;
			comparison->differing[side] = *first;
			comparison->hart = hart;
		}
	}
	if (found)
		queue_pop(&comparison->waiting[comparison->present[1]][comparison->hart]);
	return found;
}

/* True when a difference was found. */
static bool find_difference(struct comparison *comparison)
{
	struct trace_event event;
	while (!comparison->dry[0] || !comparison->dry[1])
		for (unsigned side = 0; side < 2; side++)
			if (next_common(comparison, side, &event) && !compare_event(comparison, side, &event))
				return true;
	return find_rest(comparison);
}

static void print_marked(char mark, const struct trace_event *event, const struct input *input)
{
	printf("%c ", mark);
	trace_print(stdout, event, &input->names);
}

static void print_fields(const struct comparison *comparison)
{
	const struct trace_event *a = &comparison->differing[0], *b = &comparison->differing[1];
	if (a->type != b->type)
		return;
	const struct trace_row *row = &trace_rows[a->type];
	printf("differs in:%s%s%s%s", a->cycle != b->cycle ? " cycle" : "", a->pc != b->pc ? " pc" : "",
	       a->retired != b->retired ? " retired" : "", a->mode != b->mode ? " mode" : "");
	for (unsigned i = 0; i < row->field_count; i++)
		if (trace_source(a, row->fields[i].source) != trace_source(b, row->fields[i].source))
			printf(" %s", row->fields[i].name);
	putchar('\n');
}

/* What follows on the same hart. */
static void print_after(struct comparison *comparison, unsigned side)
{
	struct queue *queue = &comparison->waiting[side][comparison->hart];
	struct trace_event event;
	for (uint64_t left = comparison->context; left;) {
		if (queue->count)
			event = queue_pop(queue);
		else if (!next_common(comparison, side, &event))
			return;
		if (event.hart != comparison->hart)
			continue;
		print_marked("-+"[side], &event, &comparison->input[side]);
		left--;
	}
}

static void print_difference(struct comparison *comparison)
{
	struct queue *before = &comparison->before[comparison->hart];
	printf("--- %s\n+++ %s\nfirst difference on hart %u\n", comparison->input[0].path, comparison->input[1].path,
	       comparison->hart);
	while (before->count) {
		struct trace_event event = queue_pop(before);
		print_marked(' ', &event, &comparison->input[0]);
	}
	for (unsigned side = 0; side < 2; side++) {
		if (comparison->present[side])
			print_marked("-+"[side], &comparison->differing[side], &comparison->input[side]);
		else
			printf("%c (%s has no more events of this hart)\n", "-+"[side], comparison->input[side].path);
	}
	if (comparison->present[0] && comparison->present[1])
		print_fields(comparison);
	for (unsigned side = 0; side < 2; side++)
		if (comparison->present[side])
			print_after(comparison, side);
}

/* Things that are worth a word but are no difference between the events. */
static void note_headers(const struct comparison *comparison)
{
	const struct trace_header *a = trace_reader_header(comparison->input[0].reader);
	const struct trace_header *b = trace_reader_header(comparison->input[1].reader);
	if (a->config_hash != b->config_hash || a->seed != b->seed)
		fprintf(stderr, "rvtrace: note: the runs' configurations differ\n");
	if (a->events != b->events)
		fprintf(stderr, "rvtrace: note: the files record different event types; those in both are compared\n");
}

/* Same events: did the harts end in the same state? */
static bool same_ends(const struct comparison *comparison)
{
	uint64_t hash[2];
	bool known = true;
	for (unsigned side = 0; side < 2; side++)
		known &= trace_reader_hash(comparison->input[side].reader, &hash[side]);
	if (!known || hash[0] == hash[1])
		return true;
	printf("same events, but the final states differ: trace hash 0x%016" PRIx64 " and 0x%016" PRIx64 "\n", hash[0], hash[1]);
	return false;
}

static int run_comparison(struct comparison *comparison)
{
	const struct trace_header *a = trace_reader_header(comparison->input[0].reader);
	const struct trace_header *b = trace_reader_header(comparison->input[1].reader);
	note_headers(comparison);
	comparison->types = a->events & b->events;
	int result = EXIT_SAME;
	if (find_difference(comparison)) {
		print_difference(comparison);
		result = EXIT_DIFFERS;
	} else if (!same_ends(comparison)) {
		result = EXIT_DIFFERS;
	}
	for (unsigned side = 0; side < 2; side++)
		if (input_close(&comparison->input[side]))
			result = EXIT_TROUBLE;
	return result;
}

static void comparison_free(struct comparison *comparison)
{
	for (unsigned hart = 0; hart < TRACE_HARTS_MAX; hart++) {
		free(comparison->waiting[0][hart].events);
		free(comparison->waiting[1][hart].events);
		free(comparison->before[hart].events);
	}
	free(comparison);
}

static int diff(int argc, char **argv)
{
	static const struct option options[] = { { "context", required_argument, NULL, 'c' }, { 0 } };
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	int option, result = EXIT_TROUBLE;
	if (!comparison)
		return trouble("diff", "no memory");
	comparison->context = 5;
	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1)
		if (option == '?' || !parse_number(optarg, &comparison->context))
			goto out;
	if (argc - optind != 2) {
		usage();
		goto out;
	}
	if (input_open(&comparison->input[0], argv[optind]))
		goto out;
	if (input_open(&comparison->input[1], argv[optind + 1]))
		trace_reader_close(comparison->input[0].reader);
	else
		result = run_comparison(comparison);
out:
	comparison_free(comparison);
	return result;
}

/* ---- stat ---- */

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
		       world_cause_name(rows[i].cause), rows[i].count, cycles.min, cycles.median, cycles.p99, cycles.max);
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

static void stat_text_zones(const struct world *world, const struct world_now *now)
{
	size_t count;
	struct world_zone *zones = world_zones(world, now, &count);
	printf("\n%-5s %10s %10s %14s %14s\n", "vmid", "entries", "exits", "cycles", "instructions");
	for (size_t i = 0; i < count; i++)
		printf("%-5u %10" PRIu64 " %10" PRIu64 " %14" PRIu64 " %14" PRIu64 "\n", zones[i].vmid, zones[i].entries,
		       zones[i].exits, zones[i].cycles, zones[i].instructions);
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
	stat_text_zones(world, now);
}

static void stat_json(const struct input *input, const struct world *world, const struct world_now *now)
{
	struct json json = { .out = stdout };
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

/* Reads all events; now[]: where each hart stood at the end, or at its last event when the run was killed. */
static void stat_read(struct input *input, struct world *world, struct world_now *now)
{
	struct trace_event event;
	while (input_next(input, &event)) {
		const struct split *split = trace_reader_split(input->reader, event.hart);
		if (split)
			world_split(world, event.hart, split);
		world_event(world, &event);
		if (event.cycle > now[event.hart].cycle)
			now[event.hart] = (struct world_now){ event.cycle, event.retired };
	}
	for (unsigned i = 0; i < world->hart_count; i++) {
		const struct trace_end *end = trace_reader_end(input->reader, i);
		if (end->known)
			now[i] = (struct world_now){ end->cycle, end->retired };
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
	struct world_now *now = calloc(header->hart_count, sizeof(*now));
	int result = 0;
	if (!(header->events >> TRACE_WORLD & 1)) {
		result = trouble(path, lacking);
	} else if (!now || world_init(&world, header->hart_count)) {
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

static int stat_command(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	bool as_json = false;
	int option;
	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return EXIT_TROUBLE;
		as_json = true;
	}
	return argc - optind == 1 ? stat_file(argv[optind], as_json) : usage();
}

/* ---- export ---- */

enum { CSRS_MAX = 4 };

/* csr events stand before the insn event of the instruction that wrote them. */
static void export_spike(struct input *input)
{
	struct { struct trace_event csrs[CSRS_MAX]; unsigned count; } pending[TRACE_HARTS_MAX] = { 0 };
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

static int export_command(int argc, char **argv)
{
	static const struct option options[] = { { "format", required_argument, NULL, 'f' }, { 0 } };
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
	if (strcmp(format, "spike"))
		return trouble(format, "this export format is not supported; spike is");
	if (input_open(&input, argv[optind]))
		return EXIT_TROUBLE;
	int result = 0;
	if (trace_reader_header(input.reader)->events >> TRACE_INSN & 1)
		export_spike(&input);
	else
		result = trouble(argv[optind], "the trace has no insn events: record with events=insn");
	return input_close(&input) | result;
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int (*run)(int, char **); } commands[] = {
		{ "dump", dump }, { "diff", diff }, { "stat", stat_command }, { "export", export_command },
	};
	if (argc >= 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))) {
		fputs(usage_text, stdout);
		return 0;
	}
	for (size_t i = 0; argc >= 2 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		int result = commands[i].run(argc - 1, argv + 1);
		if (fflush(stdout) || ferror(stdout))
			return trouble("standard output", strerror(errno));
		return result;
	}
	return usage();
}
