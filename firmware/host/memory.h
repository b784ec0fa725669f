/*
 * Physical memory: what the device tree calls memory, less what is in use at boot.
 *
 * Zones get blocks of 2 MiB, which one G-stage leaf maps. The hypervisor's own tables come from blocks too.
 * Zones live from boot to the machine's end, and keep what they have when they start anew: nothing is ever given back.
 */
#ifndef FIRMWARE_HOST_MEMORY_H
#define FIRMWARE_HOST_MEMORY_H

#include <stdint.h>

#include "arch/paging.h"
#include "lib/fdt_read.h"

#define BLOCK_SIZE LEVEL_SIZE(1) /* 2 MiB */

/* Reads memory and reservations from the tree; the image and the tree itself are reserved too. */
void memory_init(const struct fdt *fdt);

/* Whether all of [start, start + size) is memory, reserved or not. size > 0. */
bool memory_is_ram(uint64_t start, uint64_t size);

/* Keeps a range from being given out. Only before the first allocation. */
void memory_reserve(uint64_t start, uint64_t size);

/* Number of blocks that can still be had. */
uint64_t memory_free_blocks(void);

/* A block, or 0 if there is none. Contents are whatever was there: memory_clear it before somebody else sees them. */
uint64_t memory_alloc_block(void);

/* Zeroes a block or part of one: both a multiple of PAGE_SIZE. */
void memory_clear(uint64_t start, uint64_t size);

/* Zeroed memory for the hypervisor, aligned to `align` (a power of 2 up to BLOCK_SIZE); 0 if there is none. */
void *memory_alloc(uint64_t size, uint64_t align);

#endif
