/* What is put into a zone's RAM before it starts, and each time it starts anew. Each returns NULL, or what is wrong. */
#ifndef FIRMWARE_VM_ZONE_LOAD_H
#define FIRMWARE_VM_ZONE_LOAD_H

struct module;
struct zone;

/* zone_load.c: all of it, as zone.config says. RAM that nothing is put into stays as it is. Nobody uses the zone. */
const char *zone_load(struct zone *zone);

/* zone_load's parts; one zone is loaded at a time.
 *
 * zone_kernel.c: an ELF or a flat image; sets entry and load_end. */
const char *zone_load_kernel(struct zone *zone, const struct module *kernel);

/* zone_dtb.c: the device tree the guest sees, built and written to zone->dtb. */
const char *zone_load_dtb(struct zone *zone, const char *bootargs);

#endif
