/* HSM: harts stopped and started again. */
#include "arch/csr.h"
#include "machine/machine.h"

/* Idles until another hart's hart_start, then enters S-mode there. The state is STOPPED already. */
_Noreturn void sbi_hsm_wait_for_start(struct sbi_hart *hart)
{
	while (sbi_hart_state(hart) != SBI_HSM_START_PENDING) {
		__asm__ volatile("wfi" : : : "memory"); /* a pending MSI ends it, even with mstatus.MIE off */
		sbi_ipi_serve(hart);
	}
	sbi_ipi_serve(hart);
	__atomic_store_n(&hart->state, SBI_HSM_STARTED, __ATOMIC_RELEASE);
	sbi_enter_supervisor(hart->id, hart->start_argument, hart->start_address);
}

static int64_t hart_start(uint64_t id, uint64_t address, uint64_t argument)
{
	if (!sbi_hart_exists(id))
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

static _Noreturn void hart_stop(void)
{
	struct sbi_hart *hart = sbi_this_hart();

	csr_write(mie, BIT(IRQ_MSI));
	__atomic_store_n(&hart->state, SBI_HSM_STOPPED, __ATOMIC_RELEASE);
	sbi_call_on_empty_stack(hart, (void (*)(struct sbi_hart *))sbi_hsm_wait_for_start);
}

/* The retentive suspend is a wfi; S-mode's own interrupts are enabled in mie and end it. */
static int64_t hart_suspend(uint32_t type)
{
	if (type != SBI_HSM_SUSPEND_RETENTIVE)
		return SBI_ERR_NOT_SUPPORTED;
	__asm__ volatile("wfi" : : : "memory");
	return SBI_SUCCESS;
}

struct sbi_result sbi_hsm(const struct sbi_call *call)
{
	const uint64_t *arguments = call->arguments;

	switch (call->function) {
	case SBI_HSM_HART_START: return sbi_error(hart_start(arguments[0], arguments[1], arguments[2]));
	case SBI_HSM_HART_STOP: hart_stop();
	case SBI_HSM_HART_GET_STATUS:
		if (!sbi_hart_exists(arguments[0]))
			return sbi_error(SBI_ERR_INVALID_PARAM);
		return sbi_value(sbi_hart_state(sbi_hart(arguments[0])));
	case SBI_HSM_HART_SUSPEND: return sbi_error(hart_suspend((uint32_t)arguments[0]));
	default: return sbi_error(SBI_ERR_NOT_SUPPORTED);
	}
}
