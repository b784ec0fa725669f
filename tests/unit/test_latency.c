/* How long interrupts wait: sums by cause, saved and restored, and through a trace file. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "trace/format.h"
#include "trace/latency.h"
#include "trace/trace.h"

#define INTERRUPT(cause) (UINT64_C(1) << 63 | (cause))

static void trap(struct latencies *latencies, uint64_t cause)
{
	latency_event(latencies, &(struct trace_event){.type = TRACE_TRAP, .value = {cause}});
}

static void interrupt(struct latencies *latencies, uint64_t cause, uint64_t waited, uint64_t masked)
{
	latency_told(latencies, &(struct trace_latency){waited, masked});
	trap(latencies, INTERRUPT(cause));
}

static void expect_row(const struct latencies *latencies, size_t at, uint64_t cause, struct tally_summary wanted, uint64_t masked)
{
	const struct latency_row *row = &latencies->rows[at];
	struct tally_summary found = tally_summary(&row->waited);
	cr_expect_eq(row->cause, INTERRUPT(cause));
	cr_expect_eq(row->masked, masked);
	cr_expect(found.count == wanted.count && found.min == wanted.min && found.median == wanted.median && found.p99 == wanted.p99 &&
	          found.max == wanted.max);
}

Test(test_latency, rows_by_cause)
{
	struct latencies latencies = {0};
	interrupt(&latencies, 7, 10, 4);
	interrupt(&latencies, 3, 2, 0);
	interrupt(&latencies, 7, 30, 25);
	interrupt(&latencies, 48, 1, 0);
	interrupt(&latencies, 7, 20, 0);
	cr_assert_eq(latencies.count, 3);
	expect_row(&latencies, 0, 3, (struct tally_summary){1, 2, 2, 2, 2}, 0);
	expect_row(&latencies, 1, 7, (struct tally_summary){3, 10, 20, 30, 30}, 29);
	expect_row(&latencies, 2, 48, (struct tally_summary){1, 1, 1, 1, 1}, 0);
	latency_free(&latencies);
	cr_assert_eq(latencies.count, 0);
}

/* What was told belongs to the next trap, and to no other; an exception has not waited. */
Test(test_latency, of_the_next_interrupt_only)
{
	struct latencies latencies = {0};
	trap(&latencies, INTERRUPT(7));
	latency_told(&latencies, &(struct trace_latency){5, 5});
	trap(&latencies, 7);
	trap(&latencies, INTERRUPT(7));
	cr_assert_eq(latencies.count, 0);
}

Test(test_latency, saved_and_restored)
{
	struct latencies latencies = {0}, again = {0};
	interrupt(&latencies, 9, 7, 3);
	interrupt(&latencies, 1, 8, 8);
	latency_told(&latencies, &(struct trace_latency){12, 11});
	struct state_writer writer = {0};
	state_write_begin(&writer, "test", 1);
	latency_save(&latencies, &writer);
	state_write_end(&writer);
	cr_assert(!writer.failed);
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	cr_assert(state_read_begin(&reader, "test", 1));
	latency_restore(&again, &reader);
	cr_assert(state_read_end(&reader));
	trap(&again, INTERRUPT(9));
	cr_assert_eq(again.count, 2);
	expect_row(&again, 0, 1, (struct tally_summary){1, 8, 8, 8, 8}, 8);
	expect_row(&again, 1, 9, (struct tally_summary){2, 7, 7, 12, 12}, 14);
	latency_free(&latencies);
	latency_free(&again);
	free(writer.bytes);
}

static struct trace_reader *written(unsigned hart, struct trace_latency latency, char *path)
{
	static const struct trace_header header = {TRACE_VERSION, 2, 1, 2, 1u << TRACE_TRAP};
	char error[160];
	strcpy(path, "/tmp/test_latency_XXXXXX");
	close(mkstemp(path));
	struct trace_writer *writer = trace_writer_open(path, &header);
	trace_writer_latency(writer, hart, &latency);
	trace_writer_event(writer, &(struct trace_event){.type = TRACE_TRAP, .hart = 1, .value = {INTERRUPT(5)}});
	cr_assert_eq(trace_writer_close(writer), 0);
	struct trace_reader *reader = trace_reader_open(path, error, sizeof error);
	cr_assert_not_null(reader, "%s", error);
	return reader;
}

Test(test_latency, a_file_gives_back_what_was_written)
{
	char path[64];
	struct trace_event event;
	struct trace_reader *reader = written(1, (struct trace_latency){UINT64_MAX, 1000}, path);
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_EVENT);
	cr_assert_null(trace_reader_latency(reader, 0));
	const struct trace_latency *read = trace_reader_latency(reader, 1);
	cr_assert(read && read->waited == UINT64_MAX && read->masked == 1000);
	cr_assert_null(trace_reader_latency(reader, 1), "given twice");
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_END);
	trace_reader_close(reader);
	unlink(path);
}

Test(test_latency, what_cannot_be_is_no_record)
{
	static const struct {
		unsigned hart;
		struct trace_latency latency;
	} bad[] = {{2, {5, 3}}, {255, {5, 3}}, {0, {5, 6}}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char path[64];
		struct trace_event event;
		struct trace_reader *reader = written(bad[i].hart, bad[i].latency, path);
		cr_expect_eq(trace_reader_next(reader, &event), TRACE_READ_CORRUPT);
		trace_reader_close(reader);
		unlink(path);
	}
}
