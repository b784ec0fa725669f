/* Packets of GDB's remote serial protocol over a stream of bytes: framing, checksums, acknowledgements, run lengths. What
 * is in a packet is nobody's business here. */
#ifndef GDB_WIRE_H
#define GDB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GDB_PACKET_MAX = 1 << 16, /* bytes of a packet that we take, as qSupported says */
	GDB_WAITING_MAX = 4 << 20, /* bytes that wait for a client who does not read them */
};

enum gdb_wire_event {
	GDB_WIRE_NOTHING,
	GDB_WIRE_PACKET, /* wire->packet has a whole one */
	GDB_WIRE_TOO_LONG, /* one that was too long has ended; it was not kept */
	GDB_WIRE_INTERRUPT, /* ctrl-C */
};

struct gdb_wire {
	uint8_t packet[GDB_PACKET_MAX + 1]; /* as it was sent but for its escapes, and a 0 behind it */
	size_t size;
	enum { WIRE_IDLE, WIRE_BODY, WIRE_ESCAPED, WIRE_SUM, WIRE_SUM_LOW } state;
	uint8_t sum, said; /* of the packet that comes: as it is, as it says */
	bool too_long;
	bool silent; /* no acknowledgements (QStartNoAckMode) */
	uint8_t *out; /* not sent yet */
	size_t out_count, out_capacity;
	bool choked; /* more than GDB_WAITING_MAX, or no memory: the client is lost */
	uint8_t *last; /* the last packet that was sent, to be sent again */
	size_t last_size;
};

/* As for a new client. */
void gdb_wire_begin(struct gdb_wire *wire);
void gdb_wire_free(struct gdb_wire *wire);

/* A byte that came. Acknowledgements are queued, and obeyed. */
enum gdb_wire_event gdb_wire_byte(struct gdb_wire *wire, uint8_t byte);

/* Queue a packet, whose text is escaped where it must be; or a notification ('%'), which nobody acknowledges. */
void gdb_wire_send(struct gdb_wire *wire, const char *text, size_t size);
void gdb_wire_notify(struct gdb_wire *wire, const char *text, size_t size);

/* The first `count` bytes of what waits are sent. */
void gdb_wire_sent(struct gdb_wire *wire, size_t count);

#endif
