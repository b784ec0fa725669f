/* Virtio over MMIO, version 2 and, as "legacy", version 1 (Virtio 1.2, 4.2): what a driver sees of a slot. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/state.h"
#include "dev/devices.h"
#include "dev/tree.h"
#include "dev/virtio.h"
#include "hart/hart.h"

enum {
	MAGIC = 0x000,
	VERSION = 0x004,
	DEVICE_ID = 0x008,
	VENDOR_ID = 0x00c,
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SEL = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SEL = 0x024,
	GUEST_PAGE_SIZE = 0x028, /* legacy */
	QUEUE_SEL = 0x030,
	QUEUE_SIZE_MAX = 0x034,
	QUEUE_SIZE = 0x038,
	QUEUE_ALIGN = 0x03c, /* legacy */
	QUEUE_PFN = 0x040,   /* legacy */
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_STATUS = 0x060,
	INTERRUPT_ACK = 0x064,
	STATUS = 0x070,
	QUEUE_DESC_LOW = 0x080,
	QUEUE_DESC_HIGH = 0x084,
	QUEUE_DRIVER_LOW = 0x090,
	QUEUE_DRIVER_HIGH = 0x094,
	QUEUE_DEVICE_LOW = 0x0a0,
	QUEUE_DEVICE_HIGH = 0x0a4,
	SHM_LEN_LOW = 0x0b0,
	SHM_LEN_HIGH = 0x0b4,
	SHM_BASE_LOW = 0x0b8,
	SHM_BASE_HIGH = 0x0bc,
	CONFIG_GENERATION = 0x0fc,
	CONFIG = 0x100,
	END = 0x200,

	MAGIC_VALUE = 0x74726976,  /* "virt" */
	VENDOR_VALUE = 0x554d4551, /* "QEMU": its machine, its identity */
	MMIO_VERSION = 3,
};

struct mmio {
	struct device device;
	struct virtio *virtio; /* NULL: the slot is empty */
	bool modern;
	uint32_t device_features_sel, driver_features_sel, queue_sel;
	uint32_t page_size, align[VIRTIO_QUEUES]; /* legacy, bytes */
	uint64_t pfn[VIRTIO_QUEUES];
};

/* ---- queues ---- */

/* The one that is selected, or NULL. */
static struct virtio_queue *selected(const struct mmio *mmio)
{
	return mmio->queue_sel < mmio->virtio->queue_count ? &mmio->virtio->queues[mmio->queue_sel] : NULL;
}

/* A size that no queue can have leaves it as it was. */
static void set_queue_size(struct virtio_queue *queue, uint32_t size)
{
	if (size != 0 && size <= VIRTIO_QUEUE_SIZE && (size & (size - 1)) == 0)
		queue->size = size;
}

static void set_queue_ready(struct mmio *mmio, struct virtio_queue *queue, bool ready, uint64_t now)
{
	uint64_t misaligned = queue->descriptors % 16 | queue->available % 2 | queue->used % 4;
	if (ready && (misaligned != 0 || queue->size == 0)) {
		virtio_break(mmio->virtio, now);
		return;
	}
	if (ready && !queue->ready)
		queue->next_available = queue->next_used = queue->signalled = 0;
	queue->ready = ready;
}

/* Version 1 has the three parts of a queue one behind the other, the last one aligned. Page 0 takes the queue away. */
static void set_queue_page(struct mmio *mmio, struct virtio_queue *queue, uint32_t page)
{
	uint64_t align = mmio->align[mmio->queue_sel], size = queue->size;
	bool sized = size != 0 && mmio->page_size != 0 && align != 0 && (align & (align - 1)) == 0;
	mmio->pfn[mmio->queue_sel] = page;
	if (page == 0 || !sized) {
		*queue = (struct virtio_queue){.size = queue->size};
		return;
	}
	queue->descriptors = (uint64_t)page * mmio->page_size;
	queue->available = queue->descriptors + 16 * size;
	queue->used = (queue->available + 2 * size + 4 + 2 + align - 1) & ~(align - 1);
	queue->next_available = queue->next_used = queue->signalled = 0;
	queue->ready = true;
}

static void put_half(uint64_t *address, bool high, uint32_t value)
{
	unsigned shift = high ? 32 : 0;
	*address = (*address & ~(UINT64_C(0xffffffff) << shift)) | (uint64_t)value << shift;
}

/* ---- registers ---- */

static uint32_t read_queue_register(const struct mmio *mmio, uint64_t offset)
{
	const struct virtio_queue *queue = selected(mmio);
	switch (queue ? offset : 0) {
	case QUEUE_SIZE_MAX: return VIRTIO_QUEUE_SIZE;
	case QUEUE_PFN: return mmio->modern ? 0 : (uint32_t)mmio->pfn[mmio->queue_sel];
	case QUEUE_READY: return mmio->modern && queue->ready;
	default: return 0;
	}
}

