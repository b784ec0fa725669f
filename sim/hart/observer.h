/*
 * Who looks on while harts run: the trace, --check, the debugger. An observer hears of every event that it wants, in
 * the order in which they happen, and changes nothing that the simulation can see.
 */
#ifndef OBSERVER_H
#define OBSERVER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/trace_event.h"

struct hart;

struct observer {
	/* Trap events: hart->trap is about to be taken, and all is as it finds it. World events: the new mode's
	 * registers are in place, the guest's are still (or already) there. */
	void (*event)(struct observer *observer, struct hart *hart, const struct trace_event *event);
	uint32_t wanted; /* bit set of 1 << enum trace_type: others may come too, and need not */
	bool
	    strict; /* harts must not get ahead of each other at quantum 1: it looks at several, or between instructions */
	struct observer *next;
};

/* All harts of a machine share one list. */
struct observers {
	struct observer *first;
};

void observers_add(struct observers *observers, struct observer *observer); /* behind those that are there */
void observers_remove(struct observers *observers, const struct observer *observer);
bool observers_strict(const struct observers *observers); /* is any of them? */

/* Does anybody want events of this type? */
static inline bool observers_want(const struct observers *observers, enum trace_type type)
{
	for (const struct observer *observer = observers->first; observer; observer = observer->next)
		if (observer->wanted >> type & 1)
			return true;
	return false;
}

/* Tell of an event of this hart at its exact place; fields pc, value[] and flags are the caller's. */
void hart_emit(struct hart *hart, struct trace_event *event);

/* Tell of an event whose place is filled in. */
void hart_tell(struct hart *hart, const struct trace_event *event);

#endif
