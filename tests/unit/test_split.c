/* What exits went to: sums over exits, and through a trace file. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "trace/format.h"
#include "trace/world.h"

enum { HARTS = 2 };

static void change(struct world *world, unsigned hart, enum mode from, enum mode to, uint64_t cycle, uint64_t cause)
{
	struct trace_event event = { .type = TRACE_WORLD, .hart = (uint8_t)hart, .from = from, .mode = to, .cycle = cycle,
	                             .value = { cause, 0, UINT64_C(1) << 44 } };
	world_event(world, &event);
}

/* An exit of the hart that lasts `cycles`, with a split of as many as `told`. */
static void exit_of(struct world *world, unsigned hart, uint64_t start, uint64_t cycles, uint64_t told)
{
	struct split_symbol symbols[] = { { 0x1000 * (hart + 1), 3 }, { 0x9000, told - 5 } };
	struct split split = { .cycles = told, .symbol_count = 2, .symbols = symbols };
	split.parts[SPLIT_TRAP] = 2;
	split.parts[SPLIT_SWITCH] = 3;
	split.parts[SPLIT_HANDLER] = told - 5;
	change(world, hart, MODE_VS, MODE_HS, start, CAUSE_ECALL_VS);
	world_split(world, hart, &split);
	change(world, hart, MODE_HS, MODE_VS, start + cycles, TRACE_RETURN);
}

Test(test_split, exits_add_up_over_harts)
{
	struct world world;
	size_t count;
	cr_assert_eq(world_init(&world, HARTS), 0);
	change(&world, 0, MODE_HS, MODE_VS, 10, TRACE_RETURN);
	change(&world, 1, MODE_HS, MODE_VS, 10, TRACE_RETURN);
	exit_of(&world, 0, 100, 40, 40);
	exit_of(&world, 0, 200, 40, 40);
	exit_of(&world, 1, 100, 60, 60);
	struct world_exits *rows = world_exits(&world, WORLD_ALL, &count);
	cr_assert_eq(count, 1);
	const struct split_sum *sum = &rows[0].split;
	cr_assert(sum->exits == 3 && sum->cycles == 140 && tally_sum(&rows[0].cycles) == 140);
	cr_assert(sum->parts[SPLIT_TRAP] == 6 && sum->parts[SPLIT_SWITCH] == 9 && sum->parts[SPLIT_HANDLER] == 125);
	cr_assert_eq(sum->symbol_count, 3);
	cr_assert(sum->symbols[0].address == 0x1000 && sum->symbols[0].cycles == 6);
	cr_assert(sum->symbols[1].address == 0x2000 && sum->symbols[1].cycles == 3);
	cr_assert(sum->symbols[2].address == 0x9000 && sum->symbols[2].cycles == 125);
	struct split_symbol *ranked = split_sum_ranked(sum);
	cr_assert(ranked[0].address == 0x9000 && ranked[1].address == 0x1000 && ranked[2].address == 0x2000);
	free(ranked);
	cr_assert_eq(split_sum_example(sum, 60)->parts[SPLIT_HANDLER], 55);
	cr_assert_eq(split_sum_example(sum, 40)->parts[SPLIT_HANDLER], 35);
	cr_assert_null(split_sum_example(sum, 41));
	world_exits_free(rows, count);
	world_free(&world);
}

/* A file may say anything: what does not fit the exit is not counted, and the statistics can tell. */
Test(test_split, a_split_that_does_not_fit_is_left_out)
{
	struct world world;
	size_t count;
	cr_assert_eq(world_init(&world, HARTS), 0);
	struct split stray = { .cycles = 7 };
	world_split(&world, 0, &stray); /* no exit is open */
	change(&world, 0, MODE_HS, MODE_VS, 10, TRACE_RETURN);
	exit_of(&world, 0, 100, 40, 41);
	exit_of(&world, 0, 200, 40, 40);
	change(&world, 0, MODE_VS, MODE_HS, 300, CAUSE_ECALL_VS); /* one without */
	change(&world, 0, MODE_HS, MODE_VS, 340, TRACE_RETURN);
	struct world_exits *rows = world_exits(&world, WORLD_ALL, &count);
	cr_assert(rows[0].split.exits == 1 && rows[0].split.cycles == 40 && rows[0].cycles.total == 3);
	world_exits_free(rows, count);
	world_free(&world);
}

