/* rvtrace diff: where two runs begin to differ, hart by hart. */
#include "rvtrace.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/words.h"
#include "changes.h"
#include "trace/interrupted.h"

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

static const struct trace_event *queue_at(const struct queue *queue, size_t index)
{
	return &queue->events[(queue->first + index) % queue->capacity];
}

enum { IGNORE_CYCLE = 1, IGNORE_RETIRED = 2, IGNORE_ADDRESSES = 4, IGNORE_INTERRUPTS = 8 };

/* Two files compared hart by hart: events of one side wait in `waiting` until the other side's come. */
struct comparison {
	struct input input[2];
	bool dry[2];
	struct interrupted interrupted[2][TRACE_HARTS_MAX];
	uint32_t types; /* those both files record */
	uint32_t ignored; /* IGNORE_ */
	uint64_t context;
	uint64_t differences, shown; /* so many, and how many are shown at most */
	struct queue waiting[2][TRACE_HARTS_MAX];
	struct queue before[TRACE_HARTS_MAX]; /* the last equal events, `context` at most */
};

/* ---- what is the same ---- */

/* A field that says something else when code or data has moved. */
static bool is_address(const struct trace_field *field)
{
	switch ((enum trace_field_format)field->format) {
	case PRINT_HEX:
	case PRINT_ADDRESS:
	case PRINT_GIVEN:
	case PRINT_TRUTH:
	case PRINT_WORD: return true;
	default: return false;
	}
}

static bool same_field(const struct comparison *comparison, const struct trace_event *a, const struct trace_event *b,
                       const struct trace_field *field)
{
	return trace_field_value(a, field) == trace_field_value(b, field) ||
	       (comparison->ignored & IGNORE_ADDRESSES && is_address(field));
}

/* By its function, where addresses do not count. */
static bool same_pc(const struct comparison *comparison, const struct trace_event *a, const struct trace_event *b)
{
	if (!(comparison->ignored & IGNORE_ADDRESSES))
		return a->pc == b->pc;
	const struct trace_event *events[] = {a, b};
	const char *names[2];
	for (unsigned side = 0; side < 2; side++) {
		uint64_t offset;
		const char *name = trace_reader_symbol(comparison->input[side].reader, (enum mode)events[side]->mode,
		                                       events[side]->guest, events[side]->pc, &offset);
		names[side] = name ? name : "";
	}
	return strcmp(names[0], names[1]) == 0;
}

static bool same_event(const struct comparison *comparison, const struct trace_event *a, const struct trace_event *b)
{
	if (a->type != b->type || a->mode != b->mode ||
	    (a->cycle != b->cycle && !(comparison->ignored & IGNORE_CYCLE)) ||
	    (a->retired != b->retired && !(comparison->ignored & IGNORE_RETIRED)))
		return false;
	const struct trace_row *row = &trace_rows[a->type];
	for (unsigned i = 0; i < row->field_count; i++)
		if (!same_field(comparison, a, b, &row->fields[i]))
			return false;
	return same_pc(comparison, a, b);
}

/* The next event of a type that both files record. */
static bool next_common(struct comparison *comparison, unsigned side, struct trace_event *event)
{
	while (!comparison->dry[side]) {
		if (!input_next(&comparison->input[side], event)) {
			comparison->dry[side] = true;
			break;
		}
		bool skip = interrupted_event(&comparison->interrupted[side][event->hart], event) &&
		            comparison->ignored & IGNORE_INTERRUPTS;
		if (!skip && comparison->types >> event->type & 1)
			return true;
	}
	return false;
}

/* Have so many events of the hart wait, if there are so many. */
static void look_ahead(struct comparison *comparison, unsigned side, unsigned hart, size_t count)
{
	struct trace_event event;
	while (comparison->waiting[side][hart].count < count && next_common(comparison, side, &event))
		queue_push(&comparison->waiting[side][event.hart], &event);
}

/* ---- where both go on together ---- */

/* Events of both sides to leave out before they are the same again. */
struct shift {
	size_t left[2];
};

/* Are `count` events behind the shift the same, as far as there are any? */
static bool goes_on(const struct comparison *comparison, unsigned hart, const struct shift *shift, size_t count)
{
	const struct queue *a = &comparison->waiting[0][hart], *b = &comparison->waiting[1][hart];
	for (size_t i = 0; i < count; i++) {
		bool more[] = {shift->left[0] + i < a->count, shift->left[1] + i < b->count};
		if (!more[0] && !more[1])
			return true;
		if (!more[0] || !more[1] ||
		    !same_event(comparison, queue_at(a, shift->left[0] + i), queue_at(b, shift->left[1] + i)))
			return false;
	}
	return true;
}

