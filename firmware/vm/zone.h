/*
 * A zone: a guest machine. Memory behind a G-stage table, vCPUs, and the few devices it sees.
 */
#ifndef FIRMWARE_VM_ZONE_H
#define FIRMWARE_VM_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/console.h"
#include "lib/bits.h"
#include "lib/harts.h"
#include "lib/lock.h"
#include "vdev/device.h"
#include "vm/gstage.h"

#define ZONE_RAM_BASE UINT64_C(0x80000000)   /* gpa */
#define ZONE_IMAGE_BASE UINT64_C(0x80200000) /* gpa where a flat image goes */

#define ZONE_NAME_MAX 32

#define ZONE_DTB_MAX UINT64_C(0x8000) /* bytes at the end of RAM for the device tree */

#define ZONE_PIECES_MAX 66 /* a kernel's segments, initrd, device tree */

struct vcpu;
struct zone_config;

enum zone_state {
	ZONE_RUNNING,
	ZONE_SHUT_DOWN, /* ended itself, and says it went well */
	ZONE_STOPPED,   /* ended itself with a failure, or was ended; zone.report says why */
	ZONE_REBOOTING, /* ended itself to start anew, as soon as its last vCPU has left */
	ZONE_RELOADING, /* all have: the home CPU of its first vCPU is to load it, and is told to run that */
};

/* Something a zone starts with, which it finds again each time: `size` bytes, and zeros behind them. */
struct zone_piece {
	uint64_t gpa, size, zeros;
	const void *from; /* kept for good */
};

struct zone {
	char name[ZONE_NAME_MAX];

	/*
	 * Counts whoever still needs the zone: each vCPU that is not stopped, each CPU with its G-stage
	 * installed, and its creator. When the last one lets go, the zone is over, or starts anew. Atomic.
	 */
	uint32_t references;

	struct spinlock lock;  /* held to change state, report, and the vCPUs' state from or to STOPPED */
	enum zone_state state; /* may be read without the lock where an old answer does no harm */
	char report[160];

	const struct zone_config *config; /* what is loaded into it */

	/* What that came to. While it is reloaded, the home CPU of the first vCPU is at `at` of piece `next`. */
	struct zone_piece pieces[ZONE_PIECES_MAX];
	uint32_t pieces_count, next;
	uint64_t at;

	struct gstage gstage;
	uint64_t memory_size; /* bytes, from ZONE_RAM_BASE */
	uint64_t entry;       /* gpa */
	uint64_t load_end;    /* gpa after the last byte the image uses */
	uint64_t initrd_start, initrd_end; /* gpa; equal if there is none */
	uint64_t dtb;         /* gpa */
	uint64_t time_origin; /* mtime at which the guest's time was 0 */

	uint32_t vcpus_count;
	struct vcpu *vcpus[HARTS_MAX];
	uint64_t harts; /* bit per hart id: where they live */

	struct guest_devices devices;
	struct console_queue output;
};

void zone_get(struct zone *zone);
void zone_put(struct zone *zone);

/*
 * Ends the zone, for the reason given, unless it has ended already. Its vCPUs leave it as soon as they
 * notice, and get an interrupt so that they do.
 */
void zone_end(struct zone *zone, enum zone_state how, const char *reason, ...) __attribute__((format(printf, 3, 4)));

static inline enum zone_state zone_state_now(const struct zone *zone)
{
	return __atomic_load_n(&zone->state, __ATOMIC_ACQUIRE);
}

static inline bool zone_is_running(const struct zone *zone)
{
	return __atomic_load_n(&zone->state, __ATOMIC_RELAXED) == ZONE_RUNNING;
}

/* The guest's harts, a bit each. */
static inline uint64_t zone_vcpus(const struct zone *zone) { return UINT64_MAX >> (HARTS_MAX - zone->vcpus_count); }

/* The harts these vCPUs live on, a bit each. */
uint64_t zone_homes(const struct zone *zone, uint64_t vcpus);

/* Number of zones that are still to end before the machine does; a zone that never started counts as failed. */
void zones_expect(uint32_t count);
void zones_count_end(bool success);

/* True if [gpa, gpa + size) is RAM of the zone. */
static inline bool zone_has_memory(const struct zone *zone, uint64_t gpa, uint64_t size)
{
	return gpa >= ZONE_RAM_BASE && range_within(gpa - ZONE_RAM_BASE, size, zone->memory_size);
}

/* zone_ram.c: where gpa is, and how much of [gpa, gpa + size) follows in one piece. It must be RAM of the zone. */
void *zone_ram(struct zone *zone, uint64_t gpa, uint64_t size, uint64_t *length);

/* Copies between the hypervisor and the zone's RAM. The range must be RAM of the zone. */
void zone_write(struct zone *zone, uint64_t gpa, const void *from, uint64_t size);
void zone_read(struct zone *zone, uint64_t gpa, void *to, uint64_t size);
void zone_zero(struct zone *zone, uint64_t gpa, uint64_t size);

#endif
