# Two harts, a zone on each: VMID 1 on hart 0, VMID 2 on hart 1. Each guest leaves by an ecall 50 times. The hypervisor takes about as
# long for each of them, but for exit 37 of VMID 2, in which it lingers for 8000 rounds. FOREVER: it goes on.
	.option norvc
	.globl _start
_start:
	li	t0, -1
	csrw	pmpaddr0, t0
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	li	t0, 1 << 10                    # ecall from VS-mode
	csrw	medeleg, t0
	csrr	s0, mhartid
	mv	tp, s0
	la	t0, hypervisor
	csrw	mepc, t0
	li	t0, 3 << 11
	csrc	mstatus, t0
	li	t0, 1 << 11
	csrs	mstatus, t0                    # to HS
	mret

hypervisor:
	la	t0, leave
	csrw	stvec, t0
	la	t0, root
	srli	t0, t0, 12
	addi	t1, s0, 1                      # VMID
	slli	t1, t1, 44
	or	t0, t0, t1
	li	t1, 8
	slli	t1, t1, 60                     # Sv39x4
	or	t0, t0, t1
	csrw	hgatp, t0
	hfence.gvma
	csrw	vsatp, zero
	li	t0, 1 << 7
	csrs	hstatus, t0                    # SPV
	li	t0, 1 << 8
	csrs	sstatus, t0                    # SPP: VS
	la	t0, guest
	csrw	sepc, t0
	li	s1, 0                          # exits
	sret

	.balign 4
leave:
	addi	s1, s1, 1
	li	t0, 30
	addi	t1, s0, -1
	bnez	t1, linger
	li	t1, 37
	bne	s1, t1, linger
	li	t0, 8000
linger:
	addi	t0, t0, -1
	bnez	t0, linger
#ifndef FOREVER
	li	t1, 50
	beq	s1, t1, end
#endif
	csrr	t1, sepc
	addi	t1, t1, 4
	csrw	sepc, t1
	sret
end:
	la	t0, ended
	li	t1, 1
	amoadd.w zero, t1, (t0)
	bnez	s0, rest
1:	lw	t1, 0(t0)
	li	t2, 2
	bne	t1, t2, 1b
	li	t0, 0x100000
	li	t1, 0x5555
	sw	t1, 0(t0)
rest:	wfi
	j	rest

guest:
	li	t0, 300
1:	addi	t0, t0, -1
	bnez	t0, 1b
	ecall
	j	guest

	.data
	.balign 16384
root:
	.dword	0, 0, 0x80000 << 10 | 0xdf     # DRAM is where it is: V R W X U A D
	.zero	16384 - 24
ended:	.word	0
