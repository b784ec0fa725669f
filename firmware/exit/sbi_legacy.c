/* The legacy extensions: one call each. */
#include "arch/csr.h"
#include "exit/sbi_harts.h"
#include "vm/guest_memory.h"
#include "vm/vcpu.h"
#include "vm/zone.h"
#include "vm/zone_device.h"

/* A legacy hart mask is a doubleword at a guest-virtual address; a null pointer means every hart. */
static bool legacy_hart_mask(const struct vcpu *vcpu, uint64_t address, uint64_t *mask, uint64_t *base)
{
	*mask = 0;
	*base = address ? 0 : SBI_ALL_HARTS;
	return !address || guest_load(vcpu, address, mask);
}

static struct sbi_result legacy_to_harts(struct vcpu *vcpu, const struct sbi_call *call)
{
	const uint64_t *given = call->arguments;
	uint64_t rfence[5] = {[2] = given[1], [3] = given[2], [4] = given[3]};

	if (!legacy_hart_mask(vcpu, given[0], &rfence[0], &rfence[1]))
		return sbi_error(SBI_ERR_INVALID_ADDRESS);
	switch (call->extension) {
	case SBI_LEGACY_SEND_IPI: return zone_send_ipi(vcpu->zone, rfence[0], rfence[1]);
	case SBI_LEGACY_REMOTE_FENCE_I: return zone_remote_fence(vcpu->zone, SBI_RFENCE_FENCE_I, rfence);
	case SBI_LEGACY_REMOTE_SFENCE_VMA: return zone_remote_fence(vcpu->zone, SBI_RFENCE_SFENCE_VMA, rfence);
	default: return zone_remote_fence(vcpu->zone, SBI_RFENCE_SFENCE_VMA_ASID, rfence);
	}
}

struct sbi_result exit_sbi_legacy(const struct sbi_call *call)
{
	struct vcpu *vcpu = sbi_caller(call);
	char byte;

	switch (call->extension) {
	case SBI_LEGACY_SET_TIMER: vcpu_set_timer(vcpu, call->arguments[0]); break;
	case SBI_LEGACY_CONSOLE_PUTCHAR: return exit_sbi_print_byte(call);
	case SBI_LEGACY_CONSOLE_GETCHAR:
		return sbi_error(zone_take_input(vcpu->zone, &byte, 1) ? (uint8_t)byte : -1); /* the character, or -1 */
	case SBI_LEGACY_CLEAR_IPI: csr_clear(hvip, BIT(IRQ_VSSI)); break;
	case SBI_LEGACY_SHUTDOWN: zone_end(vcpu->zone, ZONE_SHUT_DOWN, "shut down"); break;
	default: return legacy_to_harts(vcpu, call);
	}
	return sbi_success();
}
