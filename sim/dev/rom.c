#include <stdlib.h>
#include <string.h>
#include "dev/devices.h"

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

static const uint8_t *rom_fetch(const struct device *device, uint64_t offset, unsigned size)
{
	const struct rom *rom = (const struct rom *)device;
	return offset <= rom->size && size <= rom->size - offset ? rom->bytes + offset : NULL;
}

static void rom_dump(const struct device *device, FILE *out)
{
	const struct rom *rom = (const struct rom *)device;
	fprintf(out, "rom: %llu bytes\n", (unsigned long long)rom->size);
}

static void rom_destroy(struct device *device)
{
	free(device);
}

struct device *rom_new(const void *bytes, uint64_t used, uint64_t size)
{
	struct rom *rom = calloc(1, sizeof(*rom) + size);
	if (!rom)
		return NULL;
	rom->device = (struct device){
		.name = "rom", .read = rom_read, .fetch = rom_fetch, .dump = rom_dump, .destroy = rom_destroy,
	};
	rom->size = size;
	memcpy(rom->bytes, bytes, used);
	return &rom->device;
}
