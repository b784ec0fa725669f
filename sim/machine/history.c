#include "machine/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/host_clock.h"
#include "base/state_store.h"
#include "dev/semihosting.h"
#include "engine/exec.h"
#include "machine/machine.h"
#include "machine/sched.h"
#include "machine/snapshot.h"
#include "trace/trace.h"

enum {
	NEAR = 100000,         /* positions before where one went to: from there the next short way back is short */
	LOOKS = 1024,          /* of history_attend, to one at the host's clock */
	COST_SHARE = 10,       /* of the run's time one part goes into snapshots */
};

/* Seconds of a run that are done again at most, unless snapshots are dear. */
static const double shortest_interval = 0.25;

struct checkpoint {
	struct history_entry entry;
	struct state_writer state;
};

struct history {
	struct machine *machine;
	struct history_config config;
	struct state_store *store;
	struct checkpoint *checkpoints; /* by position; of one position the later one stands behind */
	size_t count, capacity;
	size_t bytes; /* of their states, beside the store */
	unsigned next_number;
	uint64_t last;    /* position */
	uint64_t traced;  /* what is before this position is in the trace's file, or is not for it */
	bool changed;     /* since the machine has moved: a checkpoint is due before it does */
	bool failed;      /* no memory: no more are taken by themselves */
	unsigned looks;
	double taken, cost; /* when the last one was, and what it took: seconds */
	uint64_t taken_cycle;
	uint64_t touched; /* semihosting_touched */
};

static uint64_t touched(const struct history *history)
{
	return history->machine->semihosting ? semihosting_touched(history->machine->semihosting) : 0;
}

/* ---- the list ---- */

