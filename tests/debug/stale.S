# A PTE that changes after the TLB has read it, without a fence: at `stale` the tables say one thing and the hart does another.
	.option	norvc
	.globl	_start, stale
_start:	li	t0, -1
	csrw	pmpaddr0, t0
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	la	t0, root
	srli	t1, t0, 12
	li	t2, 8 << 60
	or	t1, t1, t2
	csrw	satp, t1
	li	t1, 0x80000000 >> 2 | 0xcf	# D A X W R V
	sd	t1, 16(t0)
	li	t1, 1 << 17 | 1 << 11		# MPRV, MPP: HS
	csrs	mstatus, t1
	la	t3, word
	ld	t4, 0(t3)
	csrc	mstatus, t1
	sd	zero, 16(t0)
stale:	li	t0, 0x100000			# the finisher
	li	t1, 0x5555
	sw	t1, 0(t0)
	j	.
	.balign	4096
root:	.zero	4096
word:	.dword	1
