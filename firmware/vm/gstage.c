#include "vm/gstage.h"

#include <stddef.h>

#include "arch/csr.h"
#include "host/memory.h"

#define PTE_V BIT(0)
#define PTE_LEAF_BITS (BIT(1) | BIT(2) | BIT(3)) /* R W X */
#define PTE_U BIT(4)                             /* every G-stage access counts as one of U-mode */
#define PTE_A BIT(6)
#define PTE_D BIT(7)
#define PTE_PPN_SHIFT 10
#define PTE_PPN_MASK ((BIT(44) - 1) << PTE_PPN_SHIFT)

/* A and D are set from the start: a core without Svadu would fault to have them set, and nobody reads them. */
#define PTE_RAM (PTE_V | PTE_LEAF_BITS | PTE_U | PTE_A | PTE_D)

#define ROOT_LEVEL 2
#define ROOT_ENTRIES 2048
#define TABLE_ENTRIES 512

static uint64_t level_size(unsigned level)
{
	return PAGE_SIZE << 9 * level;
}

static uint64_t index_at(uint64_t gpa, unsigned level)
{
	uint64_t entries = level == ROOT_LEVEL ? ROOT_ENTRIES : TABLE_ENTRIES;

	return gpa / level_size(level) % entries;
}

static uint64_t pte_address(uint64_t pte)
{
	return (pte & PTE_PPN_MASK) >> PTE_PPN_SHIFT << 12;
}

static uint64_t make_pte(uint64_t address, uint64_t bits)
{
	return address >> 12 << PTE_PPN_SHIFT | bits;
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

	for (unsigned level = ROOT_LEVEL; level_size(level) > size; level--) {
		table = next_table(&table[index_at(gpa, level)]);
		if (!table)
			return false;
	}
	table[index_at(gpa, size == PAGE_SIZE ? 0 : 1)] = make_pte(address, PTE_RAM);
	return true;
}

uint64_t gstage_translate(const struct gstage *gstage, uint64_t gpa, uint64_t *piece)
{
	const uint64_t *table = gstage->root;

	if (gpa >= level_size(ROOT_LEVEL) * ROOT_ENTRIES)
		return 0;
	for (unsigned level = ROOT_LEVEL;; level--) {
		uint64_t pte = table[index_at(gpa, level)];
		uint64_t offset = gpa % level_size(level);
		if (!(pte & PTE_V))
			return 0;
		if (pte & PTE_LEAF_BITS) {
			*piece = level_size(level) - offset;
			return pte_address(pte) + offset;
		}
		table = (const uint64_t *)pte_address(pte);
	}
}

uint64_t gstage_hgatp(const struct gstage *gstage)
{
	return HGATP_MODE_SV39X4 | (uint64_t)gstage->vmid << HGATP_VMID_SHIFT | (uint64_t)gstage->root >> 12;
}
