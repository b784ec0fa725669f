/* A vCPU's interrupts and its timer, waiting for them, and the exceptions that are passed on to it. */
#include "arch/csr.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

void zone_raise_software_interrupt(struct zone *zone, uint64_t vcpus)
{
	for (uint64_t rest = vcpus; rest; rest &= rest - 1)
		__atomic_fetch_or(&zone->vcpus[lowest_bit(rest)]->raised, BIT(IRQ_VSSI), __ATOMIC_RELEASE);
	zone_notify(zone, vcpus);
}

void zone_notify(const struct zone *zone, uint64_t vcpus)
{
	if (vcpus)
		percpu_post_event(zone_homes(zone, vcpus), EVENT_INTERRUPT);
}

uint64_t vcpu_pending_interrupts(struct vcpu *vcpu)
{
	uint64_t bits = __atomic_load_n(&vcpu->raised, __ATOMIC_ACQUIRE);

	bits |= (vcpu->cpu->bound == vcpu ? csr_read(hvip) : vcpu->regs.vs.hvip) & ~VCPU_LEVEL_INTERRUPTS;
	if (hal_time() >= vcpu->wake_deadline)
		bits |= BIT(IRQ_VSTI);
	if (guest_plic_is_pending(&vcpu->zone->devices.plic, vcpu->id))
		bits |= BIT(IRQ_VSEI);
	return bits;
}

void vcpu_wait(struct vcpu *vcpu)
{
	vcpu->waiting = true;
	vcpu->regs.virtual_hs.hie = csr_read(hie);
	vcpu->wake_deadline = vcpu_timer_deadline(vcpu);
}

uint64_t vcpu_wake_deadline(const struct vcpu *vcpu)
{
	return vcpu->waiting && (vcpu->regs.virtual_hs.hie & BIT(IRQ_VSTI)) ? vcpu->wake_deadline : NO_DEADLINE;
}

void vcpu_set_timer(struct vcpu *vcpu, uint64_t deadline)
{
	if (vcpu->cpu->arch_cpu.has_sstc)
		csr_write(vstimecmp, deadline);
	else
		vcpu->timer = deadline;
}

void vcpu_reflect(struct vcpu *vcpu, uint64_t cause, uint64_t value)
{
	struct guest_registers *guest = &vcpu->regs.guest;
	uint64_t from = guest->sstatus & (SSTATUS_SPP | SSTATUS_SPELP);

	csr_write(vsepc, guest->sepc);
	csr_write(vscause, cause);
	csr_write(vstval, value);
	csr_write(vsstatus, sstatus_after_trap(csr_read(vsstatus), from));
	guest->sstatus = (guest->sstatus & ~SSTATUS_SPELP) | SSTATUS_SPP; /* the handler runs in VS-mode */
	guest->hstatus |= HSTATUS_SPVP;
	guest->sepc = exception_vector(csr_read(vstvec));
}