/* The last one up to a position; there is one unless it comes before all. */
static struct checkpoint *checkpoint_before(const struct history *history, uint64_t position)
{
	size_t low = 0, high = history->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (history->checkpoints[middle].entry.position <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &history->checkpoints[low - 1] : NULL;
}

static size_t state_bytes(const struct state_writer *state)
{
	return state->capacity + state->chunk_capacity * sizeof(struct state_chunk *);
}

static void drop_checkpoint(struct history *history, size_t index)
{
	struct checkpoint *checkpoint = &history->checkpoints[index];
	history->bytes -= state_bytes(&checkpoint->state);
	state_writer_free(&checkpoint->state);
	history->count--;
	memmove(checkpoint, checkpoint + 1, (history->count - index) * sizeof(*checkpoint));
}

size_t history_bytes(const struct history *history) { return history->bytes + state_store_bytes(history->store); }

/* Of those nobody asked for, the one that is missed least: far back they may be far from each other. */
static size_t least_missed(const struct history *history)
{
	size_t least = 0;
	double least_loss = 0;
	for (size_t i = 1; i + 1 < history->count; i++) {
		const struct history_entry *entry = &history->checkpoints[i].entry;
		if (entry->number || entry->changed)
			continue;
		double gap = (double)(entry[0].position - history->checkpoints[i - 1].entry.position);
		gap += (double)(history->checkpoints[i + 1].entry.position - entry->position);
		double loss = gap / (1 + (double)(history->last - entry->position));
		if (least == 0 || loss < least_loss) {
			least = i;
			least_loss = loss;
		}
	}
	return least;
}

static void thin_out(struct history *history)
{
	size_t index;
	while (history_bytes(history) > history->config.budget && (index = least_missed(history)) != 0)
		drop_checkpoint(history, index);
}

static bool room_for_checkpoint(struct history *history)
{
	if (history->count < history->capacity)
		return true;
	size_t capacity = 2 * history->capacity + 16;
	struct checkpoint *grown = realloc(history->checkpoints, capacity * sizeof(*grown));
	if (!grown)
		return false;
	history->checkpoints = grown;
	history->capacity = capacity;
	return true;
}

/* ---- taking ---- */

static bool save_all(struct history *history, struct state_writer *state)
{
	bool saved = snapshot_save(history->machine, state);
	if (saved && history->config.save)
		history->config.save(history->config.context, state);
	return saved && !state->failed;
}

/* Here and now; the machine runs. NULL: no memory. */
static struct checkpoint *take(struct history *history)
{
	struct machine *machine = history->machine;
	double before = host_seconds();
	struct state_writer state = {.store = history->store};
	if (!room_for_checkpoint(history) || !save_all(history, &state)) {
		state_writer_free(&state);
		return NULL;
	}
	uint64_t position = machine_position(machine);
	struct checkpoint *last = checkpoint_before(history, position);
	size_t index = last ? (size_t)(last - history->checkpoints) + 1 : 0;
	struct checkpoint *checkpoint = &history->checkpoints[index];
	memmove(checkpoint + 1, checkpoint, (history->count - index) * sizeof(*checkpoint));
	*checkpoint = (struct checkpoint){.entry = {.position = position, .cycle = machine_now(machine)},
	                                  .state = state};
	history->count++;
	history->bytes += state_bytes(&state);
	history->taken = host_seconds();
	history->cost = history->taken - before;
	history->taken_cycle = machine_now(machine);
	return checkpoint;
}

static bool due(struct history *history)
{
	double interval = COST_SHARE * history->cost;
	if (history->failed || history->machine->stop != RUNNING)
		return false;
	if (history->config.every)
		return machine_now(history->machine) - history->taken_cycle >= history->config.every;
	if (history->looks++ % LOOKS != 0)
		return false;
	return host_seconds() - history->taken >= (interval > shortest_interval ? interval : shortest_interval);
}

/* What the host's files were for a program is not kept: the past begins anew. */
static void begin_anew(struct history *history)
{
	while (history->count)
		drop_checkpoint(history, history->count - 1);
	history->touched = touched(history);
	if (history->machine->stop == RUNNING)
		take(history);
}

/* Where the machine was changed: the next one from here on; 0: none. */
static uint64_t next_change(const struct history *history)
{
	uint64_t position = machine_position(history->machine);
	for (size_t i = 0; i < history->count; i++) {
		const struct history_entry *entry = &history->checkpoints[i].entry;
		if (entry->changed && entry->position > position)
			return entry->position;
	}
	return 0;
}

static void mute_trace(struct history *history, bool muted)
{
	struct machine *machine = history->machine;
	if (trace_mute(machine->trace, muted))
		for (unsigned i = 0; i < machine->hart_count; i++)
			exec_set_tracing(&machine->harts[i], trace_wants_insns(machine->trace));
}

/* Where a run from here has to be looked at next. */
static void plan_pause(struct history *history)
{
	struct machine *machine = history->machine;
	bool traced = machine_position(machine) < history->traced;
	machine->pause_at = next_change(history);
	if (traced && machine->pause_at - 1 >= history->traced) /* or 0 */
		machine->pause_at = history->traced;
	mute_trace(history, traced);
}

static bool put_back(struct history *history, const struct checkpoint *checkpoint, char reason[160])
{
	struct state_reader reader = state_reader_of(&checkpoint->state);
	bool restored = snapshot_restore(history->machine, &reader) &&
	                (!history->config.restore || history->config.restore(history->config.context, &reader));
	if (!restored)
		snprintf(reason, 160, "%s", reader.reason);
	return restored;
}

/* The machine has come to where it was changed, or to where it has not been yet. */
static void paused(struct history *history)
{
	char reason[160];
	const struct checkpoint *here = checkpoint_before(history, machine_position(history->machine));
	if (here && here->entry.changed && here->entry.position == machine_position(history->machine) &&
	    !put_back(history, here, reason))
		machine_stop(history->machine, STOP_FAULT, 0, reason);
	plan_pause(history);
}

void history_attend(struct history *history)
{
	struct machine *machine = history->machine;
	uint64_t position = machine_position(machine);
	if (machine->pause_at && position >= machine->pause_at && machine->stop == RUNNING)
		paused(history);
	if (position > history->traced)
		history->traced = position;
	if (position < history->last)
		return;
	history->last = position;
	if (touched(history) != history->touched)
		begin_anew(history);
	if (!due(history))
		return;
	history->failed = !take(history);
	thin_out(history);
}

/* ---- going ---- */

uint64_t history_first(const struct history *history)
{
	return history->count ? history->checkpoints[0].entry.position : history->last;
}

uint64_t history_last(const struct history *history) { return history->last; }

uint64_t history_before(const struct history *history, uint64_t position)
{
	const struct checkpoint *checkpoint = checkpoint_before(history, position);
	return checkpoint ? checkpoint->entry.position : history_first(history);
}

uint64_t history_after(const struct history *history, uint64_t position)
{
	const struct checkpoint *before = checkpoint_before(history, position);
	size_t index = before ? (size_t)(before - history->checkpoints) + 1 : 0;
	return index < history->count ? history->checkpoints[index].entry.position : UINT64_MAX;
}

/* Run to a position that has been before: without a stop, if nobody interrupts. */
static bool run_to(struct history *history, uint64_t position)
{
	enum { SLICES = 256 };
	struct machine *machine = history->machine;
	unsigned slices = 0;
	machine->pause_at = position;
	while (machine_position(machine) < position && machine->stop == RUNNING) {
		sched_slice(machine);
		if (++slices % SLICES == 0 && history->config.interrupted(history->config.context))
			break;
	}
	return machine_position(machine) >= position;
}

/* A way that is long is made shorter for the next time. */
static bool run_there(struct history *history, uint64_t position)
{
	uint64_t from = machine_position(history->machine);
	if (position - from > 4 * (uint64_t)NEAR) {
		if (!run_to(history, position - NEAR))
			return false;
		if (history->machine->stop == RUNNING)
			take(history);
		thin_out(history);
	}
	return run_to(history, position);
}

/* Is the machine, where it stands, on the way from the checkpoint to the position? */
static bool is_on_the_way(const struct history *history, const struct checkpoint *checkpoint, uint64_t position)
{
	uint64_t here = machine_position(history->machine);
	return history->machine->stop == RUNNING && here <= position && here > checkpoint->entry.position;
}

/* What was changed since the machine moved last is a part of the past. */
static bool settle_change(struct history *history)
{
	if (!history->changed)
		return true;
	struct checkpoint *checkpoint = history->machine->stop == RUNNING ? take(history) : NULL;
	if (checkpoint)
		checkpoint->entry.changed = true;
	history->changed = false;
	return checkpoint != NULL;
}

void history_resume(struct history *history)
{
	history_attend(history);
	history->failed |= !settle_change(history);
	plan_pause(history);
}

void history_trace_anew(struct history *history)
{
	history->traced = machine_position(history->machine);
	plan_pause(history);
}

bool history_goto(struct history *history, uint64_t position, char reason[160])
{
	reason[0] = '\0';
	settle_change(history);
	history_attend(history);
	if (position < history_first(history) || position > history->last || history->count == 0) {
		snprintf(reason, 160, "nothing is known of that time");
		return false;
	}
	const struct checkpoint *checkpoint = checkpoint_before(history, position);
	mute_trace(history, true);
	bool there = is_on_the_way(history, checkpoint, position) || put_back(history, checkpoint, reason);
	there = there && run_there(history, position);
	plan_pause(history);
	return there;
}

/* ---- changes and marks ---- */

bool history_change(struct history *history, char reason[160])
{
	uint64_t position = machine_position(history->machine);
	history_attend(history);
	if (position < history->last && !machine_forget_future(history->machine)) {
		snprintf(reason, 160, "%s has gone on, and cannot be taken back: the past stays as it was",
		         history->machine->input.recorder ? "the recording" : "a shared folder");
		return false;
	}
	while (history->count && history->checkpoints[history->count - 1].entry.position > position)
		drop_checkpoint(history, history->count - 1);
	history->last = history->traced = position;
	history->changed = true;
	plan_pause(history);
	return true;
}

unsigned history_mark(struct history *history)
{
	struct checkpoint *checkpoint = take(history);
	if (!checkpoint)
		return 0;
	checkpoint->entry.changed = history->changed;
	history->changed = false;
	thin_out(history);
	checkpoint = checkpoint_before(history, machine_position(history->machine));
	return checkpoint->entry.number = ++history->next_number;
}

bool history_unmark(struct history *history, unsigned number)
{
	for (size_t i = 0; i < history->count; i++)
		if (history->checkpoints[i].entry.number == number) {
			history->checkpoints[i].entry.number = 0;
			return true;
		}
	return false;
}

bool history_at(const struct history *history, size_t index, struct history_entry *entry)
{
	if (index >= history->count)
		return false;
	*entry = history->checkpoints[index].entry;
	return true;
}

/* ---- beginning and end ---- */

struct history_config *history_settings(struct history *history) { return &history->config; }

struct history *history_new(struct machine *machine, const struct history_config *config)
{
	struct history *history = calloc(1, sizeof(*history));
	if (!history)
		return NULL;
	*history = (struct history){.machine = machine, .config = *config, .store = state_store_new()};
	history->last = history->traced = machine_position(machine);
	history->touched = touched(history);
	machine->input.kept = true;
	backends_keep(&machine->backends);
	if (history->store && take(history))
		return history;
	history_free(history);
	return NULL;
}

void history_free(struct history *history)
{
	if (!history)
		return;
	while (history->count)
		drop_checkpoint(history, history->count - 1);
	free(history->checkpoints);
	state_store_free(history->store);
	free(history);
}
