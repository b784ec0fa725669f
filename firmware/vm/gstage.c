#include "vm/gstage.h"

#include <stddef.h>

#include "arch/csr.h"
#include "arch/paging.h"
#include "host/memory.h"

/* Every G-stage access counts as one of U-mode. A and D are set from the start: without Svadu a core would fault to
 * have them set, and nobody reads them. */
#define PTE_RAM (PTE_V | PTE_RWX | PTE_U | PTE_A | PTE_D)

#define ROOT_LEVEL 2
#define ROOT_ENTRIES (4 * TABLE_ENTRIES)

static uint64_t gstage_index(uint64_t gpa, unsigned level)
{
	return gpa / LEVEL_SIZE(level) % (level == ROOT_LEVEL ? ROOT_ENTRIES : TABLE_ENTRIES);
}

bool gstage_init(struct gstage *gstage, uint16_t vmid)
{
	gstage->vmid = vmid;
	gstage->root = memory_alloc(4 * PAGE_SIZE, 4 * PAGE_SIZE);
	return gstage->root;
}

/* The table that entry points to, made if there is none. NULL if there is no memory for it. */
static uint64_t *next_table(uint64_t *entry)
{
	if (!(*entry & PTE_V)) {
		void *table = memory_alloc(PAGE_SIZE, PAGE_SIZE);
		if (!table)
			return NULL;
		*entry = make_pte((uint64_t)table, PTE_V);
	}
	return (uint64_t *)pte_address(*entry);
}

bool gstage_map(struct gstage *gstage, uint64_t gpa, uint64_t address, uint64_t size)
{
	uint64_t *table = gstage->root;

	for (unsigned level = ROOT_LEVEL; LEVEL_SIZE(level) > size; level--) {
		table = next_table(&table[gstage_index(gpa, level)]);
		if (!table)
			return false;
	}
	table[gstage_index(gpa, size == PAGE_SIZE ? 0 : 1)] = make_pte(address, PTE_RAM);
	return true;
}

uint64_t gstage_translate(const struct gstage *gstage, uint64_t gpa, uint64_t *piece)
{
	const uint64_t *table = gstage->root;

	if (gpa >= LEVEL_SIZE(ROOT_LEVEL) * ROOT_ENTRIES)
		return 0;
	for (unsigned level = ROOT_LEVEL;; level--) {
		uint64_t pte = table[gstage_index(gpa, level)];
		uint64_t offset = gpa % LEVEL_SIZE(level);
		if (!(pte & PTE_V))
			return 0;
		if (pte & PTE_RWX) {
			*piece = LEVEL_SIZE(level) - offset;
			return pte_address(pte) + offset;
		}
		table = (const uint64_t *)pte_address(pte);
	}
}

uint64_t gstage_hgatp(const struct gstage *gstage)
{
	return HGATP_MODE_SV39X4 | (uint64_t)gstage->vmid << HGATP_VMID_SHIFT | (uint64_t)gstage->root >> PAGE_SHIFT;
}
