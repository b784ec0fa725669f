/*
 * Machine-mode entry of firmware.elf: every hart, at reset, with a0 = hart id and a1 = device tree.
 *
 * Any hart may be first. The one that wins the lottery prepares this layer's memory; the others wait
 * until that is done, because their stacks lie in it.
 */
#include "asm_offsets.h"

	.section .text.machine_entry, "ax"
	.globl	_start
_start:
	csrw	mie, zero
	csrr	a0, mhartid  /* not every loader passes it */
	li	t0, HARTS_MAX
	bgeu	a0, t0, no_m_slot  /* no slot for this hart */
	la	t0, no_m_slot
	csrw	mtvec, t0

	la	t0, m_lottery
	li	t1, 1
	amoadd.w t2, t1, (t0)
	seqz	a2, t2  /* a2: this hart is the boot hart */
	beqz	a2, wait_for_memory

	la	t0, __machine_bss_start
	la	t1, __machine_bss_end
clear:	bgeu	t0, t1, cleared
	sd	zero, (t0)
	addi	t0, t0, 8
	j	clear
cleared:
	la	t0, memory_ready
	li	t1, 1
	fence	rw, w
	sw	t1, (t0)
	j	have_memory

wait_for_memory:
	la	t0, memory_ready
1:	lw	t1, (t0)
	beqz	t1, 1b
	fence	r, rw

have_memory:
	la	t0, sbi_slots
	li	t1, SBI_STACK_SIZE
	mul	t2, t1, a0
	add	t0, t0, t2
	li	t1, SBI_HART_OFFSET
	add	sp, t0, t1  /* the struct; the stack grows down from it */
	csrw	mscratch, sp
	tail	sbi_start

	.balign	4
no_m_slot:	wfi
	j	no_m_slot

	.data
	.balign	4
m_lottery:
	.word	0
memory_ready:
	.word	0
