#include "arch/csr.h"
#include "arch/sbi_spec.h"
#include "machine/machine.h"

struct sbi_slot sbi_slots[HARTS_MAX] __attribute__((aligned(16)));
struct platform sbi_platform;

_Static_assert(sizeof(struct sbi_slot) == SBI_STACK_SIZE, "m_start.S multiplies by SBI_STACK_SIZE");

struct sbi_hart *sbi_this_hart(void) { return (struct sbi_hart *)csr_read(mscratch); }

bool sbi_hart_exists(uint64_t id) { return id < HARTS_MAX && (sbi_platform.harts >> id & 1); }

uint32_t sbi_hart_state(const struct sbi_hart *hart) { return __atomic_load_n(&hart->state, __ATOMIC_ACQUIRE); }

bool sbi_harts_of_mask(uint64_t mask, uint64_t base, uint64_t *harts)
{
	*harts = 0;
	for (uint64_t id = 0; id < HARTS_MAX; id++) {
		bool wanted = base == SBI_ALL_HARTS || (id >= base && id - base < 64 && (mask >> (id - base) & 1));
		if (!wanted)
			continue;
		if (sbi_hart_exists(id) && sbi_hart_state(sbi_hart(id)) != SBI_HSM_STOPPED)
			*harts |= UINT64_C(1) << id;
		else if (base != SBI_ALL_HARTS)
			return false;
	}
	return base == SBI_ALL_HARTS || !mask || (base < HARTS_MAX && !(base && mask >> (HARTS_MAX - base)));
}
