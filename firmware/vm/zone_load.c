/* What a zone starts with, each time: kernel, initrd and device tree. The modules are kept for that. */
#include "vm/zone_load.h"

#include <stddef.h>

#include "arch/paging.h"
#include "lib/bits.h"
#include "vm/zone.h"
#include "vm/zone_config.h"

/* At the end of RAM, below the device tree, as boot loaders do. */
static const char *load_initrd(struct zone *zone, const struct module *initrd)
{
	if (!initrd->size)
		return NULL;
	if (initrd->size > zone->dtb - zone->load_end)
		return "its memory does not hold the initrd";
	zone->initrd_start = align_down(zone->dtb - initrd->size, PAGE_SIZE);
	if (zone->initrd_start < zone->load_end)
		return "its memory does not hold the initrd";
	zone->initrd_end = zone->initrd_start + initrd->size;
	zone_put_in(zone, zone->initrd_start, (const void *)initrd->address, initrd->size, 0);
	return NULL;
}

/* The tree's place, at the very end of RAM. */
static const char *place_dtb(struct zone *zone)
{
	zone->dtb = ZONE_RAM_BASE + zone->memory_size - min_u64(ZONE_DTB_MAX, zone->memory_size);
	return zone->dtb < zone->load_end ? "its memory does not hold the image and a device tree" : NULL;
}

static const char *load_all(struct zone *zone)
{
	const struct zone_config *config = zone->config;

	zone->load_end = zone->initrd_start = zone->initrd_end = 0;
	const char *error = zone_load_kernel(zone, &config->kernel);
	if (!error)
		error = place_dtb(zone);
	if (!error)
		error = load_initrd(zone, &config->initrd);
	return error ? error : zone_load_dtb(zone, config->bootargs);
}

const char *zone_load(struct zone *zone)
{
	static struct spinlock lock; /* guards the tables in which kernels are checked and trees are built */

	spin_lock(&lock);
	const char *error = load_all(zone);
	spin_unlock(&lock);
	return error;
}
