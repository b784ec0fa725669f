#include "debug/gdb/gdb_wire.h"

#include <stdlib.h>
#include <string.h>
#include "base/words.h"

void gdb_wire_begin(struct gdb_wire *wire)
{
	wire->size = wire->out_count = wire->last_size = 0;
	wire->state = WIRE_IDLE;
	wire->too_long = wire->silent = wire->choked = false;
}

void gdb_wire_free(struct gdb_wire *wire)
{
	free(wire->out);
	free(wire->last);
	wire->out = wire->last = NULL;
}

/* ---- out ---- */

static void queue_bytes(struct gdb_wire *wire, const uint8_t *bytes, size_t size)
{
	if (wire->out_count + size > GDB_WAITING_MAX)
		wire->choked = true;
	if (wire->choked)
		return;
	if (wire->out_count + size > wire->out_capacity) {
		size_t capacity = 2 * (wire->out_count + size);
		uint8_t *out = realloc(wire->out, capacity);
		if (!out) {
			wire->choked = true;
			return;
		}
		wire->out = out;
		wire->out_capacity = capacity;
	}
	memcpy(wire->out + wire->out_count, bytes, size);
	wire->out_count += size;
}

static void queue_byte(struct gdb_wire *wire, uint8_t byte) { queue_bytes(wire, &byte, 1); }

void gdb_wire_sent(struct gdb_wire *wire, size_t count)
{
	wire->out_count -= count;
	memmove(wire->out, wire->out + count, wire->out_count);
}

/* How often the byte may be said to repeat behind its first: a count is one printable character, and none that means
 * something else. */
static size_t repeats(size_t run)
{
	enum { FIRST = ' ', LAST = '~', BIAS = 29, LEAST = FIRST - BIAS };
	size_t count = run - 1;
	if (count < LEAST)
		return 0;
	if (count > LAST - BIAS)
		count = LAST - BIAS;
	while (strchr("#$+-", (int)(count + BIAS)))
		count--;
	return count;
}

/* The text with runs of a byte shortened: at most as long. Returns its size. */
static size_t shorten(uint8_t *to, const char *text, size_t size)
{
	enum { BIAS = 29 };
	size_t count = 0;
	for (size_t i = 0, run; i < size; i += run) {
		for (run = 1; i + run < size && text[i + run] == text[i]; run++)
			;
		size_t again = repeats(run);
		to[count++] = (uint8_t)text[i];
		if (again) {
			to[count++] = '*';
			to[count++] = (uint8_t)(again + BIAS);
			run = again + 1;
		} else {
			run = 1;
		}
	}
	return count;
}

/* The frame around a text, in memory of its own; NULL: there is none. */
static uint8_t *frame(char begin, const char *text, size_t *size)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *bytes = malloc(*size + 4), sum = 0;
	if (!bytes)
		return NULL;
	bytes[0] = (uint8_t)begin;
	size_t count = 1 + shorten(bytes + 1, text, *size);
	for (size_t i = 1; i < count; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[count++] = '#';
	bytes[count++] = (uint8_t)digits[sum >> 4];
	bytes[count++] = (uint8_t)digits[sum & 15];
	*size = count;
	return bytes;
}

void gdb_wire_send(struct gdb_wire *wire, const char *text, size_t size)
{
	free(wire->last);
	wire->last_size = size;
	wire->last = frame('$', text, &wire->last_size);
	if (wire->last)
		queue_bytes(wire, wire->last, wire->last_size);
	else
		wire->choked = true;
}

void gdb_wire_notify(struct gdb_wire *wire, const char *text, size_t size)
{
	uint8_t *bytes = frame('%', text, &size);
	if (bytes)
		queue_bytes(wire, bytes, size);
	else
		wire->choked = true;
	free(bytes);
}

/* ---- in ---- */

static void keep(struct gdb_wire *wire, uint8_t byte)
{
	if (wire->size < GDB_PACKET_MAX)
		wire->packet[wire->size++] = byte;
	else
		wire->too_long = true;
}

static void begin_packet(struct gdb_wire *wire)
{
	wire->state = WIRE_BODY;
	wire->size = 0;
	wire->sum = 0;
	wire->too_long = false;
}

static enum gdb_wire_event end_packet(struct gdb_wire *wire, bool good)
{
	wire->state = WIRE_IDLE;
	wire->packet[wire->size] = '\0';
	if (!wire->silent)
		queue_byte(wire, good ? '+' : '-');
	if (!good)
		return GDB_WIRE_NOTHING;
	return wire->too_long ? GDB_WIRE_TOO_LONG : GDB_WIRE_PACKET;
}

static enum gdb_wire_event between_packets(struct gdb_wire *wire, uint8_t byte)
{
	enum { CTRL_C = 3 };
	if (byte == '$')
		begin_packet(wire);
	else if (byte == '-' && !wire->silent && wire->last_size)
		queue_bytes(wire, wire->last, wire->last_size);
	return byte == CTRL_C ? GDB_WIRE_INTERRUPT : GDB_WIRE_NOTHING;
}

enum gdb_wire_event gdb_wire_byte(struct gdb_wire *wire, uint8_t byte)
{
	int digit = hex_digit((char)byte);
	switch (wire->state) {
	case WIRE_IDLE: return between_packets(wire, byte);
	case WIRE_SUM:
		wire->said = (uint8_t)((unsigned)digit << 4);
		wire->state = WIRE_SUM_LOW;
		return digit < 0 ? end_packet(wire, false) : GDB_WIRE_NOTHING;
	case WIRE_SUM_LOW: return end_packet(wire, digit >= 0 && (wire->said | (unsigned)digit) == wire->sum);
	default: break;
	}
	if (byte == '$') { /* the one before it was cut off */
		begin_packet(wire);
		return GDB_WIRE_NOTHING;
	}
	if (byte == '#') {
		wire->state = WIRE_SUM;
		return GDB_WIRE_NOTHING;
	}
	wire->sum = (uint8_t)(wire->sum + byte);
	if (wire->state == WIRE_ESCAPED) {
		keep(wire, byte ^ 0x20);
		wire->state = WIRE_BODY;
	} else if (byte == '}') {
		wire->state = WIRE_ESCAPED;
	} else {
		keep(wire, byte);
	}
	return GDB_WIRE_NOTHING;
}
