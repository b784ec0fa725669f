/*
 * Keeping simulated time from running ahead of somebody on the host who is a part of the run, a network's peer or a user at a window: while
 * all harts wait, whoever looks at the host lets it pass as much time as simulated time has since they began to. Time that the host
 * lost, at a prompt or because it is slow, is not made up for.
 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	bool valid;
	uint64_t cycle; /* all harts have been waiting since then */
	double host;    /* seconds */
};

/* Of `cycles`, with so many to a tick of mtime (10 MHz). */
double pace_seconds(uint64_t cycles, uint64_t cycles_per_tick);

/* A look at cycle `now`, `passed` cycles after the one before: for how many seconds, at most `limit`, is the host to be waited for? */
double pace_ahead(struct pace *pace, bool waiting, uint64_t now, uint64_t passed, uint64_t cycles_per_tick,
                  double limit);

#endif
