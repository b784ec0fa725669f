/*
 * Machine trap vector. mscratch holds this hart's struct sbi_hart, and is never anything else.
 *
 * Traps come from below (S-mode or a guest) or, only for instructions in the exception table, from this
 * layer itself; in the latter case sp is already this hart's stack and the frame goes below what is on it.
 */
#include "asm_offsets.h"

	.macro	each_saved_register op
	\op	x1, 8(sp)
	.irp	n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	\op	x\n, 8*\n(sp)
	.endr
	.endm

	/* With Smrnmi: only a non-maskable interrupt, or a double trap, comes with NMIE clear. It may have met this
	 * layer's own code anywhere, so nothing but the hart's number is taken as good. */
	.text
	.globl	sbi_trap_vector_rnmi
	.balign	4
sbi_trap_vector_rnmi:
	csrw	CSR_MNSCRATCH, t0
	csrr	t0, CSR_MNSTATUS
	andi	t0, t0, MNSTATUS_NMIE_BIT
	beqz	t0, 1f
	csrr	t0, CSR_MNSCRATCH
	j	sbi_trap_vector
1:	csrr	a0, mhartid
	la	sp, sbi_slots
	li	t0, SBI_STACK_SIZE
	mul	t0, t0, a0
	add	sp, sp, t0
	li	t0, SBI_HART_OFFSET
	add	sp, sp, t0
	tail	sbi_non_maskable

	.globl	sbi_trap_vector
	.balign	4
sbi_trap_vector:
	csrrw	sp, mscratch, sp  /* sp: the struct; mscratch: the interrupted sp */
	sd	t0, SBI_HART_SPILL(sp)
	csrr	t0, mstatus
	srli	t0, t0, 11
	andi	t0, t0, 3  /* mstatus.MPP; M is 3 */
	addi	t0, t0, -3
	bnez	t0, from_below

	/* From this layer: go on below the interrupted sp. */
	csrr	t0, mscratch
	addi	t0, t0, -SBI_FRAME_SIZE
	sd	t1, SBI_FRAME_X0 + 8*6(t0)
	csrr	t1, mscratch
	sd	t1, SBI_FRAME_X0 + 8*2(t0)
	csrw	mscratch, sp
	ld	t1, SBI_HART_SPILL(sp)
	mv	sp, t0
	mv	t0, t1
	ld	t1, SBI_FRAME_X0 + 8*6(sp)
	j	save

from_below:
	ld	t0, SBI_HART_SPILL(sp)
	addi	sp, sp, -SBI_FRAME_SIZE
	sd	t0, SBI_FRAME_X0 + 8*5(sp)
	addi	t0, sp, SBI_FRAME_SIZE
	csrrw	t0, mscratch, t0  /* mscratch back to the struct; t0: the interrupted sp */
	sd	t0, SBI_FRAME_X0 + 8*2(sp)
	ld	t0, SBI_FRAME_X0 + 8*5(sp)

save:	each_saved_register sd
	csrr	t0, mepc
	sd	t0, SBI_FRAME_MEPC(sp)
	csrr	t0, mstatus
	sd	t0, SBI_FRAME_MSTATUS(sp)
	li	t0, MSTATUS_MDT_BIT  /* all is saved: from here on this layer may trap again */
	csrc	mstatus, t0
	mv	a0, sp
	call	sbi_trap
	ld	t0, SBI_FRAME_MEPC(sp)
	csrw	mepc, t0
	ld	t0, SBI_FRAME_MSTATUS(sp)
	csrw	mstatus, t0
	each_saved_register ld
	ld	sp, SBI_FRAME_X0 + 8*2(sp)
	mret
