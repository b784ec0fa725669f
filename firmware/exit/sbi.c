/*
 * The hypervisor as its guests' SBI. Whatever a guest passes, it gets an answer: harts are its own vCPUs,
 * addresses are checked against its own memory.
 */
#include "exit/exit.h"

#include "arch/csr.h"
#include "vdev/device.h"
#include "vm/guest_memory.h"
#include "cpu/percpu.h"
#include "host/sbi_call.h"
#include "arch/sbi_spec.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

#define IMPLEMENTATION_ID 0x72767369 /* "rvsi": none of the registered ones */
#define IMPLEMENTATION_VERSION 1

#define ALL_HARTS UINT64_MAX

/* A guest may print as much as it likes, but in calls that leave the hart to others in between. */
#define CONSOLE_PIECE 256
#define CONSOLE_CALL_MAX 65536

static struct sbi_result answer(int64_t error)
{
	return (struct sbi_result){.error = error};
}

static struct sbi_result answer_value(uint64_t value)
{
	return (struct sbi_result){.error = SBI_SUCCESS, .value = value};
}

static bool is_implemented(uint64_t extension)
{
	switch (extension) {
	case SBI_LEGACY_SET_TIMER ... SBI_LEGACY_SHUTDOWN:
	case SBI_EXT_BASE:
	case SBI_EXT_TIME:
	case SBI_EXT_IPI:
	case SBI_EXT_RFENCE:
	case SBI_EXT_HSM:
	case SBI_EXT_SRST:
	case SBI_EXT_DBCN: return true;
	default: return false;
	}
}

static struct sbi_result base(uint64_t function, const uint64_t *arguments)
{
	switch (function) {
	case SBI_BASE_GET_SPEC_VERSION: return answer_value(SBI_SPEC_VERSION_2_0);
	case SBI_BASE_GET_IMPL_ID: return answer_value(IMPLEMENTATION_ID);
	case SBI_BASE_GET_IMPL_VERSION: return answer_value(IMPLEMENTATION_VERSION);
	case SBI_BASE_PROBE_EXTENSION: return answer_value(is_implemented(arguments[0]));
	case SBI_BASE_GET_MVENDORID:
	case SBI_BASE_GET_MARCHID:
	case SBI_BASE_GET_MIMPID: return sbi_call_base(function, 0); /* the machine's */
	default: return answer(SBI_ERR_NOT_SUPPORTED);
	}
}

/* The vCPUs of an SBI hart mask, a bit each; false if it names one the zone does not have. */
static bool vcpus_of_mask(const struct zone *zone, uint64_t mask, uint64_t first, uint64_t *vcpus)
{
	uint64_t all = zone->vcpus_count == 64 ? UINT64_MAX : (UINT64_C(1) << zone->vcpus_count) - 1;

	if (first == ALL_HARTS) {
		*vcpus = all;
		return true;
	}
	*vcpus = first < 64 ? mask << first : 0;
	return first < 64 ? !(*vcpus & ~all) && *vcpus >> first == mask : !mask;
}

static struct sbi_result send_ipi(struct zone *zone, uint64_t mask, uint64_t first)
{
	uint64_t vcpus;

	if (!vcpus_of_mask(zone, mask, first, &vcpus))
		return answer(SBI_ERR_INVALID_PARAM);
	for (; vcpus; vcpus &= vcpus - 1)
		vcpu_raise_software_interrupt(zone->vcpus[lowest_bit(vcpus)]);
	return answer(SBI_SUCCESS);
}

/* The harts these vCPUs live on. One that is not bound there now needs no fence: its bind will flush. */
static uint64_t homes_of(const struct zone *zone, uint64_t vcpus)
{
	uint64_t harts = 0;

	for (; vcpus; vcpus &= vcpus - 1)
		harts |= UINT64_C(1) << zone->vcpus[lowest_bit(vcpus)]->cpu->id;
	return harts;
}

static struct sbi_result remote_fence(struct zone *zone, uint64_t function, const uint64_t *arguments)
{
	uint64_t vcpus, start = arguments[2], size = arguments[3];

	if (function > SBI_RFENCE_SFENCE_VMA_ASID)
		return answer(SBI_ERR_NOT_SUPPORTED); /* hfence: guests have no H extension */
	if (!vcpus_of_mask(zone, arguments[0], arguments[1], &vcpus))
		return answer(SBI_ERR_INVALID_PARAM);
	uint64_t harts = homes_of(zone, vcpus);
	switch (function) {
	case SBI_RFENCE_FENCE_I: percpu_fence_code(harts); break;
	case SBI_RFENCE_SFENCE_VMA: percpu_fence_translations(harts, start, size); break;
	case SBI_RFENCE_SFENCE_VMA_ASID: percpu_fence_translations_asid(harts, start, size, arguments[4]); break;
	}
	return answer(SBI_SUCCESS);
}

