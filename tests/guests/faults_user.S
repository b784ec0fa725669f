/* faults_user(struct user_state *, pc): into U-mode with its a0 and a1; on_trap of faults.c brings the hart back here. */
	.text
	.balign 4
	.globl faults_user
faults_user:
	addi	sp, sp, -112
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	sd	s\n, 8*\n(sp)
	.endr
	sd	ra, 96(sp)
	csrw	sepc, a1
	li	t0, 0x100  /* sstatus.SPP */
	csrc	sstatus, t0
	ld	a1, 8(a0)
	ld	a0, 0(a0)
	sret

	.globl faults_user_return
faults_user_return:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	ld	s\n, 8*\n(sp)
	.endr
	ld	ra, 96(sp)
	addi	sp, sp, 112
	ret
