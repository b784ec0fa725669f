/* Making zones, once, on the boot hart. */
#ifndef FIRMWARE_VM_ZONE_CREATE_H
#define FIRMWARE_VM_ZONE_CREATE_H

#include <stdint.h>

struct zone;
struct zone_config;

/*
 * Makes a zone and loads it; share (bytes) is its memory if the configuration names none. On failure says why on the
 * console and returns NULL.
 */
struct zone *zone_create(const struct zone_config *config, uint16_t vmid, uint64_t share);

/* Starts vCPU 0. The zone's end is counted from here on. */
void zone_start(struct zone *zone);

#endif
