#include "changes.h"

#include <inttypes.h>
#include <stdlib.h>
#include "rvtrace.h"
#include "trace/world.h"

struct numbers {
	struct world_exits *rows;
	size_t count;
	uint64_t cycles, instructions;
};

static bool collect(const char *path, struct numbers *numbers)
{
	struct input input;
	struct world world;
	if (input_open(&input, path))
		return false;
	unsigned harts = trace_reader_header(input.reader)->hart_count;
	struct world_now *now = calloc(harts, sizeof *now);
	bool good = now && world_init(&world, harts) == 0;
	*numbers = (struct numbers){0};
	if (good) {
		stat_read(&input, &world, now);
		numbers->rows = world_exits(&world, WORLD_ALL, &numbers->count);
		world_free(&world);
	}
	for (unsigned i = 0; good && i < harts; i++) {
		numbers->cycles = now[i].cycle > numbers->cycles ? now[i].cycle : numbers->cycles;
		numbers->instructions += now[i].retired;
	}
	free(now);
	trace_reader_close(input.reader);
	return good;
}

/* Parts by how much they changed, most first. */
static void print_parts(const struct split_example *before, const struct split_example *after)
{
	int64_t changes[SPLIT_PARTS];
	const char *separator = ": ";
	for (unsigned i = 0; i < SPLIT_PARTS; i++)
		changes[i] = (int64_t)(after->parts[i] - before->parts[i]);
	for (;;) {
		unsigned most = 0;
		for (unsigned i = 1; i < SPLIT_PARTS; i++)
			if (llabs(changes[i]) > llabs(changes[most]))
				most = i;
		if (changes[most] == 0)
			return;
		printf("%s%s %+" PRId64, separator, split_titles[most], changes[most]);
		separator = ", ";
		changes[most] = 0;
	}
}

static void print_change(const struct world_exits *before, const struct world_exits *after)
{
	struct tally_summary was = tally_summary(&before->cycles), is = tally_summary(&after->cycles);
	const struct split_example *one = split_sum_example(&before->split, was.median),
				   *other = split_sum_example(&after->split, is.median);
	if (before->count == after->count && was.median == is.median)
		return;
	printf("%s:", world_cause_name(after->cause));
	if (before->count != after->count)
		printf(" %" PRIu64 " -> %" PRIu64 " exits", before->count, after->count);
	if (was.median != is.median) {
		printf("%s %" PRIu64 " -> %" PRIu64 " cycles (%+" PRId64, before->count != after->count ? "," : "",
		       was.median, is.median, (int64_t)(is.median - was.median));
		if (one && other)
			print_parts(one, other);
		putchar(')');
	}
	putchar('\n');
}

static const struct world_exits *row_of(const struct numbers *numbers, uint64_t cause)
{
	for (size_t i = 0; i < numbers->count; i++)
		if (numbers->rows[i].cause == cause)
			return &numbers->rows[i];
	return NULL;
}

static void print_changes(const struct numbers *before, const struct numbers *after)
{
	if (before->cycles != after->cycles || before->instructions != after->instructions)
		printf("run: %" PRIu64 " -> %" PRIu64 " cycles, %" PRIu64 " -> %" PRIu64 " instructions\n",
		       before->cycles, after->cycles, before->instructions, after->instructions);
	for (size_t i = 0; i < before->count; i++) {
		const struct world_exits *row = &before->rows[i], *now = row_of(after, row->cause);
		if (now)
			print_change(row, now);
		else
			printf("%s: %" PRIu64 " -> 0 exits\n", world_cause_name(row->cause), row->count);
	}
	for (size_t i = 0; i < after->count; i++)
		if (!row_of(before, after->rows[i].cause))
			printf("%s: 0 -> %" PRIu64 " exits\n", world_cause_name(after->rows[i].cause),
			       after->rows[i].count);
}

void changes_print(const char *before, const char *after)
{
	struct numbers numbers[2] = {{0}};
	if (collect(before, &numbers[0]) && collect(after, &numbers[1]))
		print_changes(&numbers[0], &numbers[1]);
	for (unsigned i = 0; i < 2; i++)
		world_exits_free(numbers[i].rows, numbers[i].count);
}