/* The smallest shift after which both go on together for some events; without one, one event of each is left out. */
static struct shift find_shift(struct comparison *comparison, unsigned hart)
{
	enum { FARTHEST = 200, TOGETHER = 6 };
	for (unsigned side = 0; side < 2; side++)
		look_ahead(comparison, side, hart, FARTHEST + TOGETHER);
	for (size_t sum = 1; sum <= FARTHEST; sum++)
		for (size_t left = 0; left <= sum; left++) {
			struct shift shift = {{left, sum - left}};
			if (shift.left[0] <= comparison->waiting[0][hart].count &&
			    shift.left[1] <= comparison->waiting[1][hart].count &&
			    goes_on(comparison, hart, &shift, TOGETHER))
				return shift;
		}
	return (struct shift){{comparison->waiting[0][hart].count != 0, comparison->waiting[1][hart].count != 0}};
}

/* ---- what is shown ---- */

static void print_marked(char mark, const struct trace_event *event, const struct input *input)
{
	printf("%c ", mark);
	trace_print(stdout, event, NULL, &input->names);
}

static void print_fields(const struct comparison *comparison, const struct trace_event *a, const struct trace_event *b)
{
	if (a->type != b->type)
		return;
	const struct trace_row *row = &trace_rows[a->type];
	bool cycle = a->cycle != b->cycle && !(comparison->ignored & IGNORE_CYCLE);
	bool retired = a->retired != b->retired && !(comparison->ignored & IGNORE_RETIRED);
	printf("differs in:%s%s%s%s", cycle ? " cycle" : "", same_pc(comparison, a, b) ? "" : " pc",
	       retired ? " retired" : "", a->mode != b->mode ? " mode" : "");
	for (unsigned i = 0; i < row->field_count; i++)
		if (!same_field(comparison, a, b, &row->fields[i]))
			printf(" %s", row->fields[i].name);
	putchar('\n');
}

static void print_before(struct comparison *comparison, unsigned hart)
{
	struct queue *before = &comparison->before[hart];
	if (comparison->differences == 1)
		printf("--- %s\n+++ %s\nfirst difference on hart %u\n", comparison->input[0].path,
		       comparison->input[1].path, hart);
	else
		printf("difference %" PRIu64 ", on hart %u\n", comparison->differences, hart);
	while (before->count) {
		struct trace_event event = queue_pop(before);
		print_marked(' ', &event, &comparison->input[0]);
	}
}

/* The first difference where no other is shown: the events at which it is, and what follows on each side. */
static void print_only(struct comparison *comparison, unsigned hart)
{
	struct queue *waiting[] = {&comparison->waiting[0][hart], &comparison->waiting[1][hart]};
	for (unsigned side = 0; side < 2; side++) {
		look_ahead(comparison, side, hart, comparison->context + 1);
		if (waiting[side]->count)
			print_marked("-+"[side], queue_at(waiting[side], 0), &comparison -> input[side]);
		else
			printf("%c (%s has no more events of this hart)\n", "-+"[side], comparison -> input[side].path);
	}
	if (waiting[0]->count && waiting[1]->count)
		print_fields(comparison, queue_at(waiting[0], 0), queue_at(waiting[1], 0));
	for (unsigned side = 0; side < 2; side++)
		for (size_t i = 1; i < waiting[side]->count && i <= comparison->context; i++)
			print_marked("-+"[side], queue_at(waiting[side], i), &comparison -> input[side]);
}

/* What is left out on each side before both go on together. */
static void print_shift(struct comparison *comparison, unsigned hart, const struct shift *shift)
{
	enum { LINES = 40 };
	for (unsigned side = 0; side < 2; side++) {
		for (size_t i = 0; i < shift->left[side] && i < LINES; i++)
			print_marked("-+"[side], queue_at(&comparison->waiting[side][hart], i),
			             &comparison -> input[side]);
		if (shift->left[side] > LINES)
			printf("%c (and %zu more)\n", "-+"[side], shift -> left[side] - LINES);
	}
	if (shift->left[0] == 1 && shift->left[1] == 1)
		print_fields(comparison, queue_at(&comparison->waiting[0][hart], 0),
		             queue_at(&comparison->waiting[1][hart], 0));
}

/* ---- comparing ---- */

