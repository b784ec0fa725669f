/*
 * Conservative lookahead, for quantum 1. Strictly, the hart with the lowest cycle runs, one instruction after the
 * other. But one that will only compute for a while does not disturb the others: its lookahead ends at the cycle at
 * which it may come to something that they can notice. The hart whose lookahead ends first (ties: lowest id) runs
 * until it ends no sooner than another's. So harts may get ahead of each other in what they compute, all accesses to
 * memory happen in the order of strict turns, and before a hart does what others may notice at any instruction (a
 * device, a store into code), those behind it come to where it is.
 */
#include "machine/lookahead.h"

#include "base/limits.h"
#include "engine/engine.h"
#include "engine/exec.h"
#include "hart/platform.h"
#include "timing/model.h"
#include "trace/trace.h"

/* Each hart's lookahead, by id. Of one that waits or has something to obey the cycle alone is right: it is not for
 * here. */
struct lookaheads {
	struct lookahead of[HARTS_MAX];
	uint64_t limit; /* what comes then is an event, or the end */
};

static void find_lookaheads(const struct machine *machine, struct lookaheads *ahead)
{
	uint64_t event_cycle = event_next(&machine->events), max_cycles = machine->config->max_cycles;
	ahead->limit = event_cycle < max_cycles ? event_cycle : max_cycles;
	for (unsigned i = 0; i < machine->hart_count; i++) {
		const struct hart *hart = &machine->harts[i];
		ahead->of[i] = hart->halted || hart->waiting ? (struct lookahead){ready_cycle(hart), NULL}
		                                             : exec_lookahead(hart);
	}
}

/* Harts change each other at these moments only, so what was found of them stays true in between. */
static void catch_up(struct hart *hart)
{
	for (struct hart *peer = hart->peers; peer < hart->peers + hart->platform->hart_count; peer++) {
		uint64_t bound = hart->now + (peer->id < hart->id);
		if (peer != hart && !peer->halted && !peer->waiting && peer->cycle < bound)
			exec_run(peer, bound, UINT64_MAX);
	}
	hart->engine->caught_up = true;
	hart->effects |= EFFECT_YIELD; /* their lookahead may end sooner now */
}

/* Would nobody see the difference? Instructions must not be watched or counted one by one, nor share what fetches
 * them, and what they cost must not change on the way. */
static bool may_get_ahead(const struct machine *machine)
{
	const struct hart *hart = machine->harts;
	return machine->config->quantum == 1 && machine->hart_count > 1 && machine->config->max_insns == UINT64_MAX &&
	       !machine->config->timing_from.given && !hart->parked && !observers_strict(hart->observers) &&
	       !trace_wants_insns(hart->trace) && (!hart->model || model_fetches_privately(hart->model));
}

void lookahead_prepare(struct machine *machine) { machine->engine.catch_up = may_get_ahead(machine) ? catch_up : NULL; }

/* The two harts whose lookahead ends first; of the same cycle the one of the lower id. */
struct order {
	unsigned first, second;
	uint64_t first_cycle, second_cycle; /* UINT64_MAX: there is none */
};

/* Keeps a branch from becoming a conditional move: the host guesses who is next, and need not wait for how the last
 * one ended. */
#define BRANCH __asm__ volatile("")

static struct order order_of(const struct lookaheads *ahead, unsigned count)
{
	struct order order = {0, 0, UINT64_MAX, UINT64_MAX};
	for (unsigned id = 0; id < count; id++) {
		uint64_t cycle = ahead->of[id].cycle;
		if (cycle < order.first_cycle) {
			BRANCH;
			order = (struct order){id, order.first, cycle, order.first_cycle};
		} else if (cycle < order.second_cycle) {
			BRANCH;
			order.second = id;
			order.second_cycle = cycle;
		}
	}
	return order;
}

/* Cycles that lookahead_run takes at most, and a slice. */
enum { CYCLES_MAX = 1 << 16 };

/* The hart that is first runs while its (cycle, id) is lower than the second's. */
static uint64_t bound_of(const struct hart *hart, struct order order, uint64_t limit)
{
	uint64_t bound = order.second_cycle < limit ? order.second_cycle + (order.first < order.second) : limit;
	return bound < hart->cycle + CYCLES_MAX ? bound : hart->cycle + CYCLES_MAX;
}

uint64_t lookahead_run(struct machine *machine)
{
	struct lookaheads ahead;
	uint64_t start = 0, now = 0;
	if (!machine->engine.catch_up)
		return 0;
	machine->engine.caught_up = true;
	ahead.limit = 0; /* until lookaheads are found, which is now */
	while (machine->stop == RUNNING && !machine->reset_asked && now - start < CYCLES_MAX) {
		if (machine->engine.caught_up)
			find_lookaheads(machine, &ahead);
		machine->engine.caught_up = false;
		struct order order = order_of(&ahead, machine->hart_count);
		struct hart *hart = &machine->harts[order.first];
		now = order.first_cycle;
		start = start ? start : now;
		if (now >= ahead.limit || hart->effects || hart->waiting || hart->halted)
			break;
		ahead.of[order.first] = exec_run_lookahead(hart, ahead.of[order.first],
		                                           bound_of(hart, order, ahead.limit));
	}
	return now - start;
}
