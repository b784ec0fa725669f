/* What other harts want when they interrupt this one. */
#include "arch/csr.h"
#include "machine/machine.h"

void sbi_ipi_serve(struct sbi_hart *hart)
{
	uint32_t reasons = sbi_ipi_receive(hart);

	if (reasons & IPI_SUPERVISOR)
		csr_set(mip, BIT(IRQ_SSI));
	if (reasons & IPI_FENCE)
		sbi_fence_serve(hart);
}
