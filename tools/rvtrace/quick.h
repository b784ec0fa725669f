/* Text in large amounts: numbers and words without printf's cost, into a buffer that goes to a file. */
#ifndef QUICK_H
#define QUICK_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { QUICK_ROOM = 1 << 16, QUICK_MOST = 24 /* bytes of a number */ };

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

static inline void quick_decimal(struct quick *quick, uint64_t value)
{
	char digits[QUICK_MOST];
	unsigned at = QUICK_MOST;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	quick_bytes(quick, digits + at, QUICK_MOST - at);
}

/* Without a prefix. */
static inline void quick_hex(struct quick *quick, uint64_t value)
{
	char digits[QUICK_MOST];
	unsigned at = QUICK_MOST;
	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	quick_bytes(quick, digits + at, QUICK_MOST - at);
}

#endif
