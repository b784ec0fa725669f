/* What happens on a hart because of an interrupt: where interrupts come is a matter of cycles, and runs that are to be compared without
 * those leave it out. From the change of world that an interrupt makes up to the next one back to where it came, or, of a guest's, to
 * any guest; an interrupt that changes no world is its trap alone. */
#ifndef INTERRUPTED_H
#define INTERRUPTED_H

#include "trace/trace.h"

struct interrupted { /* of a hart; all 0 at first */
	bool inside;
	uint8_t mode; /* that was interrupted */
};

/* Every event of the hart. Is it because of an interrupt? */
static inline bool interrupted_event(struct interrupted *interrupted, const struct trace_event *event)
{
	bool inside = interrupted->inside;
	uint64_t cause = event->value[0];
	if (event->type == TRACE_TRAP)
		return inside || cause >> 63;
	if (event->type != TRACE_WORLD)
		return inside;
	if (cause == TRACE_RESET)
		interrupted->inside = false;
	else if (inside && (event->mode == interrupted->mode ||
	                    (mode_virt((enum mode)event->mode) && mode_virt((enum mode)interrupted->mode))))
		interrupted->inside = false;
	else if (!inside && cause >> 63 && cause < TRACE_RESET)
		*interrupted = (struct interrupted){true, event->from};
	return cause != TRACE_RESET && (inside || interrupted->inside);
}

#endif
