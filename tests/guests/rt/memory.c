/* The functions the compiler may call on its own in a freestanding program. */
#include "rt.h"

void *memset(void *to, int byte, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size);

void *memset(void *to, int byte, size_t size)
{
	uint8_t *bytes = to;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)byte;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	uint8_t *bytes = to;
	const uint8_t *source = from;

	for (size_t i = 0; i < size; i++)
		bytes[i] = source[i];
	return to;
}
