#include "base/varint.h"

size_t trace_put_varint(uint8_t *out, uint64_t value)
{
	size_t size = 0;
	for (; value >= 0x80; value >>= 7)
		out[size++] = (uint8_t)(value | 0x80);
	out[size++] = (uint8_t)value;
	return size;
}

size_t trace_get_varint(const uint8_t *in, size_t size, uint64_t *value)
{
	uint64_t result = 0;
	for (size_t i = 0; i < 10; i++) {
		if (i == size)
			return 0;
		if (i == 9 && in[i] > 1)
			return SIZE_MAX;
		result |= (uint64_t)(in[i] & 0x7f) << (7 * i);
		if (in[i] < 0x80) {
			*value = result;
			return i + 1;
		}
	}
	return SIZE_MAX;
}

size_t trace_get_varints(const uint8_t *in, size_t size, uint64_t *values, unsigned count)
{
	size_t used = 0;
	for (unsigned i = 0; i < count; i++) {
		size_t length = trace_get_varint(in + used, size - used, &values[i]);
		if (length == 0 || length == SIZE_MAX)
			return length;
		used += length;
	}
	return used;
}

uint8_t trace_cursor_byte(struct trace_cursor *cursor)
{
	if (cursor->used == cursor->size) {
		cursor->cut = !cursor->corrupt;
		return 0;
	}
	return cursor->in[cursor->used++];
}

uint64_t trace_cursor_bytes(struct trace_cursor *cursor, unsigned count)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < count; i++)
		value |= (uint64_t)trace_cursor_byte(cursor) << 8 * i;
	return value;
}

uint64_t trace_cursor_varint(struct trace_cursor *cursor)
{
	uint64_t value = 0;
	size_t used = trace_get_varint(cursor->in + cursor->used, cursor->size - cursor->used, &value);
	if (used == 0)
		cursor->cut = !cursor->corrupt;
	else if (used == SIZE_MAX)
		cursor->corrupt = true;
	else
		cursor->used += used;
	if (cursor->cut || cursor->corrupt)
		cursor->used = cursor->size;
	return value;
}
