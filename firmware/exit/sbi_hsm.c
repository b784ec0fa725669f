/* HSM: a guest's harts are started, stopped and suspended. */
#include "exit/sbi.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

/* Can a hart start or resume there? */
static bool is_entry_point(const struct zone *zone, uint64_t gpa)
{
	return zone_has_memory(zone, gpa, 2) && !(gpa & 1);
}

static struct sbi_result vcpu_hart_start(struct zone *zone, uint64_t id, uint64_t address, uint64_t argument)
{
	if (id >= zone->vcpus_count)
		return sbi_error(SBI_ERR_INVALID_PARAM);
	if (!is_entry_point(zone, address))
		return sbi_error(SBI_ERR_INVALID_ADDRESS);
	return sbi_error(vcpu_start(zone->vcpus[id], address, argument));
}

static struct sbi_result vcpu_hart_get_status(const struct zone *zone, uint64_t id)
{
	if (id >= zone->vcpus_count)
		return sbi_error(SBI_ERR_INVALID_PARAM);
	return sbi_value(vcpu_state(zone->vcpus[id]));
}

/* Both kinds of suspend wait like wfi; the non-retentive one then goes on at an address of its own. */
static struct sbi_result vcpu_hart_suspend(struct sbi_guest *guest, const uint64_t *arguments)
{
	uint32_t type = (uint32_t)arguments[0];
	bool platform_specific = (type & 0x7fffffff) >= 0x10000000;

	if (type == SBI_HSM_SUSPEND_NON_RETENTIVE) {
		if (!is_entry_point(guest->vcpu->zone, arguments[1]))
			return sbi_error(SBI_ERR_INVALID_ADDRESS);
		vcpu_suspend_to(guest->vcpu, arguments[1], arguments[2]);
	} else if (type == SBI_HSM_SUSPEND_RETENTIVE) {
		vcpu_suspend(guest->vcpu);
	} else {
		return sbi_error(platform_specific ? SBI_ERR_NOT_SUPPORTED : SBI_ERR_INVALID_PARAM);
	}
	guest->verdict = EXIT_YIELD;
	return sbi_success();
}

struct sbi_result exit_sbi_hsm(const struct sbi_call *call)
{
	struct sbi_guest *guest = call->caller;
	struct zone *zone = guest->vcpu->zone;
	const uint64_t *arguments = call->arguments;

	switch (call->function) {
	case SBI_HSM_HART_START: return vcpu_hart_start(zone, arguments[0], arguments[1], arguments[2]);
	case SBI_HSM_HART_STOP: guest->verdict = EXIT_LEAVE; return sbi_success();
	case SBI_HSM_HART_GET_STATUS: return vcpu_hart_get_status(zone, arguments[0]);
	case SBI_HSM_HART_SUSPEND: return vcpu_hart_suspend(guest, arguments);
	default: return sbi_error(SBI_ERR_NOT_SUPPORTED);
	}
}
