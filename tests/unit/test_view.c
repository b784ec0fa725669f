/* The view's model against the statistics: the same events, whatever the buckets' width has become, give the same cycles and exits. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "splitmix.h"
#include "trace/world.h"
#include "view/model.h"

enum { HARTS = 3, EVENTS = 40000, ZONES = 3 };

struct twins {
	struct world world;
	struct view_model model;
	struct trace_event at[HARTS]; /* the last of each */
	uint64_t seed, waited;
};

static void tell(struct twins *twins, const struct trace_event *event)
{
	world_event(&twins->world, event);
	view_model_event(&twins->model, event);
	twins->at[event->hart] = *event;
}

/* A change to another world, as a machine may make it. */
static void step(struct twins *twins, unsigned hart)
{
	static const uint64_t causes[] = {10, 21, 23, 8, UINT64_C(1) << 63 | 5, UINT64_C(1) << 63 | 1};
	struct trace_event event = twins->at[hart];
	enum mode from = (enum mode)event.mode, to = (enum mode)(next_random(&twins->seed) % MODE_COUNT);
	uint64_t longest = next_random(&twins->seed) % 50 == 0 ? 200000 : 300;
	event.hart = (uint8_t)hart;
	event.type = TRACE_WORLD;
	event.from = (uint8_t)from;
	event.mode = (uint8_t)(to == from ? (from + 1) % MODE_COUNT : to);
	event.cycle += next_random(&twins->seed) % longest;
	event.retired = event.cycle;
	event.value[0] = mode_virt((enum mode)event.mode) ? TRACE_RETURN : causes[next_random(&twins->seed) % 6];
	if (!mode_virt(from))
		event.value[2] = UINT64_C(8) << 60 | (uint64_t)(next_random(&twins->seed) % ZONES + 1) << 44;
	if (next_random(&twins->seed) % 7 == 0 && event.cycle > twins->at[hart].cycle) {
		uint64_t waited = next_random(&twins->seed) % (event.cycle - twins->at[hart].cycle);
		view_model_idle(&twins->model, hart, waited);
		twins->waited += waited;
	}
	tell(twins, &event);
}

static void run(struct twins *twins, unsigned events)
{
	cr_assert_eq(world_init(&twins->world, HARTS), 0);
	cr_assert_eq(view_model_init(&twins->model, HARTS, 1), 0);
	for (unsigned i = 0; i < events; i++)
		step(twins, (unsigned)(next_random(&twins->seed) % HARTS));
}

static void end(struct twins *twins)
{
	world_free(&twins->world);
	view_model_free(&twins->model);
}

static void expect_sums(struct twins *twins)
{
	uint64_t waited = 0;
	for (unsigned hart = 0; hart < HARTS; hart++) {
		struct view_sum sum;
		uint64_t now = twins->at[hart].cycle + 1000;
		view_model_now(&twins->model, hart, now);
		struct world_modes modes = world_modes(&twins->world, hart, now, now);
		view_model_sum(&twins->model, hart, 0, twins->model.width * twins->model.bucket_count, &sum);
		const uint64_t *idle = twins->model.harts[hart].idle;
		uint64_t all_idle = 0, vs = 0, vu = 0;
		for (unsigned i = 0; i < MODE_COUNT; i++)
			all_idle += idle[i];
		for (unsigned zone = 0; zone < VIEW_ZONES; zone++) {
			vs += (uint64_t)sum.cycles[VIEW_GUEST + 2 * zone];
			vu += (uint64_t)sum.cycles[VIEW_GUEST + 2 * zone + 1];
		}
		cr_assert_eq((uint64_t)sum.cycles[VIEW_M] + idle[MODE_M], modes.cycles[MODE_M]);
		cr_assert_eq((uint64_t)sum.cycles[VIEW_HS] + idle[MODE_HS], modes.cycles[MODE_HS]);
		cr_assert_eq((uint64_t)sum.cycles[VIEW_U] + idle[MODE_U], modes.cycles[MODE_U]);
		cr_assert_eq(vs + idle[MODE_VS], modes.cycles[MODE_VS]);
		cr_assert_eq(vu + idle[MODE_VU], modes.cycles[MODE_VU]);
		cr_assert_eq((uint64_t)sum.cycles[VIEW_IDLE], all_idle);
		cr_assert_eq(twins->model.harts[hart].exits, twins->world.harts[hart].exits);
		waited += all_idle;
	}
	cr_assert_eq(waited, twins->waited);
}

