#include "dev/virtio.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "base/state.h"
#include "dev/devices.h"

enum { DESCRIPTOR_BYTES = 16, DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4, NO_INTERRUPT = 1 };

struct descriptor {
	uint64_t pa;
	uint32_t size;
	uint16_t flags, next;
};

#define FEATURE(bit) (UINT64_C(1) << (bit))

bool virtio_has(const struct virtio *virtio, unsigned feature) { return virtio->accepted >> feature & 1; }

/* ---- interrupts and status ---- */

static void interrupt(struct virtio *virtio, uint32_t isr, uint64_t now)
{
	virtio->isr |= isr;
	irq_wire_set(&virtio->wire, true, now);
}

void virtio_acknowledge(struct virtio *virtio, uint32_t isr, uint64_t now)
{
	virtio->isr &= ~isr;
	irq_wire_set(&virtio->wire, virtio->isr != 0, now);
}

void virtio_config_changed(struct virtio *virtio, uint64_t now)
{
	if (virtio->status & VIRTIO_DRIVER_OK)
		interrupt(virtio, VIRTIO_CONFIG, now);
}

/* Virtio 1.2, 2.1.2: a device that has lost its way says so, and a driver that runs hears of it. */
void virtio_break(struct virtio *virtio, uint64_t now)
{
	if (virtio->status & VIRTIO_NEEDS_RESET)
		return;
	virtio->status |= VIRTIO_NEEDS_RESET;
	virtio_config_changed(virtio, now);
}

static void forget(struct virtio *virtio, uint64_t now)
{
	virtio->accepted = 0;
	virtio->status = 0;
	virtio->isr = 0;
	virtio->notified = 0;
	event_cancel(virtio->events, &virtio->service);
	memset(virtio->queues, 0, sizeof(virtio->queues));
	if (virtio->kind->reset)
		virtio->kind->reset(virtio);
	irq_wire_set(&virtio->wire, false, now);
}

void virtio_power_on(struct virtio *virtio, uint64_t now)
{
	forget(virtio, now);
	if (virtio->kind->power_on)
		virtio->kind->power_on(virtio);
}

/*
 * Virtio 1.2, 3.1.1: features stand only if the device can work with them. A driver that knows the modern transport but does
 * not accept VERSION_1 (xv6 does not look at the upper half of the features) is served, as 6.2 allows and QEMU does.
 */
static bool features_fit(const struct virtio *virtio) { return !(virtio->accepted & ~virtio->offered); }

void virtio_set_status(struct virtio *virtio, uint32_t status, uint64_t now)
{
	status &= 0xff;
	if (status == 0) {
		forget(virtio, now);
		return;
	}
	if ((status & VIRTIO_FEATURES_OK) && !features_fit(virtio))
		status &= ~(uint32_t)VIRTIO_FEATURES_OK;
	bool starts = status & ~virtio->status & VIRTIO_DRIVER_OK;
	virtio->status = status | (virtio->status & VIRTIO_NEEDS_RESET);
	/* a legacy driver may have filled queues before it says that it runs */
	for (unsigned queue = 0; starts && queue < virtio->queue_count; queue++)
		virtio_notify(virtio, queue, now);
}

void virtio_accept(struct virtio *virtio, unsigned half, uint32_t features)
{
	if (half > 1 || virtio->status & VIRTIO_FEATURES_OK)
		return;
	unsigned shift = 32 * half;
	virtio->accepted = (virtio->accepted & ~(UINT64_C(0xffffffff) << shift)) | (uint64_t)features << shift;
	if (!virtio->modern) /* nobody asks for FEATURES_OK */
		virtio->accepted &= virtio->offered;
}

/* ---- service ---- */

bool virtio_alive(const struct virtio *virtio, unsigned queue)
{
	uint32_t state = virtio->status & (VIRTIO_DRIVER_OK | VIRTIO_NEEDS_RESET);
	return state == VIRTIO_DRIVER_OK && virtio->queues[queue].ready;
}

void virtio_notify(struct virtio *virtio, uint32_t queue, uint64_t now)
{
	if (queue >= virtio->queue_count || !virtio_alive(virtio, queue))
		return;
	if (virtio->notified == 0)
		event_schedule(virtio->events, &virtio->service, now + virtio->latency);
	virtio->notified |= UINT64_C(1) << queue;
}

/* A device does one thing at a time: a chain of each queue that has some, then it is busy with them. */
static void serve_queues(void *context, uint64_t now)
{
	struct virtio *virtio = context;
	uint64_t busy = 0;
	for (unsigned queue = 0; queue < virtio->queue_count; queue++) {
		if (!(virtio->notified >> queue & 1))
			continue;
		uint64_t cycles = virtio_alive(virtio, queue) ? virtio->kind->serve(virtio, queue, now) : 0;
		if (cycles == 0)
			virtio->notified &= ~(UINT64_C(1) << queue);
		busy += cycles;
	}
	if (virtio->notified != 0)
		event_schedule(virtio->events, &virtio->service, now + busy);
}

