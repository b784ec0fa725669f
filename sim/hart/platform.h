/* What harts and devices know of the machine around them: how many harts there are, and its time. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

struct platform {
	uint64_t cycles_per_tick;  /* core cycles per mtime tick (mtime runs at 10 MHz) */
	uint64_t time_offset;      /* ticks, modulo 2^64: what writes to mtime added to it */
	unsigned hart_count;       /* 1..HARTS_MAX */
	uint64_t rnmi_cycle;       /* when line 0 of every hart rises by itself; 0: never */
	bool plic_by_level;        /* a wire that is high when its interrupt is completed asks again */
};

/* mtime at a given cycle. */
static inline uint64_t platform_time(const struct platform *platform, uint64_t cycle)
{
	return cycle / platform->cycles_per_tick + platform->time_offset;
}

/* First cycle at which mtime >= time; UINT64_MAX when that is past the end of time. An mtime that was set back counts
 * as running from below zero, not as having wrapped. */
static inline uint64_t platform_cycle_of(const struct platform *platform, uint64_t time)
{
	__int128 tick = (__int128)time - (int64_t)platform->time_offset;
	if (tick <= 0)
		return 0;
	__int128 cycle = tick * (__int128)platform->cycles_per_tick;
	return cycle >= (__int128)UINT64_MAX ? UINT64_MAX : (uint64_t)cycle;
}

#endif