static struct sbi_result set_timer(struct vcpu *vcpu, uint64_t function, uint64_t deadline)
{
	if (function != SBI_TIME_SET_TIMER)
		return answer(SBI_ERR_NOT_SUPPORTED);
	vcpu_set_timer(vcpu, deadline);
	return answer(SBI_SUCCESS);
}

static struct sbi_result hart_start(struct zone *zone, const uint64_t *arguments)
{
	if (arguments[0] >= zone->vcpus_count)
		return answer(SBI_ERR_INVALID_PARAM);
	if (!zone_has_memory(zone, arguments[1], 2) || (arguments[1] & 1))
		return answer(SBI_ERR_INVALID_ADDRESS);
	return answer(vcpu_start(zone->vcpus[arguments[0]], arguments[1], arguments[2]));
}

static struct sbi_result hart_get_status(const struct zone *zone, uint64_t id)
{
	if (id >= zone->vcpus_count)
		return answer(SBI_ERR_INVALID_PARAM);
	return answer_value(vcpu_state(zone->vcpus[id]));
}

/* Both kinds of suspend wait like wfi; the non-retentive one then goes on at an address of its own. */
static struct sbi_result hart_suspend(struct vcpu *vcpu, const uint64_t *arguments, enum exit_verdict *verdict)
{
	uint32_t type = (uint32_t)arguments[0];

	if (type == SBI_HSM_SUSPEND_NON_RETENTIVE) {
		if (!zone_has_memory(vcpu->zone, arguments[1], 2) || (arguments[1] & 1))
			return answer(SBI_ERR_INVALID_ADDRESS);
		vcpu->start_address = arguments[1];
		vcpu->start_argument = arguments[2];
		vcpu->resumes_at_start = true;
	} else if (type != SBI_HSM_SUSPEND_RETENTIVE) {
		bool platform_specific = (type & 0x7fffffff) >= 0x10000000;
		return answer(platform_specific ? SBI_ERR_NOT_SUPPORTED : SBI_ERR_INVALID_PARAM);
	}
	__atomic_store_n(&vcpu->state, SBI_HSM_SUSPENDED, __ATOMIC_RELEASE);
	vcpu_wait(vcpu);
	*verdict = EXIT_YIELD;
	return answer(SBI_SUCCESS);
}

static struct sbi_result hart_state(struct vcpu *vcpu, uint64_t function, const uint64_t *arguments,
                                    enum exit_verdict *verdict)
{
	switch (function) {
	case SBI_HSM_HART_START: return hart_start(vcpu->zone, arguments);
	case SBI_HSM_HART_STOP: *verdict = EXIT_LEAVE; return answer(SBI_SUCCESS);
	case SBI_HSM_HART_GET_STATUS: return hart_get_status(vcpu->zone, arguments[0]);
	case SBI_HSM_HART_SUSPEND: return hart_suspend(vcpu, arguments, verdict);
	default: return answer(SBI_ERR_NOT_SUPPORTED);
	}
}

/* A zone has no way to boot again, so it can only shut down. */
static struct sbi_result system_reset(struct zone *zone, uint64_t function, const uint64_t *arguments)
{
	uint32_t type = (uint32_t)arguments[0], reason = (uint32_t)arguments[1];

	if (function != SBI_SRST_SYSTEM_RESET)
		return answer(SBI_ERR_NOT_SUPPORTED);
	if (type == SBI_SRST_COLD_REBOOT || type == SBI_SRST_WARM_REBOOT)
		return answer(SBI_ERR_NOT_SUPPORTED);
	if (type != SBI_SRST_SHUTDOWN || reason > SBI_SRST_REASON_SYSTEM_FAILURE)
		return answer(SBI_ERR_INVALID_PARAM);
	if (reason == SBI_SRST_REASON_NONE)
		zone_end(zone, ZONE_SHUT_DOWN, "shut down");
	else
		zone_end(zone, ZONE_STOPPED, "it reported a system failure");
	return answer(SBI_SUCCESS);
}

static void console_write(struct zone *zone, uint64_t gpa, uint64_t size)
{
	char piece[CONSOLE_PIECE];

	while (size) {
		uint64_t length = min_u64(size, sizeof piece);
		zone_read(zone, gpa, piece, length);
		console_zone_write(&zone->line, zone->name, piece, length);
		gpa += length;
		size -= length;
	}
}

static uint64_t console_read(struct zone *zone, uint64_t gpa, uint64_t size)
{
	uint64_t done = 0;
	int character;

	for (; done < size && (character = guest_device_take_input(zone)) >= 0; done++) {
		char byte = (char)character;
		zone_write(zone, gpa + done, &byte, 1);
	}
	return done;
}

static struct sbi_result debug_console(struct zone *zone, uint64_t function, const uint64_t *arguments)
{
	uint64_t size = min_u64(arguments[0], CONSOLE_CALL_MAX), gpa = arguments[1];
	char byte = (char)arguments[0];

