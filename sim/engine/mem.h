/*
 * Memory as instructions see it: the L0 filter's fast path, and the slow path behind it (translation, PMP, misaligned
 * accesses, devices, reservations).
 */
#ifndef MEM_H
#define MEM_H

#include "base/bus.h"
#include "hart/mmu.h"
#include "engine/op.h"
#include "hart/platform.h"

enum { L0_ENTRIES = 512 };

/* Bit 11 survives the mask of no access size, so this matches no address. */
#define L0_EMPTY UINT64_C(0x800)

/* One page whose every access of one direction succeeds without a model: host address = va + addend. */
struct l0_entry {
	uint64_t tag;     /* va of the page; L0_EMPTY when there is none */
	uint64_t addend;
};

/* One bank per effective data context (mode, SUM), so that a world switch forgets nothing. */
struct l0_bank {
	struct l0_entry read[L0_ENTRIES], write[L0_ENTRIES];
	bool used; /* holds something since its last flush */
};

/* Does the filter know this access (naturally aligned ones only)? Then *host is where it happens. */
static inline bool l0_find(const struct l0_entry *entries, uint64_t va, unsigned size, uint8_t **host)
{
	const struct l0_entry *entry = &entries[(va >> PAGE_SHIFT) % L0_ENTRIES];
	*host = (uint8_t *)(uintptr_t)(va + entry->addend);
	return __builtin_expect((va & (~UINT64_C(0xfff) | (size - 1))) == entry->tag, 1);
}

/* Slow paths: op_sync first, then the whole access. False: hart->trap is filled (tinst included). */
bool mem_load(struct hart *hart, const struct op *op, uint64_t va, unsigned size, uint64_t *value);
bool mem_store(struct hart *hart, const struct op *op, uint64_t va, unsigned size, uint64_t value);
/* The same in an explicit context (HLV, HLVX, HSV). */
bool mem_load_as(struct hart *hart, const struct op *op, const struct mmu_context *context, uint64_t va, unsigned size,
                 uint64_t *value);
bool mem_store_as(struct hart *hart, const struct op *op, const struct mmu_context *context, uint64_t va, unsigned size,
                  uint64_t value);

/* Does the current data context access memory big-endian (MBE, SBE, UBE, VSBE)? Only slow paths ask: the filter stays
 * empty then. */
bool mem_big_endian(const struct hart *hart, enum mode mode);
/* The same for the context mem_l0_select chose. */
bool mem_swaps(const struct hart *hart);

/* Memory for a read-modify-write of `size` bytes (AMO, SC, CBO.ZERO), checked as a store and for natural alignment.
 * NULL: trap filled. The caller changes the bytes, then calls bus_stored. */
uint8_t *mem_modify(struct hart *hart, const struct op *op, uint64_t va, unsigned size, uint64_t *pa);

/* Harts that are behind come to where this one is: before anything but an access to plain memory. */
void mem_catch_up(struct hart *hart);

/* Does a trigger fire for LR's load (hart->trap is filled then)? The other accesses here ask by themselves. */
bool mem_triggered_load(struct hart *hart, const struct mmu_context *context, uint64_t va, unsigned size, uint32_t word);

/* Forget everything / the writable view of one DRAM page (its flags changed) in this hart's filter. */
void mem_l0_flush(struct hart *hart);
void mem_l0_forget_page(struct hart *hart, uint64_t pa);
/* Recompute hart->l0 from mode, MPRV, SUM, MXR. */
void mem_l0_select(struct hart *hart);

int mem_init(struct hart *hart); /* hart->bus is set. 0, or -1: no memory */
void mem_free(struct hart *hart);

/* Fill hart->trap.tinst with the transformed instruction for a fault of the explicit access by `word`;
 * offset = faulting address - address of the access. norm:H_trap_xtinst_val */
void mem_transform(struct hart *hart, uint32_t word, unsigned offset);

#endif
