/* The part of a C library the firmware uses. No state, so both privilege layers share it. */
#ifndef FIRMWARE_LIB_LIB_H
#define FIRMWARE_LIB_LIB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);

/*
 * Formats like vsnprintf and returns the length written, which is cut to size - 1.
 * Conversions: %s %c %% and, with an optional l, %u %d %x. Width and zero fill: %016lx.
 */
size_t format(char *out, size_t size, const char *text, ...) __attribute__((format(printf, 3, 4)));
size_t vformat(char *out, size_t size, const char *text, va_list arguments);

static inline uint64_t align_down(uint64_t value, uint64_t unit)
{
	return value & ~(unit - 1);
}

static inline uint64_t align_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) & ~(unit - 1);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Bit operations that the compiler would fetch from libgcc, which has none for an lp64 core with D.
 */

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
