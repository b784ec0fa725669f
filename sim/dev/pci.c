/*
 * The windows of QEMU's PCI Express host: I/O ports, configuration space, memory below 4 GiB and high memory. Where no
 * function answers, loads see ones and stores are ignored. The one function there is, 00:00.0, is the host bridge.
 */
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "base/state.h"
#include "dev/devices.h"

#define HIGH_SIZE UINT64_C(0x400000000) /* of high memory */

enum { PCI_VERSION = 1, CONFIG_BYTES = 256 };
enum {
	CONFIG_ID = 0x0,
	COMMAND = 0x4,
	CLASS = 0x8,
	CACHE_LINE = 0xc,
	SUBSYSTEM = 0x2c,
	INTERRUPT_LINE = 0x3c,
	HEADER_END = 0x40
};
enum { COMMAND_WRITABLE = 0x507, BRIDGE_ID = 0x00081b36, BRIDGE_SUBSYSTEM = 0x11001af4, BRIDGE_CLASS = 0x06000000 };

struct pci_window {
	struct device device;
	uint64_t config_bytes; /* the host bridge's, from 0; beyond is nothing */
	uint8_t config[CONFIG_BYTES];
};

/* Bits of the byte that software can write. */
static uint8_t writable(uint64_t offset)
{
	if (offset >= HEADER_END || offset == CACHE_LINE || offset == INTERRUPT_LINE)
		return 0xff;
	return offset - COMMAND < 2 ? (uint8_t)(COMMAND_WRITABLE >> (offset - COMMAND) * 8) : 0;
}

static bool pci_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                     uint32_t *effects)
{
	const struct pci_window *window = (const struct pci_window *)device;
	(void)now, (void)effects;
	*value = UINT64_MAX >> (64 - 8 * size);
	if (offset < window->config_bytes)
		memcpy(value, window->config + offset, size);
	return true;
}

static bool pci_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                      uint32_t *effects)
{
	struct pci_window *window = (struct pci_window *)device;
	(void)now, (void)effects;
	for (unsigned i = 0; i < size && offset + i < window->config_bytes; i++) {
		uint8_t *byte = &window->config[offset + i], mask = writable(offset + i);
		*byte = (uint8_t)((*byte & ~mask) | (value >> 8 * i & mask));
	}
	return true;
}

static void put_register(struct pci_window *window, unsigned offset, uint32_t value)
{
	memcpy(window->config + offset, &value, sizeof(value));
}

static void pci_reset(struct device *device, uint64_t now)
{
	struct pci_window *window = (struct pci_window *)device;
	(void)now;
	memset(window->config, 0, sizeof(window->config));
	put_register(window, CONFIG_ID, BRIDGE_ID);
	put_register(window, CLASS, BRIDGE_CLASS);
	put_register(window, SUBSYSTEM, BRIDGE_SUBSYSTEM);
}

static void pci_save(const struct device *device, struct state_writer *writer)
{
	const struct pci_window *window = (const struct pci_window *)device;
	state_write_begin(writer, device->name, PCI_VERSION);
	state_write(writer, window->config, window->config_bytes);
	state_write_end(writer);
}

/* What cannot be written is as it was built. */
static bool pci_restore(struct device *device, struct state_reader *reader)
{
	struct pci_window *window = (struct pci_window *)device;
	uint8_t config[CONFIG_BYTES];
	if (!state_read_begin(reader, device->name, PCI_VERSION) || !state_read(reader, config, window->config_bytes))
		return false;
	for (uint64_t i = 0; i < window->config_bytes; i++) {
		if ((config[i] ^ window->config[i]) & ~writable(i))
			return state_refuse(reader, "pci: another host bridge");
		window->config[i] = config[i];
	}
	return state_read_end(reader);
}

static void pci_destroy(struct device *device) { free(device); }

static struct device *make_window(const struct device_site *site, uint64_t config_bytes)
{
	struct pci_window *window = calloc(1, sizeof(*window));
	if (!window)
		return NULL;
	window->device = (struct device){
	    .name = site->name,
	    .read = pci_read,
	    .write = pci_write,
	    .reset = pci_reset,
	    .save = pci_save,
	    .restore = pci_restore,
	    .destroy = pci_destroy,
	};
	window->config_bytes = config_bytes;
	return &window->device;
}

static struct device *make_empty(const struct board *board, const struct device_site *site)
{
	(void)board;
	return make_window(site, 0);
}

static struct device *make_config(const struct board *board, const struct device_site *site)
{
	(void)board;
	return make_window(site, CONFIG_BYTES);
}

/* The first multiple of its size behind DRAM. */
static uint64_t high_base(const struct board *board)
{
	uint64_t end = board->bus->dram_base + board->bus->dram_size;
	return (end + HIGH_SIZE - 1) / HIGH_SIZE * HIGH_SIZE;
}

const struct device_kind pci_io_kind = {.empty = true, .make = make_empty};
const struct device_kind pci_config_kind = {.make = make_config};
const struct device_kind pci_memory_kind = {.empty = true, .make = make_empty};
const struct device_kind pci_memory_high_kind = {.empty = true, .base = high_base, .make = make_empty};
