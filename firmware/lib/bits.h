/* Arithmetic on addresses, ranges and bit sets. */
#ifndef FIRMWARE_LIB_BITS_H
#define FIRMWARE_LIB_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define BIT(n) (UINT64_C(1) << (n))

static inline uint64_t align_down(uint64_t value, uint64_t unit) { return value & ~(unit - 1); }

static inline uint64_t align_up(uint64_t value, uint64_t unit) { return (value + unit - 1) & ~(unit - 1); }

static inline uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* The next two are loops because the compiler's builtins call libgcc, which has none for an lp64 core with D. */

/* The number of the lowest bit that is set; bits is not 0. */
static inline uint64_t lowest_bit(uint64_t bits)
{
	uint64_t number = 0;

	for (unsigned half = 32; half; half /= 2) {
		if (!(bits & ((UINT64_C(1) << half) - 1))) {
			bits >>= half;
			number += half;
		}
	}
	return number;
}

static inline uint32_t count_bits(uint64_t bits)
{
	uint32_t count = 0;

	for (; bits; bits &= bits - 1)
		count++;
	return count;
}

/* True if [start, start + size) lies within [0, limit); safe against wrap-around. */
static inline bool range_within(uint64_t start, uint64_t size, uint64_t limit)
{
	return size <= limit && start <= limit - size;
}

#endif
