/*
 * A virtual CPU. It is pinned to one hart, its home, whose scheduler (run/) gives it turns.
 *
 * vcpu.c has its life, vcpu_bind.c what of it is in the hart, vcpu_interrupt.c its interrupts.
 */
#ifndef FIRMWARE_VM_VCPU_H
#define FIRMWARE_VM_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/csr.h"
#include "arch/regs.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"

struct zone;

/* Bits of hvip that follow a level. What others raise, VSSI, is the guest's to clear. */
#define VCPU_LEVEL_INTERRUPTS (BIT(IRQ_VSTI) | BIT(IRQ_VSEI))

struct vcpu {
	struct vm_cpu_registers regs; /* first: sscratch points here while the guest runs */

	uint32_t id; /* the guest's hart id */
	struct zone *zone;
	struct percpu *cpu;        /* its home */
	struct vcpu *next_on_cpu;  /* percpu.vcpus */

	uint32_t state; /* SBI_HSM_*; atomic. To and from STOPPED under zone->lock, else by the home CPU alone */
	uint64_t start_address, start_argument; /* of a start: zone->lock. Of a non-retentive resume: the home CPU */

	uint32_t raised; /* atomic: interrupts others raised (BIT(IRQ_VSSI)) and hvip does not hold yet */

	/* The rest is touched on the home CPU only. */
	uint64_t injected;      /* of VCPU_LEVEL_INTERRUPTS, those that hvip now holds */
	uint64_t timer;         /* guest's deadline in its own ticks, on a hart without Sstc */
	bool waiting; /* in wfi or a suspend, until an interrupt is pending that regs.virtual_hs.hie enables */
	bool resumes_at_start; /* and then goes on at start_address */
	uint64_t wake_deadline; /* mtime at which its timer fires */
};

/* A stopped vCPU that will live on cpu; NULL if there is no memory. */
struct vcpu *vcpu_new(struct zone *zone, uint32_t id, struct percpu *cpu);

/* Puts it on its CPU's list. After this its CPU may run it. */
void vcpu_attach(struct vcpu *vcpu);

/* hart_start: 0, or an SBI error. Any CPU. */
int64_t vcpu_start(struct vcpu *vcpu, uint64_t address, uint64_t argument);

/* Raises the software interrupt of these vCPUs of the zone, a bit each. Any CPU. */
void zone_raise_software_interrupt(struct zone *zone, uint64_t vcpus);

/* Makes their CPUs look at their devices again. Any CPU. */
void zone_notify(const struct zone *zone, uint64_t vcpus);

/* hart_get_status: SBI_HSM_*. Any CPU. */
static inline uint32_t vcpu_state(const struct vcpu *vcpu) { return __atomic_load_n(&vcpu->state, __ATOMIC_ACQUIRE); }

/*
 * The home CPU's side.
 */

/* True if the vCPU can use a turn: takes it out of a start, a wait or an ended zone as needed. */
bool vcpu_prepare(struct vcpu *vcpu);

/* Would vcpu_prepare give it a turn? */
bool vcpu_wants_turn(struct vcpu *vcpu);

/* Moves the VS state into the hart, in place of whichever vCPU's was there. */
void vcpu_bind(struct vcpu *vcpu);
void vcpu_unbind(struct vcpu *vcpu);

/* The vCPU stops, by its own wish or because its zone has ended. Its zone may be over afterwards. */
void vcpu_leave(struct vcpu *vcpu);

/* Whether data of the mode the guest left is big-endian: VU-mode's may be, VS-mode's is not. Bound. */
static inline bool vcpu_is_big_endian(const struct vcpu *vcpu)
{
	return !(vcpu->regs.guest.hstatus & HSTATUS_SPVP) && (csr_read(vsstatus) & SSTATUS_UBE);
}

/*
 * An f register of the guest's, which lives in the hart. What is written is NaN-boxed, and dirties the guest's FS. Bound.
 */
uint64_t vcpu_read_fp(struct vcpu *vcpu, uint32_t reg);
void vcpu_write_fp(struct vcpu *vcpu, uint32_t reg, uint64_t value, uint32_t width);

/* The instruction that trapped runs anew, by what memory and page tables hold now: the trap was about older ones. Bound. */
void vcpu_retry(struct vcpu *vcpu);

/* Waits for an interrupt that the guest has enabled; vcpu_prepare ends it. Bound. */
void vcpu_wait(struct vcpu *vcpu);

/* hart_suspend: waits in the state SUSPENDED; then goes on behind the call, or at an address. Bound. */
void vcpu_suspend(struct vcpu *vcpu);
void vcpu_suspend_to(struct vcpu *vcpu, uint64_t address, uint64_t argument);

/* The mtime at which a waiting vCPU wants to go on. */
uint64_t vcpu_wake_deadline(const struct vcpu *vcpu);

/* Interrupts that are pending for the vCPU right now, as bits of hip. */
uint64_t vcpu_pending_interrupts(struct vcpu *vcpu);

/* The mtime at which the guest's timer fires. */
static inline uint64_t vcpu_timer_deadline(struct vcpu *vcpu)
{
	uint64_t deadline = vcpu->timer;

	if (vcpu->cpu->arch_cpu.has_sstc)
		deadline = vcpu->cpu->bound == vcpu ? csr_read(vstimecmp) : vcpu->regs.vs.vstimecmp;
	uint64_t host_deadline = deadline - vcpu->regs.vs.htimedelta;
	return host_deadline < deadline ? NO_DEADLINE : host_deadline; /* past the end of time */
}

/* The guest's timer (SBI set_timer), in the guest's ticks. Bound. */
void vcpu_set_timer(struct vcpu *vcpu, uint64_t deadline);

/* Makes the guest take an exception at its present pc, as if the hart had delegated it. Bound. */
void vcpu_reflect(struct vcpu *vcpu, uint64_t cause, uint64_t value);

#endif
