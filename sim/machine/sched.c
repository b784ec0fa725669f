#include "machine/sched.h"

#include "engine/exec.h"
#include "hart/reservation.h"
#include "hart/trap.h"
#include "machine/lookahead.h"
#include "machine/restart.h"

static uint64_t saturating_add(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

struct choice {
	struct hart *hart; /* lowest cycle, ties by id; NULL: none can ever run by itself */
	uint64_t second;   /* lowest cycle of another one */
	bool wins_ties;    /* against that one: its id is lower */
};

static struct choice choose(struct machine *machine)
{
	struct hart *harts = machine->harts;
	unsigned best = 0, next = 0;
	uint64_t best_cycle = UINT64_MAX, next_cycle = UINT64_MAX;
	for (unsigned i = 0; i < machine->hart_count; i++) {
		uint64_t cycle = ready_cycle(&harts[i]);
		if (cycle < best_cycle) {
			best_cycle = cycle;
			best = i;
		}
	}
	for (unsigned i = 0; i < machine->hart_count; i++) {
		uint64_t cycle = i == best ? UINT64_MAX : ready_cycle(&harts[i]);
		if (cycle < next_cycle) {
			next_cycle = cycle;
			next = i;
		}
	}
	return (struct choice){best_cycle == UINT64_MAX ? NULL : &harts[best], next_cycle, best < next};
}

static void wake_by_timer(struct hart *hart)
{
	if (!hart->waiting)
		return;
	hart->cycle = hart->now = ready_cycle(hart);
	hart->waiting = false;
	hart->effects |= EFFECT_IRQ;
}

/* Nothing runs and nothing is due. A hart in the critical-error state waits for nothing: it is at the instruction that trapped. */
static void stop_idle(struct machine *machine)
{
	const struct hart *hart = machine_critical_hart(machine);
	char text[160] = "every hart waits for an interrupt that nothing can raise";
	if (hart)
		machine_critical_text(hart, text, sizeof(text));
	machine_stop(machine, STOP_IDLE, 0, text);
}

static bool any_held(const struct machine *machine)
{
	for (unsigned i = 0; i < machine->hart_count; i++)
		if (machine->harts[i].held)
			return true;
	return false;
}

void sched_hold(struct machine *machine, struct hart *hart, bool held)
{
	if (held == hart->held)
		return;
	uint64_t first = choose(machine).hart ? ready_cycle(choose(machine).hart) : machine_now(machine);
	hart->held = held;
	if (held && machine->slice.hart == hart) {
		machine->slice.hart = NULL;
		reservation_guard(hart);
	}
	if (!held && first > hart->cycle) {
		hart->cycle = hart->now = first;
		hart->effects |= EFFECT_IRQ;
	}
}

/* Choose the next slice, running events that come before it. False: an event ran, or the machine stopped. */
static bool begin_slice(struct machine *machine)
{
	uint64_t event_cycle = event_next(&machine->events);
	struct choice choice = choose(machine);
	struct hart *hart = choice.hart;
	uint64_t cycle = hart ? ready_cycle(hart) : UINT64_MAX;
	uint64_t max_cycles = machine->config->max_cycles;
	if (cycle == UINT64_MAX && event_cycle == UINT64_MAX) {
		if (!any_held(machine))
			stop_idle(machine);
		return false;
	}
	if ((cycle < event_cycle ? cycle : event_cycle) >= max_cycles) {
		machine_give_up(machine, STOP_LIMIT, 0, "--max-cycles reached");
		return false;
	}
	if (event_cycle <= cycle) {
		machine->turns++;
		event_run(&machine->events, event_cycle);
		return false;
	}
	wake_by_timer(hart);
	hart->effects &= ~(uint32_t)EFFECT_YIELD; /* it was not running */
	/* While (cycle, id) is lower than the next hart's, and a quantum further. */
	uint64_t bound = saturating_add(choice.second, machine->config->quantum - !choice.wins_ties);
	if (bound > event_cycle)
		bound = event_cycle;
	if (bound > max_cycles && !machine->config->save)
		bound = max_cycles;
	if (bound > saturating_add(hart->cycle, SLICE_MAX))
		bound = saturating_add(hart->cycle, SLICE_MAX);
	machine->slice.hart = hart;
	machine->slice.bound = bound;
	return true;
}

/* How many are left up to a limit; UINT64_MAX while it is too far away to matter to one slice. */
static uint64_t left_of(uint64_t total, uint64_t limit)
{
	uint64_t left = total < limit ? limit - total : 0;
	return left > 2 * (uint64_t)SLICE_MAX ? UINT64_MAX : left;
}

/* Instructions that retired, or trapped instead. */
static uint64_t attempts(const struct machine *machine)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < machine->hart_count; i++)
		total += machine->harts[i].insns + machine->harts[i].trapped.count;
	return total;
}

