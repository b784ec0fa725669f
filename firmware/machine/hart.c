#include "arch/csr.h"
#include "arch/sbi_spec.h"
#include "lib/bits.h"
#include "machine/machine.h"

struct sbi_slot sbi_slots[HARTS_MAX] __attribute__((aligned(16)));
struct platform sbi_platform;

_Static_assert(sizeof(struct sbi_slot) == SBI_STACK_SIZE, "m_start.S multiplies by SBI_STACK_SIZE");

struct sbi_hart *sbi_this_hart(void) { return (struct sbi_hart *)csr_read(mscratch); }

bool sbi_hart_exists(uint64_t id) { return id < HARTS_MAX && (sbi_platform.harts >> id & 1); }

uint32_t sbi_hart_state(const struct sbi_hart *hart) { return __atomic_load_n(&hart->state, __ATOMIC_ACQUIRE); }

bool sbi_harts_of_mask(uint64_t mask, uint64_t base, uint64_t *harts)
{
	uint64_t stopped = 0;

	if (!sbi_hart_mask(mask, base, sbi_platform.harts, harts))
		return false;
	for (uint64_t rest = *harts; rest; rest &= rest - 1) {
		uint64_t id = lowest_bit(rest);
		if (sbi_hart_state(sbi_hart(id)) == SBI_HSM_STOPPED)
			stopped |= BIT(id);
	}
	*harts &= ~stopped;
	return base == SBI_ALL_HARTS || !stopped;
}
