/* Ways out of this layer other than a trap's return. */
#include "asm_offsets.h"

	.text
	/* sbi_enter_supervisor(a0, a1, address): as a hart enters S-mode for the first time. */
	.globl	sbi_enter_supervisor
sbi_enter_supervisor:
	csrw	mepc, a2
	li	t0, MSTATUS_MPP_BITS | MSTATUS_MPIE_BIT
	csrc	mstatus, t0
	li	t0, MSTATUS_MPP_S_BITS
	csrs	mstatus, t0
	csrw	satp, zero
	csrw	sscratch, zero
	csrw	sie, zero
	fence.i
	mret

	/* sbi_call_on_empty_stack(hart, function): the caller's frames are never returned to. */
	.globl	sbi_call_on_empty_stack
sbi_call_on_empty_stack:
	mv	sp, a0
	jr	a1
