/* The debugger keeps the machine's past, and its own with it. */
#include <stdlib.h>
#include "base/bus.h"
#include "debug/left.h"
#include "debug/switches.h"
#include "debug/travel.h"
#include "debug/travel_parts.h"

/* 1 GiB for snapshots, unless the user says otherwise. */
#define DEFAULT_BUDGET ((size_t)1 << 30)

static bool asked_to_stay(void *context) { return debug_interrupted(context); }

static void save_debugger(void *context, struct state_writer *writer)
{
	const struct debugger *debugger = context;
	state_write_begin(writer, "debugger", 1);
	state_write(writer, debugger->traps, debugger->machine->hart_count * sizeof(*debugger->traps));
	left_save(debugger, writer);
	state_write_end(writer);
	switches_save(debugger, writer);
}

static bool restore_debugger(void *context, struct state_reader *reader)
{
	struct debugger *debugger = context;
	return state_read_begin(reader, "debugger", 1) &&
	       state_read(reader, debugger->traps, debugger->machine->hart_count * sizeof(*debugger->traps)) &&
	       left_restore(debugger, reader) && state_read_end(reader) && switches_restore(debugger, reader);
}

static void travel_stored(void *context, const void *by, uint64_t pa, unsigned size)
{
	struct travel *travel = context;
	(void)by;
	travel->debugger->noticed |= pa < travel->written.pa + travel->written.size && travel->written.pa < pa + size;
}

static struct history *begin_history(struct debugger *debugger)
{
	struct history_config config = {
	    .budget = DEFAULT_BUDGET,
	    .interrupted = asked_to_stay,
	    .save = save_debugger,
	    .restore = restore_debugger,
	    .context = debugger,
	};
	return history_new(debugger->machine, &config);
}

struct travel *travel_new(struct debugger *debugger)
{
	struct travel *travel = calloc(1, sizeof(*travel));
	struct bus_listener listener = {.flags = PAGE_LOOK, .stored = travel_stored, .context = travel};
	if (!travel)
		return NULL;
	travel->debugger = debugger;
	travel->bus = &debugger->machine->bus;
	travel->history = begin_history(debugger);
	if (travel->history && bus_listen(travel->bus, &listener) == 0)
		return travel;
	travel_free(travel);
	return NULL;
}

void travel_free(struct travel *travel)
{
	if (!travel)
		return;
	bus_unlisten(travel->bus, travel);
	history_free(travel->history);
	free(travel);
}

static struct history *kept_past(const struct debugger *debugger)
{
	return debugger->travel && !debugger->travel->off ? debugger->travel->history : NULL;
}

struct history *travel_past(struct debugger *debugger)
{
	struct history *history = kept_past(debugger);
	if (!history)
		complain(debugger, debugger->travel ? "the past is not kept: checkpoint on" : "no memory for the past");
	return history;
}

void travel_resume(struct debugger *debugger)
{
	if (kept_past(debugger))
		history_resume(kept_past(debugger));
}

void travel_attend(struct debugger *debugger)
{
	if (kept_past(debugger))
		history_attend(kept_past(debugger));
}

void travel_trace_anew(struct debugger *debugger)
{
	if (kept_past(debugger))
		history_trace_anew(kept_past(debugger));
}

bool travel_change(struct debugger *debugger)
{
	char reason[160];
	if (!kept_past(debugger) || history_change(kept_past(debugger), reason))
		return true;
	return complain(debugger, "%s", reason);
}
