/* A small hypervisor, in M-mode first and then in HS-mode: one hart, one guest. */
	.section .text.start, "ax"
	.globl	_start
_start:
	csrr	t0, mhartid
	bnez	t0, park
	la	sp, stack_top
	la	t0, park
	csrw	mtvec, t0
	li	t0, -1
	csrw	pmpaddr0, t0
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	li	t0, 0xf0b5ff         /* all but ecalls from HS- and M-mode */
	csrw	medeleg, t0
	li	t0, -1
	csrw	mcounteren, t0
	csrw	hcounteren, t0
	li	t0, 0x1800
	csrc	mstatus, t0
	li	t0, 0x800            /* MPP: HS */
	csrs	mstatus, t0
	la	t0, hypervisor
	csrw	mepc, t0
	mret
park:
	wfi
	j	park

/* enter_guest(uint64_t *x): returns at the guest's next exit. x[0] is the guest's pc. */
	.globl	enter_guest
enter_guest:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	sd	s\n, 8 + 8 * \n(sp)
	.endr
	csrw	sscratch, a0
	sd	sp, 256(a0)
	ld	t0, 0(a0)
	csrw	sepc, t0
	la	t0, guest_exit
	csrw	stvec, t0
	li	t0, 0x80             /* hstatus.SPV */
	csrs	hstatus, t0
	li	t0, 0x100            /* sstatus.SPP */
	csrs	sstatus, t0
	.irp	n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, 8 * \n(a0)
	.endr
	ld	a0, 80(a0)
	sret

	.balign	4
	.globl	guest_exit
guest_exit:
	csrrw	a0, sscratch, a0
	.irp	n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, 8 * \n(a0)
	.endr
	csrr	t0, sscratch
	sd	t0, 80(a0)
	csrr	t0, sepc
	sd	t0, 0(a0)
	ld	sp, 256(a0)
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	ld	s\n, 8 + 8 * \n(sp)
	.endr
	ld	ra, 0(sp)
	addi	sp, sp, 112
	ret

	.bss
	.balign	16
	.space	4096
stack_top:
