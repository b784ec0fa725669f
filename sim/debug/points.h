/* Stop points: breakpoints, watchpoints and catchpoints. The machine is not stepped for their sake but where nothing else tells of
 * what they wait for; none can change a run. */
#ifndef POINTS_H
#define POINTS_H

#include "debug/debugger.h"
#include "debug/lookout.h"

struct stop_point {
	unsigned number;
	enum { POINT_BREAK, POINT_WATCH, POINT_CATCH } kind;
	bool temporary, disabled;
	uint64_t address; /* break: pc; watch: physical address */
	uint64_t *others; /* break: where else the same line or function begins */
	size_t other_count;
	struct debug_place place; /* break: whose code it is */
	unsigned size; /* watch */
	bool in_register; /* watch: `address' is a column (source/view.h) of `hart' */
	unsigned hart;
	uint64_t last; /* watch: value at the last look */
	enum {
		WATCH_CHANGES,
		WATCH_READS,
		WATCH_ACCESSES /* loads, and stores whatever they store */
	} watched;
	enum trace_type type; /* catch */
	enum {
		CATCH_EVENT,
		CATCH_EXIT,
		CATCH_SWITCH
	} which; /* world events: any; exits from guests; entries to them too */
	bool has_argument;
	uint64_t
	    argument; /* catch trap: cause (interrupts with bit 63); catch csr: number; catch world: enum mode; catch switch: a space */
	char *condition; /* expression, or NULL */
	char *text; /* as the user wrote it */
	char *commands; /* lines to obey where it has stopped the machine, or NULL */
	uint64_t hits, ignored; /* so many hits more stop nothing */
};

/* ---- points.c: the list ---- */

/* A new one at its end, with a number and this text; NULL: no memory. */
struct stop_point *points_add(struct debugger *debugger, const char *text);
void points_drop(struct debugger *debugger, unsigned index);
void points_free(struct debugger *debugger);
/* Is any enabled? */
bool points_active(const struct debugger *debugger);
void points_print(struct debugger *debugger);
struct json;
void points_json(const struct debugger *debugger, struct json *json); /* "stop_points" */
/* The point of that number; NULL after a complaint. */
struct stop_point *points_numbered(struct debugger *debugger, uint64_t number);
/* Call with each that is named, as "1 3-5"; with all where args is empty. False after a complaint, of the function's too. */
typedef bool point_function(struct debugger *debugger, struct stop_point *point);
bool points_each(struct debugger *debugger, const char *args, point_function *function);

/* ---- watches.c ---- */

/* What is watched holds this now. False: it cannot be read. */
bool points_read_watched(const struct debugger *debugger, const struct stop_point *point, uint64_t *value);

/* ---- meet.c: what happens while the machine moves ---- */

/* Where a run is to end besides: before that hart runs the instruction at pc, if `there` says so. */
struct aim {
	unsigned hart;
	uint64_t pc;
	bool (*there)(const struct debugger *debugger, const struct hart *hart, const void *context);
	const void *context;
};

/* The machine begins to move, and stop points, or the aim if there is one, can stop it (engine->pause.now; debugger->stopped and
 * `reason`, or `aimed`). */
void points_arm(struct debugger *debugger, const struct aim *aim);
/* It has stopped: commands do what they like. */
void points_disarm(struct debugger *debugger);
/* Must the machine be stepped for points to be met? And even for it to be noticed that they are? */
bool points_by_step(const struct debugger *debugger);
bool points_noticed_by_step(const struct debugger *debugger);
/* This hart made a step: look at what nobody tells of. */
void points_stepped(struct debugger *debugger, const struct hart *moved);
/* A command ends where this hart has come to: does it stand at a breakpoint? */
void points_arrived(struct debugger *debugger, const struct hart *hart);
void points_event(struct debugger *debugger, const struct trace_event *event);
/* The machine is at another time: what is watched holds what it holds there, and nobody has been told of anything. */
void points_refresh(struct debugger *debugger);
/* What is watched there now is what a later value is compared with. */
void points_refresh_one(struct debugger *debugger, struct stop_point *point);
/* Told by the look-out. */
struct lookout_client points_client(struct debugger *debugger);

#endif
