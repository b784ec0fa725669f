#include "exit/exit.h"

#include "arch/csr.h"
#include "exit/causes.h"
#include "host/host.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

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

enum exit_verdict exit_handle(struct vcpu *vcpu)
{
	uint64_t cause = vcpu->regs.trap.scause;

	if (cause & CAUSE_INTERRUPT)
		return exit_interrupt(vcpu, cause & ~CAUSE_INTERRUPT);
	switch (cause) {
	case EXC_ECALL_VS: return exit_sbi(vcpu);
	case EXC_VIRTUAL_INSTRUCTION: return exit_virtual_instruction(vcpu);
	case EXC_ILLEGAL: exit_illegal_instruction(vcpu); return EXIT_RESUME;
	case EXC_FETCH_GUEST_PAGE_FAULT:
	case EXC_LOAD_GUEST_PAGE_FAULT:
	case EXC_STORE_GUEST_PAGE_FAULT: exit_guest_page_fault(vcpu); return EXIT_RESUME;
	/* The guest's own, which this hart could not be made to deliver: misaligned stores, software checks. */
	default: vcpu_reflect(vcpu, cause, vcpu->regs.trap.stval); return EXIT_RESUME;
	}
}
