/* Entry of the payload, and its traps: the first one of what payload_run calls ends it. */
	.text
	.globl hypervisor_entry
hypervisor_entry:
	la	sp, stack_top
	la	t0, trap
	csrw	stvec, t0
	la	t0, __bss_start
	la	t1, __bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, (t0)
	addi	t0, t0, 8
	j	1b
2:	li	a0, 0xa0000000  /* the end of 512 MiB */
	tail	payload_main

	/* payload_run(pc, user) */
	.globl payload_run
payload_run:
	addi	sp, sp, -112
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	sd	s\n, 8*\n(sp)
	.endr
	sd	ra, 96(sp)
	csrw	sscratch, sp
	beqz	a1, 1f
	li	ra, 0x100  /* where U-mode cannot fetch */
	csrw	sepc, a0
	li	t0, 0x100  /* sstatus.SPP */
	csrc	sstatus, t0
	sret
1:	jalr	a0
	j	leave

	.balign	4
trap:
	csrr	sp, sscratch
	la	t0, payload_trap
	ld	t1, 0(t0)
	addi	t1, t1, 1
	sd	t1, 0(t0)
	csrr	t1, scause
	sd	t1, 8(t0)
	csrr	t1, sepc
	sd	t1, 16(t0)
	csrr	t1, stval
	sd	t1, 24(t0)
leave:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	ld	s\n, 8*\n(sp)
	.endr
	ld	ra, 96(sp)
	addi	sp, sp, 112
	ret

	.bss
	.balign	16
	.globl payload_trap
payload_trap:
	.space	32
	.space	4096
stack_top:
