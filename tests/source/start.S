	# Where each program of this folder begins, and its trap vector: what it saves is told by call frame information, as a
	# kernel's is.
	.section .boot, "ax"
	.globl	_start
_start:
	csrr	t0, mhartid
	bnez	t0, 2f
	.option	push
	.option	norelax
	la	gp, __global_pointer$
	.option	pop
	la	sp, stack_top
	la	t0, vector
	csrw	mtvec, t0
	li	t0, 0x2000
	csrs	mstatus, t0
	li	s0, 0
	call	main
	li	t0, 0x100000
	li	t1, 0x5555
	sw	t1, 0(t0)
2:	wfi
	j	2b

	.text
	.globl	vector
	.align	2
	.cfi_sections .debug_frame
	.cfi_startproc
	.cfi_signal_frame
	.cfi_return_column mepc
vector:
	addi	sp, sp, -256
	.cfi_def_cfa_offset 256
	.irp	n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	sd	x\n, 8*\n(sp)
	.cfi_rel_offset x\n, 8*\n
	.endr
	csrr	t0, mepc
	sd	t0, 0(sp)
	.cfi_rel_offset mepc, 0
	mv	a0, sp
	call	trapped
	ld	t0, 0(sp)
	csrw	mepc, t0
	.cfi_same_value mepc
	.irp	n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	x\n, 8*\n(sp)
	.endr
	addi	sp, sp, 256
	mret
	.cfi_endproc

	.bss
	.align	4
	.skip	16384
stack_top:
