/* Every hart: its stack, a vector that skips the instruction which trapped, and main(hart id). What main returns is the
 * exit status; of the others than hart 0 it is ignored. */
	.section .text.start, "ax"
	.globl	_start
_start:	csrr	a0, mhartid
	la	sp, stacks
	addi	t0, a0, 1
	slli	t0, t0, 12
	add	sp, sp, t0
	la	tp, trap_causes
	slli	t0, a0, 3
	add	tp, tp, t0
	la	t0, skip
	csrw	mtvec, t0
	mv	s0, a0
	call	main
	bnez	s0, sleep
	li	t0, 0x100000
	li	t1, 0x5555
	beqz	a0, 1f
	slli	a0, a0, 16
	li	t1, 0x3333
	or	t1, t1, a0
1:	sw	t1, 0(t0)
sleep:	wfi
	j	sleep

	.balign 4
skip:	addi	sp, sp, -16
	sd	t0, 0(sp)
	csrr	t0, mcause
	addi	t0, t0, 1
	sd	t0, 0(tp)
	csrr	t0, mepc
	addi	t0, t0, 4
	csrw	mepc, t0
	ld	t0, 0(sp)
	addi	sp, sp, 16
	mret

	.bss
	.balign 16
stacks:	.space	8 * 4096
trap_causes:
	.space	8 * 8
