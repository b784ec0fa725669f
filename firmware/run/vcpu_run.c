/* The run loop: into the guest, out of it, what for, and again. */
#include "run/vcpu_run.h"

#include "cpu/fence.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "exit/exit.h"
#include "run/queue.h"
#include "trap.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

/*
 * hvip before an entry: what others raised is handed over once (from then on it is the guest's to clear),
 * what follows a level is set and cleared with it.
 */
static void sync_interrupts(struct vcpu *vcpu)
{
	uint64_t level = 0;

	if (__atomic_load_n(&vcpu->raised, __ATOMIC_RELAXED))
		csr_set(hvip, __atomic_exchange_n(&vcpu->raised, 0, __ATOMIC_ACQUIRE));
	if (guest_plic_is_pending(&vcpu->zone->devices.plic, vcpu->id))
		level |= BIT(IRQ_VSEI);
	if (!vcpu->cpu->arch_cpu.has_sstc && hal_time() >= vcpu_timer_deadline(vcpu))
		level |= BIT(IRQ_VSTI);
	if (level != vcpu->injected) {
		csr_clear(hvip, VCPU_LEVEL_INTERRUPTS);
		csr_set(hvip, level);
		vcpu->injected = level;
	}
}

/* What the host timer has to watch for the guest that is about to run. */
static uint64_t guest_timer_watch(struct vcpu *vcpu)
{
	if (vcpu->cpu->arch_cpu.has_sstc || (vcpu->injected & BIT(IRQ_VSTI)))
		return NO_DEADLINE; /* the hart does it itself, or it has fired */
	return vcpu_timer_deadline(vcpu);
}

void vcpu_run(struct vcpu *vcpu)
{
	struct percpu *cpu = vcpu->cpu;
	uint64_t slice_end = hal_time() + TIME_SLICE;
	enum exit_verdict verdict;

	vcpu_bind(vcpu);
	do {
		sync_interrupts(vcpu);
		timer_arm(cpu, min_u64(guest_timer_watch(vcpu), queue_deadline(cpu, vcpu, slice_end)));
		percpu_before_guest(cpu);
		_run_guest(&vcpu->regs);
		percpu_after_guest(cpu);
		exit_snapshot(vcpu);
		verdict = exit_handle(vcpu);
	} while (verdict == EXIT_RESUME && zone_is_running(vcpu->zone));

	if (verdict == EXIT_LEAVE || !zone_is_running(vcpu->zone))
		vcpu_leave(vcpu);
}
