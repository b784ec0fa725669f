# Performs one access after the other as a table says, each in its own mode and translation, and notes what became of it: what
# `translate` says at `try` is held against that. Rows of 16 doublewords from 0x84000000 on, up to one whose kind is 255:
#   va, kind (0 load, 1 store, 2 fetch, 3 AMO, 4 LR), log2 of the size, mstatus (MPP, MPV, SUM, MXR), satp, vsatp, hgatp, vsstatus,
#   menvcfg, henvcfg, senvcfg, -, cause (before: -1), tval, tval2, tinst
#define ROWS 0x84000000

	.option	norvc
	.option	arch, +a
	.globl	_start, try, done
	.balign	4096
_start:
	la	t0, handler
	csrw	mtvec, t0
	csrw	medeleg, zero
	csrw	mie, zero
	# PMP: nothing at 0x84010000, reads at 0x84011000, four bytes without execution, the rest free
	li	t0, 0x84010000 >> 2 | 0x1ff
	csrw	pmpaddr0, t0
	li	t0, 0x84011000 >> 2 | 0x1ff
	csrw	pmpaddr1, t0
	li	t0, 0x84012104 >> 2
	csrw	pmpaddr2, t0
	li	t0, -1
	csrw	pmpaddr3, t0
	li	t0, 0x1f139998
	csrw	pmpcfg0, t0
	li	s0, ROWS

row:	ld	t0, 8(s0)
	li	t1, 255
	beq	t0, t1, done
	ld	t1, 32(s0)
	csrw	satp, t1
	ld	t1, 40(s0)
	csrw	vsatp, t1
	ld	t1, 48(s0)
	csrw	hgatp, t1
	ld	t1, 56(s0)
	csrw	vsstatus, t1
	ld	t1, 64(s0)
	csrw	menvcfg, t1
	ld	t1, 72(s0)
	csrw	henvcfg, t1
	ld	t1, 80(s0)
	csrw	senvcfg, t1
	li	t1, 1 << 39 | 3 << 17 | 3 << 18 | 3 << 11	# MPV, MPRV, SUM, MXR, MPP
	csrc	mstatus, t1
	ld	t1, 24(s0)
	csrs	mstatus, t1
	sfence.vma
	hfence.vvma
	hfence.gvma
	ld	a0, 0(s0)
	li	a1, 0
	ld	t2, 16(s0)
	li	t1, 2
try:	beq	t0, t1, fetch
	# four instructions of 4 bytes and a jump for each kind and size
	la	t1, accesses
	slli	t0, t0, 2
	add	t0, t0, t2
	slli	t0, t0, 3
	add	t1, t1, t0
	li	t0, 1 << 17			# MPRV: from here to the trap nothing else touches memory
	csrs	mstatus, t0
	jr	t1
fetch:	csrw	mepc, a0
	mret

	.macro	both insn:vararg
	\insn
	j	next
	.endm
accesses:
	both	lb a1, (a0)
	both	lh a1, (a0)
	both	lw a1, (a0)
	both	ld a1, (a0)
	both	sb a1, (a0)
	both	sh a1, (a0)
	both	sw a1, (a0)
	both	sd a1, (a0)
	.zero	32
	both	.word 0x0005052f		# amoadd.b a0, zero, (a0)
	both	.word 0x0005152f		# amoadd.h
	both	amoadd.w a0, zero, (a0)
	both	amoadd.d a0, zero, (a0)
	.zero	16
	both	lr.w a1, (a0)
	both	lr.d a1, (a0)

next:	li	t0, 1 << 17
	csrc	mstatus, t0
	addi	s0, s0, 128
	j	row

	.balign	64
handler:
	li	t0, 1 << 17
	csrc	mstatus, t0
	csrr	t0, mcause
	sd	t0, 96(s0)
	csrr	t0, mtval
	sd	t0, 104(s0)
	csrr	t0, mtval2
	sd	t0, 112(s0)
	csrr	t0, mtinst
	sd	t0, 120(s0)
	j	next

done:	li	t0, 0x100000			# the finisher
	li	t1, 0x5555
	sw	t1, 0(t0)
	j	.
