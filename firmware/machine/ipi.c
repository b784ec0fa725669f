/* Inter-processor interrupts: the CLINT's, with the reasons beside them. */
#include "machine/machine.h"
#include "platform/clint.h"

static volatile uint32_t *msip_of(uint64_t hart_id)
{
	return (volatile uint32_t *)(sbi_platform.clint + CLINT_MSIP + 4 * hart_id);
}

void sbi_ipi_raise(uint64_t hart_id, uint32_t what)
{
	__atomic_fetch_or(&sbi_hart(hart_id)->ipi, what, __ATOMIC_RELEASE);
	__asm__ volatile("fence rw, o" : : : "memory");
	*msip_of(hart_id) = 1;
}

uint32_t sbi_ipi_receive(struct sbi_hart *hart)
{
	*msip_of(hart->id) = 0;
	__asm__ volatile("fence o, rw" : : : "memory"); /* cleared before the reasons are read: none is lost */
	return __atomic_exchange_n(&hart->ipi, 0, __ATOMIC_ACQUIRE);
}
