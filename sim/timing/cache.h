/* A cache's tags: which lines of physical memory are there. */
#ifndef CACHE_H
#define CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/state.h"

struct cache {
	uint64_t *lines; /* sets * ways: line number << 1 | 1; 0: invalid */
	uint8_t *dirty;  /* per line, with write-back */
	unsigned sets, ways, shift;
	uint8_t lfsr;    /* pseudo-random replacement: an 8-bit Galois LFSR, as in pulp-platform/common_cells */
};

int cache_init(struct cache *cache, unsigned size, unsigned ways, unsigned line); /* 0, or -1: no memory */
void cache_free(struct cache *cache);

/* As after cache_init. */
void cache_clear(struct cache *cache);

static inline uint64_t cache_line(const struct cache *cache, uint64_t pa) { return pa >> cache->shift; }

/* The slot that holds pa's line, or -1. */
int cache_find(const struct cache *cache, uint64_t pa);

/* Is it in that slot? -1: none. */
static inline bool cache_is_at(const struct cache *cache, uint64_t pa, int slot)
{
	return slot >= 0 && cache->lines[slot] == (cache_line(cache, pa) << 1 | 1);
}

/* Put pa's line in; it is not there. Invalid ways first. Returns its slot; *evicted is the physical address of the line
 * that had to go, or UINT64_MAX, and *was_dirty whether it had been written. */
int cache_fill(struct cache *cache, uint64_t pa, uint64_t *evicted, bool *was_dirty);

/* Drop a line if it is there; was it dirty? */
bool cache_drop(struct cache *cache, uint64_t pa);
void cache_drop_all(struct cache *cache);

/* Section "cache": lines, which of them are dirty, and the next victim. A cache of another size, associativity or
 * line is refused, and lines that stand where they cannot. */
void cache_save(const struct cache *cache, struct state_writer *writer);
bool cache_restore(struct cache *cache, struct state_reader *reader);

#endif
