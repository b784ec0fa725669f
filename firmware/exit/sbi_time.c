/* TIME: the guest's timer. */
#include "exit/sbi.h"
#include "vm/vcpu.h"

struct sbi_result exit_sbi_time(const struct sbi_call *call)
{
	if (call->function != SBI_TIME_SET_TIMER)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	vcpu_set_timer(sbi_caller(call), call->arguments[0]);
	return sbi_success();
}
