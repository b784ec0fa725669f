/* Text in large amounts: numbers and words without printf's cost, into a buffer that goes to a file. */
#ifndef QUICK_H
#define QUICK_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { QUICK_ROOM = 1 << 16 };

struct quick {
	FILE *out;
	size_t size;
	char bytes[QUICK_ROOM];
};

static inline void quick_flush(struct quick *quick)
{
	fwrite(quick->bytes, 1, quick->size, quick->out);
	quick->size = 0;
}

static inline void quick_room(struct quick *quick, size_t size)
{
	if (quick->size + size > QUICK_ROOM)
		quick_flush(quick);
}

static inline void quick_byte(struct quick *quick, char byte)
{
	quick_room(quick, 1);
	quick->bytes[quick->size++] = byte;
}

/* No longer than the buffer. */
static inline void quick_bytes(struct quick *quick, const char *text, size_t size)
{
	quick_room(quick, size);
	memcpy(quick->bytes + quick->size, text, size);
	quick->size += size;
}

static inline void quick_text(struct quick *quick, const char *text)
{
	size_t size = strnlen(text, QUICK_ROOM);
	quick_bytes(quick, text, size);
}

static inline unsigned quick_decimal_size(uint64_t value)
{
	unsigned size = 1;
	for (uint64_t bound = 10; value >= bound && size < 20; bound *= 10)
		size++;
	return size;
}

static inline void quick_decimal(struct quick *quick, uint64_t value)
{
	unsigned size = quick_decimal_size(value);
	quick_room(quick, size);
	quick->size += size;
	char *end = quick->bytes + quick->size;
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
	} while (value);
}

/* Without a prefix. */
static inline void quick_hex(struct quick *quick, uint64_t value)
{
	unsigned size = value ? (unsigned)(67 - __builtin_clzll(value)) / 4 : 1;
	quick_room(quick, size);
	quick->size += size;
	char *end = quick->bytes + quick->size;
	do {
		*--end = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
}

#endif
