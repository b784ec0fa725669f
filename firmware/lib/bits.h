/* Arithmetic on addresses, ranges and bit sets. */
#ifndef FIRMWARE_LIB_BITS_H
#define FIRMWARE_LIB_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define BIT(n) (UINT64_C(1) << (n))

static inline uint64_t align_down(uint64_t value, uint64_t unit) { return value & ~(unit - 1); }

static inline uint64_t align_up(uint64_t value, uint64_t unit) { return (value + unit - 1) & ~(unit - 1); }

static inline uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* The next two do without the compiler's builtins, which call libgcc, and that has none for an lp64 core with D. */

/* The number of the lowest bit that is set; bits is not 0. Any 6 bits of this constant in a row are different ones. */
static inline uint64_t lowest_bit(uint64_t bits)
{
	static const uint8_t number_of[64] = {
	    0,  1,  2,  53, 3,  7,  54, 27, 4,  38, 41, 8,  34, 55, 48, 28, 62, 5,  39, 46, 44, 42,
	    22, 9,  24, 35, 59, 56, 49, 18, 29, 11, 63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21,
	    23, 58, 17, 10, 51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12,
	};

	return number_of[(bits & -bits) * UINT64_C(0x022fdd63cc95386d) >> 58];
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