uint64_t machine_position(const struct machine *machine)
{
	uint64_t position = machine->turns;
	for (unsigned i = 0; i < machine->hart_count; i++)
		position += hart_steps(&machine->harts[i]);
	return position;
}

/* Up to --max-insns. */
static uint64_t attempts_left(const struct machine *machine)
{
	uint64_t limit = machine->config->max_insns;
	return limit == UINT64_MAX ? UINT64_MAX : left_of(attempts(machine), limit);
}

/* Up to where it is to pause: not 0. */
static uint64_t left_to_pause(const struct machine *machine)
{
	return machine->pause_at == 0 ? UINT64_MAX : left_of(machine_position(machine), machine->pause_at);
}

/* Instructions that are still to retire before timing begins. */
static uint64_t timing_left(const struct machine *machine)
{
	uint64_t total = 0;
	if (!machine->timing_from.counted)
		return UINT64_MAX;
	for (unsigned i = 0; i < machine->hart_count; i++)
		total += machine->harts[i].insns;
	return left_of(total, machine->timing_from.insns);
}

static void stop_at_max_insns(struct machine *machine)
{
	machine_give_up(machine, STOP_LIMIT, 0, "--max-insns reached");
}

/* --timing from=: has its moment come, or did the hart that ran until now ask for a change? True: things are
 * different now. */
static bool switch_timing(struct machine *machine)
{
	bool on = machine->engine.timing.request == TIMING_GOES_ON || timing_left(machine) == 0;
	if (!on && machine->engine.timing.request == TIMING_STAYS)
		return false;
	machine_switch_timing(machine, on);
	return true;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* How far it may run: with --save a limit pauses the slice, so that whoever goes on from there goes on with it. */
static uint64_t slice_stop(const struct machine *machine)
{
	return least(machine->slice.bound, machine->config->max_cycles);
}

/* It ran until slice_stop, waits, or was asked to yield. */
static void slice_over(struct machine *machine)
{
	const struct hart *hart = machine->slice.hart;
	bool limit = slice_stop(machine) < machine->slice.bound && hart->cycle < machine->slice.bound;
	if (limit && !hart->waiting && !exec_yielded(hart)) {
		machine_give_up(machine, STOP_LIMIT, 0, "--max-cycles reached");
		return;
	}
	machine->slice.hart = NULL;
	machine->turns++;
}

/* True: it was reset, which is like an event. */
static bool reset_first(struct machine *machine)
{
	if (machine->stop != RUNNING || !machine->reset_asked)
		return false;
	machine->turns++;
	machine_restart(machine);
	return true;
}

struct hart *sched_step(struct machine *machine)
{
	if (machine->stop != RUNNING || reset_first(machine))
		return NULL;
	if (!machine->slice.hart && !begin_slice(machine))
		return NULL;
	struct hart *hart = machine->slice.hart;
	if (attempts_left(machine) == 0) {
		stop_at_max_insns(machine);
		return NULL;
	}
	uint64_t insns = hart->insns;
	switch_timing(machine);
	if (exec_step(hart, slice_stop(machine)))
		slice_over(machine);
	bool stopped_before = hart->insns == insns && machine->engine.timing.request != TIMING_STAYS;
	switch_timing(machine);
	return stopped_before ? sched_step(machine) : hart;
}

uint64_t sched_slice(struct machine *machine)
{
	if (machine->pause_at != 0 && machine_position(machine) >= machine->pause_at)
		return 0;
	if (machine->stop != RUNNING || reset_first(machine) || (!machine->slice.hart && !begin_slice(machine)))
		return 0;
	struct hart *hart = machine->slice.hart;
	switch_timing(machine);
	uint64_t left = attempts_left(machine), start = hart->cycle;
	uint64_t until = timing_left(machine);
	if (left == 0)
		stop_at_max_insns(machine);
	else if (exec_run(hart, slice_stop(machine), least(least(left, until), left_to_pause(machine))))
		slice_over(machine);
	switch_timing(machine);
	return hart->cycle - start;
}

void sched_burst(struct machine *machine)
{
	/* a cycle can take long on the host where every instruction traps, and with many harts */
	enum { SLICES = 256, CYCLES = 1 << 19, HARTS_WHOLE = 4 };
	uint64_t cycles = 0, resets = machine->resets; /* which may take long too */
	uint64_t limit = machine->hart_count > HARTS_WHOLE ? CYCLES * HARTS_WHOLE / machine->hart_count : CYCLES;
	for (unsigned i = 0; i < SLICES && cycles < limit && machine->stop == RUNNING && machine->resets == resets &&
	                     !machine->wants_debugger;
	     i++)
		cycles += lookahead_run(machine) + sched_slice(machine);
	machine_attend(machine);
}

void sched_run(struct machine *machine)
{
	lookahead_prepare(machine);
	while (machine->stop == RUNNING)
		sched_burst(machine);
}
