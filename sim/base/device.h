/*
 * Devices: {name, reset, save, restore, read, write, events, dump}. A device never sees a hart's inside. It drives
 * wires (struct irq_wire), schedules events, and reads and writes memory through the bus (bus_dma_read,
 * bus_dma_write).
 */
#ifndef DEV_H
#define DEV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/event_queue.h"

struct state_writer;
struct state_reader;

/* A wire into a hart or an interrupt controller. `line` is the receiver's number: an mip bit number for harts, a
 * source number for the PLIC. Levels are edge-filtered by the receiver. `now` is the cycle at which the level
 * changes. A message-signalled interrupt is a wire too: its receiver is what holds the message's address and data,
 * and `set` writes them when the level rises. */
struct irq_wire {
	void (*set)(void *receiver, unsigned line, bool level, uint64_t now);
	void *receiver;
	unsigned line;
};

static inline void irq_wire_set(const struct irq_wire *wire, bool level, uint64_t now)
{
	if (wire->set)
		wire->set(wire->receiver, wire->line, level, now);
}

struct device {
	const char *name;
	/* Its number among the kinds of devices, for whoever keeps something of each. Set by who builds it. */
	unsigned kind;
	/* Would an access at this offset be taken? Read and write refuse the others. NULL: all are. */
	bool (*accepts)(const struct device *device, uint64_t offset, unsigned size, bool store);
	/* Offsets are from the mapped base; accesses are naturally aligned, size 1, 2, 4 or 8 bytes. False: access
	 * fault. read/write OR enum effect (hart/hart.h) bits into *effects when the access may have changed some
	 * hart's wires (EFFECT_IRQ | EFFECT_YIELD) or stops the machine (EFFECT_YIELD). */
	bool (*read)(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
	             uint32_t *effects);
	bool (*write)(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
	              uint32_t *effects);
	/* As at power-on, at cycle `now`. Harts have been reset: their wires are low, and what is high here is driven. NULL:
	 * nothing to do. */
	void (*reset)(struct device *device, uint64_t now);
	/* One section, named like the device (base/state.h). A restored device drives no wire: what is at its other
	 * end has kept the level. After a refusal the device is only good for destroy. Events: event_queue_restore
	 * comes first. */
	void (*save)(const struct device *device, struct state_writer *writer);
	bool (*restore)(struct device *device, struct state_reader *reader);
	void (*dump)(const struct device *device, FILE *out); /* for the debugger: a few lines */
	void (*destroy)(struct device *device);
	/* Memory that is a device's: bytes that can be fetched, else NULL. They stay until the device says that they change
	 * (bus_changed). */
	const uint8_t *(*fetch)(const struct device *device, uint64_t offset, unsigned size);
	struct event_queue *events;
};

#endif
