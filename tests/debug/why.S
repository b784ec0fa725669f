# The same trap twice: the handler of the first changes what sent it there. The debugger's `why` must tell of each as it was.
	.option	norvc
	.globl	_start, supervisor, delegates, ends
_start:
	la	t0, delegates
	csrw	mtvec, t0
	li	t0, -1
	csrw	pmpaddr0, t0
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	csrw	medeleg, zero
	li	t0, 1 << 11		# MPP = S
	csrs	mstatus, t0
	li	t0, 1 << 12
	csrc	mstatus, t0
	la	t0, supervisor
	csrw	mepc, t0
	mret

supervisor:
	ecall				# 9, to M
	la	t0, ends
	csrw	stvec, t0
	ecall				# 9, to HS
1:	j	1b

	.balign	4
delegates:				# M-mode
	li	t0, 1 << 9
	csrs	medeleg, t0
	csrr	t0, mepc
	addi	t0, t0, 4
	csrw	mepc, t0
	mret

	.balign	4
ends:					# HS-mode
	li	t0, 0x100000		# the finisher
	li	t1, 0x5555
	sw	t1, 0(t0)
	j	.
