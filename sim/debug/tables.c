#include "debug/tables.h"

#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/bus.h"
#include "hart/pte.h"
#include "hart/walk.h"

/* Tables that point to each other can be walked for ever: no machine has more of them. */
enum { PTES_MAX = 1 << 22, PTES_PER_LOOK = 1 << 16, RANGES_MAX = 1 << 20, ENTRIES = 1 << VPN_BITS };

struct reading {
	struct debugger *debugger;
	struct hart *hart;
	enum walk_stage stage;
	uint64_t atp;
	struct walk_scheme scheme;
	struct table_ranges *out;
	uint64_t ptes;
};

static const uint64_t rights = PTE_R | PTE_W | PTE_X | PTE_U | PTE_G | PTE_A | PTE_D | PTE_PBMT;

void tables_free(struct table_ranges *ranges)
{
	free(ranges->ranges);
	*ranges = (struct table_ranges){0};
}

/* Two PTEs' pages are one range where they go on. */
static bool append(struct reading *reading, const struct table_range *page)
{
	struct table_ranges *out = reading->out;
	struct table_range *last = out->count ? &out->ranges[out->count - 1] : NULL;
	if (last && last->va + last->size == page->va && last->pa + last->size == page->pa &&
	    last->rights == page->rights) {
		last->size += page->size;
		for (unsigned i = 0; i < TABLE_SHIFTS; i++)
			last->pages[i] += page->pages[i];
		return true;
	}
	if (out->count == RANGES_MAX || ARRAY_RESERVE(out->ranges, out->count, 1, &out->capacity))
		return false;
	out->ranges[out->count++] = *page;
	return true;
}

static bool take_table_leaf(struct reading *reading, unsigned level, uint64_t va, uint64_t pte)
{
	static const unsigned places[] = {0, 2, 3, 4, 5};
	unsigned shift = PAGE_SHIFT + VPN_BITS * level;
	struct table_range page = {
	    .va = va,
	    .pa = pte_ppn(pte) << PAGE_SHIFT,
	    .size = UINT64_C(1) << shift,
	    .rights = pte & rights,
	};
	if (pte & PTE_N) { /* the low bits of the number say how many pages */
		uint64_t offset = (UINT64_C(1) << (PAGE_SHIFT + NAPOT_BITS)) - 1;
		page.pa = (page.pa & ~offset) | (va & offset);
	}
	page.pages[pte & PTE_N ? 1 : places[level]] = 1;
	return append(reading, &page);
}

static bool read_table_pte(const struct reading *reading, uint64_t address, uint64_t *pte)
{
	struct guest_page page = {.pa = address};
	if (reading->stage == STAGE_VS && !mmu_guest_page(reading->hart, reading->hart->csr.hgatp, address, &page))
		return false;
	if (!bus_is_dram(reading->hart->bus, page.pa, PTE_BYTES))
		return false;
	memcpy(pte, bus_host(reading->hart->bus, page.pa), PTE_BYTES);
	*pte = reading->scheme.big_endian ? __builtin_bswap64(*pte) : *pte;
	return true;
}

/* The upper half of what is translated is that of negative addresses. */
static uint64_t canonical(const struct reading *reading, uint64_t va)
{
	unsigned width = PAGE_SHIFT + VPN_BITS * (reading->scheme.levels - 1) + reading->scheme.root_bits;
	return reading->stage == STAGE_G ? va : (uint64_t)((int64_t)(va << (64 - width)) >> (64 - width));
}

static bool read_page_table(struct reading *reading, uint64_t table, unsigned level, uint64_t va)
{
	unsigned count = level == reading->scheme.levels - 1 ? 1u << reading->scheme.root_bits : ENTRIES;
	for (unsigned i = 0; i < count; i++) {
		uint64_t pte, at = va + ((uint64_t)i << (PAGE_SHIFT + VPN_BITS * level));
		reading->ptes++;
		if (reading->ptes > PTES_MAX ||
		    (reading->ptes % PTES_PER_LOOK == 0 && debug_interrupted(reading->debugger)))
			return false;
		if (!read_table_pte(reading, table + (uint64_t)i * PTE_BYTES, &pte) ||
		    walk_pte_invalid(reading->hart, reading->stage, reading->atp, level, pte))
			continue;
		bool leaf = pte & (PTE_R | PTE_X);
		if (!(leaf ? take_table_leaf(reading, level, canonical(reading, at), pte)
		           : read_page_table(reading, pte_ppn(pte) << PAGE_SHIFT, level - 1, at)))
			return false;
	}
	return true;
}

void tables_read(struct debugger *debugger, struct hart *hart, enum walk_stage stage, uint64_t atp,
                 struct table_ranges *ranges)
{
	struct reading reading = {
	    .debugger = debugger,
	    .hart = hart,
	    .stage = stage,
	    .atp = atp,
	    .scheme = walk_scheme(hart, stage, atp),
	    .out = ranges,
	};
	*ranges = (struct table_ranges){.whole = true};
	if (reading.scheme.levels)
		ranges->whole = read_page_table(&reading, reading.scheme.root, reading.scheme.levels - 1, 0);
}
