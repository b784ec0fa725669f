/*
 * The hypervisor's entry in S-mode: a0 = hart id, a1 = device tree for the boot hart (from our own
 * machine-mode layer or from OpenSBI). Further harts enter at hypervisor_entry_secondary by hart_start.
 *
 * In firmware-s.elf this is the image's first instruction. A further hart may come here too: OpenSBI 1.1 sets a hart's
 * state to START_PENDING before it writes the address, so a hart that looks in between starts where the first one did.
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
	la	t0, lottery
	li	t1, 1
	amoadd.w t1, t1, (t0)
	bnez	t1, enter_secondary
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
enter_secondary:
	tail	hypervisor_main_secondary

	.balign	4
no_slot:	wfi
	j	no_slot

	.data
	.balign	4
lottery:
	.word	0
