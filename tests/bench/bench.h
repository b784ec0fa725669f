/* What the benchmark programs share. Each kind is a function uint64_t NAME(unsigned hart), which returns a checksum; kinds.txt lists
 * them. ROUNDS says how long it runs. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

/* Big arrays: the start does not clear them. */
#define NOINIT(name) __attribute__((section(".noinit." #name), aligned(64)))

static inline uint64_t next_random(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	return x ^ x << 17;
}

static inline uint64_t mixed(uint64_t sum, uint64_t value) { return (sum ^ value) * UINT64_C(0x9e3779b97f4a7c15); }

#endif
