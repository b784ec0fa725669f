/* A machine of one bus and one virtio-mmio slot, and what a driver does with it. */
#ifndef VIRTIO_WORLD_H
#define VIRTIO_WORLD_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/bus.h"
#include "base/event_queue.h"
#include "base/state.h"
#include "dev/backend.h"
#include "dev/devices.h"
#include "dev/virtio.h"

enum {
	REG_DEVICE_FEATURES = 0x010,
	REG_DEVICE_FEATURES_SEL = 0x014,
	REG_DRIVER_FEATURES = 0x020,
	REG_DRIVER_FEATURES_SEL = 0x024,
	REG_PAGE_SIZE = 0x028,
	REG_QUEUE_SEL = 0x030,
	REG_QUEUE_SIZE_MAX = 0x034,
	REG_QUEUE_SIZE = 0x038,
	REG_QUEUE_ALIGN = 0x03c,
	REG_QUEUE_PFN = 0x040,
	REG_QUEUE_READY = 0x044,
	REG_NOTIFY = 0x050,
	REG_ISR = 0x060,
	REG_ACK = 0x064,
	REG_STATUS = 0x070,
	REG_DESC = 0x080,
	REG_DRIVER = 0x090,
	REG_DEVICE = 0x0a0,
	REG_CONFIG = 0x100,

	DRAM_BYTES = 1 << 20,
	QUEUE_LENGTH = 8,
	RING_BYTES = 0x3000,
	LATENCY = 100,
	F_NEXT = 1,
	F_WRITE = 2,
	F_INDIRECT = 4,
};

#define DRAM_AT UINT64_C(0x80000000)
#define RING_AT (DRAM_AT + 0x4000) /* legacy: page 0x80004 */
#define BUFFER_AT (DRAM_AT + 0x10000)

struct ring {
	uint64_t desc, avail, used;
	uint16_t given; /* chains */
};

struct virtio_world {
	struct bus bus;
	struct event_queue events;
	struct platform platform;
	struct backends backends;
	struct host_disk *disk;
	struct virtio_options options;
	struct board board;
	struct device *slot;
	struct ring ring;
	uint64_t now;
	bool irq, modern;
};

static inline void world_irq(void *receiver, unsigned line, bool level, uint64_t now)
{
	(void)line, (void)now;
	((struct virtio_world *)receiver)->irq = level;
}

static inline uint64_t reg_read(struct virtio_world *world, uint64_t offset, unsigned size)
{
	uint64_t value = 0;
	uint32_t effects = 0;
	cr_assert(world->slot->read(world->slot, offset, size, world->now, &value, &effects));
	return value;
}

static inline uint32_t reg(struct virtio_world *world, uint64_t offset)
{
	return (uint32_t)reg_read(world, offset, 4);
}

static inline void set_reg(struct virtio_world *world, uint64_t offset, uint64_t value)
{
	uint32_t effects = 0;
	cr_assert(world->slot->write(world->slot, offset, 4, world->now, value & 0xffffffff, &effects));
}

static inline void *at(struct virtio_world *world, uint64_t pa) { return bus_host(&world->bus, pa); }

/* The machine around the slot, which world_plug makes. */
static inline void world_board(struct virtio_world *world, struct virtio_config config, bool modern)
{
	*world = (struct virtio_world){.modern = modern, .platform = {.cycles_per_tick = 10}};
	event_queue_init(&world->events);
	cr_assert(bus_init(&world->bus, DRAM_BYTES) == 0);
	world->options = (struct virtio_options){
	    .modern = modern, .latency = LATENCY, .disk_cycles = 10, .disk_bytes = 8, .net_cycles = 10, .net_bytes = 8, .slots = {config}};
	world->board = (struct board){
	    .platform = &world->platform,
	    .bus = &world->bus,
	    .events = &world->events,
	    .backends = &world->backends,
	    .virtio = &world->options,
	    .seed = 1,
	};
}

