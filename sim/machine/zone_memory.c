#include "machine/zone_memory.h"

#include <string.h>
#include "base/bus.h"

enum { FRESH = 8, PTES = 512, ROOT_PTES = 2048, BUDGET = 1 << 16 /* PTEs of a look */ };

struct reading {
	const struct bus *bus;
	uint64_t *bytes;
	uint64_t cell; /* bytes of it */
	unsigned budget;
};

static void count_page(const struct reading *reading, uint64_t address, uint64_t size)
{
	uint64_t base = reading->bus->dram_base, end = base + reading->bus->dram_size;
	uint64_t first = address > base ? address : base, last = address + size < end ? address + size : end;
	while (first < last) {
		uint64_t cell = (first - base) / reading->cell, next = base + (cell + 1) * reading->cell;
		next = next < last ? next : last;
		reading->bytes[cell] += next - first;
		first = next;
	}
}

static void count_table(struct reading *reading, uint64_t address, unsigned count, unsigned level)
{
	const struct bus *bus = reading->bus;
	if (address < bus->dram_base || address - bus->dram_base > bus->dram_size - count * sizeof(uint64_t) ||
	    reading->budget < count)
		return;
	reading->budget -= count;
	for (unsigned i = 0; i < count; i++) {
		uint64_t pte;
		memcpy(&pte, bus->dram + (address - bus->dram_base) + i * sizeof(pte), sizeof(pte));
		uint64_t page = (pte >> 10 & ((UINT64_C(1) << 44) - 1)) << 12;
		if ((pte & 1) == 0)
			continue;
		if (pte & 0xe)
			count_page(reading, page & ~((UINT64_C(1) << (12 + 9 * level)) - 1),
			           UINT64_C(1) << (12 + 9 * level));
		else if (level > 0)
			count_table(reading, page, PTES, level - 1);
	}
}

void zone_memory_look(struct zone_memory *memory, const struct bus *bus, uint64_t hgatp)
{
	uint64_t bytes[ZONE_CELLS] = {0}, mode = hgatp >> 60;
	struct reading reading = {bus, bytes, bus->dram_size / ZONE_CELLS, BUDGET};
	if (mode >= 8 && mode <= 10) /* Sv39x4, Sv48x4, Sv57x4 */
		count_table(&reading, (hgatp & ((UINT64_C(1) << 44) - 1)) << 12, ROOT_PTES, (unsigned)mode - 6);
	for (unsigned i = 0; i < ZONE_CELLS; i++) {
		bool grown = memory->seen != 0 && bytes[i] > memory->bytes[i];
		memory->fresh[i] = grown ? FRESH : memory->fresh[i] > 0 ? memory->fresh[i] - 1 : 0;
	}
	memcpy(memory->bytes, bytes, sizeof(bytes));
	memory->seen++;
}
