/* rvtrace diff: where two runs begin to differ, hart by hart. */
#include "rvtrace.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

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
		*queue = (struct queue){grown, 0, queue->count, capacity};
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
	if (a->type != b->type || a->mode != b->mode || a->cycle != b->cycle || a->retired != b->retired ||
	    a->pc != b->pc)
		return false;
	const struct trace_row *row = &trace_rows[a->type];
	for (unsigned i = 0; i < row->field_count; i++)
		if (trace_field_value(a, &row->fields[i]) != trace_field_value(b, &row->fields[i]))
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
	trace_print(stdout, event, NULL, &input->names);
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
		if (trace_field_value(a, &row->fields[i]) != trace_field_value(b, &row->fields[i]))
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
		print_marked("-+"[side], &event, &comparison -> input[side]);
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
			print_marked("-+"[side], &comparison -> differing[side], &comparison -> input[side]);
		else
			printf("%c (%s has no more events of this hart)\n", "-+"[side], comparison -> input[side].path);
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
	printf("same events, but the final states differ: trace hash 0x%016" PRIx64 " and 0x%016" PRIx64 "\n", hash[0],
	       hash[1]);
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

int rvtrace_diff(int argc, char **argv)
{
	static const struct option options[] = {{"context", required_argument, NULL, 'c'}, {0}};
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
