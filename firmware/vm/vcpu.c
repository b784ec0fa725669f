#include "vm/vcpu.h"

#include <stddef.h>

#include "arch/csr.h"
#include "arch/sbi_spec.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "host/memory.h"
#include "lib/bits.h"
#include "vm/zone.h"
#include "vm/zone_load.h"

struct vcpu *vcpu_new(struct zone *zone, uint32_t id, struct percpu *cpu)
{
	struct vcpu *vcpu = memory_alloc(sizeof *vcpu, 16);

	if (vcpu) {
		vcpu->id = id;
		vcpu->zone = zone;
		vcpu->cpu = cpu;
		vcpu->state = SBI_HSM_STOPPED;
	}
	return vcpu;
}

void vcpu_attach(struct vcpu *vcpu)
{
	struct percpu *cpu = vcpu->cpu;
	struct vcpu **end = &cpu->vcpus;

	spin_lock(&cpu->ctrl_lock);
	while (*end)
		end = &(*end)->next_on_cpu;
	cpu->boot_cpu |= vcpu->id == 0;
	__atomic_store_n(end, vcpu, __ATOMIC_RELEASE);
	spin_unlock(&cpu->ctrl_lock);
}

/* Under zone->lock, for writing. True if the state was `from` and is `to` now. */
static bool change_state(struct vcpu *vcpu, uint32_t from, uint32_t to)
{
	bool matches = vcpu->state == from;

	if (matches)
		__atomic_store_n(&vcpu->state, to, __ATOMIC_RELEASE);
	return matches;
}

int64_t vcpu_start(struct vcpu *vcpu, uint64_t address, uint64_t argument)
{
	struct zone *zone = vcpu->zone;
	struct percpu *cpu = vcpu->cpu;

	spin_lock(&zone->lock);
	bool started = change_state(vcpu, SBI_HSM_STOPPED, SBI_HSM_START_PENDING);
	if (started) {
		vcpu->start_address = address;
		vcpu->start_argument = argument;
		zone_get(zone);
	}
	spin_unlock(&zone->lock);
	if (!started)
		return SBI_ERR_ALREADY_AVAILABLE;

	spin_lock(&cpu->ctrl_lock);
	cpu->cpu_on_entry = address;
	cpu->dtb_ipa = zone->dtb;
	spin_unlock(&cpu->ctrl_lock);
	percpu_post_event(BIT(cpu->id), EVENT_START);
	return SBI_SUCCESS;
}

/* Architectural state at an entry: VS-mode, translation off, interrupts off, a0 = id, a1 = argument. */
static void reset_vcpu(struct vcpu *vcpu, uint64_t address, uint64_t argument)
{
	struct vm_cpu_registers *regs = &vcpu->regs;

	if (vcpu->cpu->bound == vcpu)
		vcpu_unbind(vcpu);
	*regs = (struct vm_cpu_registers){0};
	regs->guest.x[REG_A0] = vcpu->id;
	regs->guest.x[REG_A1] = argument;
	regs->guest.sepc = address;
	regs->guest.sstatus = SSTATUS_SPP | SSTATUS_UXL64;
	regs->guest.hstatus = HSTATUS_VSXL64 | HSTATUS_VTW | HSTATUS_SPV | HSTATUS_SPVP;
	regs->guest.scounteren = COUNTEREN_CY_TM_IR; /* as OpenSBI leaves it */
	regs->vs.vsstatus = SSTATUS_UXL64;
	regs->virtual_hs.hgatp = gstage_hgatp(&vcpu->zone->gstage);
	regs->vs.htimedelta = -vcpu->zone->time_origin;
	regs->vs.vstimecmp = NO_DEADLINE;
	vcpu->timer = NO_DEADLINE;
	vcpu->injected = 0;
}

