/* rvtrace diff: where two runs begin to differ, hart by hart. */
#include "rvtrace.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include "base/words.h"
#include "changes.h"
#include "match.h"
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
	uint64_t only[2]; /* events that the other side has not */
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

static const char *function_of(const struct comparison *comparison, unsigned side, const struct trace_event *event)
{
	uint64_t offset;
	const char *name = trace_reader_symbol(comparison->input[side].reader, (enum mode)event->mode, event->guest,
	                                       event->pc, &offset);
	return name ? name : "";
}

/* By its function, where addresses do not count. */
static bool same_pc(const struct comparison *comparison, const struct trace_event *a, const struct trace_event *b)
{
	if (!(comparison->ignored & IGNORE_ADDRESSES))
		return a->pc == b->pc;
	return strcmp(function_of(comparison, 0, a), function_of(comparison, 1, b)) == 0;
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

/* A number of all that same_event looks at. */
static uint64_t event_key(const struct comparison *comparison, unsigned side, const struct trace_event *event)
{
	const struct trace_row *row = &trace_rows[event->type];
	const char *name = comparison->ignored & IGNORE_ADDRESSES ? function_of(comparison, side, event) : NULL;
	uint64_t words[5 + TRACE_FIELDS_MAX] = {
	    event->type,
	    event->mode,
	    comparison->ignored & IGNORE_CYCLE ? 0 : event->cycle,
	    comparison->ignored & IGNORE_RETIRED ? 0 : event->retired,
	    name ? XXH3_64bits(name, strlen(name)) : event->pc,
	};
	size_t count = 5;
	for (unsigned i = 0; i < row->field_count; i++)
		if (!(comparison->ignored & IGNORE_ADDRESSES) || !is_address(&row->fields[i]))
			words[count++] = trace_field_value(event, &row->fields[i]);
	return XXH3_64bits(words, count * sizeof(words[0]));
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
static void print_left(struct comparison *comparison, unsigned hart, const size_t left[2])
{
	enum { LINES = 40 };
	for (unsigned side = 0; side < 2; side++) {
		for (size_t i = 0; i < left[side] && i < LINES; i++)
			print_marked("-+"[side], queue_at(&comparison->waiting[side][hart], i),
			             &comparison -> input[side]);
		if (left[side] > LINES)
			printf("%c (and %zu more)\n", "-+"[side], left[side] - LINES);
	}
	if (left[0] == 1 && left[1] == 1)
		print_fields(comparison, queue_at(&comparison->waiting[0][hart], 0),
		             queue_at(&comparison->waiting[1][hart], 0));
}

/* ---- comparing ---- */

/* The events that wait first on both sides are the same. */
static void take_pair(struct comparison *comparison, unsigned hart)
{
	struct queue *before = &comparison->before[hart];
	struct trace_event event = queue_pop(&comparison->waiting[0][hart]);
	queue_pop(&comparison->waiting[1][hart]);
	if (comparison->context)
		queue_push(before, &event);
	if (before->count > comparison->context)
		queue_pop(before);
}

/* So many on each side are only its own. */
static void leave_out(struct comparison *comparison, unsigned hart, const size_t left[2])
{
	comparison->differences++;
	if (comparison->differences <= comparison->shown) {
		print_before(comparison, hart);
		print_left(comparison, hart, left);
	}
	for (unsigned side = 0; side < 2; side++) {
		comparison->only[side] += left[side];
		for (size_t i = 0; i < left[side]; i++)
			queue_pop(&comparison->waiting[side][hart]);
	}
}

enum { WINDOW = 1024 }; /* events that are looked at together */

static size_t copy_keys(const struct comparison *comparison, unsigned side, unsigned hart, uint64_t keys[WINDOW])
{
	const struct queue *queue = &comparison->waiting[side][hart];
	size_t count = queue->count < WINDOW ? queue->count : WINDOW;
	for (size_t i = 0; i < count; i++)
		keys[i] = event_key(comparison, side, queue_at(queue, i));
	return count;
}

/* Takes what belongs together and what does not, up to `limit` events of each side, or to the partners behind that. */
static void take_matched(struct comparison *comparison, unsigned hart, const int *partners, size_t count,
                         const size_t limit[2])
{
	size_t i = 0, j = 0;
	while (i < limit[0] && j < limit[1]) {
		size_t next = i;
		while (next < count && partners[next] < 0)
			next++;
		bool meets = next < count;
		size_t other = meets ? (size_t)partners[next] : limit[1];
		if (meets && next == i && other == j) {
			take_pair(comparison, hart);
			i++;
			j++;
			continue;
		}
		if (!meets)
			next = limit[0];
		leave_out(comparison, hart, (const size_t[2]){next - i, other - j});
		i = next;
		j = other;
	}
}

/* The first events differ: which of those that follow belong together? What is near the window's end, the next window decides. */
static void take_window(struct comparison *comparison, unsigned hart)
{
	uint64_t keys[2][WINDOW];
	int partners[WINDOW];
	size_t count[2], limit[2];
	bool whole = true;
	for (unsigned side = 0; side < 2; side++) {
		look_ahead(comparison, side, hart, WINDOW + 1);
		count[side] = copy_keys(comparison, side, hart, keys[side]);
		whole &= count[side] == comparison->waiting[side][hart].count;
	}
	for (unsigned side = 0; side < 2; side++)
		limit[side] = whole || count[side] < WINDOW / 2 ? count[side] : WINDOW / 2;
	if (!match_sequences(keys[0], count[0], keys[1], count[1], partners))
		exit(trouble("diff", "no memory"));
	take_matched(comparison, hart, partners, count[0], limit);
}

/* The events that wait first on both sides are not the same, or one side has none. False: that is enough. */
static bool take_difference(struct comparison *comparison, unsigned hart)
{
	const size_t left[2] = {comparison->waiting[0][hart].count, comparison->waiting[1][hart].count};
	if (comparison->shown == 1) {
		comparison->differences++;
		print_before(comparison, hart);
		print_only(comparison, hart);
		return false;
	}
	if (left[0] && left[1])
		take_window(comparison, hart);
	else
		leave_out(comparison, hart, left);
	return true;
}

/* As long as both sides have events of the hart waiting. False: that is enough. */
static bool compare_waiting(struct comparison *comparison, unsigned hart)
{
	const struct queue *a = &comparison->waiting[0][hart], *b = &comparison->waiting[1][hart];
	while (a->count && b->count) {
		if (same_event(comparison, queue_at(a, 0), queue_at(b, 0)))
			take_pair(comparison, hart);
		else if (!take_difference(comparison, hart))
			return false;
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
	if (comparison->differences)
		printf("in all: %" PRIu64 " events only in the first, %" PRIu64 " only in the second\n",
		       comparison->only[0], comparison->only[1]);
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
