#include "dev/pace.h"

#include "base/host_clock.h"

double pace_seconds(uint64_t cycles, uint64_t cycles_per_tick)
{
	return (double)cycles * 1e-7 / (double)cycles_per_tick;
}

double pace_ahead(struct pace *pace, bool waiting, uint64_t now, uint64_t passed, uint64_t cycles_per_tick,
                  double limit)
{
	if (!waiting) {
		pace->valid = false;
		return 0;
	}
	double clock = host_seconds();
	if (!pace->valid)
		*pace = (struct pace){.valid = true, .cycle = now - passed, .host = clock};
	double ahead = pace_seconds(now - pace->cycle, cycles_per_tick) - (clock - pace->host);
	if (ahead < 0) {
		pace->cycle = now;
		pace->host = clock;
		return 0;
	}
	return ahead < limit ? ahead : limit;
}
