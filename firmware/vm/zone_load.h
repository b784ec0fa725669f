/* What is put into a zone's RAM before it starts, and each time it starts anew. What returns a text returns NULL, or what
 * is wrong. */
#ifndef FIRMWARE_VM_ZONE_LOAD_H
#define FIRMWARE_VM_ZONE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

struct module;
struct zone;

/* zone_load.c: all of it, as zone.config says. RAM that nothing is put into stays as it is. Nobody uses the zone. */
const char *zone_load(struct zone *zone);

/* zone_pieces.c: the same again, a little at each call: true when all is there. */
bool zone_load_more(struct zone *zone);

/* zone_pieces.c: one of its pieces: `size` bytes, which are kept for the next time, and zeros behind them. They are RAM of the zone. */
void zone_put_in(struct zone *zone, uint64_t gpa, const void *from, uint64_t size, uint64_t zeros);

/* zone_load's parts; one zone is loaded at a time.
 *
 * zone_kernel.c: an ELF or a flat image; sets entry and load_end. */
const char *zone_load_kernel(struct zone *zone, const struct module *kernel);

/* zone_dtb.c: the device tree the guest sees, built and written to zone->dtb. */
const char *zone_load_dtb(struct zone *zone, const char *bootargs);

#endif
