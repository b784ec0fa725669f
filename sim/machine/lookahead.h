/* Conservative lookahead at quantum 1: harts that only compute do not hold up the others. */
#ifndef LOOKAHEAD_H
#define LOOKAHEAD_H

#include "machine/machine.h"

/* The cycle at which a hart can next do something; UINT64_MAX when only a wire can wake it. */
static inline uint64_t ready_cycle(const struct hart *hart)
{
	if (hart->halted || hart->held)
		return UINT64_MAX;
	if (!hart->waiting)
		return hart->cycle;
	return hart->wake_cycle > hart->cycle ? hart->wake_cycle : hart->cycle;
}

/* May harts get ahead of each other? Before anything is translated. */
void lookahead_prepare(struct machine *machine);

/* Run harts in the order in which they may notice each other, for a while or until an event comes; nothing, if
 * they may not get ahead of each other. What sched_slice does next is right in any case. Returns the cycles it took. */
uint64_t lookahead_run(struct machine *machine);

#endif
