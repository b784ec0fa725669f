/* Quantum 1: harts take turns, and those that only compute do not hold up the others. */
#ifndef TURNS_H
#define TURNS_H

#include "machine/machine.h"

/* The cycle at which a hart can next do something; UINT64_MAX when only a wire can wake it. */
static inline uint64_t ready_cycle(const struct hart *hart)
{
	if (hart->halted)
		return UINT64_MAX;
	if (!hart->waiting)
		return hart->cycle;
	return hart->wake_cycle > hart->cycle ? hart->wake_cycle : hart->cycle;
}

/* May harts get ahead of each other? Before anything is translated. */
void turns_prepare(struct machine *machine);

/* Run harts in the order of their turns, for a while or until something comes that is more than that; nothing, if
 * they may not get ahead of each other. What sched_slice does next is right in any case. Returns the cycles it took. */
uint64_t turns_run(struct machine *machine);

#endif
