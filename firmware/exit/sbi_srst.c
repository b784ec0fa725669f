/* SRST: a guest ends itself, or starts itself anew. A reboot's reason is told, and changes nothing. */
#include "exit/sbi.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

struct sbi_result exit_sbi_srst(const struct sbi_call *call)
{
	struct zone *zone = sbi_caller(call)->zone;
	uint32_t type = (uint32_t)call->arguments[0], reason = (uint32_t)call->arguments[1];
	bool failed = reason == SBI_SRST_REASON_SYSTEM_FAILURE;

	if (call->function != SBI_SRST_SYSTEM_RESET)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	if (type > SBI_SRST_WARM_REBOOT || reason > SBI_SRST_REASON_SYSTEM_FAILURE)
		return sbi_error(SBI_ERR_INVALID_PARAM);
	if (type != SBI_SRST_SHUTDOWN)
		zone_end(zone, ZONE_REBOOTING, failed ? "reboot after a system failure" : "reboot");
	else if (failed)
		zone_end(zone, ZONE_STOPPED, "it reported a system failure");
	else
		zone_end(zone, ZONE_SHUT_DOWN, "shut down");
	return sbi_success();
}
