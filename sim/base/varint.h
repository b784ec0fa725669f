/* Numbers of trace files: format.h. */
#ifndef TRACE_VARINT_H
#define TRACE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unsigned LEB128. Put: bytes written, at most 10. Get: bytes consumed, 0: cut off, SIZE_MAX: none of 64 bits. */
size_t trace_put_varint(uint8_t *out, uint64_t value);
size_t trace_get_varint(const uint8_t *in, size_t size, uint64_t *value);
size_t trace_get_varints(const uint8_t *in, size_t size, uint64_t *values, unsigned count); /* one after the other */

/* Small differences of either sign as small numbers. */
static inline uint64_t trace_zigzag(uint64_t delta) { return delta << 1 ^ -(delta >> 63); }
static inline uint64_t trace_unzigzag(uint64_t code) { return code >> 1 ^ -(code & 1); }

/* A place in the bytes of a record. Past the end, and in what is corrupt, everything reads as 0. */
struct trace_cursor {
	const uint8_t *in;
	size_t size, used;
	bool cut, corrupt;
};

uint8_t trace_cursor_byte(struct trace_cursor *cursor);
uint64_t trace_cursor_bytes(struct trace_cursor *cursor, unsigned count); /* little-endian, at most 8 */
uint64_t trace_cursor_varint(struct trace_cursor *cursor);

#endif
