/*
 * Spike's host-target interface: a program stores commands to its symbol `tohost` and finds answers in `fromhost`.
 * Served: exit, the console device, and the syscall proxy's write; as one 64-bit store or two 32-bit ones.
 */
#ifndef HTIF_H
#define HTIF_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bus.h"
#include "base/event_queue.h"

struct console;
struct htif;
struct state_reader;
struct state_writer;

struct htif_config {
	struct bus *bus;
	struct event_queue *events;
	struct console *console;
	uint64_t tohost, fromhost; /* in DRAM; fromhost 0: the program has none */
	uint64_t cycles_per_tick;
	/* The program exits; code 0 is success. */
	void (*exit)(void *context, uint64_t code);
	/* The cycle of the store that is being looked at. */
	uint64_t (*now)(void *context);
	void *context;
};

/* Asks the bus for stores to tohost's page (PAGE_HOOK). NULL: no memory. */
struct htif *htif_new(const struct htif_config *config);
void htif_free(struct htif *htif);
/* Commands that are not whole or not answered are forgotten. */
void htif_reset(struct htif *htif);

/* Its section. */
void htif_save(const struct htif *htif, struct state_writer *writer);
bool htif_restore(struct htif *htif, struct state_reader *reader);

/* A store of `size` bytes at pa to a hooked page has happened. True if it concerned HTIF. */
bool htif_store(struct htif *htif, uint64_t pa, unsigned size);

#endif