/* ---- rings ---- */

static bool get_u16(const struct virtio *virtio, uint64_t pa, uint16_t *value)
{
	return bus_dma_read(virtio->bus, pa, value, sizeof(*value));
}

static bool put_u16(const struct virtio *virtio, uint64_t pa, uint16_t value)
{
	return bus_dma_write(virtio->bus, pa, &value, sizeof(value));
}

/* Where the driver says from which index on it wants to be interrupted, and the device from which it wants to be notified. */
static uint64_t used_event(const struct virtio_queue *queue)
{
	return queue->available + 4 + 2 * (uint64_t)queue->size;
}
static uint64_t available_event(const struct virtio_queue *queue)
{
	return queue->used + 4 + 8 * (uint64_t)queue->size;
}

/* How many chains wait. More than the queue has descriptors: it is broken. */
static bool count_waiting(struct virtio *virtio, struct virtio_queue *queue, uint16_t *count, uint64_t now)
{
	uint16_t index = 0;
	if (get_u16(virtio, queue->available + 2, &index)) {
		*count = (uint16_t)(index - queue->next_available);
		if (*count <= queue->size)
			return true;
	}
	virtio_break(virtio, now);
	return false;
}

/* With EVENT_IDX a driver need not notify again before the index that it is told. */
static void ask_for_notification(struct virtio *virtio, const struct virtio_queue *queue, uint64_t now)
{
	if (virtio_has(virtio, VIRTIO_F_EVENT_IDX) && !put_u16(virtio, available_event(queue), queue->next_available))
		virtio_break(virtio, now);
}

bool virtio_waiting(struct virtio *virtio, unsigned queue, uint64_t now)
{
	uint16_t count = 0;
	if (!virtio_alive(virtio, queue) || !count_waiting(virtio, &virtio->queues[queue], &count, now))
		return false;
	if (count == 0)
		ask_for_notification(virtio, &virtio->queues[queue], now);
	return count != 0;
}

/* A table of descriptors: the queue's, or one that a descriptor of it points at. */
struct table {
	uint64_t pa;
	uint32_t size;
};

static bool get_descriptor(const struct virtio *virtio, const struct table *table, uint32_t index,
                           struct descriptor *descriptor)
{
	return index < table->size && bus_dma_read(virtio->bus, table->pa + DESCRIPTOR_BYTES * (uint64_t)index,
	                                           descriptor, sizeof(*descriptor));
}

/* Parts that are read come before those that are written. */
static bool add_part(const struct virtio *virtio, struct virtio_chain *chain, const struct descriptor *descriptor)
{
	unsigned count = chain->read_count + chain->write_count;
	bool written = descriptor->flags & DESC_WRITE;
	if (count == VIRTIO_QUEUE_SIZE || descriptor->size == 0 || (!written && chain->write_count != 0) ||
	    !bus_is_dram(virtio->bus, descriptor->pa, descriptor->size))
		return false;
	chain->parts[count] = (struct virtio_part){descriptor->pa, descriptor->size};
	chain->read_count += !written;
	chain->write_count += written;
	*(written ? &chain->write_size : &chain->read_size) += descriptor->size;
	return chain->read_size + chain->write_size <= UINT32_MAX;
}

/* An indirect table stands for the rest of the chain, and has no tables in it. */
static bool enter_table(const struct virtio *virtio, const struct descriptor *descriptor, struct table *table)
{
	if (!virtio_has(virtio, VIRTIO_F_INDIRECT_DESC) || descriptor->flags & DESC_NEXT || descriptor->size == 0 ||
	    descriptor->size % DESCRIPTOR_BYTES != 0)
		return false;
	*table = (struct table){descriptor->pa, descriptor->size / DESCRIPTOR_BYTES};
	return true;
}

static bool walk_chain(const struct virtio *virtio, const struct virtio_queue *queue, struct virtio_chain *chain)
{
	struct table table = {queue->descriptors, queue->size};
	struct descriptor descriptor;
	bool inside = false;
	uint32_t index = chain->head;
	for (;;) {
		if (!get_descriptor(virtio, &table, index, &descriptor))
			return false;
		if (descriptor.flags & DESC_INDIRECT) {
			if (inside || !enter_table(virtio, &descriptor, &table))
				return false;
			inside = true;
			index = 0;
			continue;
		}
		if (!add_part(virtio, chain, &descriptor)) /* also ends a loop */
			return false;
		if (!(descriptor.flags & DESC_NEXT))
			return true;
		index = descriptor.next;
	}
}

