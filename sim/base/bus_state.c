/* Save and restore of DRAM, page by page: pages that are all zero are left out. */
#include <string.h>
#include <sys/mman.h>
#include "base/bus.h"
#include "base/state.h"

enum { VERSION = 1 };

static const uint64_t no_more = UINT64_MAX;

static bool is_zero(const uint8_t *page) { return page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0; }

void bus_save(const struct bus *bus, struct state_writer *writer)
{
	state_write_begin(writer, "memory", VERSION);
	state_write_u64(writer, bus->dram_base);
	state_write_u64(writer, bus->dram_size);
	for (uint64_t offset = 0; offset < bus->dram_size; offset += PAGE_SIZE)
		if (!is_zero(bus->dram + offset)) {
			state_write_u64(writer, offset);
			state_write_large(writer, bus->dram + offset, PAGE_SIZE);
		}
	state_write_u64(writer, no_more);
	state_write_end(writer);
}

/* The host takes the pages back, and gives zero pages when they are touched again. */
static void clear(struct bus *bus)
{
	if (madvise(bus->dram, bus->dram_size, MADV_DONTNEED) != 0)
		memset(bus->dram, 0, bus->dram_size);
}

bool bus_restore(struct bus *bus, struct state_reader *reader)
{
	if (!state_read_begin(reader, "memory", VERSION))
		return false;
	uint64_t base = state_read_u64(reader), size = state_read_u64(reader);
	if (!reader->failed && (base != bus->dram_base || size != bus->dram_size))
		return state_refuse(reader, "memory: another size of DRAM");
	clear(bus);
	for (;;) {
		uint64_t offset = state_read_u64(reader);
		if (reader->failed || offset == no_more)
			return state_read_end(reader);
		if (offset % PAGE_SIZE != 0 || offset >= bus->dram_size)
			return state_refuse(reader, "memory: a page outside DRAM");
		state_read_large(reader, bus->dram + offset, PAGE_SIZE);
	}
}