static inline void world_plug(struct virtio_world *world)
{
	struct device_site site = {.name = "virtio_mmio", .wire = {.set = world_irq, .receiver = world}};
	world->slot = virtio_mmio_kind.make(&world->board, &site);
	cr_assert_not_null(world->slot);
	world->slot->reset(world->slot, world->now);
}

static inline void world_begin(struct virtio_world *world, struct virtio_config config, bool modern, struct host_disk *disk)
{
	world_board(world, config, modern);
	world->disk = disk;
	world->backends = (struct backends){.disks = &world->disk, .disk_count = 1};
	world_plug(world);
}

static inline void world_end(struct virtio_world *world)
{
	world->slot->destroy(world->slot);
	event_queue_free(&world->events);
	bus_free(&world->bus);
	host_disk_close(world->disk);
}

static inline uint64_t offered(struct virtio_world *world)
{
	set_reg(world, REG_DEVICE_FEATURES_SEL, 0);
	uint64_t low = reg(world, REG_DEVICE_FEATURES);
	set_reg(world, REG_DEVICE_FEATURES_SEL, 1);
	return low | (uint64_t)reg(world, REG_DEVICE_FEATURES) << 32;
}

static inline void accept_features(struct virtio_world *world, uint64_t features)
{
	set_reg(world, REG_DRIVER_FEATURES_SEL, 0);
	set_reg(world, REG_DRIVER_FEATURES, features);
	set_reg(world, REG_DRIVER_FEATURES_SEL, 1);
	set_reg(world, REG_DRIVER_FEATURES, features >> 32);
}

/* A queue's ring, empty, in RING_BYTES from `base` on, where the driver of either version puts it. */
static inline struct ring begin_ring(struct virtio_world *world, unsigned queue, uint64_t base)
{
	struct ring ring = {.desc = base, .avail = base + 16 * QUEUE_LENGTH, .used = base + 4096};
	const uint64_t parts[3][2] = {{REG_DESC, ring.desc}, {REG_DRIVER, ring.avail}, {REG_DEVICE, ring.used}};
	memset(at(world, base), 0, RING_BYTES);
	set_reg(world, REG_QUEUE_SEL, queue);
	set_reg(world, REG_QUEUE_SIZE, QUEUE_LENGTH);
	if (!world->modern) {
		set_reg(world, REG_QUEUE_ALIGN, 4096);
		set_reg(world, REG_QUEUE_PFN, base >> 12);
		return ring;
	}
	for (unsigned i = 0; i < 3; i++) {
		set_reg(world, parts[i][0], parts[i][1]);
		set_reg(world, parts[i][0] + 4, parts[i][1] >> 32);
	}
	set_reg(world, REG_QUEUE_READY, 1);
	return ring;
}

static inline void begin_queue(struct virtio_world *world, unsigned queue) { world->ring = begin_ring(world, queue, RING_AT); }

/* A driver's start, with all features but `without`, up to its queues: the status so far. */
static inline uint32_t negotiate(struct virtio_world *world, uint64_t without)
{
	uint32_t status = VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER;
	set_reg(world, REG_STATUS, 0);
	set_reg(world, REG_STATUS, status);
	if (!world->modern)
		set_reg(world, REG_PAGE_SIZE, 4096);
	accept_features(world, offered(world) & ~without);
	if (world->modern)
		set_reg(world, REG_STATUS, status |= VIRTIO_FEATURES_OK);
	cr_assert_eq(reg(world, REG_STATUS), status);
	return status;
}

/* The start of a driver that uses one queue. */
static inline void drive(struct virtio_world *world, uint64_t without)
{
	uint32_t status = negotiate(world, without);
	begin_queue(world, 0);
	set_reg(world, REG_STATUS, status | VIRTIO_DRIVER_OK);
}

