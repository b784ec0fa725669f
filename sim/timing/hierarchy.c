#include "timing/hierarchy.h"

#include "base/bus.h"
#include "hart/platform.h"

/* The filter forgets a line that is in that slot (-1: in none): for writing; for reading too, if it goes. */
static void drop_line(struct model *model, uint64_t pa, int slot, bool goes)
{
	const uint8_t *host = bus_host(model->hart->bus, pa);
	near_drop_write(&model->near, host);
	if (goes && slot >= 0)
		near_drop_read(&model->near, host, slot);
}

/* Another hart loses a line, or the right to write it without asking. True: it had been written there. */
static bool take_from(struct model *peer, uint64_t pa, bool exclusive)
{
	int slot = cache_find(&peer->l1d, pa);
	bool dirty = slot >= 0 && peer->l1d.dirty[slot];
	drop_line(peer, pa, slot, exclusive);
	if (slot >= 0 && exclusive)
		cache_drop(&peer->l1d, pa);
	else if (slot >= 0)
		peer->l1d.dirty[slot] = 0;
	return dirty || (slot >= 0 && exclusive);
}

static bool take_from_peers(struct model *model, uint64_t pa, bool exclusive)
{
	const struct hart *hart = model->hart;
	bool found = false;
	if (hart->platform->hart_count == 1)
		return false;
	for (unsigned i = 0; i < hart->platform->hart_count; i++)
		if (hart->peers[i].model != model && hart->peers[i].model)
			found |= take_from(hart->peers[i].model, pa, exclusive);
	return found;
}

/* A line goes to or comes from memory: cycles that it has to wait for the channel. */
static unsigned occupy_channel(struct model *model, uint64_t at)
{
	unsigned gap = model->timing->dram_gap;
	return gap ? channel_take(&model->shared->channel, gap, at) : 0;
}

/* A line that has been written leaves the first level. */
static void write_back(struct model *model, uint64_t pa, uint64_t at)
{
	struct cache *l2 = &model->shared->l2;
	int slot = model->shared->has_l2 ? cache_find(l2, pa) : -1;
	if (slot >= 0)
		l2->dirty[slot] = 1;
	else
		occupy_channel(model, at);
}

unsigned hierarchy_latency(struct model *model, uint64_t pa, uint64_t at, bool exclusive)
{
	const struct timing *timing = model->timing;
	struct model_shared *shared = model->shared;
	unsigned latency = timing->dram_latency;
	bool taken = take_from_peers(model, pa, exclusive);
	if (shared->has_l2) {
		uint64_t evicted;
		bool dirty;
		if (cache_find(&shared->l2, pa) >= 0)
			return timing->l2_latency + (taken ? timing->coherence : 0);
		cache_fill(&shared->l2, pa, &evicted, &dirty);
		if (dirty)
			occupy_channel(model, at);
		model->counts.l2_misses++;
		latency += timing->l2_latency;
	} else if (taken) {
		return timing->coherence;
	}
	return latency + occupy_channel(model, at);
}

/* Bring a line into the data cache. */
static void fill_line(struct model *model, uint64_t pa, uint64_t at)
{
	uint64_t evicted;
	bool dirty;
	int slot = cache_fill(&model->l1d, pa, &evicted, &dirty);
	if (evicted != UINT64_MAX)
		drop_line(model, evicted, slot, true);
	if (dirty)
		write_back(model, evicted, at);
}

unsigned hierarchy_miss(struct model *model, uint64_t pa, uint64_t at, bool exclusive)
{
	unsigned cycles = model->timing->l1d_miss + hierarchy_latency(model, pa, at, exclusive);
	fill_line(model, pa, at);
	model->counts.dcache_misses++;
	return cycles;
}

unsigned hierarchy_write(struct model *model, uint64_t pa, uint64_t at)
{
	if (!model->timing->l1d_writeback) {
		take_from_peers(model, pa, true);
		return 0;
	}
	int slot = cache_find(&model->l1d, pa);
	unsigned cycles = 0;
	if (slot < 0) {
		cycles = hierarchy_miss(model, pa, at, true);
		slot = cache_find(&model->l1d, pa);
	} else if (!model->l1d.dirty[slot] && take_from_peers(model, pa, true)) {
		cycles = model->timing->coherence;
	}
	model->l1d.dirty[slot] = 1;
	return cycles;
}

/* The index lies within the page offset. */
void hierarchy_drop_set(struct model *model, uint64_t va)
{
	struct cache *cache = &model->l1d;
	uint64_t *lines = cache->lines + (cache_line(cache, va) & (cache->sets - 1)) * cache->ways;
	for (unsigned way = 0; way < cache->ways; way++) {
		if (lines[way])
			drop_line(model, lines[way] >> 1 << cache->shift, (int)(lines + way - cache->lines), true);
		lines[way] = 0;
	}
}
