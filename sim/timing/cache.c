/* Tags of a cache: what is there, and who has to go. */
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

/* ---- save and restore ---- */

enum { CACHE_VERSION = 1 };

void cache_save(const struct cache *cache, struct state_writer *writer)
{
	size_t lines = (size_t)cache->sets * cache->ways;
	state_write_begin(writer, "cache", CACHE_VERSION);
	STATE_WRITE(writer, cache->sets);
	STATE_WRITE(writer, cache->ways);
	STATE_WRITE(writer, cache->shift);
	STATE_WRITE(writer, cache->lfsr);
	state_write(writer, cache->lines, lines * sizeof *cache->lines);
	state_write(writer, cache->dirty, lines);
	state_write_end(writer);
}

/* Is every line where cache_find looks for it first? */
static bool lines_fit(const struct cache *cache)
{
	for (size_t slot = 0; slot < (size_t)cache->sets * cache->ways; slot++) {
		uint64_t tag = cache->lines[slot];
		if (tag && (!(tag & 1) || cache_find(cache, tag >> 1 << cache->shift) != (int)slot))
			return false;
	}
	return true;
}

bool cache_restore(struct cache *cache, struct state_reader *reader)
{
	size_t lines = (size_t)cache->sets * cache->ways;
	struct cache saved;
	if (!state_read_begin(reader, "cache", CACHE_VERSION))
		return false;
	STATE_READ(reader, saved.sets);
	STATE_READ(reader, saved.ways);
	STATE_READ(reader, saved.shift);
	if (reader->failed || saved.sets != cache->sets || saved.ways != cache->ways || saved.shift != cache->shift)
		return state_refuse(reader, "cache: of another size, associativity or line");
	STATE_READ(reader, cache->lfsr);
	state_read(reader, cache->lines, lines * sizeof *cache->lines);
	state_read(reader, cache->dirty, lines);
	if (!state_read_end(reader))
		return false;
	for (size_t i = 0; i < lines; i++)
		if (cache->dirty[i] > 1)
			return state_refuse(reader, "cache: a line is neither clean nor dirty");
	if (!cache->lfsr)
		return state_refuse(reader, "cache: a shift register of zeros");
	return lines_fit(cache) || state_refuse(reader, "cache: a line is where it cannot be");
}
