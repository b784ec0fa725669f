/*
 * What a machine does to the host, or gets from it, is done once, also when the machine is taken back in time and comes there again.
 * Each such thing is numbered: `at` is the number of the next one in the machine's time, and is saved; `reached` is how many the
 * host has seen, ever. Those below are past: nothing is shown or sent again, and what came is taken from what was kept.
 */
#ifndef FRONTIER_H
#define FRONTIER_H

#include <stdbool.h>
#include <stdint.h>

struct frontier {
	uint64_t at, reached;
};

/* One more. True: it is past. */
static inline bool frontier_pass(struct frontier *frontier)
{
	bool past = frontier->at++ < frontier->reached;
	if (!past)
		frontier->reached = frontier->at;
	return past;
}

/* What would have come is not to come: the machine goes another way from here. */
static inline void frontier_forget(struct frontier *frontier) { frontier->reached = frontier->at; }

#endif