static inline void set_descriptor(struct virtio_world *world, uint64_t table, unsigned index, uint64_t pa, uint32_t size,
                                  unsigned flags, unsigned next)
{
	uint8_t *descriptor = at(world, table + 16 * (uint64_t)index);
	uint16_t tail[2] = {(uint16_t)flags, (uint16_t)next};
	memcpy(descriptor, &pa, 8);
	memcpy(descriptor + 8, &size, 4);
	memcpy(descriptor + 12, tail, 4);
}

static inline void give_to(struct virtio_world *world, struct ring *ring, uint16_t head)
{
	uint8_t *avail = at(world, ring->avail);
	memcpy(avail + 4 + 2 * (ring->given % QUEUE_LENGTH), &head, 2);
	ring->given++;
	memcpy(avail + 2, &ring->given, 2);
}

static inline void give_chain(struct virtio_world *world, uint16_t head) { give_to(world, &world->ring, head); }

/* Let time go by until the device has nothing to do. */
static inline void settle(struct virtio_world *world)
{
	for (unsigned i = 0; i < 1000 && event_next(&world->events) != UINT64_MAX; i++) {
		world->now = event_next(&world->events);
		event_run(&world->events, world->now);
	}
	cr_assert_eq(event_next(&world->events), UINT64_MAX);
}

static inline void notify(struct virtio_world *world)
{
	set_reg(world, REG_NOTIFY, 0);
	settle(world);
}

static inline uint16_t used_index_of(struct virtio_world *world, const struct ring *ring)
{
	uint16_t index;
	memcpy(&index, (uint8_t *)at(world, ring->used) + 2, 2);
	return index;
}

/* The length that the device said of chain `index` that it gave back. */
static inline uint32_t used_length_of(struct virtio_world *world, const struct ring *ring, unsigned index)
{
	uint32_t element[2];
	memcpy(element, (uint8_t *)at(world, ring->used) + 4 + 8 * (index % QUEUE_LENGTH), sizeof(element));
	return element[1];
}

static inline uint16_t used_index(struct virtio_world *world) { return used_index_of(world, &world->ring); }

/* ... of the last one. */
static inline uint32_t used_length(struct virtio_world *world)
{
	return used_length_of(world, &world->ring, (uint16_t)(used_index(world) - 1));
}

/* The other machine's slot becomes what this one's is, and its memory, time and ring. */
static inline void take_over(struct virtio_world *other, struct virtio_world *world)
{
	struct state_writer writer = {0};
	event_queue_save(&world->events, &writer);
	world->slot->save(world->slot, &writer);
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	cr_assert(event_queue_restore(&other->events, &reader));
	cr_assert(other->slot->restore(other->slot, &reader), "%s", reader.reason);
	memcpy(other->bus.dram, world->bus.dram, DRAM_BYTES);
	other->ring = world->ring;
	other->now = world->now;
	other->irq = world->irq;
	state_writer_free(&writer);
}

static inline char *dump_of(const struct virtio_world *world)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	cr_assert_not_null(out);
	world->slot->dump(world->slot, out);
	fclose(out);
	return text;
}

/* All that a driver and a debugger can see, memory too. */
static inline void expect_same(struct virtio_world *world, struct virtio_world *other)
{
	char *dumps[2] = {dump_of(world), dump_of(other)};
	cr_expect_str_eq(dumps[0], dumps[1]);
	free(dumps[0]);
	free(dumps[1]);
	for (uint64_t offset = 0; offset < REG_CONFIG + 64; offset += 4)
		cr_expect_eq(reg(world, offset), reg(other, offset), "register 0x%lx", offset);
	cr_expect_eq(world->irq, other->irq);
	cr_expect_eq(event_next(&world->events), event_next(&other->events));
	cr_expect(memcmp(world->bus.dram, other->bus.dram, DRAM_BYTES) == 0, "other memory");
}

static inline bool is_broken(struct virtio_world *world) { return reg(world, REG_STATUS) & VIRTIO_NEEDS_RESET; }

#endif