	if (function == SBI_DBCN_WRITE_BYTE) {
		console_zone_write(&zone->line, zone->name, &byte, 1);
		return answer(SBI_SUCCESS);
	}
	if (function > SBI_DBCN_WRITE_BYTE)
		return answer(SBI_ERR_NOT_SUPPORTED);
	if (arguments[2] || !zone_has_memory(zone, gpa, arguments[0]))
		return answer(SBI_ERR_INVALID_PARAM);
	if (function == SBI_DBCN_READ)
		return answer_value(console_read(zone, gpa, size));
	console_write(zone, gpa, size);
	return answer_value(size);
}

/* A legacy hart mask is a doubleword at a guest-virtual address; a null pointer means every hart. */
static bool legacy_mask(const struct vcpu *vcpu, uint64_t address, uint64_t *mask, uint64_t *first)
{
	*mask = 0;
	*first = address ? 0 : ALL_HARTS;
	return !address || guest_load(vcpu, address, mask);
}

static int64_t legacy_to_harts(struct vcpu *vcpu, uint64_t call, const uint64_t *arguments)
{
	uint64_t rfence[5] = {[2] = arguments[1], [3] = arguments[2], [4] = arguments[3]};

	if (!legacy_mask(vcpu, arguments[0], &rfence[0], &rfence[1]))
		return SBI_ERR_INVALID_ADDRESS;
	switch (call) {
	case SBI_LEGACY_SEND_IPI: return send_ipi(vcpu->zone, rfence[0], rfence[1]).error;
	case SBI_LEGACY_REMOTE_FENCE_I: return remote_fence(vcpu->zone, SBI_RFENCE_FENCE_I, rfence).error;
	case SBI_LEGACY_REMOTE_SFENCE_VMA: return remote_fence(vcpu->zone, SBI_RFENCE_SFENCE_VMA, rfence).error;
	default: return remote_fence(vcpu->zone, SBI_RFENCE_SFENCE_VMA_ASID, rfence).error;
	}
}

/* One call each, result in a0 alone. */
static int64_t legacy(struct vcpu *vcpu, uint64_t call, const uint64_t *arguments)
{
	struct zone *zone = vcpu->zone;
	char byte = (char)arguments[0];

	switch (call) {
	case SBI_LEGACY_SET_TIMER: vcpu_set_timer(vcpu, arguments[0]); return SBI_SUCCESS;
	case SBI_LEGACY_CONSOLE_PUTCHAR: console_zone_write(&zone->line, zone->name, &byte, 1); return SBI_SUCCESS;
	case SBI_LEGACY_CONSOLE_GETCHAR: return guest_device_take_input(zone);
	case SBI_LEGACY_CLEAR_IPI: csr_clear(hvip, BIT(IRQ_VSSI)); return SBI_SUCCESS;
	case SBI_LEGACY_SHUTDOWN: zone_end(zone, ZONE_SHUT_DOWN, "shut down"); return SBI_SUCCESS;
	default: return legacy_to_harts(vcpu, call, arguments);
	}
}

static struct sbi_result dispatch(struct vcpu *vcpu, uint64_t extension, uint64_t function,
                                  const uint64_t *arguments, enum exit_verdict *verdict)
{
	struct zone *zone = vcpu->zone;

	switch (extension) {
	case SBI_EXT_BASE: return base(function, arguments);
	case SBI_EXT_TIME: return set_timer(vcpu, function, arguments[0]);
	case SBI_EXT_IPI:
		return function == SBI_IPI_SEND ? send_ipi(zone, arguments[0], arguments[1])
										: answer(SBI_ERR_NOT_SUPPORTED);
	case SBI_EXT_RFENCE: return remote_fence(zone, function, arguments);
	case SBI_EXT_HSM: return hart_state(vcpu, function, arguments, verdict);
	case SBI_EXT_SRST: return system_reset(zone, function, arguments);
	case SBI_EXT_DBCN: return debug_console(zone, function, arguments);
	default: return answer(SBI_ERR_NOT_SUPPORTED);
	}
}

enum exit_verdict exit_sbi(struct vcpu *vcpu)
{
	struct guest_registers *guest = &vcpu->regs.guest;
	const uint64_t *arguments = &guest->x[REG_A0];
	uint64_t extension = guest->x[REG_A7];
	enum exit_verdict verdict = EXIT_RESUME;

	guest->sepc += 4;
	if (extension <= SBI_LEGACY_SHUTDOWN) {
		guest->x[REG_A0] = (uint64_t)legacy(vcpu, extension, arguments);
		return verdict;
	}
	struct sbi_result result = dispatch(vcpu, extension, guest->x[REG_A6], arguments, &verdict);
	guest->x[REG_A0] = (uint64_t)result.error;
	guest->x[REG_A1] = result.value;
	return verdict;
}