Test(test_split, many_functions_stay_in_order)
{
	struct split_sum sum = { 0 };
	uint64_t state = 1;
	for (unsigned round = 0; round < 200; round++) {
		struct split_symbol symbols[5];
		struct split split = { .symbol_count = 5, .symbols = symbols };
		uint64_t address = 0;
		for (unsigned i = 0; i < 5; i++) {
			state = state * UINT64_C(6364136223846793005) + 1;
			address += 1 + (state >> 60);
			symbols[i] = (struct split_symbol){ address, 1 };
		}
		split.cycles = split.parts[SPLIT_HANDLER] = 5;
		split_sum_add(&sum, &split);
	}
	uint64_t cycles = 0;
	for (size_t i = 0; i < sum.symbol_count; i++) {
		cr_assert(!i || sum.symbols[i].address > sum.symbols[i - 1].address);
		cycles += sum.symbols[i].cycles;
	}
	cr_assert(cycles == 1000 && sum.cycles == 1000 && sum.lost == 0);
	split_sum_free(&sum);
}

static struct trace_writer *open_writer(char *path)
{
	static const struct trace_header header = { TRACE_VERSION, HARTS, 1, 2, 1u << TRACE_WORLD };
	strcpy(path, "/tmp/test_split_XXXXXX");
	close(mkstemp(path));
	return trace_writer_open(path, &header);
}

Test(test_split, a_file_gives_back_what_was_written)
{
	char path[64], error[160];
	struct trace_writer *writer = open_writer(path);
	struct split_symbol symbols[SPLIT_SYMBOLS_MAX];
	struct split split = { .symbol_count = SPLIT_SYMBOLS_MAX, .symbols = symbols };
	struct trace_event event = { .type = TRACE_WORLD, .hart = 1, .mode = MODE_VS, .from = MODE_HS };
	for (unsigned i = 0; i < SPLIT_SYMBOLS_MAX; i++) {
		symbols[i] = (struct split_symbol){ i + 1 == SPLIT_SYMBOLS_MAX ? SPLIT_NOWHERE : i * UINT64_C(0x100000001), i };
		split.parts[SPLIT_HANDLER] += i;
	}
	split.parts[SPLIT_FENCE] = UINT64_C(1) << 40;
	for (unsigned i = 0; i < 100; i++) {
		trace_writer_split(writer, 1, &split);
		trace_writer_event(writer, &event);
	}
	cr_assert_eq(trace_writer_close(writer), 0);
	struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
	for (unsigned i = 0; i < 100; i++) {
		cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_EVENT);
		cr_assert_null(trace_reader_split(reader, 0));
		const struct split *read = trace_reader_split(reader, 1);
		cr_assert_not_null(read);
		cr_assert_eq(read->cycles, split.parts[SPLIT_HANDLER] + split.parts[SPLIT_FENCE]);
		cr_assert_arr_eq(read->parts, split.parts, sizeof(split.parts));
		cr_assert_eq(read->symbol_count, split.symbol_count);
		cr_assert_arr_eq(read->symbols, symbols, sizeof(symbols));
		cr_assert_null(trace_reader_split(reader, 1), "given twice");
	}
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_END);
	trace_reader_close(reader);
	unlink(path);
}

/* Of one split only; true: the reader took it. */
static bool reads(const struct split *split, unsigned hart)
{
	char path[64], error[160];
	struct trace_writer *writer = open_writer(path);
	struct trace_event event;
	trace_writer_split(writer, hart, split);
	cr_assert_eq(trace_writer_close(writer), 0);
	struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
	enum trace_status status = trace_reader_next(reader, &event);
	cr_assert(status == TRACE_READ_END || status == TRACE_READ_CORRUPT);
	trace_reader_close(reader);
	unlink(path);
	return status == TRACE_READ_END;
}

Test(test_split, a_split_that_contradicts_itself_is_no_record)
{
	struct split_symbol symbols[] = { { 0x1000, 3 }, { 0x2000, 4 } };
	struct split split = { .symbol_count = 2, .symbols = symbols };
	split.parts[SPLIT_SWITCH] = 3;
	split.parts[SPLIT_HANDLER] = 4;
	cr_assert(reads(&split, 0) && reads(&split, 1));
	cr_assert(!reads(&split, HARTS), "a hart that is not there");
	split.parts[SPLIT_HANDLER] = 5;
	cr_assert(!reads(&split, 0), "functions that do not add up");
	split.parts[SPLIT_HANDLER] = 4;
	symbols[1].address = 0x1000;
	cr_assert(!reads(&split, 0), "a function twice");
}
