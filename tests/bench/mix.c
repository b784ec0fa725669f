/* Integer mix: hashes, shifts, multiplications, branches that depend on data, a small table. */
#include "bench.h"

static uint32_t table[1024];

uint64_t mix(unsigned hart)
{
	uint64_t x = 88172645463325252u + hart, sum = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		x = next_random(x);
		uint32_t *slot = &table[x & 1023];
		if (x & 0x10000)
			sum += *slot * 3;
		else
			sum ^= x >> 11;
		*slot = (uint32_t)(sum + (x * 2654435761u >> 5));
		if ((sum & 0xff) == 0x42)
			sum = next_random(sum);
	}
	return sum;
}
