# M mode at reset, on every hart: a stack of 4 KiB each, then the rows.
	.section .text.init
	.globl _start
_start:
	la t0, trap
	csrw mtvec, t0
	li t0, -1
	csrw pmpaddr0, t0
	li t0, 0x1f
	csrw pmpcfg0, t0
	csrw mcountinhibit, x0
	.option push
	.option norelax
	la gp, __global_pointer$
	.option pop
	csrr a0, mhartid
	slli t0, a0, 12
	la sp, stack_top
	sub sp, sp, t0
	call run_rows
1:	j 1b

	.align 2
trap:
	csrr a0, mcause
	csrr a1, mepc
	csrr a2, mtval
	call unexpected_trap
1:	j 1b
