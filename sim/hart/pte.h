/* Page-table entries of Sv39, Sv48, Sv57 and their x4: one layout. */
#ifndef PTE_H
#define PTE_H

#include <stdint.h>

enum {
	PTE_V = 1 << 0,
	PTE_R = 1 << 1,
	PTE_W = 1 << 2,
	PTE_X = 1 << 3,
	PTE_U = 1 << 4,
	PTE_G = 1 << 5,
	PTE_A = 1 << 6,
	PTE_D = 1 << 7,
	PTE_RWX = PTE_R | PTE_W | PTE_X, /* none of them: a pointer to the next table */
};
enum { PTE_BYTES = 8, VPN_BITS = 9, NAPOT_BITS = 4 };

#define PTE_RESERVED (UINT64_C(0x7f) << 54) /* norm:Sv39_pte_future_rsv */
#define PTE_PBMT (UINT64_C(3) << 61)
#define PTE_N (UINT64_C(1) << 63)

/* Page numbers, as satp and hgatp have them too: 44 bits. */
#define PPN_MASK ((UINT64_C(1) << 44) - 1)
static inline uint64_t pte_ppn(uint64_t pte) { return pte >> 10 & PPN_MASK; }

#endif
