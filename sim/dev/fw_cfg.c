/*
 * QEMU's firmware configuration device, by its specification: a selector, a data register that gives an item byte by byte, and
 * transfers to and from memory that descriptors ask for. It is over when the store that started it is.
 */
#include "dev/fw_cfg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "base/state.h"
#include "dev/devices.h"
#include "dev/tree.h"

enum { DATA = 0, SELECTOR = 8, DMA_HIGH = 16, DMA_LOW = 20, END = 24 };

/* Bits of a descriptor's first word. */
enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };

enum {
	KEY_BITS = 0x3fff, /* the others say what it is selected for, which is all the same */
	KEY_LOCAL = 0x8000, /* of an architecture: RISC-V has none */
	NO_KEY = 0xffff,
	DIRECTORY_ROW = 64,
	DIRECTORY_BYTES = 4 + FW_CFG_FILES * DIRECTORY_ROW,
	FW_CFG_VERSION = 1,
};

/* "QEMU CFG" */
#define DMA_SIGNATURE UINT64_C(0x47464320554d4551)

struct fw_cfg_device {
	struct device device; /* first: a struct device * is a struct fw_cfg_device * */
	struct bus *bus;
	struct fw_cfg *config;
	uint8_t directory[DIRECTORY_BYTES];
	uint32_t key, offset; /* in the item */
	uint64_t descriptor;  /* what has been written of its address */
};

struct descriptor {
	uint32_t control, length;
	uint64_t address;
};

/* ---- items ---- */

static void put_big(uint8_t *bytes, uint64_t value, unsigned size)
{
	while (size--) {
		bytes[size] = (uint8_t)value;
		value >>= 8;
	}
}

static uint64_t get_big(const uint8_t *bytes, unsigned size)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* How many there are; of each its size, key, two bytes of nothing and its name. */
static void write_directory(struct fw_cfg_device *device)
{
	const struct fw_cfg *config = device->config;
	memset(device->directory, 0, sizeof(device->directory));
	put_big(device->directory, config->files, 4);
	for (unsigned i = 0; i < config->files; i++) {
		uint8_t *row = device->directory + 4 + (size_t)i * DIRECTORY_ROW;
		put_big(row, config->items[FW_CFG_FILE_FIRST + i].size, 4);
		put_big(row + 4, FW_CFG_FILE_FIRST + i, 2);
		memcpy(row + 8, config->names[i], FW_CFG_NAME_BYTES);
	}
}

static void select_key(struct fw_cfg_device *device, uint32_t key)
{
	device->key = (key & KEY_BITS) < FW_CFG_KEYS && !(key & KEY_LOCAL) ? key & KEY_BITS : NO_KEY;
	device->offset = 0;
	if (device->key == FW_CFG_FILE_DIRECTORY)
		write_directory(device);
}

/* The item that is selected: empty, if there is none. */
static struct fw_cfg_item selected_item(struct fw_cfg_device *device)
{
	if (device->key == FW_CFG_FILE_DIRECTORY)
		return (struct fw_cfg_item){.bytes = device->directory, .size = sizeof(device->directory)};
	return device->key == NO_KEY ? (struct fw_cfg_item){0} : device->config->items[device->key];
}

/* The next bytes, in the order of memory; zeros behind the last. */
static uint64_t read_data(struct fw_cfg_device *device, unsigned size)
{
	struct fw_cfg_item item = selected_item(device);
	uint64_t value = 0;
	for (unsigned i = 0; i < size && device->offset < item.size; i++)
		value |= (uint64_t)item.bytes[device->offset++] << 8 * i;
	return value;
}

/* ---- transfers ---- */

/* As much of the item as there is, then zeros. */
static bool transfer_read(struct fw_cfg_device *device, const struct fw_cfg_item *item, const struct descriptor *asked)
{
	uint32_t rest = item->size - device->offset, part = asked->length < rest ? asked->length : rest;
	if (asked->length != 0 && !bus_is_dram(device->bus, asked->address, asked->length))
		return false;
	if (part != 0 && !bus_dma_write(device->bus, asked->address, item->bytes + device->offset, part))
		return false;
	return asked->length == part || bus_dma_zero(device->bus, asked->address + part, asked->length - part);
}

