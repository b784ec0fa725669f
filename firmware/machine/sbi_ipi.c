/* IPI: supervisor software interrupts between harts. */
#include "lib/bits.h"
#include "machine/machine.h"

struct sbi_result sbi_ipi(const struct sbi_call *call)
{
	uint64_t harts;

	if (call->function != SBI_IPI_SEND)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	if (!sbi_harts_of_mask(call->arguments[0], call->arguments[1], &harts))
		return sbi_error(SBI_ERR_INVALID_PARAM);
	for (; harts; harts &= harts - 1)
		sbi_ipi_raise(lowest_bit(harts), IPI_SUPERVISOR);
	return sbi_success();
}
