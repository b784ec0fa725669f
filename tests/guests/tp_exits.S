/*
 * One function for each kind of exit: tp_exit_KIND(struct context *) loads every x and f register, fcsr and
 * the trap CSRs from the context, makes the exit some times in a row, and stores what it finds then. No
 * compiled code runs in between, and no register is spared: the context is found again by sscratch.
 * Offsets: struct context in tp.c.
 */

#define SAVED 0
#define EXPECT_X 128
#define EXPECT_F 384
#define FOUND_X 640
#define FOUND_F 896
#define EXPECT_FCSR 1152
#define EXPECT_SEPC 1160
#define EXPECT_STVAL 1168
#define FOUND_FCSR 1176
#define FOUND_SEPC 1184
#define FOUND_STVAL 1192
#define FOUND_SCAUSE 1200
#define FOUND_SSTATUS 1208
#define FOUND_TRAP 1216

#define SSTATUS_SIE 2

#define HSTATUS_CSR 0x600
#define MSCRATCH_CSR 0x340

	.macro each_x_but_a0 op, where
	.irp r, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\op	x\r, \where+8*\r(a0)
	.endr
	.endm

	.macro each_f op, where
	.irp r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\op	f\r, \where+8*\r(a0)
	.endr
	.endm

	/* What a C caller wants back: ra sp gp tp s0-s11. */
	.macro each_kept op
	\op	ra, SAVED+0(a0)
	\op	sp, SAVED+8(a0)
	\op	gp, SAVED+16(a0)
	\op	tp, SAVED+24(a0)
	\op	s0, SAVED+32(a0)
	\op	s1, SAVED+40(a0)
	\op	s2, SAVED+48(a0)
	\op	s3, SAVED+56(a0)
	\op	s4, SAVED+64(a0)
	\op	s5, SAVED+72(a0)
	\op	s6, SAVED+80(a0)
	\op	s7, SAVED+88(a0)
	\op	s8, SAVED+96(a0)
	\op	s9, SAVED+104(a0)
	\op	s10, SAVED+112(a0)
	\op	s11, SAVED+120(a0)
	.endm

	.macro exit_kind name
	.globl tp_exit_\name
tp_exit_\name:
	each_kept sd
	csrw	sscratch, a0
	la	t0, tp_trap
	csrw	stvec, t0
	ld	t0, EXPECT_SEPC(a0)
	csrw	sepc, t0
	ld	t0, EXPECT_STVAL(a0)
	csrw	stval, t0
	each_f	fld, EXPECT_F
	ld	t0, EXPECT_FCSR(a0)
	fscsr	t0
	each_x_but_a0 ld, EXPECT_X
	ld	a0, EXPECT_X+80(a0)
	.endm

	/* Arrived without a trap, or by one: the same inspection. */
	.macro inspect trapped
	csrrw	a0, sscratch, a0
	each_x_but_a0 sd, FOUND_X
	csrr	t0, sscratch
	sd	t0, FOUND_X+80(a0)
	csrr	t0, sstatus
	sd	t0, FOUND_SSTATUS(a0)
	csrr	t0, sepc
	sd	t0, FOUND_SEPC(a0)
	csrr	t0, stval
	sd	t0, FOUND_STVAL(a0)
	csrr	t0, scause
	sd	t0, FOUND_SCAUSE(a0)
	frcsr	t0
	sd	t0, FOUND_FCSR(a0)
	li	t0, \trapped
	sd	t0, FOUND_TRAP(a0)
	each_f	fsd, FOUND_F
	each_kept ld
	la	t0, trap_entry
	csrw	stvec, t0
	ret
	.endm

	.text

tp_no_trap:
	inspect	0

	.balign 4
tp_trap:
	inspect	1

	/* ---- SBI calls: a6 and a7 come from the context, only a0 and a1 may change ---- */

	exit_kind sbi_call_4
	.rept 4
	ecall
	.endr
	j	tp_no_trap

	exit_kind sbi_call_1
	ecall
	j	tp_no_trap

	/* Remote fences of this hart alone (s2 = its id), each kind once. */
	exit_kind remote_fences_self
	li	a6, 0
	li	a0, 1
	mv	a1, s2
	ecall
	li	a6, 1
	li	a0, 1
	mv	a1, s2
	ecall
	li	a6, 2
	li	a0, 1
	mv	a1, s2
	ecall
	j	tp_no_trap

	/* ---- the UART (s3): SCR holds 0xa5 for the whole run, s4's low byte is 0xa5 ---- */

	exit_kind mmio_load
	lbu	tp, 7(s3)
	lb	gp, 7(s3)
	lbu	sp, 7(s3)
	lb	t6, 7(s3)
	j	tp_no_trap

	exit_kind mmio_store
	.rept 4
	sb	s4, 7(s3)
	.endr
	j	tp_no_trap

	/* ---- interrupts: taken here or nowhere, the handler inspects ---- */

	exit_kind interrupt_spinning
	csrsi	sstatus, SSTATUS_SIE
1:	j	1b

	exit_kind interrupt_in_wfi
	csrsi	sstatus, SSTATUS_SIE
1:	wfi
	j	1b

	/* send_ipi with a0 = 1, a1 = this hart */
	exit_kind ipi_self
	csrsi	sstatus, SSTATUS_SIE
	ecall
1:	j	1b

	/* ---- counters ---- */

	exit_kind read_time
	.rept 4
	rdtime	a5
	.endr
	j	tp_no_trap

	/* Allowed by the hypervisor or not: a trap is as good. */
	exit_kind read_cycle
	rdcycle	a5
	j	tp_no_trap

	exit_kind read_instret
	rdinstret a5
	j	tp_no_trap

	/* ---- instructions that are not ours ---- */

	exit_kind machine_csr
	csrr	a5, MSCRATCH_CSR
	j	tp_no_trap

	exit_kind hypervisor_csr
	csrr	a5, HSTATUS_CSR
	j	tp_no_trap

	exit_kind illegal_write
	csrw	MSCRATCH_CSR, tp
	j	tp_no_trap
