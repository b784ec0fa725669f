# A known number of TLB entries and fences: what a trace of tlb events must tell. HS-mode under a page of 1 GiB, then a guest
# whose 4 KiB pages lie in one of 2 MiB.
#define FULL 0xcf		/* D A X W R V */
#define USER 0xdf

	.option	norvc
	.globl	_start, supervisor, guest
	.balign	4096
_start:
	la	t0, handler
	csrw	mtvec, t0
	li	t0, -1
	csrw	pmpaddr0, t0
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	csrw	medeleg, zero

	.macro	point table, index, to, bits	# table[index] = PTE
	la	t0, \to
	srli	t0, t0, 2
	addi	t0, t0, \bits
	la	t1, \table
	sd	t0, \index * 8(t1)
	.endm
	.macro	root csr, table, id		# Sv39
	la	t0, \table
	srli	t0, t0, 12
	li	t1, 8 << 60 | \id << 44
	or	t0, t0, t1
	csrw	\csr, t0
	.endm
	.macro	enter mode_bits, at
	li	t0, 3 << 11 | 1 << 39		# MPP, MPV
	csrc	mstatus, t0
	li	t0, \mode_bits
	csrs	mstatus, t0
	la	t0, \at
	csrw	mepc, t0
	mret
	.endm

	point	s_root, 2, _start, FULL		# 1 GiB
	point	g_root, 2, g_middle, 1
	point	g_middle, 0, _start, USER	# 2 MiB
	point	vs_root, 2, vs_middle, 1
	point	vs_middle, 0, vs_last, 1
	point	vs_last, 0, _start, FULL	# 4 KiB: code
	point	vs_last, 1, data, FULL		# and data
	root	satp, s_root, 5
	root	vsatp, vs_root, 3
	root	hgatp, g_root, 7
	enter	1 << 11, supervisor

	.balign	64
supervisor:
	la	a0, data
	ld	a1, 0(a0)
	sfence.vma
	ld	a1, 0(a0)
	li	a2, 6
	sfence.vma a0, a2		# of another ASID
	li	a2, 5
	sfence.vma a0, a2
	ld	a1, 0(a0)
	hfence.vvma
	li	a2, 7
	hfence.gvma x0, a2
	ecall				# 9

	.balign	64
guest:
	la	a0, data
	ld	a1, 0(a0)
	sfence.vma a0, x0
	ld	a1, 0(a0)
	ecall				# 10

	.balign	64
handler:
	csrr	t0, mcause
	li	t1, 9
	bne	t0, t1, 1f
	enter	1 << 11 | 1 << 39, guest
1:	li	t0, 0x100000		# the finisher
	li	t1, 0x5555
	sw	t1, 0(t0)
	j	.

	.balign	4096
data:	.dword	1
	.balign	16384
g_root:	.zero	16384
g_middle: .zero	4096
s_root:	.zero	4096
vs_root: .zero	4096
vs_middle: .zero 4096
vs_last: .zero	4096
