# Loads and stores of every kind to one place, each between two no-operations, for watchpoints.
	.option	norvc
	.option	norelax
	.section .text
	.globl _start
_start:
	csrr	t0, mhartid
	bnez	t0, idle
	li	t0, 0x2000
	csrs	mstatus, t0		# floating point
	la	a0, place
	la	a1, elsewhere
	li	a2, 0x11
	li	a3, 0x22
	.macro step name, insn:vararg
	.globl	\name
	nop
\name:	\insn
	nop
	.endm
	step	store_double, sd a2, 0(a0)
	step	store_same, sd a2, 0(a0)
	step	load_double, ld t1, 0(a0)
	step	load_byte, lbu t1, 7(a0)
	step	load_across, ld t1, 4(a0)
	step	load_before, ld t1, -8(a0)
	step	load_behind, ld t1, 8(a0)
	step	store_byte, sb a2, 3(a0)
	step	store_across, sd a2, -4(a0)
	step	store_before, sd a2, -8(a0)
	step	store_behind, sd a2, 8(a0)
	step	add_atomic, amoadd.d t1, a2, (a0)
	step	swap_same, amoswap.w t1, t1, (a1)
	step	reserve, lr.d t1, (a0)
	step	condition, sc.d t2, a3, (a0)
	step	load_float, fld ft0, 0(a0)
	step	store_float, fsd ft1, 0(a0)
	step	load_elsewhere, ld t1, 0(a1)
	.globl	over
over:	li	t0, 0x100000
	li	t1, 0x5555
	sw	t1, 0(t0)
idle:	wfi
	j	idle

	.section .data
	.balign	64
	.quad	0
	.globl	place, elsewhere
place:	.quad	0, 0
	.balign	64
elsewhere:
	.quad	0
