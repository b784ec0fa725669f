/* A driver of virtio-mmio, version 2, as programs that look at devices need it: one request at a time in a queue. */
#ifndef BOARD_VIRTIO_H
#define BOARD_VIRTIO_H

#include "board.h"

enum { SLOT_FIRST = 0x10001000, SLOTS = 8, QUEUE = 64 };

/* Registers */
enum {
	VERSION = 0x04, DEVICE = 0x08, FEATURES = 0x10, FEATURES_SEL = 0x14, ACCEPT = 0x20, ACCEPT_SEL = 0x24, SELECT = 0x30, SIZE_MOST = 0x34,
	SIZE = 0x38, READY = 0x44, NOTIFY = 0x50, ISR = 0x60, ACK = 0x64, STATUS = 0x70, DESC = 0x80, AVAIL = 0x90, USED = 0xa0,
	GENERATION = 0xfc, CONFIG = 0x100,
};

enum { DESC_NEXT = 1, DESC_WRITE = 2 };

/* The compiler calls it for structs; a loop of bytes that it may not take for one. */
__attribute__((used, optimize("no-tree-loop-distribute-patterns"))) void *memset(void *start, int value, u64 size)
{
	for (u8 *byte = start; size; size--)
		*byte++ = (u8)value;
	return start;
}

__attribute__((used, optimize("no-tree-loop-distribute-patterns"))) void *memcpy(void *to, const void *from, u64 size)
{
	u8 *byte = to;
	for (const u8 *next = from; size; size--)
		*byte++ = *next++;
	return to;
}

struct descriptor {
	u64 address;
	u32 size;
	uint16_t flags, next;
};

struct queue {
	struct descriptor descriptors[QUEUE];
	volatile uint16_t flags, index, ring[QUEUE], event;
	u8 pad[2];
	volatile uint16_t used_flags, used_index;
	volatile u32 used_ring[QUEUE][2];
	volatile uint16_t used_event;
	uint16_t taken; /* of what was given back */
} __attribute__((aligned(16)));

struct slot {
	u64 base;
	struct queue *queues;
};

static inline u32 slot_get(const struct slot *slot, u32 offset) { return REG32(slot->base + offset); }
static inline void slot_set(const struct slot *slot, u32 offset, u32 value) { REG32(slot->base + offset) = value; }

static inline u64 slot_features(const struct slot *slot)
{
	slot_set(slot, FEATURES_SEL, 0);
	u64 low = slot_get(slot, FEATURES);
	slot_set(slot, FEATURES_SEL, 1);
	return low | (u64)slot_get(slot, FEATURES) << 32;
}

static inline void slot_queue(const struct slot *slot, unsigned number)
{
	struct queue *queue = &slot->queues[number];
	const u64 parts[3][2] = {{DESC, (u64)queue->descriptors}, {AVAIL, (u64)&queue->flags}, {USED, (u64)&queue->used_flags}};
	*queue = (struct queue){0};
	slot_set(slot, SELECT, number);
	slot_set(slot, SIZE, QUEUE);
	for (unsigned i = 0; i < 3; i++) {
		slot_set(slot, (u32)parts[i][0], (u32)parts[i][1]);
		slot_set(slot, (u32)parts[i][0] + 4, (u32)(parts[i][1] >> 32));
	}
	slot_set(slot, READY, 1);
}

/* Two queues, and of the features VERSION_1 and those of `features`. */
static inline void slot_begin(const struct slot *slot, u32 features)
{
	slot_set(slot, STATUS, 0);
	slot_set(slot, STATUS, 3);
	slot_set(slot, ACCEPT_SEL, 0);
	slot_set(slot, ACCEPT, features);
	slot_set(slot, ACCEPT_SEL, 1);
	slot_set(slot, ACCEPT, 1);
	slot_set(slot, STATUS, 11);
	slot_queue(slot, 0);
	slot_queue(slot, 1);
	slot_set(slot, STATUS, 15);
}

static inline void slot_give(const struct slot *slot, unsigned number, uint16_t head)
{
	struct queue *queue = &slot->queues[number];
	queue->ring[queue->index % QUEUE] = head;
	__asm__ volatile("fence" : : : "memory");
	queue->index++;
	__asm__ volatile("fence" : : : "memory");
}

static inline void slot_notify(const struct slot *slot, unsigned number) { slot_set(slot, NOTIFY, number); }

/* What was given back, of a queue that has something. */
static inline uint16_t slot_take(const struct slot *slot, unsigned number, u32 *length)
{
	struct queue *queue = &slot->queues[number];
	__asm__ volatile("fence" : : : "memory");
	volatile u32 *used = queue->used_ring[queue->taken++ % QUEUE];
	*length = used[1];
	return (uint16_t)used[0];
}

static inline bool slot_has(const struct slot *slot, unsigned number)
{
	return slot->queues[number].used_index != slot->queues[number].taken;
}

/* A request of some bytes, and room for an answer: its length. */
static inline u32 slot_ask(const struct slot *slot, unsigned number, const void *request, u32 size, void *answer, u32 room)
{
	struct queue *queue = &slot->queues[number];
	u32 length;
	queue->descriptors[0] = (struct descriptor){(u64)request, size, room ? DESC_NEXT : 0, 1};
	queue->descriptors[1] = (struct descriptor){(u64)answer, room, DESC_WRITE, 0};
	slot_give(slot, number, 0);
	slot_notify(slot, number);
	while (!slot_has(slot, number))
		;
	slot_take(slot, number, &length);
	return length;
}

/* The n-th device with the id, from the last slot on. */
static inline bool slot_find(struct slot *slot, u32 id, unsigned n)
{
	for (unsigned i = SLOTS; i-- > 0;) {
		slot->base = SLOT_FIRST + i * 0x1000;
		if (slot_get(slot, DEVICE) == id && n-- == 0)
			return true;
	}
	return false;
}

#endif
