/* IPI: software interrupts between a guest's harts. */
#include "exit/sbi_harts.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

struct sbi_result zone_send_ipi(struct zone *zone, uint64_t mask, uint64_t base)
{
	uint64_t vcpus;

	if (!sbi_hart_mask(mask, base, zone_vcpus(zone), &vcpus))
		return sbi_error(SBI_ERR_INVALID_PARAM);
	zone_raise_software_interrupt(zone, vcpus);
	return sbi_success();
}

struct sbi_result exit_sbi_ipi(const struct sbi_call *call)
{
	if (call->function != SBI_IPI_SEND)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	return zone_send_ipi(sbi_caller(call)->zone, call->arguments[0], call->arguments[1]);
}