/* All of it, or nothing. */
static bool transfer_write(struct fw_cfg_device *device, const struct fw_cfg_item *item, const struct descriptor *asked)
{
	if (asked->length == 0)
		return true;
	if (!item->first || asked->length > item->size - device->offset ||
	    !bus_dma_read(device->bus, asked->address, item->bytes + device->offset, asked->length))
		return false;
	if (item->written)
		item->written(item->context, device->offset, asked->length);
	return true;
}

/* What one does that asks for several is what stands first here. */
static bool transfer_do(struct fw_cfg_device *device, const struct descriptor *asked)
{
	if (asked->control & DMA_SELECT)
		select_key(device, asked->control >> 16);
	if (!(asked->control & (DMA_READ | DMA_WRITE | DMA_SKIP)))
		return true;
	struct fw_cfg_item item = selected_item(device);
	uint32_t rest = item.size - device->offset;
	bool done = asked->control & DMA_READ    ? transfer_read(device, &item, asked)
	            : asked->control & DMA_WRITE ? transfer_write(device, &item, asked)
	                                         : true;
	device->offset += asked->length < rest ? asked->length : rest;
	return done;
}

/* A descriptor that memory does not hold whole is told of the error as far as it holds the word for it. */
static void start_transfer(struct fw_cfg_device *device)
{
	uint8_t bytes[16], control[4] = {0, 0, 0, DMA_ERROR};
	uint64_t at = device->descriptor;
	device->descriptor = 0;
	if (bus_dma_read(device->bus, at, bytes, sizeof(bytes))) {
		struct descriptor asked = {
		    .control = (uint32_t)get_big(bytes, 4),
		    .length = (uint32_t)get_big(bytes + 4, 4),
		    .address = get_big(bytes + 8, 8),
		};
		if (transfer_do(device, &asked))
			control[3] = 0;
	}
	bus_dma_write(device->bus, at, control, sizeof(control));
}

/* ---- registers ---- */

/* The selector can only be written, the rest read at any place; what starts a transfer takes words. */
static bool fw_cfg_accepts(const struct device *device, uint64_t offset, unsigned size, bool store)
{
	(void)device;
	if (offset < SELECTOR)
		return offset == DATA;
	if (offset < DMA_HIGH)
		return store && offset == SELECTOR && size == 2;
	return offset + size <= END && (!store || size >= 4);
}

static bool fw_cfg_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                        uint32_t *effects)
{
	(void)now, (void)effects;
	if (!fw_cfg_accepts(device, offset, size, false))
		return false;
	if (offset == DATA)
		*value = read_data((struct fw_cfg_device *)device, size);
	else
		*value = DMA_SIGNATURE >> 8 * (offset - DMA_HIGH) & (UINT64_MAX >> (64 - 8 * size));
	return true;
}

static void write_descriptor(struct fw_cfg_device *device, uint64_t offset, unsigned size, uint64_t value)
{
	if (size == 8)
		device->descriptor = __builtin_bswap64(value);
	else if (offset == DMA_HIGH)
		device->descriptor = (uint64_t)__builtin_bswap32((uint32_t)value) << 32;
	else
		device->descriptor |= __builtin_bswap32((uint32_t)value);
	if (size == 8 || offset == DMA_LOW)
		start_transfer(device);
}

/* Data is not written that way: stores there do nothing. */
static bool fw_cfg_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                         uint32_t *effects)
{
	(void)now, (void)effects;
	if (!fw_cfg_accepts(device, offset, size, true))
		return false;
	if (offset == SELECTOR)
		select_key((struct fw_cfg_device *)device, __builtin_bswap16((uint16_t)value));
	else if (offset >= DMA_HIGH)
		write_descriptor((struct fw_cfg_device *)device, offset, size, value);
	return true;
}

/* ---- the device ---- */

