/*
 * What zones the boot loader wants, read from /chosen.
 *
 * Modules are as QEMU's guest-loader writes them: nodes compatible with "multiboot,module" and either
 * "multiboot,kernel" or "multiboot,ramdisk", with reg and bootargs. A kernel makes a zone. Optional keys are
 * in a node compatible with "rvsim,zone" whose `kernel` (u64) is the module's address:
 *   initrd (u64, a module's address), memory (u64, bytes), vcpus (u32), cpus (u32 list of hart ids),
 *   zone-name (string).
 */
#ifndef FIRMWARE_VM_ZONE_CONFIG_H
#define FIRMWARE_VM_ZONE_CONFIG_H

#include <stdint.h>

#include "lib/harts.h"
#include "vm/zone.h"

#define ZONES_MAX 64

struct module {
	uint64_t address, size; /* size 0: there is none */
};

struct zone_config {
	struct module kernel;
	struct module initrd;
	const char *bootargs; /* never NULL */
	char name[ZONE_NAME_MAX];
	uint64_t memory;             /* bytes; 0: its share */
	uint32_t vcpus;              /* 0: as many as cpus */
	uint32_t cpus_count;         /* 0: its share of the harts */
	uint8_t cpus[HARTS_MAX]; /* hart ids; vCPU n lives on cpus[n % cpus_count] */
	const char *error;           /* why there can be no such zone, or NULL */
};

/*
 * Fills in one config per kernel, ordered by address, and reserves the modules' memory. Returns their number; more than
 * max are too many, and then only that is known.
 */
uint32_t zone_config_read(struct zone_config *configs, uint32_t max);

/* Gives each zone without cpus its share of the harts, in contiguous ranges. */
void zone_config_share_harts(struct zone_config *configs, uint32_t count);

#endif
