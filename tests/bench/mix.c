/* Integer mix: hashes, shifts, multiplications, branches that depend on data, a small table. */
#include <stdint.h>

static uint32_t table[1024];

static uint64_t step(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

int bench_main(unsigned hart)
{
	uint64_t x = 88172645463325252u + hart, sum = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		x = step(x);
		uint32_t *slot = &table[x & 1023];
		if (x & 0x10000)
			sum += *slot * 3;
		else
			sum ^= x >> 11;
		*slot = (uint32_t)(sum + (x * 2654435761u >> 5));
		if ((sum & 0xff) == 0x42)
			sum = step(sum);
	}
	return sum == 1;
}
