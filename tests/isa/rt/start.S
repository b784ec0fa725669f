/*
 * Entry of every hart, and the switch between the driver (C, M-mode) and the code under test (any mode).
 *
 * In the driver tp points at the hart's struct cpu, and so does mscratch while code under test runs. Offsets in struct
 * cpu: x0..x31 at 0, the driver's own sp, ra, s0..s11 from 256.
 */
#define DRIVER 256

	.section .text.start, "ax"
	.globl _start
_start:
	csrr	t0, mhartid
	la	t1, cpus
	li	t2, CPU_SIZE
	mul	t2, t0, t2
	add	tp, t1, t2
	la	sp, stacks
	addi	t1, t0, 1
	slli	t1, t1, 14
	add	sp, sp, t1
	mv	a0, t0
	tail	rt_start

	.text
	/* void rt_switch(struct cpu *cpu): run the code under test until it traps to M-mode. */
	.globl rt_switch
	.balign 4
rt_switch:
	sd	sp, DRIVER+0(tp)
	sd	ra, DRIVER+8(tp)
	sd	s0, DRIVER+16(tp)
	sd	s1, DRIVER+24(tp)
	sd	s2, DRIVER+32(tp)
	sd	s3, DRIVER+40(tp)
	sd	s4, DRIVER+48(tp)
	sd	s5, DRIVER+56(tp)
	sd	s6, DRIVER+64(tp)
	sd	s7, DRIVER+72(tp)
	sd	s8, DRIVER+80(tp)
	sd	s9, DRIVER+88(tp)
	sd	s10, DRIVER+96(tp)
	sd	s11, DRIVER+104(tp)
	sd	gp, DRIVER+112(tp)
	csrw	mscratch, tp
	.irp n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, \n*8(tp)
	.endr
	ld	tp, 4*8(tp)
	mret

	/* Every trap to M-mode. Vectored too: one jump for each cause. */
	.globl m_entry
	.balign 256
m_entry:
	.rept 64
	j	1f
	.endr
1:	csrrw	tp, mscratch, tp
	.irp n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, \n*8(tp)
	.endr
	csrrw	t0, mscratch, tp
	sd	t0, 4*8(tp)
	ld	t0, DRIVER+120(tp)
	beqz	t0, 2f
	ld	sp, DRIVER+0(tp)
	ld	ra, DRIVER+8(tp)
	ld	s0, DRIVER+16(tp)
	ld	s1, DRIVER+24(tp)
	ld	s2, DRIVER+32(tp)
	ld	s3, DRIVER+40(tp)
	ld	s4, DRIVER+48(tp)
	ld	s5, DRIVER+56(tp)
	ld	s6, DRIVER+64(tp)
	ld	s7, DRIVER+72(tp)
	ld	s8, DRIVER+80(tp)
	ld	s9, DRIVER+88(tp)
	ld	s10, DRIVER+96(tp)
	ld	s11, DRIVER+104(tp)
	ld	gp, DRIVER+112(tp)
	ret
2:	tail	rt_driver_trap

	/* Where stvec and vstvec point: one ecall for each cause takes the trap on to M-mode, whose handler knows from
	   the address which level took it first and by which vector. */
	.globl hs_entry, vs_entry, rt_done
	.balign 256
hs_entry:
	.rept 64
	.4byte	0x00000073
	.endr
vs_entry:
	.rept 64
	.4byte	0x00000073
	.endr
rt_done:
	.4byte	0x00000073
