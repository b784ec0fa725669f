/*
 * Compiled to assembly, never linked: build.mk turns each "->NAME value" line into a #define, so that
 * the .S files and the C structs cannot disagree.
 */
#include <stddef.h>

#include "arch/csr.h"
#include "arch/hal.h"
#include "arch/regs.h"
#include "cpu/percpu.h"
#include "lib/bits.h"
#include "lib/harts.h"
#include "machine/machine.h"

#define EMIT(name, value) __asm__ volatile("\n.ascii \"->" #name " %0\"" : : "i"((uint64_t)(value)))

void emit_offsets(void);

void emit_offsets(void)
{
	EMIT(HARTS_MAX, HARTS_MAX);
	EMIT(PERCPU_SLOT_SIZE, PERCPU_SLOT_SIZE);

	EMIT(HYP_X0, offsetof(struct vm_cpu_registers, hyp.x));
	EMIT(HYP_SSTATUS, offsetof(struct vm_cpu_registers, hyp.sstatus));
	EMIT(HYP_HSTATUS, offsetof(struct vm_cpu_registers, hyp.hstatus));
	EMIT(HYP_SCOUNTEREN, offsetof(struct vm_cpu_registers, hyp.scounteren));
	EMIT(HYP_STVEC, offsetof(struct vm_cpu_registers, hyp.stvec));
	EMIT(HYP_SSCRATCH, offsetof(struct vm_cpu_registers, hyp.sscratch));

	EMIT(GUEST_X0, offsetof(struct vm_cpu_registers, guest.x));
	EMIT(GUEST_SSTATUS, offsetof(struct vm_cpu_registers, guest.sstatus));
	EMIT(GUEST_HSTATUS, offsetof(struct vm_cpu_registers, guest.hstatus));
	EMIT(GUEST_SCOUNTEREN, offsetof(struct vm_cpu_registers, guest.scounteren));
	EMIT(GUEST_SEPC, offsetof(struct vm_cpu_registers, guest.sepc));

	EMIT(FP_F0, offsetof(struct fp_registers, f));
	EMIT(FP_FCSR, offsetof(struct fp_registers, fcsr));

	EMIT(ARCH_FRAME_X0, offsetof(struct arch_cpu, fault.x));
	EMIT(ARCH_FAULT_STACK_TOP, offsetof(struct arch_cpu, fault_stack) + sizeof((struct arch_cpu *)0)->fault_stack);

	EMIT(SBI_STACK_SIZE, SBI_STACK_SIZE);
	EMIT(SBI_HART_OFFSET, offsetof(struct sbi_slot, hart));
	EMIT(SBI_HART_SPILL, offsetof(struct sbi_hart, spill));
	EMIT(SBI_FRAME_X0, offsetof(struct sbi_trap_frame, x));
	EMIT(SBI_FRAME_MEPC, offsetof(struct sbi_trap_frame, mepc));
	EMIT(SBI_FRAME_MSTATUS, offsetof(struct sbi_trap_frame, mstatus));
	EMIT(SBI_FRAME_SIZE, align_up(sizeof(struct sbi_trap_frame), 16));
	EMIT(MSTATUS_MPP_BITS, MSTATUS_MPP);
	EMIT(MSTATUS_MDT_BIT, MSTATUS_MDT);
	EMIT(CSR_MNSCRATCH, CSR_MNSCRATCH);
	EMIT(CSR_MNSTATUS, CSR_MNSTATUS);
	EMIT(MNSTATUS_NMIE_BIT, MNSTATUS_NMIE);
	EMIT(MSTATUS_MPP_S_BITS, MSTATUS_MPP_S);
	EMIT(MSTATUS_MPIE_BIT, MSTATUS_MPIE);
}