/* The events that wait first on both sides are not the same, or one side has none. False: that is enough. */
static bool take_difference(struct comparison *comparison, unsigned hart)
{
	comparison->differences++;
	if (comparison->differences <= comparison->shown)
		print_before(comparison, hart);
	if (comparison->shown == 1) {
		print_only(comparison, hart);
		return false;
	}
	struct shift shift = find_shift(comparison, hart);
	if (comparison->differences <= comparison->shown)
		print_shift(comparison, hart, &shift);
	for (unsigned side = 0; side < 2; side++)
		while (shift.left[side]--)
			queue_pop(&comparison->waiting[side][hart]);
	return true;
}

/* As long as both sides have events of the hart waiting. False: that is enough. */
static bool compare_waiting(struct comparison *comparison, unsigned hart)
{
	struct queue *a = &comparison->waiting[0][hart], *b = &comparison->waiting[1][hart];
	struct queue *before = &comparison->before[hart];
	while (a->count && b->count) {
		if (!same_event(comparison, queue_at(a, 0), queue_at(b, 0))) {
			if (!take_difference(comparison, hart))
				return false;
			continue;
		}
		struct trace_event event = queue_pop(a);
		queue_pop(b);
		if (comparison->context)
			queue_push(before, &event);
		if (before->count > comparison->context)
			queue_pop(before);
	}
	return true;
}

/* The hart of the earliest event that only one side has; TRACE_HARTS_MAX: there is none. */
static unsigned hart_left(const struct comparison *comparison)
{
	unsigned found = TRACE_HARTS_MAX;
	uint64_t earliest = UINT64_MAX;
	for (unsigned side = 0; side < 2; side++)
		for (unsigned hart = 0; hart < TRACE_HARTS_MAX; hart++) {
			const struct queue *queue = &comparison->waiting[side][hart];
			if (queue->count && queue_at(queue, 0)->cycle < earliest) {
				earliest = queue_at(queue, 0)->cycle;
				found = hart;
			}
		}
	return found;
}

static void compare_files(struct comparison *comparison)
{
	struct trace_event event;
	unsigned hart;
	while (!comparison->dry[0] || !comparison->dry[1])
		for (unsigned side = 0; side < 2; side++) {
			if (!next_common(comparison, side, &event))
				continue;
			queue_push(&comparison->waiting[side][event.hart], &event);
			if (!compare_waiting(comparison, event.hart))
				return;
		}
	while ((hart = hart_left(comparison)) < TRACE_HARTS_MAX)
		if (!take_difference(comparison, hart) || !compare_waiting(comparison, hart))
			return;
	if (comparison->differences > comparison->shown)
		printf("(and %" PRIu64 " more differences)\n", comparison->differences - comparison->shown);
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
	compare_files(comparison);
	bool same = comparison->differences == 0 && (comparison->ignored || same_ends(comparison));
	int result = same ? EXIT_SAME : EXIT_DIFFERS;
	const char *const paths[] = {comparison->input[0].path, comparison->input[1].path};
	bool worlds = comparison->types >> TRACE_WORLD & 1;
	for (unsigned side = 0; side < 2; side++)
		if (input_close(&comparison->input[side]))
			result = EXIT_TROUBLE;
	if (result != EXIT_TROUBLE && worlds && (!same || comparison->ignored))
		changes_print(paths[0], paths[1]);
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

/* "cycle,retired,addresses,interrupts" */
static int parse_ignored(const char *list, uint32_t *ignored)
{
	static const struct word words[] = {
	    {"cycle", IGNORE_CYCLE},
	    {"retired", IGNORE_RETIRED},
	    {"addresses", IGNORE_ADDRESSES},
	    {"interrupts", IGNORE_INTERRUPTS},
	};
	return words_parse(list, words, sizeof words / sizeof words[0], ignored);
}

static int parse_option(struct comparison *comparison, int option, const char *argument)
{
	enum { DIFFERENCES_SHOWN = 10 };
	if (option == 'c' && !parse_number(argument, &comparison->context))
		return trouble(argument, "not a number");
	if (option == 'i' && parse_ignored(argument, &comparison->ignored) != 0)
		return trouble(argument, "must be a list of cycle, retired, addresses, interrupts");
	if (option == 'i')
		comparison->shown = DIFFERENCES_SHOWN;
	return option == '?' ? EXIT_TROUBLE : 0;
}

int rvtrace_diff(int argc, char **argv)
{
	static const struct option options[] = {
	    {"context", required_argument, NULL, 'c'}, {"ignore", required_argument, NULL, 'i'}, {0}};
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	int option, result = EXIT_TROUBLE;
	if (!comparison)
		return trouble("diff", "no memory");
	comparison->context = 5;
	comparison->shown = 1;
	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1)
		if (parse_option(comparison, option, optarg))
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
