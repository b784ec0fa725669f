/* Guest-page faults. Only RAM is mapped, so they are accesses to devices, or the guest's end. */
#include "arch/csr.h"
#include "exit/causes.h"
#include "vm/guest_memory.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

/*
 * htval lacks the two lowest bits; they are those of the virtual address, unless the walk itself faulted. A hart may
 * leave 0 there instead: then the address is looked for as it would have found it.
 */
static uint64_t fault_gpa(const struct vcpu *vcpu)
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

static const char *fault_name(uint64_t cause)
{
	switch (cause) {
	case EXC_FETCH_GUEST_PAGE_FAULT: return "fetch";
	case EXC_LOAD_GUEST_PAGE_FAULT: return "load";
	default: return "store";
	}
}

void exit_guest_page_fault(struct vcpu *vcpu)
{
	uint64_t gpa = fault_gpa(vcpu);
	uint64_t cause = vcpu->regs.trap.scause;

	if (cause != EXC_FETCH_GUEST_PAGE_FAULT && exit_mmio(vcpu, gpa))
		return;
	zone_end(vcpu->zone, ZONE_STOPPED, "%s guest-page fault at gpa 0x%lx pc 0x%lx (outside its memory)",
	         fault_name(cause), gpa, vcpu->regs.guest.sepc);
}
