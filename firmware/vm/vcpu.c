#include "vm/vcpu.h"

#include "arch/csr.h"
#include "exit/exit.h"
#include "host/memory.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "vm/zone.h"

#define LEVEL_INTERRUPTS (BIT(IRQ_VSTI) | BIT(IRQ_VSEI))

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

/* The state under zone->lock. True if it was `from` and is `to` now. */
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

	write_lock(&zone->lock);
	bool started = change_state(vcpu, SBI_HSM_STOPPED, SBI_HSM_START_PENDING);
	if (started) {
		vcpu->start_address = address;
		vcpu->start_argument = argument;
		zone_get(zone);
	}
	write_unlock(&zone->lock);
	if (!started)
		return SBI_ERR_ALREADY_AVAILABLE;

	spin_lock(&cpu->ctrl_lock);
	cpu->cpu_on_entry = address;
	cpu->dtb_ipa = zone->dtb;
	spin_unlock(&cpu->ctrl_lock);
	percpu_post_event(cpu, EVENT_START);
	return SBI_SUCCESS;
}

void vcpu_raise_software_interrupt(struct vcpu *vcpu)
{
	__atomic_fetch_or(&vcpu->raised, BIT(IRQ_VSSI), __ATOMIC_RELEASE);
	percpu_post_event(vcpu->cpu, EVENT_INTERRUPT);
}

void vcpu_notify(struct vcpu *vcpu)
{
	percpu_post_event(vcpu->cpu, EVENT_INTERRUPT);
}

/* Architectural state at an entry: VS-mode, translation off, interrupts off, a0 = id, a1 = argument. */
static void reset_to(struct vcpu *vcpu, uint64_t address, uint64_t argument)
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
	regs->vs.htimedelta = -vcpu->zone->time_origin;
	regs->vs.vstimecmp = NO_DEADLINE;
	vcpu->timer = NO_DEADLINE;
	vcpu->injected = 0;
}

