/* SRST: the machine's end, by its finisher. */
#include "machine/machine.h"

struct sbi_result sbi_srst(const struct sbi_call *call)
{
	bool success = call->arguments[1] == SBI_SRST_REASON_NONE;

	if (call->function != SBI_SRST_SYSTEM_RESET)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	switch ((uint32_t)call->arguments[0]) {
	case SBI_SRST_SHUTDOWN: finisher_write(&sbi_platform, success ? FINISHER_PASS : FINISHER_FAIL(1)); break;
	case SBI_SRST_COLD_REBOOT:
	case SBI_SRST_WARM_REBOOT: finisher_write(&sbi_platform, FINISHER_RESET); break;
	default: return sbi_error(SBI_ERR_INVALID_PARAM);
	}
	return sbi_error(SBI_ERR_FAILED); /* the machine has no finisher */
}
