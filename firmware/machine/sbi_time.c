/* TIME: the supervisor's timer. */
#include "machine/machine.h"

struct sbi_result sbi_time(const struct sbi_call *call)
{
	if (call->function != SBI_TIME_SET_TIMER)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	sbi_timer_set(call->arguments[0]);
	return sbi_success();
}
