/* Instructions a guest was refused: illegal ones, and those that exist, but not for a guest. */
#include "arch/csr.h"
#include "exit/causes.h"
#include "vm/guest_memory.h"
#include "vm/vcpu.h"

#define INSTRUCTION_WFI 0x10500073u

/*
 * The instruction is fetched anew, because stval may hold 0, and on QEMU 7.2 may hold an earlier instruction.
 * False if it is gone: then the guest runs on, and its own fetch faults.
 */
static bool refused_instruction(const struct vcpu *vcpu, uint32_t *instruction)
{
	return guest_fetch(vcpu, vcpu->regs.guest.sepc, instruction);
}

void exit_illegal_instruction(struct vcpu *vcpu)
{
	uint32_t instruction;

	if (refused_instruction(vcpu, &instruction))
		vcpu_reflect(vcpu, EXC_ILLEGAL, instruction);
	else
		vcpu_retry(vcpu);
}

/* The guest's wfi is ours to carry out; anything else is, for a kernel that has no H extension, illegal. */
enum exit_verdict exit_virtual_instruction(struct vcpu *vcpu)
{
	bool from_kernel = vcpu->regs.guest.sstatus & SSTATUS_SPP;
	uint32_t instruction;

	if (!refused_instruction(vcpu, &instruction)) {
		vcpu_retry(vcpu);
		return EXIT_RESUME;
	}
	if (instruction == INSTRUCTION_WFI && from_kernel) {
		vcpu->regs.guest.sepc += 4;
		vcpu_wait(vcpu);
		return EXIT_YIELD;
	}
	vcpu_reflect(vcpu, EXC_ILLEGAL, instruction);
	return EXIT_RESUME;
}
