/* Page tables of both stages: Sv39, Sv48, Sv57 and Sv39x4 have the same pages and entries. */
#ifndef FIRMWARE_ARCH_PAGING_H
#define FIRMWARE_ARCH_PAGING_H

#include "lib/bits.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE BIT(PAGE_SHIFT)

#define TABLE_INDEX_BITS 9 /* a table is a page of 8-byte entries; only Sv39x4's root is larger */
#define TABLE_ENTRIES BIT(TABLE_INDEX_BITS)

/* Bytes that an entry of this level maps; level 0 has the pages. */
#define LEVEL_SHIFT(level) (PAGE_SHIFT + TABLE_INDEX_BITS * (level))
#define LEVEL_SIZE(level) BIT(LEVEL_SHIFT(level))

#define PTE_V BIT(0)
#define PTE_R BIT(1)
#define PTE_W BIT(2)
#define PTE_X BIT(3)
#define PTE_U BIT(4)
#define PTE_A BIT(6)
#define PTE_D BIT(7)
#define PTE_N BIT(63)
#define PTE_RWX (PTE_R | PTE_W | PTE_X) /* an entry with any of them is a leaf */

#define PTE_PPN_SHIFT 10
#define PPN_MASK (BIT(44) - 1) /* also of satp, vsatp and hgatp */

/* The physical address in an entry, and an entry that holds one. */
static inline uint64_t pte_address(uint64_t pte) { return (pte >> PTE_PPN_SHIFT & PPN_MASK) << PAGE_SHIFT; }

static inline uint64_t make_pte(uint64_t address, uint64_t bits)
{
	return address >> PAGE_SHIFT << PTE_PPN_SHIFT | bits;
}

#endif