static uint32_t read_device_register(const struct mmio *mmio, uint64_t offset)
{
	const struct virtio *virtio = mmio->virtio;
	switch (offset) {
	case DEVICE_ID: return virtio->kind->id;
	case DEVICE_FEATURES:
		return mmio->device_features_sel > 1 ? 0
		                                     : (uint32_t)(virtio->offered >> 32 * mmio->device_features_sel);
	case INTERRUPT_STATUS: return virtio->isr;
	case STATUS: return virtio->status;
	case SHM_LEN_LOW:
	case SHM_LEN_HIGH:
	case SHM_BASE_LOW:
	case SHM_BASE_HIGH: return mmio->modern ? UINT32_MAX : 0; /* there are no such regions */
	case CONFIG_GENERATION: return 0; /* it changes between two events, never between a driver's reads */
	default: return read_queue_register(mmio, offset);
	}
}

static uint32_t read_slot_register(const struct mmio *mmio, uint64_t offset)
{
	switch (offset) {
	case MAGIC: return MAGIC_VALUE;
	case VERSION: return mmio->modern ? 2 : 1;
	case VENDOR_ID: return VENDOR_VALUE;
	default: return mmio->virtio ? read_device_register(mmio, offset) : 0;
	}
}

static void write_queue_register(struct mmio *mmio, uint64_t offset, uint32_t value, uint64_t now)
{
	struct virtio_queue *queue = selected(mmio);
	if (!queue)
		return;
	switch (offset) {
	case QUEUE_SIZE: set_queue_size(queue, value); return;
	case QUEUE_ALIGN: mmio->align[mmio->queue_sel] = value; return;
	case QUEUE_PFN:
		if (!mmio->modern)
			set_queue_page(mmio, queue, value);
		return;
	default: break;
	}
	if (!mmio->modern)
		return;
	switch (offset) {
	case QUEUE_READY: set_queue_ready(mmio, queue, value & 1, now); break;
	case QUEUE_DESC_LOW:
	case QUEUE_DESC_HIGH: put_half(&queue->descriptors, offset & 4, value); break;
	case QUEUE_DRIVER_LOW:
	case QUEUE_DRIVER_HIGH: put_half(&queue->available, offset & 4, value); break;
	case QUEUE_DEVICE_LOW:
	case QUEUE_DEVICE_HIGH: put_half(&queue->used, offset & 4, value); break;
	default: break;
	}
}

static void forget_registers(struct mmio *mmio)
{
	mmio->device_features_sel = mmio->driver_features_sel = mmio->queue_sel = mmio->page_size = 0;
	for (unsigned i = 0; i < VIRTIO_QUEUES; i++) {
		mmio->align[i] = 4096;
		mmio->pfn[i] = 0;
	}
}

static void write_slot_register(struct mmio *mmio, uint64_t offset, uint32_t value, uint64_t now)
{
	struct virtio *virtio = mmio->virtio;
	switch (offset) {
	case DEVICE_FEATURES_SEL: mmio->device_features_sel = value; break;
	case DRIVER_FEATURES_SEL: mmio->driver_features_sel = value; break;
	case DRIVER_FEATURES: virtio_accept(virtio, mmio->driver_features_sel, value); break;
	case GUEST_PAGE_SIZE: mmio->page_size = value && (value & (value - 1)) == 0 ? value : 0; break;
	case QUEUE_SEL: mmio->queue_sel = value; break;
	case QUEUE_NOTIFY: virtio_notify(virtio, value, now); break;
	case INTERRUPT_ACK: virtio_acknowledge(virtio, value, now); break;
	case STATUS:
		virtio_set_status(virtio, value, now);
		if (virtio->status == 0) /* the page size stays: drivers write it before they reset the device */
			memset(mmio->pfn, 0, sizeof(mmio->pfn));
		break;
	default: write_queue_register(mmio, offset, value, now);
	}
}

/* ---- the device ---- */

static bool mmio_accepts(const struct device *device, uint64_t offset, unsigned size, bool store)
{
	(void)device, (void)store;
	return offset + size <= END;
}

/* Registers are words: narrower accesses do nothing, a doubleword is two. */
static bool mmio_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                      uint32_t *effects)
{
	const struct mmio *mmio = (struct mmio *)device;
	(void)now, (void)effects;
	if (!mmio_accepts(device, offset, size, false))
		return false;
	if (offset >= CONFIG) {
		*value = mmio->virtio ? virtio_config_read(mmio->virtio, offset - CONFIG, size) : 0;
		return true;
	}
	*value = size < 4 ? 0 : read_slot_register(mmio, offset);
	if (size == 8)
		*value |= (uint64_t)read_slot_register(mmio, offset + 4) << 32;
	return true;
}

static bool mmio_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                       uint32_t *effects)
{
	struct mmio *mmio = (struct mmio *)device;
	if (!mmio_accepts(device, offset, size, true))
		return false;
	if (!mmio->virtio)
		return true;
	*effects |= EFFECT_IRQ | EFFECT_YIELD; /* its interrupt may fall, and its next event be near */
	if (offset >= CONFIG) {
		virtio_config_write(mmio->virtio, offset - CONFIG, value, size, now);
		return true;
	}
	if (size >= 4)
		write_slot_register(mmio, offset, (uint32_t)value, now);
	if (size == 8)
		write_slot_register(mmio, offset + 4, (uint32_t)(value >> 32), now);
	return true;
}

