#include "machine/snapshot.h"

#include "dev/console.h"
#include "dev/htif.h"
#include "dev/semihosting.h"
#include "dev/user_input.h"
#include "engine/exec.h"
#include "hart/mmu.h"
#include "timing/model.h"
#include "trace/trace.h"
#include "watch/check.h"
#include "watch/meter.h"
#include "watch/spaces.h"

enum { SNAPSHOT_VERSION = 3 };

/* What stands in the machine itself: what it is, where the scheduler is, and which parts have a section. */
struct machine_state {
	uint64_t config_hash;
	uint64_t harts, slice_hart, slice_bound; /* slice_hart: 1 + id; 0: none */
	uint64_t timing_counted, timing_at_pc, timing_request;
	uint64_t modelled, metered, checked, htif;
	uint64_t resets, reset_asked, turns;
};

static struct machine_state machine_state_of(const struct machine *machine)
{
	return (struct machine_state){
	    .config_hash = machine->config_hash,
	    .harts = machine->hart_count,
	    .slice_hart = machine->slice.hart ? 1 + machine->slice.hart->id : 0,
	    .slice_bound = machine->slice.bound,
	    .timing_counted = machine->timing_from.counted,
	    .timing_at_pc = machine->engine.timing.at_pc,
	    .timing_request = machine->engine.timing.request,
	    .modelled = machine->harts[0].model != NULL,
	    .metered = machine->harts[0].meter != NULL,
	    .checked = machine->check != NULL,
	    .htif = machine->htif != NULL,
	    .resets = machine->resets,
	    .reset_asked = machine->reset_asked,
	    .turns = machine->turns,
	};
}

static void snapshot_save_hart(const struct hart *hart, struct state_writer *writer)
{
	hart_save(hart, writer);
	mmu_save(hart, writer);
	if (hart->model)
		model_save(hart->model, writer);
	if (hart->meter)
		meter_save(hart, writer);
}

bool snapshot_save(const struct machine *machine, struct state_writer *writer)
{
	struct machine_state state = machine_state_of(machine);
	state_write_begin(writer, "machine", SNAPSHOT_VERSION);
	STATE_WRITE(writer, state);
	state_write_end(writer);
	bus_save(&machine->bus, writer);
	devices_save(&machine->devices, &machine->events, writer);
	backends_save(&machine->backends, writer);
	console_save(machine->console, writer);
	if (machine->user_input)
		user_input_save(machine->user_input, writer);
	if (machine->htif)
		htif_save(machine->htif, writer);
	if (machine->semihosting)
		semihosting_save(machine->semihosting, writer);
	for (unsigned i = 0; i < machine->hart_count; i++)
		snapshot_save_hart(&machine->harts[i], writer);
	model_shared_save(machine->model_shared, writer);
	if (machine->spaces)
		spaces_save(machine->spaces, writer);
	trace_save(machine->trace, writer);
	if (machine->check)
		check_save(machine->check, writer);
	return !writer->failed;
}

/* Is it of such a machine? */
static bool snapshot_fits(const struct machine *machine, const struct machine_state *state, struct state_reader *reader)
{
	struct machine_state here = machine_state_of(machine);
	if (state->config_hash != here.config_hash || state->harts != here.harts)
		return state_refuse(reader, "machine: another configuration, or other programs");
	if (state->checked != here.checked || state->htif != here.htif)
		return state_refuse(reader, "machine: --check in one of the two runs only");
	bool has_model = machine->harts[0].model || machine->harts[0].parked;
	if (state->slice_hart > here.harts || state->modelled > has_model || state->reset_asked > 1)
		return state_refuse(reader, "machine: a number is out of range");
	return true;
}

/* Splits of VM exits are those since statistics are wanted. */
static bool snapshot_meter(struct hart *hart, struct state_reader *reader, bool metered)
{
	if (!metered)
		return true;
	return hart->meter ? meter_restore(hart, reader) : state_read_over(reader, "meter");
}

static bool snapshot_hart(struct hart *hart, struct state_reader *reader, bool metered)
{
	if (!hart_restore(hart, reader) || !mmu_restore(hart, reader) ||
	    (hart->model && !model_restore(hart, reader)) || !snapshot_meter(hart, reader, metered))
		return false;
	exec_restored(hart);
	return true;
}

bool snapshot_restore(struct machine *machine, struct state_reader *reader)
{
	struct machine_state state;
	state_read_begin(reader, "machine", SNAPSHOT_VERSION);
	STATE_READ(reader, state);
	if (!state_read_end(reader) || !snapshot_fits(machine, &state, reader))
		return false;
	for (unsigned i = 0; i < machine->hart_count; i++)
		exec_switch_timing(&machine->harts[i], state.modelled);
	if (!bus_restore(&machine->bus, reader) || !devices_restore(&machine->devices, &machine->events, reader) ||
	    !backends_restore(&machine->backends, reader) || !console_restore(machine->console, reader) ||
	    (machine->user_input && !user_input_restore(machine->user_input, reader)) ||
	    (machine->htif && !htif_restore(machine->htif, reader)) ||
	    (machine->semihosting && !semihosting_restore(machine->semihosting, reader)))
		return false;
	for (unsigned i = 0; i < machine->hart_count; i++)
		if (!snapshot_hart(&machine->harts[i], reader, state.metered))
			return false;
	if (!model_shared_restore(machine->model_shared, reader) ||
	    (machine->spaces && !spaces_restore(machine->spaces, reader)) || !trace_restore(machine->trace, reader) ||
	    (machine->check && !check_restore(machine->check, reader)))
		return false;
	machine->slice.hart = state.slice_hart ? &machine->harts[state.slice_hart - 1] : NULL;
	machine->slice.bound = state.slice_bound;
	if (machine->slice.hart) /* it paused: who asked it to end the slice was what stopped the machine */
		machine->slice.hart->effects &= ~(uint32_t)EFFECT_YIELD;
	machine->timing_from.counted = state.timing_counted;
	machine->engine.timing.at_pc = state.timing_at_pc;
	machine->engine.timing.request = (int)state.timing_request;
	machine->resets = state.resets;
	machine->reset_asked = state.reset_asked;
	machine->turns = state.turns;
	machine->stop = RUNNING;
	if (!reader->stored) { /* the host has seen nothing of what comes */
		console_forget(machine->console);
		backends_forget(&machine->backends);
		user_input_forget(machine->user_input);
	}
	return true;
}
