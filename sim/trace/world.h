/*
 * World-switch statistics, from the event stream alone: the simulator's --stats and rvtrace stat share them.
 *
 * An exit is a world event from VS or VU to M, HS or U; an entry one in the other direction. An exit lasts from its
 * event's cycle (the trap) to the cycle of the next entry on the same hart (the first guest instruction after it),
 * whatever M-HS switches lie between and whichever guest comes next; an exit that no entry follows is counted, but has
 * no duration. It belongs to the cause of its trap and to the zone whose VMID hgatp held.
 *
 * Interrupts are counted where they are taken, by latency.h.
 *
 * Durations are kept exactly, as a count for each different value: min, median, p99 and max are exact too. What they
 * went to comes from the meters (trace/meter.h), through trace_split or the trace file.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stddef.h>
#include <stdint.h>
#include "trace/latency.h"
#include "trace/split.h"
#include "trace/tally.h"
#include "trace/trace.h"

/* The exits of one cause in one zone on one hart; `cause` as in value[0] of the event. */
struct world_exits {
	uint64_t cause;
	unsigned vmid;
	uint64_t count;
	struct tally cycles;
	struct split_sum split; /* of those that ended, and whose split is known */
};

/* One zone on one hart. */
struct world_zone {
	unsigned vmid;
	uint64_t entries, exits;
	uint64_t cycles, instructions; /* inside the guest: VS and VU */
};

struct world_hart {
	enum mode mode;
	unsigned vmid;               /* of hgatp at the last world event */
	uint64_t cycle, retired;     /* at the last world event */
	uint64_t cycles[MODE_COUNT]; /* up to there */
	uint64_t instructions[MODE_COUNT];
	uint64_t entries, exits;
	uint64_t exit_cycle;
	bool outside;    /* an exit waits for its entry */
	size_t exit_row; /* of that exit in exits_by */
	struct split split; /* of that exit; cycles 0: not known yet */
	struct split_symbol *split_symbols;
	struct world_exits *exits_by;
	size_t exits_count, exits_capacity;
	struct world_zone *zones;
	size_t zone_count, zone_capacity;
	struct latencies latencies; /* of its interrupts */
};

struct world {
	struct world_hart *harts;
	unsigned hart_count;
	uint64_t lost; /* events not counted because there was no memory */
};

int world_init(struct world *world, unsigned hart_count); /* 0, or -1: no memory. Harts begin in M at 0, 0 */
void world_free(struct world *world);
/* A hart of which nothing is known. */
void world_clear(struct world_hart *hart);
/* Any event; those that are neither world nor trap events are ignored. */
void world_event(struct world *world, const struct trace_event *event);

/* All of it: section "world". Restored into a new one of as many harts; false: refused, and it is only good for
 * world_free. */
void world_save(const struct world *world, struct state_writer *writer);
bool world_restore(struct world *world, struct state_reader *reader);

/* What the cycles of the hart's open exit went to: before the event that ends it. Ignored if the hart has none, or if
 * they are not as many as the exit turns out to have. */
void world_split(struct world *world, unsigned hart, const struct split *split);

/* How long the interrupt has waited that is the hart's next trap event: before that. */
void world_latency(struct world *world, unsigned hart, const struct trace_latency *latency);

/* Cycles and instructions of a hart by mode, up to where it stands now. */
struct world_modes {
	uint64_t cycles[MODE_COUNT], instructions[MODE_COUNT];
};
struct world_modes world_modes(const struct world *world, unsigned hart, uint64_t cycle, uint64_t retired);

/* Exits added up over harts: for one VMID, or all (WORLD_ALL); sorted by cause, interrupts last. The caller frees each
 * row's content and the array: world_exits_free. NULL and *count 0 when there are none. */
enum { WORLD_ALL = -1 };
struct world_exits *world_exits(const struct world *world, int vmid, size_t *count);
void world_exits_free(struct world_exits *exits, size_t count);

/* Zones added up over harts, sorted by VMID; `harts_now[i]` adds what hart i did in its guest since its last event (may
 * be NULL). free() the array. */
struct world_now {
	uint64_t cycle, retired;
};
struct world_zone *world_zones(const struct world *world, const struct world_now *harts_now, size_t *count);

/* "load guest-page fault", "return": text for value[0] of a trap or world event. */
const char *world_cause_name(uint64_t cause);

#endif
