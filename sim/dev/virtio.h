/*
 * Virtio devices (Virtual I/O Device Version 1.2, OASIS; "legacy" is what came before 1.0): what they have in common whatever
 * bus they stand on. A device is a struct virtio_kind and a struct that begins with struct virtio; its transport (virtio_mmio.c) is
 * what the driver sees of it.
 *
 * Queues are split ones. A driver that breaks a ring (a loop, an index or address out of range, a chain too long) breaks the
 * device: it asks for a reset (DEVICE_NEEDS_RESET) and does nothing until it gets one.
 */
#ifndef VIRTIO_H
#define VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/device.h"

struct backends;
struct board;
struct bus;
struct virtio_kind;

enum virtio_status {
	VIRTIO_ACKNOWLEDGE = 1,
	VIRTIO_DRIVER = 2,
	VIRTIO_DRIVER_OK = 4,
	VIRTIO_FEATURES_OK = 8,
	VIRTIO_NEEDS_RESET = 64,
	VIRTIO_FAILED = 128,
};

/* Why it interrupts. */
enum virtio_isr { VIRTIO_USED = 1, VIRTIO_CONFIG = 2 };

/* Features of every device. */
enum {
	VIRTIO_F_NOTIFY_ON_EMPTY = 24, /* legacy */
	VIRTIO_F_ANY_LAYOUT = 27,      /* legacy */
	VIRTIO_F_INDIRECT_DESC = 28,
	VIRTIO_F_EVENT_IDX = 29,
	VIRTIO_F_VERSION_1 = 32,
};

enum {
	VIRTIO_QUEUE_SIZE = 1024, /* most descriptors of a queue, and of a chain */
	VIRTIO_PORTS = 31,        /* most ports of a serial device */
	VIRTIO_QUEUES = 64,       /* most queues of a device */
	VIRTIO_CONFIG_BYTES = 256,
	VIRTIO_SLOTS = 8, /* of the machine */
	VIRTIO_INPUT_SERIAL = 128,
	VIRTIO_9P_TAG = 32, /* most bytes of a shared folder's name */
};

#define VIRTIO_NO_BACKEND UINT32_MAX

/* What the command line says of a device. */
struct virtio_config {
	const struct virtio_kind *kind; /* NULL: nothing is in the slot */
	unsigned backend;               /* index among the back ends of its sort; VIRTIO_NO_BACKEND: none */
	const char *text;               /* what the device makes of it: a disk's serial number. NULL: none */
	uint64_t number;                /* likewise: the address of a network card */
	uint64_t without;               /* features that are not offered */
	const char *id;                 /* by which the command line names it, for the user. NULL: none */
};

/* What it says of a serial device's ports, by their numbers. */
struct virtio_serial {
	unsigned max_ports, count;
	struct virtio_port {
		bool present, is_console;
		bool connected;   /* to a character back end */
		const char *chardev; /* as the command line calls that */
		unsigned backend;    /* its index */
		const char *name; /* NULL: none */
	} ports[VIRTIO_PORTS];
};

/* ... and of all of them. */
struct virtio_options {
	bool modern;      /* version 2 of the transport; else legacy, version 1 */
	uint64_t latency; /* cycles from a notification until a device looks */
	uint64_t disk_cycles, disk_bytes; /* a request takes so many cycles, and one for so many bytes */
	uint64_t net_cycles, net_bytes;   /* a frame likewise */
	uint64_t net_poll;                /* struct network_host's poll_ticks */
	struct virtio_config slots[VIRTIO_SLOTS];
	struct virtio_serial serial[VIRTIO_SLOTS]; /* where there is such a device */
};

struct virtio_queue {
	uint64_t descriptors, available, used; /* guest-physical addresses */
	uint32_t size;    /* descriptors */
	bool ready;
	uint16_t next_available, next_used; /* what the device takes, and gives back, next: indices that only grow */
	uint16_t signalled;                 /* next_used when the driver was interrupted last */
};

struct virtio {
	const struct virtio_kind *kind;
	struct bus *bus;
	struct event_queue *events;
	struct irq_wire wire;
	uint64_t offered, accepted; /* features */
	uint32_t status, isr;
	bool modern;
	unsigned queue_count;
	uint32_t config_size;
	uint64_t notified; /* bit set of the queues that the device has yet to look at */
	struct event service;
	uint64_t latency; /* cycles from a notification until the device looks */
	struct virtio_queue queues[VIRTIO_QUEUES];
};