Test(test_view, sums_are_those_of_the_statistics)
{
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct twins twins = {.seed = seed};
		run(&twins, EVENTS);
		cr_assert(twins.model.width > 1, "it has grown");
		expect_sums(&twins);
		end(&twins);
	}
}

Test(test_view, exits_by_cause_and_zone)
{
	struct twins twins = {.seed = 7};
	size_t count, zone_count;
	run(&twins, EVENTS);
	struct world_exits *rows = world_exits(&twins.world, WORLD_ALL, &count);
	struct world_zone *zones = world_zones(&twins.world, NULL, &zone_count);
	cr_assert_eq(count, twins.model.cause_count);
	for (size_t i = 0; i < count; i++) {
		double exits = 0;
		unsigned row = 0;
		while (row < twins.model.cause_count && twins.model.causes[row].cause != rows[i].cause)
			row++;
		cr_assert_lt(row, twins.model.cause_count);
		cr_assert_eq(twins.model.causes[row].count, rows[i].count);
		for (unsigned hart = 0; hart < HARTS; hart++) {
			struct view_sum sum;
			view_model_sum(&twins.model, hart, 0, twins.model.width * twins.model.bucket_count, &sum);
			exits += sum.exits[row];
		}
		cr_assert_eq((uint64_t)exits, rows[i].count);
	}
	for (size_t i = 0; i < zone_count; i++)
		for (unsigned j = 0; j < twins.model.zone_count; j++)
			if (twins.model.zones[j].vmid == zones[i].vmid)
				cr_assert_eq(twins.model.zones[j].exits, zones[i].exits);
	world_exits_free(rows, count);
	free(zones);
	end(&twins);
}

static void change(struct view_model *model, enum mode from, enum mode to, uint64_t cycle, uint64_t cause)
{
	struct trace_event event = {
	    .type = TRACE_WORLD, .from = from, .mode = to, .cycle = cycle, .retired = cycle, .value = {cause, 0, UINT64_C(1) << 44}};
	view_model_event(model, &event);
}

Test(test_view, the_slowest_exit_is_the_one_that_worked_longest)
{
	struct view_model model;
	struct split split = {.cycles = 90000, .parts = {[SPLIT_WAIT] = 89000, [SPLIT_HANDLER] = 1000}};
	cr_assert_eq(view_model_init(&model, 1, 16), 0);
	change(&model, MODE_M, MODE_VS, 10, TRACE_RETURN);
	for (unsigned i = 1; i <= 50; i++) {
		uint64_t at = i * 100000, length = i == 17 ? 5000 : 400 + i;
		change(&model, MODE_VS, MODE_HS, at, 10);
		if (i == 30) { /* it waited: that is no fault of anybody's */
			length = split.cycles;
			view_model_split(&model, 0, &split);
		}
		change(&model, MODE_HS, MODE_VS, at + length, TRACE_RETURN);
	}
	cr_assert_eq(model.slowest_count, VIEW_SLOWEST);
	cr_assert_eq(model.slowest[0].begin, 1700000);
	cr_assert_eq(view_exit_busy(&model.slowest[1]), 1000);
	cr_assert_eq(view_exit_busy(&model.slowest[2]), 450);
	cr_assert_eq(model.harts[0].idle[MODE_HS], 89000);
	const struct view_exit *exit = view_recent_exit(&model.harts[0].recent, view_recent_exit_at(&model.harts[0].recent, 1700001));
	cr_assert(exit && exit->begin == 1700000 && exit->end == 1705000);
	view_model_free(&model);
}
