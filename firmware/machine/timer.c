/* The supervisor's timer: stimecmp where the core has Sstc, else the CLINT and a forwarded interrupt. */
#include "arch/csr.h"
#include "machine/machine.h"
#include "platform/clint.h"

static uint64_t has_stimecmp; /* bit per hart; atomic */

static volatile uint64_t *mtimecmp_of(uint64_t hart_id)
{
	return (volatile uint64_t *)(sbi_platform.clint + CLINT_MTIMECMP + 8 * hart_id);
}

uint64_t sbi_timer_now(void) { return *(volatile uint64_t *)(sbi_platform.clint + CLINT_MTIME); }

/* menvcfg has been written: Sstc is there if the enable stuck and the register answers. */
void sbi_timer_init(void)
{
	uint64_t menvcfg = 0, stimecmp = 0;
	struct sbi_hart *hart = sbi_this_hart();

	if (csr_try_read(menvcfg, &menvcfg) && (menvcfg & ENVCFG_STCE) && csr_try_read(stimecmp, &stimecmp))
		__atomic_fetch_or(&has_stimecmp, UINT64_C(1) << hart->id, __ATOMIC_RELAXED);
	sbi_timer_set(~UINT64_C(0));
}

void sbi_timer_set(uint64_t deadline)
{
	struct sbi_hart *hart = sbi_this_hart();

	if (__atomic_load_n(&has_stimecmp, __ATOMIC_RELAXED) >> hart->id & 1) {
		csr_write(stimecmp, deadline);
		return;
	}
	csr_clear(mip, BIT(IRQ_STI));
	*mtimecmp_of(hart->id) = deadline;
	csr_set(mie, BIT(IRQ_MTI));
}

/* The machine timer goes quiet until the next sbi_timer_set; S-mode sees its own interrupt instead. */
void sbi_timer_expired(void)
{
	csr_clear(mie, BIT(IRQ_MTI));
	csr_set(mip, BIT(IRQ_STI));
}