void vcpu_leave(struct vcpu *vcpu)
{
	struct zone *zone = vcpu->zone;

	if (vcpu->cpu->bound == vcpu)
		vcpu_unbind(vcpu);
	if (vcpu->cpu->fp_owner == vcpu)
		vcpu->cpu->fp_owner = NULL; /* it starts with fresh registers if it ever starts again */
	vcpu->waiting = false;
	vcpu->resumes_at_start = false;
	spin_lock(&zone->lock);
	__atomic_store_n(&vcpu->state, SBI_HSM_STOPPED, __ATOMIC_RELEASE);
	spin_unlock(&zone->lock);
	zone_put(zone);
}

bool vcpu_wants_turn(struct vcpu *vcpu)
{
	if (vcpu_state(vcpu) == SBI_HSM_STOPPED)
		return false;
	return !zone_is_running(vcpu->zone) || !vcpu->waiting ||
	       (vcpu_pending_interrupts(vcpu) & vcpu->regs.virtual_hs.hie);
}

void vcpu_suspend(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->state, SBI_HSM_SUSPENDED, __ATOMIC_RELEASE);
	vcpu_wait(vcpu);
}

void vcpu_suspend_to(struct vcpu *vcpu, uint64_t address, uint64_t argument)
{
	vcpu->start_address = address;
	vcpu->start_argument = argument;
	vcpu->resumes_at_start = true;
	vcpu_suspend(vcpu);
}

/* A turn of loading, which an interrupt or the time for output ends like any other. True when all is there. */
static bool load_for_a_turn(struct zone *zone, const struct percpu *cpu)
{
	uint64_t end = min_u64(hal_time() + TIME_SLICE, cpu->output_due);

	while (!zone_load_more(zone))
		if (csr_read(sip) & csr_read(sie) || hal_time() >= end)
			return false;
	return true;
}

/* The zone begins its next life here, before its first vCPU does, when its last words have gone out. Nobody else uses it now. */
static bool load_anew(struct vcpu *first)
{
	struct zone *zone = first->zone;

	if (!console_zone_begin_again(&zone->output) || !load_for_a_turn(zone, first->cpu))
		return false;
	for (uint32_t i = 0; i < zone->vcpus_count; i++)
		__atomic_store_n(&zone->vcpus[i]->raised, 0, __ATOMIC_RELAXED);
	guest_device_reset(&zone->devices);
	zone->time_origin = hal_time();
	spin_lock(&zone->lock);
	first->start_address = zone->entry;
	first->start_argument = zone->dtb;
	__atomic_store_n(&zone->state, ZONE_RUNNING, __ATOMIC_RELEASE);
	spin_unlock(&zone->lock);
	return true;
}

/* A start or a resume takes effect on the home CPU, where the registers are. */
static void enter_at_start_address(struct vcpu *vcpu)
{
	struct zone *zone = vcpu->zone;

	spin_lock(&zone->lock);
	uint64_t address = vcpu->start_address, argument = vcpu->start_argument;
	__atomic_store_n(&vcpu->state, SBI_HSM_STARTED, __ATOMIC_RELEASE);
	spin_unlock(&zone->lock);
	reset_vcpu(vcpu, address, argument);
}

bool vcpu_prepare(struct vcpu *vcpu)
{
	if (!vcpu_wants_turn(vcpu))
		return false;
	if (zone_state_now(vcpu->zone) == ZONE_RELOADING && !load_anew(vcpu))
		return false;
	if (!zone_is_running(vcpu->zone)) {
		vcpu_leave(vcpu);
		return false;
	}
	bool at_start = vcpu_state(vcpu) == SBI_HSM_START_PENDING || vcpu->resumes_at_start;
	vcpu->waiting = false;
	vcpu->resumes_at_start = false;
	if (at_start)
		enter_at_start_address(vcpu);
	else if (vcpu_state(vcpu) == SBI_HSM_SUSPENDED)
		__atomic_store_n(&vcpu->state, SBI_HSM_STARTED, __ATOMIC_RELEASE);
	return true;
}