static void load_fp(struct percpu *cpu, struct vcpu *vcpu)
{
	if (!cpu->arch_cpu.has_fp)
		return;
	if (cpu->fp_owner != vcpu) {
		csr_set(sstatus, SSTATUS_FS);
		fp_load(&vcpu->regs.fp);
		cpu->fp_owner = vcpu;
	}
	vcpu->regs.guest.sstatus = (vcpu->regs.guest.sstatus & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
}

/* The HS-level FS is dirty if the guest wrote any FP register, whatever it then did to its own FS. */
static void store_fp(struct vcpu *vcpu)
{
	if ((vcpu->regs.guest.sstatus & SSTATUS_FS) != SSTATUS_FS_DIRTY)
		return;
	csr_set(sstatus, SSTATUS_FS);
	fp_save(&vcpu->regs.fp);
	vcpu->regs.guest.sstatus = (vcpu->regs.guest.sstatus & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
}

static void load_vs_csrs(const struct vs_csrs *vs, const struct arch_cpu *arch)
{
	csr_write(htimedelta, vs->htimedelta); /* before vstimecmp, which is compared to the sum */
	csr_write(vsstatus, vs->vsstatus);
	csr_write(vsie, vs->vsie);
	csr_write(vstvec, vs->vstvec);
	csr_write(vsscratch, vs->vsscratch);
	csr_write(vsepc, vs->vsepc);
	csr_write(vscause, vs->vscause);
	csr_write(vstval, vs->vstval);
	csr_write(vsatp, vs->vsatp);
	csr_write(hvip, vs->hvip);
	if (arch->has_sstc)
		csr_write(vstimecmp, vs->vstimecmp);
	if (arch->has_senvcfg)
		csr_write(senvcfg, vs->senvcfg);
}

static void store_vs_csrs(struct vs_csrs *vs, const struct arch_cpu *arch)
{
	vs->vsstatus = csr_read(vsstatus);
	vs->vsie = csr_read(vsie);
	vs->vstvec = csr_read(vstvec);
	vs->vsscratch = csr_read(vsscratch);
	vs->vsepc = csr_read(vsepc);
	vs->vscause = csr_read(vscause);
	vs->vstval = csr_read(vstval);
	vs->vsatp = csr_read(vsatp);
	vs->hvip = csr_read(hvip);
	if (arch->has_sstc)
		vs->vstimecmp = csr_read(vstimecmp);
	if (arch->has_senvcfg)
		vs->senvcfg = csr_read(senvcfg);
}

/*
 * vCPUs of one zone share a VMID, and their address-space ids may mean different things, so the incoming
 * one must not meet the translations of the outgoing. Without enough VMIDs, zones would meet as well.
 * The fence.i is for code the boot hart, or another vCPU's home, wrote.
 */
static void flush_for(const struct percpu *cpu)
{
	if (!cpu->zone->gstage.vmid || cpu->zone->gstage.vmid > cpu->arch_cpu.vmid_limit)
		hal_flush_gstage_all();
	hal_flush_vsstage();
	hal_flush_code();
}

void vcpu_bind(struct vcpu *vcpu)
{
	struct percpu *cpu = vcpu->cpu;

	if (cpu->bound == vcpu)
		return;
	if (cpu->bound)
		vcpu_unbind(cpu->bound);
	cpu->zone = vcpu->zone;
	zone_get(cpu->zone);
	percpu_activate_gpm(cpu);
	flush_for(cpu);
	load_vs_csrs(&vcpu->regs.vs, &cpu->arch_cpu);
	csr_write(hgeie, vcpu->regs.virtual_hs.hgeie);
	vcpu->regs.virtual_hs.hgatp = csr_read(hgatp);
	load_fp(cpu, vcpu);
	cpu->bound = vcpu;
}

void vcpu_unbind(struct vcpu *vcpu)
{
	struct percpu *cpu = vcpu->cpu;
	struct zone *zone = cpu->zone;

	store_vs_csrs(&vcpu->regs.vs, &cpu->arch_cpu);
	vcpu->regs.virtual_hs.hie = csr_read(hie);
	vcpu->regs.virtual_hs.hgeie = csr_read(hgeie);
	store_fp(vcpu);
	if (cpu->arch_cpu.has_sstc)
		csr_write(vstimecmp, NO_DEADLINE);
	csr_write(hvip, 0);
	cpu->bound = NULL;
	cpu->zone = NULL;
	percpu_activate_gpm(cpu);
	zone_put(zone);
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
	write_lock(&zone->lock);
	__atomic_store_n(&vcpu->state, SBI_HSM_STOPPED, __ATOMIC_RELEASE);
	write_unlock(&zone->lock);
	zone_put(zone);
}

/* mtime at which the guest's timer fires; the VS-level registers must be the hart's or saved. */
static uint64_t timer_deadline(struct vcpu *vcpu)
{
	uint64_t deadline = vcpu->timer;

	if (vcpu->cpu->arch_cpu.has_sstc)
		deadline = vcpu->cpu->bound == vcpu ? csr_read(vstimecmp) : vcpu->regs.vs.vstimecmp;
	uint64_t host_deadline = deadline - vcpu->regs.vs.htimedelta;
	return host_deadline < deadline ? NO_DEADLINE : host_deadline; /* past the end of time */
}

/* Interrupts that are pending for the vCPU right now, as bits of hip. */
static uint64_t pending(struct vcpu *vcpu)
{
	uint64_t bits = __atomic_load_n(&vcpu->raised, __ATOMIC_ACQUIRE);

	bits |= (vcpu->cpu->bound == vcpu ? csr_read(hvip) : vcpu->regs.vs.hvip) & ~LEVEL_INTERRUPTS;
	if (hal_time() >= vcpu->wake_deadline)
		bits |= BIT(IRQ_VSTI);
	if (guest_plic_is_pending(&vcpu->zone->plic, vcpu->id))
		bits |= BIT(IRQ_VSEI);
	return bits;
}

void vcpu_wait(struct vcpu *vcpu)
{
	vcpu->waiting = true;
	vcpu->wake_enables = csr_read(hie);
	vcpu->wake_deadline = timer_deadline(vcpu);
}

uint64_t vcpu_wake_deadline(const struct vcpu *vcpu)
{
	return vcpu->waiting && (vcpu->wake_enables & BIT(IRQ_VSTI)) ? vcpu->wake_deadline : NO_DEADLINE;
}

bool vcpu_wants_turn(struct vcpu *vcpu)
{
	if (vcpu_state(vcpu) == SBI_HSM_STOPPED)
		return false;
	return !zone_is_running(vcpu->zone) || !vcpu->waiting || (pending(vcpu) & vcpu->wake_enables);
}

/* A start or a resume takes effect on the home CPU, where the registers are. */
static void enter_at_start_address(struct vcpu *vcpu)
{
	struct zone *zone = vcpu->zone;

	write_lock(&zone->lock);
	uint64_t address = vcpu->start_address, argument = vcpu->start_argument;
	__atomic_store_n(&vcpu->state, SBI_HSM_STARTED, __ATOMIC_RELEASE);
	write_unlock(&zone->lock);
	reset_to(vcpu, address, argument);
}

bool vcpu_prepare(struct vcpu *vcpu)
{
	if (!vcpu_wants_turn(vcpu))
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

void vcpu_set_timer(struct vcpu *vcpu, uint64_t deadline)
{
	if (vcpu->cpu->arch_cpu.has_sstc)
		csr_write(vstimecmp, deadline);
	else
		vcpu->timer = deadline;
}

/*
 * hvip before an entry: what others raised is handed over once (from then on it is the guest's to clear),
 * what follows a level is set and cleared with it.
 */
static void sync_interrupts(struct vcpu *vcpu)
{
	uint64_t level = 0;

	if (__atomic_load_n(&vcpu->raised, __ATOMIC_RELAXED))
		csr_set(hvip, __atomic_exchange_n(&vcpu->raised, 0, __ATOMIC_ACQUIRE));
	if (guest_plic_is_pending(&vcpu->zone->plic, vcpu->id))
		level |= BIT(IRQ_VSEI);
	if (!vcpu->cpu->arch_cpu.has_sstc && hal_time() >= timer_deadline(vcpu))
		level |= BIT(IRQ_VSTI);
	if (level != vcpu->injected) {
		csr_clear(hvip, LEVEL_INTERRUPTS);
		csr_set(hvip, level);
		vcpu->injected = level;
	}
}

/* What the host timer has to watch for the guest that is about to run. */
static uint64_t guest_timer_watch(struct vcpu *vcpu)
{
	if (vcpu->cpu->arch_cpu.has_sstc || (vcpu->injected & BIT(IRQ_VSTI)))
		return NO_DEADLINE; /* the hart does it itself, or it has fired */
	return timer_deadline(vcpu);
}

void vcpu_run(struct vcpu *vcpu)
{
	struct percpu *cpu = vcpu->cpu;
	uint64_t slice_end = hal_time() + TIMER_SLICE;
	enum exit_verdict verdict;

	vcpu_bind(vcpu);
	do {
		sync_interrupts(vcpu);
		timer_arm(cpu, min_u64(guest_timer_watch(vcpu), timer_of_others(cpu, vcpu, slice_end)));
		percpu_before_guest(cpu);
		_run_guest(&vcpu->regs);
		percpu_after_guest(cpu);
		exit_snapshot(vcpu);
		verdict = exit_handle(vcpu);
	} while (verdict == EXIT_RESUME && zone_is_running(vcpu->zone));

	if (verdict == EXIT_LEAVE || !zone_is_running(vcpu->zone))
		vcpu_leave(vcpu);
}

void vcpu_reflect(struct vcpu *vcpu, uint64_t cause, uint64_t value)
{
	uint64_t status = csr_read(vsstatus);
	bool was_supervisor = vcpu->regs.guest.sstatus & SSTATUS_SPP;

	csr_write(vsepc, vcpu->regs.guest.sepc);
	csr_write(vscause, cause);
	csr_write(vstval, value);
	uint64_t after = status & ~(SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE);
	after |= (status & SSTATUS_SIE ? SSTATUS_SPIE : 0) | (was_supervisor ? SSTATUS_SPP : 0);
	csr_write(vsstatus, after);
	vcpu->regs.guest.sstatus |= SSTATUS_SPP; /* the handler runs in VS-mode */
	vcpu->regs.guest.hstatus |= HSTATUS_SPVP;
	vcpu->regs.guest.sepc = csr_read(vstvec) & ~UINT64_C(3);
}