static void mmio_reset(struct device *device, uint64_t now)
{
	struct mmio *mmio = (struct mmio *)device;
	forget_registers(mmio);
	if (mmio->virtio)
		virtio_power_on(mmio->virtio, now);
}

static void mmio_save(const struct device *device, struct state_writer *writer)
{
	const struct mmio *mmio = (const struct mmio *)device;
	state_write_begin(writer, device->name, MMIO_VERSION);
	state_write_u64(writer, mmio->device_features_sel);
	state_write_u64(writer, mmio->driver_features_sel);
	state_write_u64(writer, mmio->queue_sel);
	state_write_u64(writer, mmio->page_size);
	STATE_WRITE(writer, mmio->align);
	STATE_WRITE(writer, mmio->pfn);
	state_write_u64(writer, mmio->virtio != NULL);
	if (mmio->virtio)
		virtio_save(mmio->virtio, writer);
	state_write_end(writer);
}

static bool mmio_restore(struct device *device, struct state_reader *reader)
{
	struct mmio *mmio = (struct mmio *)device;
	state_read_begin(reader, device->name, MMIO_VERSION);
	mmio->device_features_sel = (uint32_t)state_read_limited(reader, UINT32_MAX);
	mmio->driver_features_sel = (uint32_t)state_read_limited(reader, UINT32_MAX);
	mmio->queue_sel = (uint32_t)state_read_limited(reader, UINT32_MAX);
	mmio->page_size = (uint32_t)state_read_limited(reader, UINT32_MAX);
	STATE_READ(reader, mmio->align);
	STATE_READ(reader, mmio->pfn);
	if (state_read_limited(reader, 1) != (mmio->virtio != NULL))
		return state_refuse(reader, "virtio: a slot is empty in one of the two machines only");
	if (mmio->virtio && !virtio_restore(mmio->virtio, reader))
		return false;
	return state_read_end(reader);
}

static void mmio_dump(const struct device *device, FILE *out)
{
	const struct mmio *mmio = (const struct mmio *)device;
	const struct virtio *virtio = mmio->virtio;
	if (!virtio)
		return;
	fprintf(out, "%s: status 0x%" PRIx32 "%s, features 0x%" PRIx64 ", isr %" PRIu32 "\n", virtio->kind->name,
	        virtio->status, virtio->status & VIRTIO_NEEDS_RESET ? " (needs reset)" : "", virtio->accepted,
	        virtio->isr);
	for (unsigned i = 0; i < virtio->queue_count; i++) {
		const struct virtio_queue *queue = &virtio->queues[i];
		if (queue->ready)
			fprintf(out,
			        "  queue %u: size %" PRIu32 ", descriptors 0x%" PRIx64 ", available 0x%" PRIx64
			        ", used 0x%" PRIx64 ", taken %u, given back %u\n",
			        i, queue->size, queue->descriptors, queue->available, queue->used,
			        queue->next_available, queue->next_used);
	}
	if (virtio->kind->dump)
		virtio->kind->dump(virtio, out);
}

static void mmio_destroy(struct device *device)
{
	struct mmio *mmio = (struct mmio *)device;
	if (mmio->virtio)
		virtio_destroy(mmio->virtio);
	free(mmio);
}

static struct device *mmio_make(const struct board *board, const struct device_site *site)
{
	struct mmio *mmio = calloc(1, sizeof(*mmio));
	const struct virtio_config *config = &board->virtio->slots[site->slot];
	if (!mmio)
		return NULL;
	mmio->device = (struct device){
	    .name = site->name,
	    .accepts = mmio_accepts,
	    .read = mmio_read,
	    .write = mmio_write,
	    .reset = mmio_reset,
	    .save = mmio_save,
	    .restore = mmio_restore,
	    .dump = mmio_dump,
	    .destroy = mmio_destroy,
	    .events = board->events,
	};
	mmio->modern = board->virtio->modern;
	forget_registers(mmio);
	if (!config->kind)
		return &mmio->device;
	mmio->virtio = virtio_make(board, config, site->wire);
	if (mmio->virtio)
		return &mmio->device;
	mmio_destroy(&mmio->device);
	return NULL;
}

static void mmio_describe(struct tree_writer *writer, const struct board *board, const struct device_site *site)
{
	(void)board;
	tree_begin_at(writer, "virtio_mmio", site->base, site->size);
	tree_interrupt(writer, site->irq);
	tree_string(writer, "compatible", "virtio,mmio");
	tree_end(writer);
}

const struct virtio_kind *virtio_find(const char *name)
{
	static const struct virtio_kind *const kinds[] = {
#define VIRTIO_KIND(name) &name##_kind,
#include "dev/virtio_kinds.def"
#undef VIRTIO_KIND
	};
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

const struct device_kind virtio_mmio_kind = {.make = mmio_make, .describe = mmio_describe};
