#include "timing/cache.h"

#include <stdlib.h>
#include <string.h>

enum { LFSR_START = 0xff };

int cache_init(struct cache *cache, unsigned size, unsigned ways, unsigned line)
{
	cache->ways = ways;
	cache->sets = size / (ways * line);
	cache->shift = (unsigned)__builtin_ctz(line);
	cache->lfsr = LFSR_START;
	cache->lines = calloc((size_t)cache->sets * ways, sizeof *cache->lines);
	cache->dirty = calloc((size_t)cache->sets * ways, 1);
	return cache->lines && cache->dirty ? 0 : -1;
}

void cache_clear(struct cache *cache)
{
	cache_drop_all(cache);
	cache->lfsr = LFSR_START;
}

void cache_free(struct cache *cache)
{
	free(cache->lines);
	free(cache->dirty);
	cache->lines = NULL;
	cache->dirty = NULL;
}

static size_t set_of(const struct cache *cache, uint64_t line) { return (line & (cache->sets - 1)) * cache->ways; }

int cache_find(const struct cache *cache, uint64_t pa)
{
	uint64_t line = cache_line(cache, pa), tag = line << 1 | 1;
	size_t set = set_of(cache, line);
	for (unsigned way = 0; way < cache->ways; way++)
		if (cache->lines[set + way] == tag)
			return (int)(set + way);
	return -1;
}

static unsigned random_way(struct cache *cache)
{
	unsigned way = cache->lfsr % cache->ways;
	cache->lfsr = (uint8_t)(cache->lfsr >> 1 ^ (cache->lfsr & 1 ? 0xfa : 0));
	return way;
}

int cache_fill(struct cache *cache, uint64_t pa, uint64_t *evicted, bool *was_dirty)
{
	uint64_t line = cache_line(cache, pa);
	size_t set = set_of(cache, line), slot = set;
	while (slot < set + cache->ways && cache->lines[slot])
		slot++;
	if (slot == set + cache->ways)
		slot = set + random_way(cache);
	uint64_t old = cache->lines[slot];
	*evicted = old ? old >> 1 << cache->shift : UINT64_MAX;
	*was_dirty = old && cache->dirty[slot];
	cache->lines[slot] = line << 1 | 1;
	cache->dirty[slot] = 0;
	return (int)slot;
}

bool cache_drop(struct cache *cache, uint64_t pa)
{
	int slot = cache_find(cache, pa);
	if (slot < 0)
		return false;
	cache->lines[slot] = 0;
	bool dirty = cache->dirty[slot];
	cache->dirty[slot] = 0;
	return dirty;
}

void cache_drop_all(struct cache *cache)
{
	memset(cache->lines, 0, (size_t)cache->sets * cache->ways * sizeof *cache->lines);
	memset(cache->dirty, 0, (size_t)cache->sets * cache->ways);
}
