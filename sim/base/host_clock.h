/* The host's clock, for limits and statistics. Nothing of it reaches simulated state. */
#ifndef HOST_CLOCK_H
#define HOST_CLOCK_H

#include <time.h>

/* Seconds since some moment in the past. */
static inline double host_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
