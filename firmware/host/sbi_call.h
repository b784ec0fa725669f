/* The hypervisor as a caller of the SBI beneath it: our own machine-mode layer, or OpenSBI. */
#ifndef FIRMWARE_HOST_SBI_CALL_H
#define FIRMWARE_HOST_SBI_CALL_H

#include <stdint.h>

#include "arch/sbi_spec.h"

/* Finds out which console the SBI has; until then the legacy one is used. */
void sbi_call_init(void);

struct sbi_result sbi_call_base(uint64_t function, uint64_t argument);
void sbi_call_set_timer(uint64_t deadline);
void sbi_call_send_ipi(uint64_t harts); /* a bit per hart id, as in the calls below */
int64_t sbi_call_hart_start(uint64_t hart_id, uint64_t address, uint64_t argument);
void sbi_call_system_reset(uint32_t type, uint32_t reason);

/* Returns how many bytes it took, of at least one. They may be few or, where the device is busy, none. */
uint64_t sbi_call_console_write(const char *text, uint64_t size);

/* Remote fences for guests: harts is a bit per hart id; hgatp of this hart says whose translations. */
void sbi_call_remote_fence_i(uint64_t harts);
void sbi_call_remote_hfence_vvma(uint64_t harts, uint64_t start, uint64_t size);
void sbi_call_remote_hfence_vvma_asid(uint64_t harts, uint64_t start, uint64_t size, uint64_t asid);

#endif
