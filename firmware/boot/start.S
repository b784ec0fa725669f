/*
 * The hypervisor's entry in S-mode: a0 = hart id, a1 = device tree for the boot hart (from our own
 * machine-mode layer or from OpenSBI). Further harts enter at hypervisor_entry_secondary by hart_start.
 *
 * In firmware-s.elf this is the image's first instruction.
 */
#include "asm_offsets.h"

	.macro	enter_on_percpu_slot  /* a0: hart id, preserved like a1 */
	csrw	sie, zero
	csrci	sstatus, 2  /* SIE: the hypervisor polls, and never nests */
	la	t0, no_slot
	csrw	stvec, t0
	li	t0, HARTS_MAX
	bgeu	a0, t0, no_slot  /* no slot for this hart */
	.option	push
	.option	norelax
	la	gp, __global_pointer$
	.option	pop
	li	t0, PERCPU_SLOT_SIZE
	mul	t1, t0, a0
	la	tp, percpu_base
	add	tp, tp, t1
	add	sp, tp, t0
	.endm

	.section .text.entry, "ax"
	.globl	hypervisor_entry
hypervisor_entry:
	enter_on_percpu_slot
	la	t0, __bss_start
	la	t1, __bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, (t0)
	addi	t0, t0, 8
	j	1b
2:	la	a2, hypervisor_entry_secondary
	tail	hypervisor_main

	.globl	hypervisor_entry_secondary
hypervisor_entry_secondary:
	enter_on_percpu_slot
	tail	hypervisor_main_secondary

	.balign	4
no_slot:	wfi
	j	no_slot
