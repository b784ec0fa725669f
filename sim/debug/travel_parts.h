/* What the files of time travel share: going to a moment, and looking through a part of the past by running it again. */
#ifndef TRAVEL_PARTS_H
#define TRAVEL_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include "debug/debugger.h"
#include "machine/history.h"

struct bus;

struct travel {
	struct debugger *debugger;
	struct history *history;
	struct bus *bus;
	bool off; /* the user wants no past */
	/* Stores to these bytes are noticed (debugger->noticed). */
	struct {
		uint64_t pa;
		unsigned size;
	} written;
};

/* NULL after a complaint. */
struct history *travel_past(struct debugger *debugger);

/* Be at this position. False after a complaint: interrupted, or nothing is known of it. */
bool travel_go(struct debugger *debugger, uint64_t position);
/* Go to the beginning of what is known, and complain that there is nothing before it. */
bool travel_beginning(struct debugger *debugger);

/* Where a hart was before a step of its own. */
struct moment {
	uint64_t position, pc, sp;
	enum mode mode;
};
struct moment travel_moment(const struct debugger *debugger);

/* May this be a place that is looked for? */
enum place { NO_PLACE, PLACE_BEFORE, PLACE_AFTER }; /* the step just made */

/* What is looked for: the last place before `limit`. */
struct search {
	/* After a step of `moved`, of which debugger->stopped tells whether it met a stop point. */
	enum place (*place)(struct debugger *debugger, const struct hart *moved, struct search *search);
	/* After a part that ends where the one looked through before began: sets `found` and `landing`. NULL: places are enough. */
	void (*looked)(struct search *search);
	void *context;
	bool points; /* stop points are looked out for */
	uint64_t limit; /* position: landings from there on do not count */
	struct moment was; /* the current hart's, before its step */
	bool found;
	uint64_t landing;
	unsigned hart; /* that made the step, or met the stop point */
	char reason[sizeof(((struct debugger *)NULL)->reason)];
};

/* False: there is none, or the user has interrupted (then there was a complaint); the machine is somewhere in the past then. */
bool travel_find(struct debugger *debugger, struct search *search);
/* The same for what is noticed (debugger->noticed) without stepping: only where there was some the past is stepped through. */
bool travel_find_noticed(struct debugger *debugger, struct search *search);

/* After travel_step_back or the like: say where we are. */
bool travel_report(struct debugger *debugger, bool done);

#endif
