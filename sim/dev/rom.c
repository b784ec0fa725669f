/* The boot ROM: bytes that harts can read and fetch. */
#include <stdlib.h>
#include <string.h>
#include "base/state.h"
#include "dev/devices.h"

enum { ROM_VERSION = 1 };

struct rom {
	struct device device; /* first: a struct device * is a struct rom * */
	uint64_t size;
	uint8_t bytes[];
};

static bool rom_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                     uint32_t *effects)
{
	const struct rom *rom = (const struct rom *)device;
	(void)now;
	(void)effects;
	*value = 0;
	memcpy(value, rom->bytes + offset, size);
	return true;
}

/* Stores are ignored, as on QEMU. */
static bool rom_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                      uint32_t *effects)
{
	(void)device, (void)offset, (void)size, (void)now, (void)value, (void)effects;
	return true;
}

static const uint8_t *rom_fetch(const struct device *device, uint64_t offset, unsigned size)
{
	const struct rom *rom = (const struct rom *)device;
	return offset <= rom->size && size <= rom->size - offset ? rom->bytes + offset : NULL;
}

static uint64_t checksum(const struct rom *rom)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (uint64_t i = 0; i < rom->size; i++)
		hash = (hash ^ rom->bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Its bytes are the configuration's, and must be the same. */
static void rom_save(const struct device *device, struct state_writer *writer)
{
	const struct rom *rom = (const struct rom *)device;
	state_write_begin(writer, device->name, ROM_VERSION);
	state_write_u64(writer, rom->size);
	state_write_u64(writer, checksum(rom));
	state_write_end(writer);
}

static bool rom_restore(struct device *device, struct state_reader *reader)
{
	const struct rom *rom = (const struct rom *)device;
	state_read_begin(reader, device->name, ROM_VERSION);
	uint64_t size = state_read_u64(reader), sum = state_read_u64(reader);
	if (size != rom->size || sum != checksum(rom))
		return state_refuse(reader, "rom: other bytes than this machine's");
	return state_read_end(reader);
}

static void rom_dump(const struct device *device, FILE *out)
{
	const struct rom *rom = (const struct rom *)device;
	fprintf(out, "rom: %llu bytes\n", (unsigned long long)rom->size);
}

static void rom_destroy(struct device *device) { free(device); }

static struct device *rom_make(const struct board *board, const struct device_site *site)
{
	struct rom *rom = calloc(1, sizeof(*rom) + site->size);
	if (!rom)
		return NULL;
	rom->device = (struct device){
	    .name = site->name,
	    .read = rom_read,
	    .write = rom_write,
	    .fetch = rom_fetch,
	    .save = rom_save,
	    .restore = rom_restore,
	    .dump = rom_dump,
	    .destroy = rom_destroy,
	};
	rom->size = site->size;
	memcpy(rom->bytes, board->rom, board->rom_size < site->size ? board->rom_size : site->size);
	return &rom->device;
}

const struct device_kind rom_kind = {.make = rom_make};
