# M mode at reset: FP on, PMP open, counters running and readable by all; then main.
	.section .text.init
	.globl _start
_start:
	li x1, 0
	la t0, trap_unexpected
	csrw mtvec, t0
	li t0, 0x2000
	csrs mstatus, t0
	li t0, -1
	csrw pmpaddr0, t0
	li t0, 0x1f
	csrw pmpcfg0, t0
	li t0, -1
	csrw mcounteren, t0
	csrw scounteren, t0
	csrw mcountinhibit, x0
	csrw fcsr, x0
	.option push
	.option norelax
	la gp, __global_pointer$
	.option pop
	la sp, stack_top
	fence.i
	call main
	call finish
1:	j 1b

	.globl trap_unexpected
	.align 2
trap_unexpected:
	csrr a0, mcause
	csrr a1, mepc
	csrr a2, mtval
	la sp, stack_top
	call unexpected_trap
1:	j 1b
