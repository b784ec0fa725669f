#include "lib/string.h"

#include <stdbool.h>
#include <stdint.h>

/* The compiler may turn a copying loop into a call of the very function it stands in; not here. */
#define NO_LOOP_IDIOMS __attribute__((optimize("no-tree-loop-distribute-patterns")))

static bool both_aligned(const void *a, const void *b) { return (((uintptr_t)a | (uintptr_t)b) & 7) == 0; }

NO_LOOP_IDIOMS void *memcpy(void *to, const void *from, size_t size)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	if (both_aligned(to, from))
		for (; size >= 8; size -= 8, out += 8, in += 8)
			*(uint64_t __attribute__((may_alias)) *)out = *(const uint64_t __attribute__((may_alias)) *)in;
	for (; size >= 4; size -= 4, out += 4, in += 4) {
		uint8_t a = in[0], b = in[1], c = in[2], d = in[3];
		out[0] = a;
		out[1] = b;
		out[2] = c;
		out[3] = d;
	}
	while (size--)
		*out++ = *in++;
	return to;
}

NO_LOOP_IDIOMS void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	if (out <= in || out >= in + size)
		return memcpy(to, from, size);
	while (size--)
		out[size] = in[size];
	return to;
}

NO_LOOP_IDIOMS void *memset(void *to, int byte, size_t size)
{
	uint8_t *out = to;
	uint64_t word = (uint8_t)byte * UINT64_C(0x0101010101010101);

	for (; size && ((uintptr_t)out & 7); size--)
		*out++ = (uint8_t)byte;
	for (; size >= 8; size -= 8, out += 8)
		*(uint64_t __attribute__((may_alias)) *)out = word;
	while (size--)
		*out++ = (uint8_t)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *left = a, *right = b;

	for (size_t i = 0; i < size; i++)
		if (left[i] != right[i])
			return left[i] - right[i];
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}