bool virtio_take(struct virtio *virtio, unsigned index, struct virtio_chain *chain, uint64_t now)
{
	struct virtio_queue *queue = &virtio->queues[index];
	if (!virtio_waiting(virtio, index, now))
		return false;
	chain->read_count = chain->write_count = 0;
	chain->read_size = chain->write_size = 0;
	uint64_t slot = queue->available + 4 + 2 * (uint64_t)(queue->next_available % queue->size);
	if (!get_u16(virtio, slot, &chain->head) || !walk_chain(virtio, queue, chain)) {
		virtio_break(virtio, now);
		return false;
	}
	queue->next_available++;
	return true;
}

/* The driver says when: by an index, or by a flag for ever. Virtio 1.2, 2.7.7. */
static bool wants_interrupt(const struct virtio *virtio, struct virtio_queue *queue)
{
	uint16_t flags = 0, event = 0, from = queue->signalled, to = queue->next_used;
	if (virtio_has(virtio, VIRTIO_F_NOTIFY_ON_EMPTY) && get_u16(virtio, queue->available + 2, &event) &&
	    event == queue->next_available)
		return true;
	if (!virtio_has(virtio, VIRTIO_F_EVENT_IDX))
		return get_u16(virtio, queue->available, &flags) && !(flags & NO_INTERRUPT);
	queue->signalled = to;
	return get_u16(virtio, used_event(queue), &event) && (uint16_t)(to - event - 1) < (uint16_t)(to - from);
}

void virtio_take_back(struct virtio *virtio, unsigned queue, unsigned count)
{
	virtio->queues[queue].next_available -= (uint16_t)count;
}

void virtio_give(struct virtio *virtio, unsigned queue, const struct virtio_chain *chain, uint32_t written,
                 uint64_t now)
{
	virtio_give_head(virtio, queue, chain->head, written, now);
}

void virtio_give_head(struct virtio *virtio, unsigned index, uint16_t head, uint32_t written, uint64_t now)
{
	struct virtio_queue *queue = &virtio->queues[index];
	const uint32_t element[2] = {head, written};
	uint64_t slot = queue->used + 4 + 8 * (uint64_t)(queue->next_used % queue->size);
	queue->next_used++;
	if (!bus_dma_write(virtio->bus, slot, element, sizeof(element)) ||
	    !put_u16(virtio, queue->used + 2, queue->next_used))
		virtio_break(virtio, now);
	else if (wants_interrupt(virtio, queue))
		interrupt(virtio, VIRTIO_USED, now);
}

/* ---- bytes of a chain ---- */

/* The parts from `part` on, as one run of bytes: copy those from `at` on, in the direction that `in` or `out` tells. */
static void copy(const struct virtio *virtio, const struct virtio_part *part, uint64_t at, uint8_t *in,
                 const uint8_t *out, size_t size)
{
	for (; size != 0; part++) {
		if (at >= part->size) {
			at -= part->size;
			continue;
		}
		size_t bytes = part->size - (size_t)at;
		bytes = size < bytes ? size : bytes;
		bool done = in ? bus_dma_read(virtio->bus, part->pa + at, in, bytes)
		               : bus_dma_write(virtio->bus, part->pa + at, out, bytes);
		assert(done);
		(void)done;
		in = in ? in + bytes : NULL;
		out = out ? out + bytes : NULL;
		size -= bytes;
		at = 0;
	}
}

void virtio_read(const struct virtio *virtio, const struct virtio_chain *chain, uint64_t at, void *bytes, size_t size)
{
	assert(at <= chain->read_size && size <= chain->read_size - at);
	copy(virtio, chain->parts, at, bytes, NULL, size);
}

void virtio_write(const struct virtio *virtio, const struct virtio_chain *chain, uint64_t at, const void *bytes,
                  size_t size)
{
	assert(at <= chain->write_size && size <= chain->write_size - at);
	copy(virtio, chain->parts + chain->read_count, at, NULL, bytes, size);
}

/* ---- configuration ---- */

uint64_t virtio_config_read(const struct virtio *virtio, uint64_t offset, unsigned size)
{
	uint8_t bytes[VIRTIO_CONFIG_BYTES] = {0};
	uint64_t value = 0;
	if (size == 8)
		return virtio_config_read(virtio, offset, 4) | virtio_config_read(virtio, offset + 4, 4) << 32;
	if (offset + size > virtio->config_size)
		return UINT64_MAX >> (64 - 8 * size);
	virtio->kind->config_read(virtio, bytes);
	memcpy(&value, bytes + offset, size);
	return value;
}

