/* SRST: the machine's end or its next start, by its finisher. */
#include "machine/machine.h"

struct sbi_result sbi_srst(const struct sbi_call *call)
{
	uint32_t type = (uint32_t)call->arguments[0], reason = (uint32_t)call->arguments[1];
	uint32_t end = reason == SBI_SRST_REASON_NONE ? FINISHER_PASS : FINISHER_FAIL(1);

	if (call->function != SBI_SRST_SYSTEM_RESET)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	if (type > SBI_SRST_WARM_REBOOT || reason > SBI_SRST_REASON_SYSTEM_FAILURE)
		return sbi_error(SBI_ERR_INVALID_PARAM);
	finisher_write(&sbi_platform, type == SBI_SRST_SHUTDOWN ? end : FINISHER_RESET);
	return sbi_error(SBI_ERR_FAILED); /* the machine has no finisher */
}
