/* Bringing one hart up in machine mode. */
#include "arch/csr.h"
#include "arch/sbi_spec.h"
#include "lib/bits.h"
#include "machine/machine.h"

/* The linker script: where the payload begins, in S-mode with a0 = hart id and a1 = device tree. */
void __next_stage(void);

/* Set by the boot hart once sbi_platform is filled in; atomic. */
static uint32_t platform_known;

/* Out of reset Smdbltrp has MDT set, so that any trap, even that of a probe, would be the last. */
static void allow_traps(void)
{
	csr_write(mtvec, (uint64_t)sbi_trap_vector);
	csr_clear(mstatus, MSTATUS_MDT);
}

/*
 * Out of reset Smrnmi has NMIE clear, so that no interrupt would come, ever. A non-maskable one may be waiting: it comes
 * with the bit, and by then this layer must be able to tell of it.
 */
static void allow_interrupts(void)
{
	uint64_t mnstatus;

	if (!csr_try_read(CSR_MNSTATUS, &mnstatus))
		return;
	csr_write(mtvec, (uint64_t)sbi_trap_vector_rnmi);
	csr_try_set(CSR_MNSTATUS, MNSTATUS_NMIE);
}

/* A core may lack `time` itself, or only keep it from lower modes. */
static bool has_time_csr(void)
{
	uint64_t enabled = 0, now;

	csr_try_write(mcounteren, COUNTEREN_CY_TM_IR);
	csr_try_read(mcounteren, &enabled);
	return (enabled & COUNTEREN_TM) && csr_try_read(time, &now);
}

/*
 * Everything S-mode and guests can handle goes down to them. Calls of S-mode itself stay here, and so
 * does the illegal instruction where `time` has to be emulated.
 */
static void delegate_traps(void)
{
	uint64_t exceptions = BIT(EXC_FETCH_MISALIGNED) | BIT(EXC_FETCH_ACCESS) | BIT(EXC_ILLEGAL) |
	                      BIT(EXC_BREAKPOINT) | BIT(EXC_LOAD_MISALIGNED) | BIT(EXC_LOAD_ACCESS) |
	                      BIT(EXC_STORE_MISALIGNED) | BIT(EXC_STORE_ACCESS) | BIT(EXC_ECALL_U) | BIT(EXC_ECALL_VS) |
	                      BIT(EXC_SOFTWARE_CHECK) | BIT(EXC_HARDWARE_ERROR) | BIT(EXC_FETCH_PAGE_FAULT) |
	                      BIT(EXC_LOAD_PAGE_FAULT) | BIT(EXC_STORE_PAGE_FAULT) | BIT(EXC_FETCH_GUEST_PAGE_FAULT) |
	                      BIT(EXC_LOAD_GUEST_PAGE_FAULT) | BIT(EXC_VIRTUAL_INSTRUCTION) |
	                      BIT(EXC_STORE_GUEST_PAGE_FAULT);

	if (!has_time_csr())
		exceptions &= ~BIT(EXC_ILLEGAL);
	csr_write(medeleg, exceptions);
	csr_write(mideleg, BIT(IRQ_SSI) | BIT(IRQ_STI) | BIT(IRQ_SEI));
}

/* S-mode may use all of memory. A core without PMP needs no permission and has no such CSR. */
static void open_memory(void)
{
	if (csr_try_write(pmpaddr0, ~UINT64_C(0)))
		csr_try_write(pmpcfg0, 0x1f); /* NAPOT over everything, RWX */
}

static void configure_environment(void)
{
	csr_try_write(menvcfg, ENVCFG_STCE | ENVCFG_ADUE | ENVCFG_CBZE);
	csr_try_write(mstateen0, ~UINT64_C(0)); /* S-mode may have whatever there is */
	csr_try_write(scounteren, COUNTEREN_CY_TM_IR);
	sbi_timer_init();
}

/*
 * Every hart of the device tree counts as stopped from now on, whether or not it has come by: it may be
 * asked to start at any time, and looks at its state when it gets here.
 */
static void announce_harts(uint64_t harts)
{
	for (; harts; harts &= harts - 1) {
		uint64_t id = lowest_bit(harts);
		sbi_hart(id)->id = id;
		sbi_hart(id)->state = SBI_HSM_STOPPED;
	}
}

_Noreturn void sbi_start(uint64_t hart_id, const void *dtb, bool is_boot_hart)
{
	struct sbi_hart *hart = sbi_hart(hart_id);
	struct fdt fdt;

	allow_traps();
	if (is_boot_hart) {
		if (fdt_open(&fdt, dtb)) {
			platform_read(&fdt, &sbi_platform);
			announce_harts(sbi_platform.harts);
		}
		__atomic_store_n(&hart->state, SBI_HSM_STARTED, __ATOMIC_RELAXED);
		__atomic_store_n(&platform_known, 1, __ATOMIC_RELEASE);
	}
	while (!__atomic_load_n(&platform_known, __ATOMIC_ACQUIRE))
		;

	allow_interrupts();
	delegate_traps();
	open_memory();
	configure_environment();
	csr_write(mie, BIT(IRQ_MSI));
	if (is_boot_hart)
		sbi_enter_supervisor(hart_id, (uint64_t)dtb, (uint64_t)__next_stage);
	sbi_hsm_wait_for_start(hart);
}