void virtio_config_write(struct virtio *virtio, uint64_t offset, uint64_t value, unsigned size, uint64_t now)
{
	if (virtio->kind->config_write && offset < virtio->config_size && size <= virtio->config_size - offset &&
	    size <= 4)
		virtio->kind->config_write(virtio, (uint32_t)offset, (uint32_t)value, size, now);
}

/* ---- making, state ---- */

struct virtio *virtio_make(const struct board *board, const struct virtio_config *config, struct irq_wire wire)
{
	const struct virtio_kind *kind = config->kind;
	struct virtio *virtio = kind->make(board, config);
	if (!virtio)
		return NULL;
	virtio->queue_count = virtio->queue_count ? virtio->queue_count : kind->queues;
	virtio->config_size = virtio->config_size ? virtio->config_size : kind->config_size;
	assert(virtio->queue_count <= VIRTIO_QUEUES && virtio->config_size <= VIRTIO_CONFIG_BYTES);
	virtio->kind = kind;
	virtio->bus = board->bus;
	virtio->events = board->events;
	virtio->wire = wire;
	virtio->modern = board->virtio->modern;
	virtio->latency = board->virtio->latency;
	virtio->offered = kind->features(virtio) | FEATURE(VIRTIO_F_INDIRECT_DESC) | FEATURE(VIRTIO_F_EVENT_IDX);
	if (virtio->modern)
		virtio->offered |= FEATURE(VIRTIO_F_VERSION_1);
	else
		virtio->offered |= FEATURE(VIRTIO_F_NOTIFY_ON_EMPTY) | FEATURE(VIRTIO_F_ANY_LAYOUT);
	virtio->offered &= ~config->without;
	if (event_init(&virtio->service, board->events, serve_queues, virtio) == 0)
		return virtio;
	virtio_destroy(virtio);
	return NULL;
}

void virtio_destroy(struct virtio *virtio)
{
	event_drop(virtio->events, &virtio->service);
	virtio->kind->destroy(virtio);
}

static void save_queue(const struct virtio_queue *queue, struct state_writer *writer)
{
	state_write_u64(writer, queue->descriptors);
	state_write_u64(writer, queue->available);
	state_write_u64(writer, queue->used);
	state_write_u64(writer, queue->size);
	state_write_u64(writer, queue->ready);
	state_write_u64(writer, queue->next_available);
	state_write_u64(writer, queue->next_used);
	state_write_u64(writer, queue->signalled);
}

static void restore_queue(struct virtio_queue *queue, struct state_reader *reader)
{
	queue->descriptors = state_read_u64(reader);
	queue->available = state_read_u64(reader);
	queue->used = state_read_u64(reader);
	queue->size = (uint32_t)state_read_limited(reader, VIRTIO_QUEUE_SIZE);
	queue->ready = state_read_limited(reader, 1);
	queue->next_available = (uint16_t)state_read_limited(reader, UINT16_MAX);
	queue->next_used = (uint16_t)state_read_limited(reader, UINT16_MAX);
	queue->signalled = (uint16_t)state_read_limited(reader, UINT16_MAX);
	if (queue->ready && queue->size == 0)
		state_refuse(reader, "virtio: a queue without descriptors");
}

void virtio_save(const struct virtio *virtio, struct state_writer *writer)
{
	state_write_u64(writer, virtio->kind->id);
	state_write_u64(writer, virtio->accepted);
	state_write_u64(writer, virtio->status);
	state_write_u64(writer, virtio->isr);
	state_write_u64(writer, virtio->notified);
	event_save(&virtio->service, writer);
	for (unsigned i = 0; i < virtio->queue_count; i++)
		save_queue(&virtio->queues[i], writer);
	if (virtio->kind->save)
		virtio->kind->save(virtio, writer);
}

bool virtio_restore(struct virtio *virtio, struct state_reader *reader)
{
	if (state_read_u64(reader) != virtio->kind->id)
		return state_refuse(reader, "virtio: another device is in the slot");
	virtio->accepted = state_read_u64(reader);
	virtio->status = (uint32_t)state_read_limited(reader, 0xff);
	virtio->isr = (uint32_t)state_read_limited(reader, VIRTIO_USED | VIRTIO_CONFIG);
	virtio->notified = state_read_limited(reader, UINT64_MAX >> (64 - virtio->queue_count));
	event_restore(virtio->events, &virtio->service, reader);
	for (unsigned i = 0; i < virtio->queue_count; i++)
		restore_queue(&virtio->queues[i], reader);
	if (!reader->failed && virtio->kind->restore)
		virtio->kind->restore(virtio, reader);
	return !reader->failed;
}
