/* Entry of the boot hart and of harts started by SBI HSM. The loader may leave .bss dirty; we do not trust it. */

#define SSTATUS_FS_INITIAL (1 << 13)

	.section .text.start, "ax"
	.globl _start
_start:
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	csrw	sie, zero
	la	t0, trap_entry
	csrw	stvec, t0
	la	t0, __bss_start
	la	t1, __bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, 0(t0)
	addi	t0, t0, 8
	j	1b
2:	li	t0, SSTATUS_FS_INITIAL
	csrs	sstatus, t0
	la	sp, boot_stack_top
	csrr	a2, satp
	/* rt_boot(hart id, device tree, satp) moves to the hart's own stack by rt_switch_stack. */
	tail	rt_boot

/* rt_switch_stack(sp, hart, fn, arg): never returns; tp is the hart from here on. */
	.globl rt_switch_stack
rt_switch_stack:
	mv	sp, a0
	mv	tp, a1
	mv	a0, a3
	jalr	a2
	j	.

/* Started by HSM: a0 = hart id, a1 = struct start_record, see hart.c. */
	.globl secondary_start
	.balign 4
secondary_start:
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	csrr	a2, satp
	csrr	a3, sstatus
	csrw	sie, zero
	la	t0, trap_entry
	csrw	stvec, t0
	li	t0, SSTATUS_FS_INITIAL
	csrs	sstatus, t0
	ld	sp, 0(a1)
	ld	tp, 8(a1)
	call	hart_entered
	j	.

	.section .noinit, "aw", @nobits
	.balign 16
	.space	8192
boot_stack_top:
