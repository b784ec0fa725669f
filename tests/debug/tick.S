	# A timer interrupts a loop: 300 times, each counted in memory and in s1 by its handler.
	.globl	_start, handler, loop, done
_start:	csrr	t0, mhartid
	bnez	t0, park
	la	t0, handler
	csrw	mtvec, t0
	li	s1, 0
	li	t0, 1 << 7
	csrw	mie, t0
	csrsi	mstatus, 1 << 3
	li	t1, 0x2004000
	sd	zero, (t1)
	li	s2, 300
loop:	addi	s0, s0, 1
	bltu	s1, s2, loop
	j	done

	.align	4
handler: addi	s1, s1, 1
	la	t3, seen
	ld	t4, (t3)
	addi	t4, t4, 1
	sd	t4, (t3)
	li	t0, 0x200bff8
	ld	t0, (t0)
	addi	t0, t0, 100
	li	t1, 0x2004000
	sd	t0, (t1)
	mret

done:	li	t0, 0x100000
	li	t1, 0x5555
	sw	t1, (t0)
park:	wfi
	j	park
	.data
	.align	3
	.globl	seen
seen:	.dword	0
