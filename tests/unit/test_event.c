/* The event queue: order is (cycle, the order of scheduling), whatever was moved or cancelled in between. */
#include <criterion/criterion.h>
#include "base/event_queue.h"

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
		event_init(&loggers[i].event, run, &loggers[i]);
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
