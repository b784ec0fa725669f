#include "base/bus.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/device.h"
#include "base/say.h"

enum { DRAM_BASE = 0x80000000u };

int bus_init(struct bus *bus, uint64_t dram_size)
{
	assert(dram_size != 0 && dram_size % PAGE_SIZE == 0);
	*bus = (struct bus){.dram_base = DRAM_BASE, .dram_size = dram_size};
	/* NORESERVE: the host gives pages as the guest touches them, however large the machine is */
	void *dram = mmap(NULL, dram_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (dram == MAP_FAILED) {
		say("cannot get %llu MiB of memory for DRAM: %s", (unsigned long long)dram_size >> 20, strerror(errno));
		return -1;
	}
	bus->dram = dram;
	bus->page_flags = calloc(dram_size >> PAGE_SHIFT, 1);
	if (!bus->page_flags) {
		say("out of memory for DRAM page flags");
		bus_free(bus);
		return -1;
	}
	return 0;
}

void bus_free(struct bus *bus)
{
	if (bus->dram)
		munmap(bus->dram, bus->dram_size);
	free(bus->page_flags);
	free(bus->ranges);
	free(bus->listeners);
	*bus = (struct bus){0};
}

int bus_listen(struct bus *bus, const struct bus_listener *listener)
{
	struct bus_listener *listeners = realloc(bus->listeners, (bus->listener_count + 1) * sizeof(*listeners));
	if (!listeners)
		return -1;
	bus->listeners = listeners;
	bus->listeners[bus->listener_count++] = *listener;
	return 0;
}

void bus_unlisten(struct bus *bus, const void *context)
{
	size_t kept = 0;
	for (size_t i = 0; i < bus->listener_count; i++)
		if (bus->listeners[i].context != context)
			bus->listeners[kept++] = bus->listeners[i];
	bus->listener_count = kept;
}

/* The range that holds all of [pa, pa+size), or NULL. */
static struct bus_range *find_range(const struct bus *bus, uint64_t pa, uint64_t size)
{
	size_t low = 0, high = bus->range_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (bus->ranges[middle].base <= pa)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	struct bus_range *range = &bus->ranges[low - 1];
	uint64_t offset = pa - range->base;
	return offset < range->size && size <= range->size - offset ? range : NULL;
}

void bus_flag(struct bus *bus, uint64_t pa, enum page_flag flag)
{
	if (!bus_is_dram(bus, pa, 1)) {
		find_range(bus, pa, 1)->flags |= (uint8_t)flag;
		return;
	}
	uint8_t *flags = bus_page_flags(bus, pa);
	if (*flags & flag)
		return;
	*flags |= (uint8_t)flag;
	for (size_t i = 0; i < bus->listener_count; i++)
		if (bus->listeners[i].flagged)
			bus->listeners[i].flagged(bus->listeners[i].context, pa);
}

void bus_tell_stored(const struct bus *bus, const void *by, uint64_t pa, unsigned size)
{
	uint8_t flags = *bus_page_flags(bus, pa);
	for (size_t i = 0; i < bus->listener_count; i++)
		if (bus->listeners[i].flags & flags)
			bus->listeners[i].stored(bus->listeners[i].context, by, pa, size);
}

void bus_changed(struct bus *bus, uint64_t base)
{
	struct bus_range *range = find_range(bus, base, 1);
	uint8_t flags = range ? range->flags : 0;
	if (flags == 0)
		return;
	range->flags = 0;
	for (size_t i = 0; i < bus->listener_count; i++)
		if (bus->listeners[i].flags & flags)
			bus->listeners[i].stored(bus->listeners[i].context, NULL, range->base, (unsigned)range->size);
}

int bus_map(struct bus *bus, uint64_t base, uint64_t size, struct device *device)
{
	size_t at = 0;
	while (at < bus->range_count && bus->ranges[at].base < base)
		at++;
	assert(size != 0 && base + (size - 1) >= base);
	assert(at == 0 || bus->ranges[at - 1].base + bus->ranges[at - 1].size <= base);
	assert(at == bus->range_count || base + size <= bus->ranges[at].base);
	assert(base >= bus->dram_base + bus->dram_size || base + size <= bus->dram_base);

	struct bus_range *ranges = realloc(bus->ranges, (bus->range_count + 1) * sizeof(*ranges));
	if (!ranges)
		return -1;
	memmove(ranges + at + 1, ranges + at, (bus->range_count - at) * sizeof(*ranges));
	ranges[at] = (struct bus_range){.base = base, .size = size, .device = device};
	bus->ranges = ranges;
	bus->range_count++;
	return 0;
}

bool bus_mapped(const struct bus *bus, uint64_t pa, uint64_t size)
{
	return bus_is_dram(bus, pa, size) || find_range(bus, pa, size);
}

bool bus_device_read(struct bus *bus, uint64_t pa, unsigned size, uint64_t now, uint64_t *value, uint32_t *effects)
{
	const struct bus_range *range = find_range(bus, pa, size);
	if (!range || !range->device->read)
		return false;
	return range->device->read(range->device, pa - range->base, size, now, value, effects);
}

bool bus_device_write(struct bus *bus, uint64_t pa, unsigned size, uint64_t now, uint64_t value, uint32_t *effects)
{
	const struct bus_range *range = find_range(bus, pa, size);
	if (!range || !range->device->write)
		return false;
	return range->device->write(range->device, pa - range->base, size, now, value, effects);
}

bool bus_device_accepts(const struct bus *bus, uint64_t pa, unsigned size, bool store)
{
	const struct bus_range *range = find_range(bus, pa, size);
	if (!range || !(store ? (bool)range->device->write : (bool)range->device->read))
		return false;
	return !range->device->accepts || range->device->accepts(range->device, pa - range->base, size, store);
}

const struct device *bus_device_at(const struct bus *bus, uint64_t pa, uint64_t size)
{
	const struct bus_range *range = find_range(bus, pa, size);
	return range ? range->device : NULL;
}

const uint8_t *bus_fetch(const struct bus *bus, uint64_t pa, unsigned size)
{
	if (bus_is_dram(bus, pa, size))
		return bus_host(bus, pa);
	const struct bus_range *range = find_range(bus, pa, size);
	if (!range || !range->device->fetch)
		return NULL;
	return range->device->fetch(range->device, pa - range->base, size);
}

bool bus_peek(const struct bus *bus, uint64_t pa, void *buffer, size_t size)
{
	if (size == 0)
		return true;
	if (bus_is_dram(bus, pa, size)) {
		memcpy(buffer, bus_host(bus, pa), size);
		return true;
	}
	/* ROM: contiguous in the host too, so one pointer serves the whole of it */
	const struct bus_range *range = find_range(bus, pa, size);
	if (!range || !range->device->fetch || size > UINT32_MAX)
		return false;
	const uint8_t *bytes = range->device->fetch(range->device, pa - range->base, (unsigned)size);
	if (!bytes)
		return false;
	memcpy(buffer, bytes, size);
	return true;
}

bool bus_poke(struct bus *bus, uint64_t pa, const void *buffer, size_t size)
{
	if (size == 0)
		return true;
	if (!bus_is_dram(bus, pa, size))
		return false;
	memcpy(bus_host(bus, pa), buffer, size);
	return true;
}

bool bus_dma_read(const struct bus *bus, uint64_t pa, void *bytes, size_t size)
{
	return bus_is_dram(bus, pa, size) && bus_peek(bus, pa, bytes, size);
}

static void tell_all_stored(const struct bus *bus, uint64_t pa, size_t size)
{
	while (size != 0) {
		size_t room = PAGE_SIZE - (pa & (PAGE_SIZE - 1)), part = size < room ? size : room;
		bus_stored(bus, NULL, pa, (unsigned)part);
		pa += part;
		size -= part;
	}
}

bool bus_dma_write(struct bus *bus, uint64_t pa, const void *bytes, size_t size)
{
	if (!bus_poke(bus, pa, bytes, size))
		return false;
	tell_all_stored(bus, pa, size);
	return true;
}

/* Of much, whole pages go back to the host, which gives zeros when they are touched again. */
static void zero(uint8_t *bytes, size_t size)
{
	enum { MUCH = 1 << 20 };
	size_t page = (size_t)sysconf(_SC_PAGESIZE), before = -(uintptr_t)bytes % page;
	size_t whole = size < MUCH ? 0 : (size - before) / page * page;
	if (whole == 0 || madvise(bytes + before, whole, MADV_DONTNEED) != 0) {
		memset(bytes, 0, size);
		return;
	}
	memset(bytes, 0, before);
	memset(bytes + before + whole, 0, size - before - whole);
}

bool bus_dma_zero(struct bus *bus, uint64_t pa, size_t size)
{
	if (size == 0)
		return true;
	if (!bus_is_dram(bus, pa, size))
		return false;
	zero(bus_host(bus, pa), size);
	tell_all_stored(bus, pa, size);
	return true;
}
