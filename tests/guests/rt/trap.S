/*
 * Guests trap on the stack they run on. Code that a guest runs in U-mode keeps its hands off sp, gp and tp
 * for that reason. Layout: struct trap_frame in rt.h.
 */
	.text
	.globl trap_entry
	.balign 4
trap_entry:
	addi	sp, sp, -288
	.irp r, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	sd	x\r, 8*\r(sp)
	.endr
	addi	t0, sp, 288
	sd	t0, 16(sp)
	csrr	t0, sepc
	csrr	t1, sstatus
	csrr	t2, scause
	csrr	t3, stval
	sd	t0, 0(sp)
	sd	t1, 256(sp)
	sd	t2, 264(sp)
	sd	t3, 272(sp)
	mv	a0, sp
	call	trap_handler
	ld	t0, 0(sp)
	ld	t1, 256(sp)
	csrw	sepc, t0
	csrw	sstatus, t1
	.irp r, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	x\r, 8*\r(sp)
	.endr
	ld	sp, 16(sp)
	sret
