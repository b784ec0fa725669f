/*
 * Guest-page faults. Only RAM is mapped, so they are accesses to devices, or to where nothing is: there a machine answers
 * with an access fault, and so does this one.
 */
#include "arch/csr.h"
#include "exit/causes.h"
#include "vm/guest_memory.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

static uint64_t access_fault(uint64_t cause)
{
	switch (cause) {
	case EXC_FETCH_GUEST_PAGE_FAULT: return EXC_FETCH_ACCESS;
	case EXC_LOAD_GUEST_PAGE_FAULT: return EXC_LOAD_ACCESS;
	default: return EXC_STORE_ACCESS;
	}
}

/*
 * A kernel whose trap vector lies where nothing is would take this trap for ever. A fetch is told by the address, because
 * QEMU 7.2 calls it a load when the guest's page tables are what could not be read.
 */
static bool is_fetch_of_own_vector(const struct vcpu *vcpu)
{
	const struct guest_registers *guest = &vcpu->regs.guest;

	return (guest->sstatus & SSTATUS_SPP) && guest->sepc == exception_vector(csr_read(vstvec)) &&
	       vcpu->regs.trap.stval == guest->sepc;
}

static void reflect_access_fault(struct vcpu *vcpu)
{
	if (is_fetch_of_own_vector(vcpu))
		zone_end(vcpu->zone, ZONE_STOPPED,
		         "its trap vector 0x%lx lies outside its memory (the last trap: sepc 0x%lx stval 0x%lx)",
		         vcpu->regs.guest.sepc, csr_read(vsepc), csr_read(vstval));
	else
		vcpu_reflect(vcpu, access_fault(vcpu->regs.trap.scause), vcpu->regs.trap.stval);
}

/*
 * Where the fault is. False if that is an entry of the guest's page tables: then its own address is not known.
 *
 * htval lacks the two lowest bits, which are those of the virtual address. Of an entry's address a hart says so by a
 * pseudoinstruction in htinst. It may leave htval 0: then the address is looked for as the hart would have found it.
 */
static bool find_fault(const struct vcpu *vcpu, uint64_t *gpa)
{
	const struct trap_csrs *trap = &vcpu->regs.trap;
	bool is_entry = trap->htinst && !(trap->htinst & 1);

	*gpa = trap->htval << 2 | (trap->stval & 3);
	if (trap->htval || is_entry)
		return !is_entry;
	return guest_translate(vcpu, trap->stval, gpa);
}

void exit_guest_page_fault(struct vcpu *vcpu)
{
	uint64_t gpa;
	bool found = find_fault(vcpu, &gpa);

	if (!vcpu->regs.trap.htval && zone_has_memory(vcpu->zone, gpa, 1))
		vcpu_retry(vcpu); /* the tables are others now than those the hart has walked */
	else if (!found || vcpu->regs.trap.scause == EXC_FETCH_GUEST_PAGE_FAULT || !exit_mmio(vcpu, gpa))
		reflect_access_fault(vcpu);
}
