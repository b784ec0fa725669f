#include "exit/exit.h"

#include "arch/csr.h"
#include "vm/guest_memory.h"
#include "host/host.h"
#include "host/input.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

#define INSTRUCTION_WFI 0x10500073u

void exit_snapshot(struct vcpu *vcpu)
{
	struct trap_csrs *trap = &vcpu->regs.trap;

	trap->scause = csr_read(scause);
	trap->stval = csr_read(stval);
	trap->htval = csr_read(htval);
	trap->htinst = csr_read(htinst);
	/* stvec was the guest's exit for a few instructions of the hypervisor's own; a trap there lands here. */
	if (!(vcpu->regs.guest.hstatus & HSTATUS_SPV))
		host_panic("a trap in the world switch");
}

/*
 * htval lacks the two lowest bits; they are those of the virtual address, unless the walk itself faulted. A hart may
 * leave 0 there instead: then the address is looked for as it would have found it.
 */
uint64_t exit_fault_gpa(const struct vcpu *vcpu)
{
	uint64_t htinst = vcpu->regs.trap.htinst, gpa;

	if (!vcpu->regs.trap.htval) {
		guest_translate(vcpu, vcpu->regs.trap.stval, &gpa);
		return gpa;
	}
	if (htinst && !(htinst & 1))
		return vcpu->regs.trap.htval << 2;
	return vcpu->regs.trap.htval << 2 | (vcpu->regs.trap.stval & 3);
}

static const char *guest_page_fault_name(uint64_t cause)
{
	switch (cause) {
	case EXC_FETCH_GUEST_PAGE_FAULT: return "fetch";
	case EXC_LOAD_GUEST_PAGE_FAULT: return "load";
	default: return "store";
	}
}

static void guest_page_fault(struct vcpu *vcpu)
{
	uint64_t gpa = exit_fault_gpa(vcpu);
	uint64_t cause = vcpu->regs.trap.scause;

	if (cause != EXC_FETCH_GUEST_PAGE_FAULT && exit_mmio(vcpu, gpa))
		return;
	zone_end(vcpu->zone, ZONE_STOPPED, "%s guest-page fault at gpa 0x%lx pc 0x%lx (outside its memory)",
	         guest_page_fault_name(cause), gpa, vcpu->regs.guest.sepc);
}

/*
 * The instruction a guest was refused. It is fetched anew, because stval may hold 0, and on QEMU 7.2 may hold
 * an earlier instruction. False if it is gone: then the guest runs on, and its own fetch faults.
 */
static bool refused_instruction(const struct vcpu *vcpu, uint32_t *instruction)
{
	return guest_fetch(vcpu, vcpu->regs.guest.sepc, instruction);
}

static void illegal_instruction(struct vcpu *vcpu)
{
	uint32_t instruction;

	if (refused_instruction(vcpu, &instruction))
		vcpu_reflect(vcpu, EXC_ILLEGAL, instruction);
}

/*
 * What the guest tried exists, but not for a guest. Its wfi is ours to carry out; anything else is, for a
 * kernel that has no H extension, an illegal instruction.
 */
static enum exit_verdict virtual_instruction(struct vcpu *vcpu)
{
	bool from_kernel = vcpu->regs.guest.sstatus & SSTATUS_SPP;
	uint32_t instruction;

	if (!refused_instruction(vcpu, &instruction))
		return EXIT_RESUME;
	if (instruction == INSTRUCTION_WFI && from_kernel) {
		vcpu->regs.guest.sepc += 4;
		vcpu_wait(vcpu);
		return EXIT_YIELD;
	}
	vcpu_reflect(vcpu, EXC_ILLEGAL, instruction);
	return EXIT_RESUME;
}

static enum exit_verdict interrupt(struct vcpu *vcpu, uint64_t number)
{
	switch (number) {
	case IRQ_SSI: percpu_take_events(vcpu->cpu); return EXIT_RESUME;
	case IRQ_STI: timer_expired(vcpu->cpu); return EXIT_YIELD;
	case IRQ_SEI: host_input_poll(vcpu->cpu); return EXIT_RESUME;
	default:
		zone_end(vcpu->zone, ZONE_STOPPED, "unexpected interrupt %lu", number);
		return EXIT_RESUME;
	}
}

enum exit_verdict exit_handle(struct vcpu *vcpu)
{
	uint64_t cause = vcpu->regs.trap.scause;

	if (cause & CAUSE_INTERRUPT)
		return interrupt(vcpu, cause & ~CAUSE_INTERRUPT);
	switch (cause) {
	case EXC_ECALL_VS: return exit_sbi(vcpu);
	case EXC_VIRTUAL_INSTRUCTION: return virtual_instruction(vcpu);
	case EXC_ILLEGAL: illegal_instruction(vcpu); return EXIT_RESUME;
	case EXC_STORE_MISALIGNED: vcpu_reflect(vcpu, cause, vcpu->regs.trap.stval); return EXIT_RESUME;
	case EXC_FETCH_GUEST_PAGE_FAULT:
	case EXC_LOAD_GUEST_PAGE_FAULT:
	case EXC_STORE_GUEST_PAGE_FAULT: guest_page_fault(vcpu); return EXIT_RESUME;
	default:
		zone_end(vcpu->zone, ZONE_STOPPED, "unexpected exit with cause %lu at pc 0x%lx stval 0x%lx", cause,
		         vcpu->regs.guest.sepc, vcpu->regs.trap.stval);
		return EXIT_RESUME;
	}
}
