/* SRST: a guest ends itself. A zone has no way to boot again, so it can only shut down. */
#include "exit/sbi.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

struct sbi_result exit_sbi_srst(const struct sbi_call *call)
{
	struct zone *zone = sbi_caller(call)->zone;
	uint32_t type = (uint32_t)call->arguments[0], reason = (uint32_t)call->arguments[1];

	if (call->function != SBI_SRST_SYSTEM_RESET)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	if (type == SBI_SRST_COLD_REBOOT || type == SBI_SRST_WARM_REBOOT)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	if (type != SBI_SRST_SHUTDOWN || reason > SBI_SRST_REASON_SYSTEM_FAILURE)
		return sbi_error(SBI_ERR_INVALID_PARAM);
	if (reason == SBI_SRST_REASON_NONE)
		zone_end(zone, ZONE_SHUT_DOWN, "shut down");
	else
		zone_end(zone, ZONE_STOPPED, "it reported a system failure");
	return sbi_success();
}
