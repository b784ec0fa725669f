# What kernels of machine.c call, and the M-mode handlers they set.
	.text
	.option norvc
	.globl leaf, leaf2, rec, mh_skip, mh_min
	.p2align 6
leaf:	ret
	.p2align 4
leaf2:	ret
	.p2align 6
rec:	beqz a3, 1f			# a3 levels of recursion
	addi sp, sp, -16
	sd ra, 0(sp)
	addi a3, a3, -1
	jal ra, rec
	ld ra, 0(sp)
	addi sp, sp, 16
1:	ret

	.p2align 6
mh_skip:				# return past the trapping instruction
	csrr t0, mepc
	addi t0, t0, 4
	csrw mepc, t0
	mret
	.p2align 6
mh_min:					# return to a5
	csrw mepc, a5
	mret
