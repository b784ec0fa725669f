/* Going back in time. Whatever is looked for in the past is found by running a part of it again: at first a short one that ends
 * here, then longer ones before it. */
#include "debug/travel.h"

#include <string.h>
#include "debug/commands.h"
#include "debug/points.h"
#include "debug/travel_parts.h"
#include "machine/sched.h"

enum {
	WINDOW_FIRST = 1 << 14, /* positions to run through again at first, and how many times more then */
	WINDOW_GROWTH = 4,
	CHUNK = 1 << 12, /* positions run through at once while it is only to be noticed whether there was anything */
	LOOK_STEPS = 4096,
};

/* ---- going ---- */

bool travel_go(struct debugger *debugger, uint64_t position)
{
	char reason[160];
	debugger->travelling = true;
	bool there = history_goto(debugger->travel->history, position, reason);
	debugger->travelling = false;
	points_refresh(debugger);
	if (there)
		return true;
	return complain(debugger, "%s", *reason ? reason : "interrupted on the way");
}

bool travel_beginning(struct debugger *debugger)
{
	return travel_go(debugger, history_first(debugger->travel->history)) &&
	       complain(debugger, "nothing is known of what was before");
}

struct moment travel_moment(const struct debugger *debugger)
{
	const struct hart *hart = current(debugger);
	return (struct moment){machine_position(debugger->machine), hart->pc, hart->x[2], hart->mode};
}

static void note_place(struct debugger *debugger, const struct hart *moved, uint64_t before, struct search *search)
{
	enum place place = search->place(debugger, moved, search);
	uint64_t landing = place == PLACE_BEFORE ? before : machine_position(debugger->machine);
	if (place == NO_PLACE || landing >= search->limit)
		return;
	search->found = true;
	search->landing = landing;
	search->hart = debugger->stopped || !moved ? debugger->hart : moved->id;
	memcpy(search->reason, debugger->reason, sizeof(search->reason));
}

/* A step of the past. The user's hart stays who it is. */
static void look_at_step(struct debugger *debugger, struct search *search)
{
	unsigned hart = debugger->hart;
	uint64_t before = machine_position(debugger->machine);
	debugger->machine->engine.pause.now = false;
	struct hart *moved = sched_step(debugger->machine);
	if (moved && !debugger->machine->engine.pause.now)
		points_stepped(debugger, moved);
	if (moved || debugger->stopped || debugger->noticed) {
		search->was.position = before;
		note_place(debugger, moved, before, search);
	}
	debugger->hart = hart;
	debugger->stopped = false;
	if (moved == current(debugger))
		search->was = travel_moment(debugger);
}

/* Step from `from` to `to`. False: interrupted. */
static bool look_through(struct debugger *debugger, uint64_t from, uint64_t to, struct search *search)
{
	struct machine *machine = debugger->machine;
	bool asked = false;
	if (!travel_go(debugger, from))
		return false;
	search->was = travel_moment(debugger);
	debugger->searching = true;
	debugger->noticed = debugger->stopped = false;
	if (search->points)
		points_arm(debugger, NULL);
	for (unsigned steps = 1; machine_position(machine) < to && machine->stop == RUNNING && !asked; steps++) {
		look_at_step(debugger, search);
		asked = steps % LOOK_STEPS == 0 && debug_interrupted(debugger);
	}
	points_disarm(debugger);
	debugger->searching = false;
	if (asked)
		return complain(debugger, "interrupted on the way");
	if (search->looked)
		search->looked(search);
	return true;
}

bool travel_find(struct debugger *debugger, struct search *search)
{
	struct history *history = debugger->travel->history;
	uint64_t first = history_first(history), to = search->limit, window = WINDOW_FIRST;
	while (to > first && !search->found) {
		uint64_t from = history_before(history, to - 1);
		if (to - from > window)
			from = to - window;
		if (!look_through(debugger, from, to, search))
			return false;
		to = from;
		window *= WINDOW_GROWTH;
	}
	return search->found;
}

/* Part of a past that was run through, and what was noticed in its last chunk in which anything was: [begin, end); end is 0: in none. */
struct chunk {
	uint64_t begin, end;
};

/* False: interrupted. */
static bool notice_last(struct debugger *debugger, uint64_t from, uint64_t to, struct chunk *last)
{
	struct machine *machine = debugger->machine;
	bool there = travel_go(debugger, from);
	*last = (struct chunk){0, 0};
	debugger->noticed = false;
	while (there && machine_position(machine) < to && machine->stop == RUNNING) {
		uint64_t begin = machine_position(machine), next = begin + CHUNK;
		there = travel_go(debugger, next < to ? next : to);
		if (debugger->noticed)
			*last = (struct chunk){begin, machine_position(machine)};
		debugger->noticed = false;
	}
	return there;
}

/* Step through the last chunk in which something was noticed. */
static bool look_at_last(struct debugger *debugger, uint64_t from, uint64_t to, struct search *search,
                         struct chunk *last)
{
	if (search->points)
		points_arm(debugger, NULL);
	debugger->notices = search->points;
	bool there = notice_last(debugger, from, to, last);
	points_disarm(debugger);
	return there && (!last->end || look_through(debugger, last->begin, last->end, search));
}

bool travel_find_noticed(struct debugger *debugger, struct search *search)
{
	struct history *history = debugger->travel->history;
	uint64_t first = history_first(history), to = search->limit;
	struct chunk last;
	while (to > first && !search->found) {
		uint64_t from = history_before(history, to - 1);
		if (!look_at_last(debugger, from, to, search, &last))
			return false;
		to = last.end ? last.begin : from;
	}
	return search->found;
}

/* ---- steps and stop points ---- */

/* Before a step of the hart after which it had no more steps behind it than these. */
static enum place before_attempt(struct debugger *debugger, const struct hart *moved, struct search *search)
{
	const uint64_t *behind = search->context;
	return moved == current(debugger) && hart_steps(moved) <= *behind ? PLACE_BEFORE : NO_PLACE;
}

bool travel_step_back(struct debugger *debugger, uint64_t count)
{
	uint64_t done = hart_steps(current(debugger)), behind = done - count + 1;
	struct search search = {
	    .place = before_attempt,
	    .context = &behind,
	    .limit = machine_position(debugger->machine),
	};
	if (!travel_past(debugger))
		return false;
	if (count <= done && travel_find(debugger, &search))
		return travel_go(debugger, search.landing);
	return travel_beginning(debugger);
}

static enum place stops_here(struct debugger *debugger, const struct hart *moved, struct search *search)
{
	(void)moved;
	(void)search;
	return !debugger->stopped ? NO_PLACE : debugger->stopped_before ? PLACE_BEFORE : PLACE_AFTER;
}

bool travel_continue_back(struct debugger *debugger)
{
	struct search search = {.place = stops_here, .points = true, .limit = machine_position(debugger->machine)};
	if (!travel_past(debugger))
		return false;
	debugger->stopped = false;
	if (!points_active(debugger) ||
	    !(points_noticed_by_step(debugger) ? travel_find : travel_find_noticed)(debugger, &search))
		return travel_beginning(debugger);
	debugger->stopped = travel_go(debugger, search.landing);
	debugger->hart = search.hart;
	memcpy(debugger->reason, search.reason, sizeof(search.reason));
	return debugger->stopped;
}

bool travel_report(struct debugger *debugger, bool done)
{
	if (done)
		return debug_report_stop(debugger);
	debug_print_place(debugger, current(debugger));
	return false;
}

COMMAND(cmd_reverse_step, 52, "reverse-step", "reverse-s", "[N]",
        "take back N instructions of the hart, and what others did since")
{
	uint64_t count = 1;
	if (*args && !expression_all(debugger, args, &count))
		return false;
	if (count == 0)
		return complain(debugger, "reverse-step 0 is no step");
	debugger->stopped = false;
	return travel_report(debugger, travel_step_back(debugger, count));
}

COMMAND(cmd_reverse_continue, 55, "reverse-continue", "reverse-c", "",
        "back to the last stop point that was met; before a watched value changed")
{
	(void)args;
	return travel_report(debugger, travel_continue_back(debugger));
}
