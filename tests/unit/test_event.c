/* The event queue: order is (cycle, the order of scheduling), whatever was moved or cancelled in between. */
#include <criterion/criterion.h>
#include "base/event_queue.h"
#include "revival.h"

enum { MANY = 500 };

struct log {
	struct event_queue *queue;
	unsigned order[2 * MANY];
	uint64_t cycles[2 * MANY];
	unsigned count;
};

struct logger {
	struct event event;
	struct log *log;
	unsigned id;
	uint64_t again; /* schedule once more at this cycle; 0: no */
};

static void run(void *context, uint64_t cycle)
{
	struct logger *logger = context;
	logger->log->order[logger->log->count] = logger->id;
	logger->log->cycles[logger->log->count++] = cycle;
	if (logger->again) {
		uint64_t again = logger->again;
		logger->again = 0;
		event_schedule(logger->log->queue, &logger->event, again);
	}
}

static struct event_queue queue_new(struct log *log, struct logger *loggers, unsigned count)
{
	struct event_queue queue;
	event_queue_init(&queue);
	for (unsigned i = 0; i < count; i++) {
		loggers[i] = (struct logger){ .log = log, .id = i };
		cr_assert_eq(event_init(&loggers[i].event, &queue, run, &loggers[i]), 0);
	}
	return queue;
}

Test(event, empty_queue)
{
	struct event_queue queue;
	event_queue_init(&queue);
	cr_expect_eq(event_next(&queue), UINT64_MAX);
	event_run(&queue, UINT64_MAX);
	event_queue_free(&queue);
}

Test(event, by_cycle_then_by_scheduling)
{
	static const uint64_t cycles[6] = { 30, 10, 20, 10, 30, 10 };
	static const unsigned expected[6] = { 1, 3, 5, 2, 0, 4 };
	struct log log = { 0 };
	struct logger loggers[6];
	struct event_queue queue = queue_new(&log, loggers, 6);
	for (unsigned i = 0; i < 6; i++)
		event_schedule(&queue, &loggers[i].event, cycles[i]);
	cr_expect_eq(event_next(&queue), 10);
	event_run(&queue, 19);
	cr_expect_eq(log.count, 3);
	cr_expect_eq(event_next(&queue), 20);
	event_run(&queue, 30);
	cr_assert_eq(log.count, 6);
	for (unsigned i = 0; i < 6; i++) {
		cr_expect_eq(log.order[i], expected[i]);
		cr_expect_eq(log.cycles[i], cycles[expected[i]], "an event is told its own cycle, not the present one");
	}
	event_queue_free(&queue);
}

Test(event, scheduling_again_moves)
{
	struct log log = { 0 };
	struct logger loggers[2];
	struct event_queue queue = queue_new(&log, loggers, 2);
	event_schedule(&queue, &loggers[0].event, 5);
	event_schedule(&queue, &loggers[1].event, 7);
	event_schedule(&queue, &loggers[0].event, 9);
	event_run(&queue, 8);
	cr_expect_eq(log.count, 1);
	cr_expect_eq(log.order[0], 1);
	event_run(&queue, 9);
	cr_expect_eq(log.count, 2);
	cr_expect_eq(event_next(&queue), UINT64_MAX);
	event_queue_free(&queue);
}

Test(event, cancelled_events_do_not_run)
{
	struct log log = { 0 };
	struct logger loggers[3];
	struct event_queue queue = queue_new(&log, loggers, 3);
	for (unsigned i = 0; i < 3; i++)
		event_schedule(&queue, &loggers[i].event, i);
	event_cancel(&queue, &loggers[1].event);
	event_cancel(&queue, &loggers[1].event); /* twice is once */
	event_run(&queue, 10);
	cr_expect_eq(log.count, 2);
	cr_expect_eq(log.order[0], 0);
	cr_expect_eq(log.order[1], 2);
	event_queue_free(&queue);
}

Test(event, an_event_may_schedule_itself)
{
	struct log log = { 0 };
	struct logger loggers[1];
	struct event_queue queue = queue_new(&log, loggers, 1);
	log.queue = &queue;
	loggers[0].again = 6;
	event_schedule(&queue, &loggers[0].event, 5);
	event_run(&queue, 5);
	cr_expect_eq(log.count, 1);
	event_run(&queue, 6);
	cr_expect_eq(log.count, 2);
	event_queue_free(&queue);
}

