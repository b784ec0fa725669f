/*
 * Remote fences: what guests ask for by SBI's RFENCE extension, without interrupting harts that run no guest.
 *
 * A CPU that is outside its guest is only marked, and fences on its way in. One that is inside is interrupted by the
 * SBI's own remote fence.
 */
#ifndef FIRMWARE_CPU_FENCE_H
#define FIRMWARE_CPU_FENCE_H

#include <stdint.h>

struct percpu;

/*
 * The last thing before a guest runs, and the first after. Whoever marks something stale on a CPU then either
 * sees it outside its guest, and knows it will flush on its way in, or inside, and interrupts it.
 */
void percpu_before_guest(struct percpu *cpu);
void percpu_after_guest(struct percpu *cpu);

/*
 * Remote fences on behalf of the guest that is bound here, for the CPUs in harts (a bit per hart id). When
 * they return, no guest there runs on anything older. The range and the ASID narrow what has to go.
 */
void percpu_fence_code(uint64_t harts);
void percpu_fence_translations(uint64_t harts, uint64_t start, uint64_t size);
void percpu_fence_translations_asid(uint64_t harts, uint64_t start, uint64_t size, uint64_t asid);

#endif
