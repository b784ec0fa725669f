/*
 * Memory as instructions see it where the L0 filter does not answer: translation, PMP, misaligned accesses, devices,
 * triggers.
 */
#ifndef MEM_H
#define MEM_H

#include "engine/l0.h"
#include "engine/op.h"

/* Slow paths: op_sync first, then the whole access. False: hart->trap is filled (tinst included). */
bool mem_load(struct hart *hart, const struct op *op, uint64_t va, unsigned size, uint64_t *value);
bool mem_store(struct hart *hart, const struct op *op, uint64_t va, unsigned size, uint64_t value);
/* The same in an explicit context (HLV, HLVX, HSV). */
bool mem_load_as(struct hart *hart, const struct op *op, const struct mmu_context *context, uint64_t va, unsigned size,
                 uint64_t *value);
bool mem_store_as(struct hart *hart, const struct op *op, const struct mmu_context *context, uint64_t va, unsigned size,
                  uint64_t value);

/* Memory for a read-modify-write of `size` bytes (AMO, SC, CBO.ZERO), checked as a store and for natural alignment.
 * NULL: trap filled. The caller changes the bytes, then calls bus_stored. */
uint8_t *mem_modify(struct hart *hart, const struct op *op, uint64_t va, unsigned size, uint64_t *pa);

/* Harts that are behind come to where this one is: before anything but an access to plain memory. */
void mem_catch_up(struct hart *hart);

/* Bytes at pa have been loaded: tell a debugger that asks (engine->pause). */
void mem_loaded(struct hart *hart, uint64_t pa, unsigned size);

/* Does a trigger fire for LR's load (hart->trap is filled then)? The other accesses here ask by themselves. */
bool mem_triggered_load(struct hart *hart, const struct mmu_context *context, uint64_t va, unsigned size,
                        uint32_t word);

#endif
