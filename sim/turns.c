/*
 * At quantum 1 the hart with the lowest cycle runs, one instruction after the other. But one that will only compute for a while does not
 * disturb the others: its *turn* is the cycle at which it may come to something that they can notice. The hart whose turn is
 * lowest (ties: lowest id) runs until it waits for its next one, which is not before another's. So harts may get ahead of each other in what
 * they compute, all accesses to memory happen in the order of strict turns, and before a hart does what others may notice at any
 * instruction (a device, a store into code), those behind it come to where it is.
 */
#include "turns.h"

#include "hart/exec.h"
#include "timing/model.h"

/* A turn as one number: (cycle, id), with room for sums. Cycles from NEVER on are all the same. */
enum { ID_BITS = 6, HARTS_MAX = 1 << ID_BITS };
#define NEVER (UINT64_MAX >> (ID_BITS + 1))

static uint64_t turn_of(const struct hart *hart, uint64_t cycle)
{
	return (cycle < NEVER ? cycle : NEVER) << ID_BITS | hart->id;
}

static void find_turns(const struct machine *machine, uint64_t *turns)
{
	for (const struct hart *hart = machine->harts; hart < machine->harts + machine->hart_count; hart++)
		turns[hart->id] = turn_of(hart, hart->halted || hart->waiting ? ready_cycle(hart) : exec_alone_until(hart));
}

/* Harts change each other at these moments only, so turns that have been found stay what they are in between. */
static void catch_up(struct hart *hart)
{
	for (struct hart *peer = hart->peers; peer < hart->peers + hart->platform->hart_count; peer++) {
		uint64_t bound = hart->now + (peer->id < hart->id);
		if (peer != hart && !peer->halted && !peer->waiting && peer->cycle < bound)
			exec_run(peer, bound, UINT64_MAX);
	}
	hart->platform->caught_up = true;
	hart->effects |= EFFECT_YIELD; /* their turns may come sooner now */
}

/* Would nobody see the difference? Instructions must not be watched or counted one by one, nor share what fetches them, and what they cost
 * must not change on the way. */
static bool may_get_ahead(const struct machine *machine)
{
	const struct hart *hart = machine->harts;
	return machine->config->quantum == 1 && machine->hart_count > 1 && machine->config->max_insns == UINT64_MAX &&
	       !machine->config->timing_from.given && !hart->parked && !hart->check && !hart->observe &&
	       (!hart->model || model_fetches_alone(hart->model));
}

void turns_prepare(struct machine *machine)
{
	machine->platform.catch_up = may_get_ahead(machine) ? catch_up : NULL;
}

/* The lowest two. */
struct order { uint64_t first, second; };

static struct order order_of(const uint64_t *turns, unsigned count)
{
	struct order order = {UINT64_MAX, UINT64_MAX};
	for (unsigned id = 0; id < count; id++) {
		uint64_t turn = turns[id], later = turn > order.first ? turn : order.first;
		order.first = turn < order.first ? turn : order.first;
		order.second = later < order.second ? later : order.second;
	}
	return order;
}

/* Cycles that run_turns takes at most, and a slice. */
enum { CYCLES_MAX = 1 << 16 };

/* Run the hart whose turn is first, while its (cycle, id) is lower than the second's. */
static void run_first(struct hart *hart, struct order order, uint64_t limit, uint64_t *turns)
{
	uint64_t bound = (order.second - hart->id + HARTS_MAX - 1) >> ID_BITS;
	if (bound > limit)
		bound = limit;
	if (bound > hart->cycle + CYCLES_MAX)
		bound = hart->cycle + CYCLES_MAX;
	turns[hart->id] = turn_of(hart, exec_turn(hart, bound));
}

uint64_t turns_run(struct machine *machine)
{
	uint64_t turns[HARTS_MAX], start = 0, now = 0, max_cycles = machine->config->max_cycles;
	if (!machine->platform.catch_up)
		return 0;
	machine->platform.caught_up = true;
	while (machine->stop == RUNNING && now - start < CYCLES_MAX) {
		if (machine->platform.caught_up)
			find_turns(machine, turns);
		machine->platform.caught_up = false;
		struct order order = order_of(turns, machine->hart_count);
		struct hart *hart = &machine->harts[order.first % HARTS_MAX];
		uint64_t event_cycle = event_next(&machine->events), limit = event_cycle < max_cycles ? event_cycle : max_cycles;
		now = order.first >> ID_BITS;
		start = start ? start : now;
		if (now >= limit || now == NEVER || hart->effects || hart->waiting || hart->halted)
			break;
		run_first(hart, order, limit, turns);
	}
	return now - start;
}