/* Against the definition: many events, some moved, some cancelled, in an order that a simple search gives. */
Test(event, many)
{
	static struct log log;
	static struct logger loggers[MANY];
	struct event_queue queue = queue_new(&log, loggers, MANY);
	uint64_t random = 1;
	for (unsigned round = 0; round < 4 * MANY; round++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		struct event *event = &loggers[(random >> 33) % MANY].event;
		if (random >> 60 == 0)
			event_cancel(&queue, event);
		else
			event_schedule(&queue, event, (random >> 20) % 97);
	}
	size_t queued = queue.count;
	while (event_next(&queue) != UINT64_MAX)
		event_run(&queue, event_next(&queue));
	cr_assert_eq(log.count, queued);
	cr_assert_gt(queued, MANY / 2);
	for (unsigned i = 1; i < log.count; i++) {
		const struct event *a = &loggers[log.order[i - 1]].event, *b = &loggers[log.order[i]].event;
		cr_expect(a->cycle < b->cycle || (a->cycle == b->cycle && a->sequence < b->sequence));
	}
	event_queue_free(&queue);
}

enum { SAVED = 40 };

static struct log restored_log;
static struct logger restored_loggers[SAVED];

static bool restore_queue(struct event_queue *queue, struct state_reader *reader)
{
	bool good = event_queue_restore(queue, reader) && state_read_begin(reader, "owner", 1);
	for (unsigned i = 0; i < SAVED; i++)
		good = good && event_restore(queue, &restored_loggers[i].event, reader);
	return good && state_read_end(reader);
}

static bool restores(struct state_reader *reader)
{
	struct event_queue queue = queue_new(&restored_log, restored_loggers, SAVED);
	bool good = restore_queue(&queue, reader);
	event_queue_free(&queue);
	return good;
}

/* Pending events come back in the same order, and those scheduled afterwards come behind them. */
Test(event, a_queue_comes_back)
{
	static struct log log;
	static struct logger loggers[SAVED];
	struct event_queue queue = queue_new(&log, loggers, SAVED);
	for (unsigned i = 0; i < SAVED; i++)
		event_schedule(&queue, &loggers[i * 7 % SAVED].event, i % 3 + 10);
	for (unsigned i = 0; i < SAVED; i += 5)
		event_cancel(&queue, &loggers[i].event);
	struct state_writer writer = { 0 };
	event_queue_save(&queue, &writer);
	state_write_begin(&writer, "owner", 1);
	for (unsigned i = 0; i < SAVED; i++)
		event_save(&loggers[i].event, &writer);
	state_write_end(&writer);

	restored_log = (struct log){ 0 };
	struct event_queue restored = queue_new(&restored_log, restored_loggers, SAVED);
	event_schedule(&restored, &restored_loggers[3].event, 1); /* what was there is forgotten */
	struct state_reader reader = reader_of(&writer);
	cr_assert(restore_queue(&restored, &reader), "%s", reader.reason);
	struct event_queue *queues[2] = { &queue, &restored };
	struct logger *owners[2] = { loggers, restored_loggers };
	for (unsigned i = 0; i < 2; i++) {
		event_schedule(queues[i], &owners[i][5].event, 11);
		event_run(queues[i], 11);
		event_schedule(queues[i], &owners[i][10].event, 12);
		event_run(queues[i], 12);
		event_queue_free(queues[i]);
	}
	cr_assert_eq(log.count, restored_log.count);
	cr_expect_arr_eq(log.order, restored_log.order, log.count * sizeof(log.order[0]));
	cr_expect_arr_eq(log.cycles, restored_log.cycles, log.count * sizeof(log.cycles[0]));
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
}

/* Two events cannot have one place. */
Test(event, a_place_that_is_taken_is_refused)
{
	static struct logger loggers[2];
	struct event_queue queue = queue_new(&restored_log, loggers, 2);
	event_schedule(&queue, &loggers[0].event, 10);
	struct state_writer writer = { 0 };
	event_queue_save(&queue, &writer);
	state_write_begin(&writer, "owner", 1);
	event_save(&loggers[0].event, &writer);
	event_save(&loggers[0].event, &writer);
	state_write_end(&writer);
	struct state_reader reader = reader_of(&writer);
	cr_expect(event_queue_restore(&queue, &reader) && state_read_begin(&reader, "owner", 1));
	cr_expect(event_restore(&queue, &loggers[0].event, &reader));
	cr_expect_not(event_restore(&queue, &loggers[1].event, &reader));
	event_queue_free(&queue);
	state_writer_free(&writer);
}
