#include "machine/restart.h"

#include "dev/htif.h"
#include "dev/semihosting.h"
#include "engine/exec.h"
#include "machine/reload.h"
#include "timing/model.h"
#include "watch/meter.h"

/* Time goes on, and so do counts of what happened; the rest is new. */
static void restart_hart(struct hart *hart, uint64_t start_pc, uint64_t now)
{
	enum mode from = hart->mode;
	hart->cycle = hart->now = now;
	hart_reset(hart, start_pc);
	if (hart->meter)
		meter_drop(hart);
	exec_reset(hart);
	struct trace_event event = {.type = TRACE_WORLD, .from = (uint8_t)from, .pc = hart->pc, .value = {TRACE_RESET}};
	hart_emit(hart, &event);
}

/* It takes until the next tick of mtime, so that each start is the same from then on. */
static uint64_t start_cycle(const struct machine *machine)
{
	uint64_t tick = machine->platform.cycles_per_tick;
	return (machine_now(machine) + tick - 1) / tick * tick;
}

void machine_restart(struct machine *machine)
{
	uint64_t now = start_cycle(machine);
	machine->reset_asked = false;
	machine->resets++;
	reload_write(&machine->reload, &machine->bus);
	model_shared_cold(machine->model_shared);
	for (unsigned i = 0; i < machine->hart_count; i++)
		restart_hart(&machine->harts[i], machine->start_pc[i], now);
	devices_reset(&machine->devices, now);
	if (machine->htif)
		htif_reset(machine->htif);
	if (machine->semihosting)
		semihosting_reset(machine->semihosting);
	machine->engine.timing.request = TIMING_STAYS;
	machine->slice.hart = NULL;
}