struct virtio_kind {
	const char *name; /* QEMU's, of -device */
	uint32_t id;      /* of the specification's list */
	unsigned queues; /* or fewer, if `make` says so in queue_count */
	uint32_t config_size; /* likewise */
	/* Without virtio_init's part. NULL: no memory. */
	struct virtio *(*make)(const struct board *board, const struct virtio_config *config);
	uint64_t (*features)(const struct virtio *virtio); /* its own */
	/* All config_size bytes, little-endian. */
	void (*config_read)(const struct virtio *virtio, uint8_t *bytes);
	/* The driver writes there. NULL: it is read-only. */
	void (*config_write)(struct virtio *virtio, uint32_t offset, uint32_t value, unsigned size, uint64_t now);
	/* The queue has something, maybe. Serves one chain, and returns the cycles that it takes; 0: there was none. */
	uint64_t (*serve)(struct virtio *virtio, unsigned queue, uint64_t now);
	/* The driver resets it, or the machine does. May be NULL. */
	void (*reset)(struct virtio *virtio);
	/* The machine does, or starts: after `reset`. May be NULL. */
	void (*power_on)(struct virtio *virtio);
	/* Parts of its transport's section. May be NULL. */
	void (*save)(const struct virtio *virtio, struct state_writer *writer);
	bool (*restore)(struct virtio *virtio, struct state_reader *reader);
	void (*dump)(const struct virtio *virtio, FILE *out);
	void (*destroy)(struct virtio *virtio);
};

/* ---- for transports ---- */

/* NULL: no memory. */
struct virtio *virtio_make(const struct board *board, const struct virtio_config *config, struct irq_wire wire);
void virtio_destroy(struct virtio *virtio);
void virtio_power_on(struct virtio *virtio, uint64_t now);
/* Status was written. */
void virtio_set_status(struct virtio *virtio, uint32_t status, uint64_t now);
/* A half (0 low, 1 high) of the features that the driver accepts. */
void virtio_accept(struct virtio *virtio, unsigned half, uint32_t features);
/* The driver has put something into a queue: the device looks when its latency is over. */
void virtio_notify(struct virtio *virtio, uint32_t queue, uint64_t now);
void virtio_acknowledge(struct virtio *virtio, uint32_t isr, uint64_t now);
/* 1, 2, 4 or 8 bytes of the device's configuration; what is outside reads as ones, as in QEMU. */
uint64_t virtio_config_read(const struct virtio *virtio, uint64_t offset, unsigned size);
void virtio_config_write(struct virtio *virtio, uint64_t offset, uint64_t value, unsigned size, uint64_t now);
void virtio_save(const struct virtio *virtio, struct state_writer *writer);
bool virtio_restore(struct virtio *virtio, struct state_reader *reader);

/* ---- for devices ---- */

/* Part of a chain: bytes of guest memory. */
struct virtio_part {
	uint64_t pa;
	uint32_t size;
};

/* What the driver gave: parts that the device reads, then parts that it writes. All lie in DRAM. */
struct virtio_chain {
	uint16_t head;
	unsigned read_count, write_count; /* parts */
	uint64_t read_size, write_size; /* bytes */
	struct virtio_part parts[VIRTIO_QUEUE_SIZE];
};

/* Is the queue in use, and has the driver accepted the feature? */
bool virtio_alive(const struct virtio *virtio, unsigned queue);
bool virtio_has(const struct virtio *virtio, unsigned feature);

/* Take the next chain. False: there is none, or the device is broken now. */
bool virtio_take(struct virtio *virtio, unsigned queue, struct virtio_chain *chain, uint64_t now);
/* Is there one? */
bool virtio_waiting(struct virtio *virtio, unsigned queue, uint64_t now);
/* Copy `size` bytes from byte `at` of what the device reads, or to byte `at` of what it writes. They must be inside. */
void virtio_read(const struct virtio *virtio, const struct virtio_chain *chain, uint64_t at, void *bytes, size_t size);
void virtio_write(const struct virtio *virtio, const struct virtio_chain *chain, uint64_t at, const void *bytes,
                  size_t size);
/* Give it back, with so many bytes written from the first on; interrupt the driver if it wants to be. */
void virtio_give(struct virtio *virtio, unsigned queue, const struct virtio_chain *chain, uint32_t written,
                 uint64_t now);
/* The same of a chain that only its head is known of. */
void virtio_give_head(struct virtio *virtio, unsigned queue, uint16_t head, uint32_t written, uint64_t now);
/* The chains that were taken last, and not given back, were not taken. */
void virtio_take_back(struct virtio *virtio, unsigned queue, unsigned count);
/* What the driver did makes no sense. */
void virtio_break(struct virtio *virtio, uint64_t now);
/* The configuration has changed. */
void virtio_config_changed(struct virtio *virtio, uint64_t now);

/* ---- kinds ---- */

/* By QEMU's name; NULL: there is none. */
const struct virtio_kind *virtio_find(const char *name);

#define VIRTIO_KIND(name) extern const struct virtio_kind name##_kind;
#include "dev/virtio_kinds.def"
#undef VIRTIO_KIND

#endif
