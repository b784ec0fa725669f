/* Hart state management: harts stopped and started again. */
#include "machine/machine.h"

#include "arch/csr.h"
#include "arch/sbi_spec.h"

static uint32_t state_of(const struct sbi_hart *hart)
{
	return __atomic_load_n(&hart->state, __ATOMIC_ACQUIRE);
}

static bool exists(uint64_t id)
{
	return id < SBI_HARTS_MAX && sbi_hart(id)->present;
}

bool sbi_hsm_is_started(uint64_t id)
{
	return exists(id) && state_of(sbi_hart(id)) != SBI_HSM_STOPPED;
}

/* Idles until another hart's hart_start, then enters S-mode there. The state is STOPPED already. */
_Noreturn void sbi_hsm_wait_for_start(struct sbi_hart *hart)
{
	while (state_of(hart) != SBI_HSM_START_PENDING) {
		__asm__ volatile("wfi" : : : "memory"); /* a pending MSI ends it, even with mstatus.MIE off */
		sbi_ipi_serve(hart);
	}
	sbi_ipi_serve(hart);
	__atomic_store_n(&hart->state, SBI_HSM_STARTED, __ATOMIC_RELEASE);
	sbi_enter_supervisor(hart->id, hart->start_argument, hart->start_address);
}

static int64_t start(uint64_t id, uint64_t address, uint64_t argument)
{
	if (!exists(id))
		return SBI_ERR_INVALID_PARAM;
	struct sbi_hart *hart = sbi_hart(id);
	uint32_t stopped = SBI_HSM_STOPPED;

	/*
	 * Claimed first (so that of two starters one fails), published last: the target acts on
	 * START_PENDING alone, and by then the address is there.
	 */
	if (!__atomic_compare_exchange_n(&hart->state, &stopped, SBI_HSM_STOP_PENDING, false, __ATOMIC_ACQ_REL,
	                                 __ATOMIC_ACQUIRE))
		return SBI_ERR_ALREADY_AVAILABLE;
	hart->start_address = address;
	hart->start_argument = argument;
	__atomic_store_n(&hart->state, SBI_HSM_START_PENDING, __ATOMIC_RELEASE);
	sbi_ipi_raise(id, IPI_START);
	return SBI_SUCCESS;
}

static _Noreturn void stop(void)
{
	struct sbi_hart *hart = sbi_this_hart();

	csr_write(mie, BIT(IRQ_MSI));
	__atomic_store_n(&hart->state, SBI_HSM_STOPPED, __ATOMIC_RELEASE);
	sbi_call_on_empty_stack(hart, (void (*)(struct sbi_hart *))sbi_hsm_wait_for_start);
}

/* The retentive suspend is a wfi; S-mode's own interrupts are enabled in mie and end it. */
static int64_t suspend(uint32_t type)
{
	if (type != SBI_HSM_SUSPEND_RETENTIVE)
		return SBI_ERR_NOT_SUPPORTED;
	__asm__ volatile("wfi" : : : "memory");
	return SBI_SUCCESS;
}

int64_t sbi_hsm_call(uint64_t function, const uint64_t *arguments, uint64_t *value)
{
	switch (function) {
	case SBI_HSM_HART_START: return start(arguments[0], arguments[1], arguments[2]);
	case SBI_HSM_HART_STOP: stop();
	case SBI_HSM_HART_GET_STATUS:
		if (!exists(arguments[0]))
			return SBI_ERR_INVALID_PARAM;
		*value = state_of(sbi_hart(arguments[0]));
		return SBI_SUCCESS;
	case SBI_HSM_HART_SUSPEND: return suspend((uint32_t)arguments[0]);
	default: return SBI_ERR_NOT_SUPPORTED;
	}
}