static void fw_cfg_reset(struct device *device, uint64_t now)
{
	struct fw_cfg_device *fw_cfg = (struct fw_cfg_device *)device;
	(void)now;
	for (unsigned i = 0; i < FW_CFG_KEYS; i++) {
		struct fw_cfg_item *item = &fw_cfg->config->items[i];
		if (item->first)
			memcpy(item->bytes, item->first, item->size);
	}
	fw_cfg->descriptor = 0;
	select_key(fw_cfg, FW_CFG_SIGNATURE);
}

/* Of items those that the guest may write: the others are the configuration's. */
static void fw_cfg_save(const struct device *device, struct state_writer *writer)
{
	const struct fw_cfg_device *fw_cfg = (const struct fw_cfg_device *)device;
	state_write_begin(writer, device->name, FW_CFG_VERSION);
	state_write_u64(writer, fw_cfg->key);
	state_write_u64(writer, fw_cfg->offset);
	state_write_u64(writer, fw_cfg->descriptor);
	for (unsigned i = 0; i < FW_CFG_KEYS; i++) {
		const struct fw_cfg_item *item = &fw_cfg->config->items[i];
		if (item->first)
			state_write(writer, item->bytes, item->size);
	}
	state_write_end(writer);
}

static bool fw_cfg_restore(struct device *device, struct state_reader *reader)
{
	struct fw_cfg_device *fw_cfg = (struct fw_cfg_device *)device;
	state_read_begin(reader, device->name, FW_CFG_VERSION);
	uint32_t key = (uint32_t)state_read_limited(reader, NO_KEY);
	uint32_t offset = (uint32_t)state_read_limited(reader, UINT32_MAX);
	fw_cfg->descriptor = state_read_u64(reader);
	for (unsigned i = 0; i < FW_CFG_KEYS; i++) {
		struct fw_cfg_item *item = &fw_cfg->config->items[i];
		if (item->first)
			state_read(reader, item->bytes, item->size);
	}
	if (!state_read_end(reader))
		return false;
	select_key(fw_cfg, key);
	if (fw_cfg->key != key || offset > selected_item(fw_cfg).size)
		return state_refuse(reader, "fw_cfg: no such place in an item");
	fw_cfg->offset = offset;
	return true;
}

static void fw_cfg_dump(const struct device *device, FILE *out)
{
	const struct fw_cfg_device *fw_cfg = (const struct fw_cfg_device *)device;
	fprintf(out, "fw_cfg: item 0x%" PRIx32 ", byte %" PRIu32 "\n", fw_cfg->key, fw_cfg->offset);
	for (unsigned i = 0; i < fw_cfg->config->files; i++)
		fprintf(out, "  0x%x %s: %" PRIu32 " bytes%s\n", FW_CFG_FILE_FIRST + i, fw_cfg->config->names[i],
		        fw_cfg->config->items[FW_CFG_FILE_FIRST + i].size,
		        fw_cfg->config->items[FW_CFG_FILE_FIRST + i].first ? ", the guest may write it" : "");
}

static void fw_cfg_destroy(struct device *device) { free(device); }

static struct device *fw_cfg_make(const struct board *board, const struct device_site *site)
{
	struct fw_cfg_device *fw_cfg = calloc(1, sizeof(*fw_cfg));
	if (!fw_cfg)
		return NULL;
	fw_cfg->device = (struct device){
	    .name = site->name,
	    .accepts = fw_cfg_accepts,
	    .read = fw_cfg_read,
	    .write = fw_cfg_write,
	    .reset = fw_cfg_reset,
	    .save = fw_cfg_save,
	    .restore = fw_cfg_restore,
	    .dump = fw_cfg_dump,
	    .destroy = fw_cfg_destroy,
	};
	fw_cfg->bus = board->bus;
	fw_cfg->config = board->fw_cfg;
	return &fw_cfg->device;
}

static void fw_cfg_describe(struct tree_writer *writer, const struct device_site *site)
{
	tree_begin_at(writer, "fw-cfg", site->base, site->size);
	tree_bytes(writer, "dma-coherent", NULL, 0);
	tree_string(writer, "compatible", "qemu,fw-cfg-mmio");
	tree_end(writer);
}

const struct device_kind fw_cfg_kind = {.make = fw_cfg_make, .describe_front = fw_cfg_describe};
