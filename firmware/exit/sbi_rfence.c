/* RFENCE: fences on a guest's other harts. */
#include "cpu/fence.h"
#include "exit/sbi_harts.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

struct sbi_result zone_remote_fence(struct zone *zone, uint64_t function, const uint64_t *arguments)
{
	uint64_t vcpus, start = arguments[2], size = arguments[3];

	if (function > SBI_RFENCE_SFENCE_VMA_ASID)
		return sbi_error(SBI_ERR_NOT_SUPPORTED); /* hfence: guests have no H extension */
	if (!sbi_hart_mask(arguments[0], arguments[1], zone_vcpus(zone), &vcpus))
		return sbi_error(SBI_ERR_INVALID_PARAM);
	uint64_t harts = zone_homes(zone, vcpus); /* one that is not bound there now needs none: its bind will flush */
	switch (function) {
	case SBI_RFENCE_FENCE_I: percpu_fence_code(harts); break;
	case SBI_RFENCE_SFENCE_VMA: percpu_fence_translations(harts, start, size); break;
	case SBI_RFENCE_SFENCE_VMA_ASID: percpu_fence_translations_asid(harts, start, size, arguments[4]); break;
	}
	return sbi_success();
}

struct sbi_result exit_sbi_rfence(const struct sbi_call *call)
{
	return zone_remote_fence(sbi_caller(call)->zone, call->function, call->arguments);
}
