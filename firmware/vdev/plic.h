/*
 * A guest's PLIC, as on `virt`: contexts 2n and 2n + 1 are vCPU n's machine and supervisor mode. Nobody runs in
 * the former, so those read as zero. All under the devices' lock, except guest_plic_is_pending.
 */
#ifndef FIRMWARE_VDEV_PLIC_H
#define FIRMWARE_VDEV_PLIC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/harts.h"

#define GUEST_PLIC_BASE UINT64_C(0xc000000) /* gpa */
#define GUEST_PLIC_SIZE UINT64_C(0x600000)
#define GUEST_PLIC_SOURCES 32 /* source 0 does not exist */

struct guest_plic {
	uint32_t vcpus_count;                  /* whose contexts are looked at; set before the guest starts */
	uint32_t priority[GUEST_PLIC_SOURCES]; /* 0..7; 0 never interrupts */
	uint32_t level;   /* bit per source: its line */
	uint32_t pending; /* bit per source: what came through its gateway and is not claimed yet */
	uint32_t claimed; /* bit per source: between claim and completion */
	uint32_t enable[HARTS_MAX];
	uint32_t threshold[HARTS_MAX];
	uint64_t pending_vcpus; /* bit per vCPU: external interrupt pending; atomic */
};

uint32_t guest_plic_read(struct guest_plic *plic, uint64_t offset);
void guest_plic_write(struct guest_plic *plic, uint64_t offset, uint32_t value);
void guest_plic_set_level(struct guest_plic *plic, uint32_t source, bool level);

/* Works out pending_vcpus anew; returns the vCPUs for which it became set, a bit each. */
uint64_t guest_plic_update(struct guest_plic *plic);

static inline bool guest_plic_is_pending(const struct guest_plic *plic, uint32_t vcpu)
{
	return __atomic_load_n(&plic->pending_vcpus, __ATOMIC_ACQUIRE) >> vcpu & 1;
}

#endif
