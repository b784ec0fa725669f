# A hypervisor of one hart and two zones in turn, which does one thing wrong, or nothing: tests/suites/checks.py says what, by
# -D. Machine mode sets tp, as --check percpu has to notice. Zone 1 puts a secret into everything a guest can write; zone 2 runs
# next, and both once more.
#define SLOT 0x1000
#define SECRET 0x5ec2e75ec2e70f05
#define X(n) 8 * n
#define SEPC 256
#define HOST_TP 264
#define HGATP 272
#define CSRS 280
#define FP 512
#define VCPU 1024
#define GPA 0x80200000

	.option	norvc
	.globl	_start, exit, handle
#ifndef NO_SYMBOLS
	.globl	percpu_base, percpu_slot_size, percpu_max
	.set	percpu_slot_size, SLOT
	.set	percpu_max, 4
#define SLOTS percpu_base
#else
#define SLOTS my_slots
#endif
	.text
_start:	la	t0, skip
	csrw	mtvec, t0
	li	t0, -1
	csrw	pmpaddr0, t0
	csrw	mcounteren, t0
	csrw	0x30c, t0			# mstateen0
	csrw	0x30a, t0			# menvcfg
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	li	t0, 1 << 10 | 1 << 20 | 1 << 21 | 1 << 23
	csrw	medeleg, t0
	la	tp, SLOTS			# of hart 0
#ifdef OTHER_SLOT
	li	t0, SLOT
	add	tp, tp, t0
#endif
#ifdef NO_TP
	li	tp, 0
#endif
	la	t0, host
	csrw	mepc, t0
	li	t0, 1 << 11 | 1 << 13		# MPP, FS
	csrs	mstatus, t0
	mret
	.balign	4
skip:	csrr	t1, mepc			# a CSR that is not there; or HS-mode calls
	addi	t1, t1, 4
	csrw	mepc, t1
	mret

	.macro	map root, middle, zone		# GPA's 2 MiB to the zone's
	la	t0, \middle
	srli	t0, t0, 2
	ori	t0, t0, 1
	la	t1, \root
	sd	t0, 16(t1)
	la	t0, \zone
	srli	t0, t0, 2
	ori	t0, t0, 0xdf
	la	t1, \middle
	sd	t0, 8(t1)
	.endm
	.macro	start vcpu, root, vmid, argument
	la	t1, \vcpu
	li	t0, GPA
	sd	t0, SEPC(t1)
	sd	tp, HOST_TP(t1)
	li	t0, \argument
	sd	t0, X(10)(t1)
	la	t0, \root
	srli	t0, t0, 12
	li	t2, 8 << 60 | \vmid << 44
	or	t0, t0, t2
	sd	t0, HGATP(t1)
	.endm
	.macro	copy zone			# the guest's code
	la	t0, guest
	la	t1, guest_end
	la	t2, \zone
1:	ld	t3, 0(t0)
	sd	t3, 0(t2)
	addi	t0, t0, 8
	addi	t2, t2, 8
	bltu	t0, t1, 1b
	.endm

	.type	host, @function
host:	map	root1, middle1, zone1
#ifdef SHARED
	map	root2, middle2, zone1
#else
	map	root2, middle2, zone2
#endif
	copy	zone1
#ifndef SAME_MEMORY
	copy	zone2
#endif
	start	vcpu1, root1, 1, 0
	start	vcpu2, root2, 2, 1
	la	t0, exit
	csrw	stvec, t0
	li	t0, 0x444
	csrw	hideleg, t0
	li	t0, -1
	csrw	hcounteren, t0
	csrw	0x60c, t0			# hstateen0
	csrw	0x60a, t0			# henvcfg
	li	t0, 1 << 7			# SPV
	csrs	hstatus, t0
	li	t0, 1 << 8			# SPP
	csrs	sstatus, t0
	la	a0, vcpu1
	j	load
	.size	host, . - host

	.balign	4
exit:	csrrw	a0, sscratch, a0
	.irp	n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, X(\n)(a0)
	.endr
	csrr	t0, sscratch
	sd	t0, X(10)(a0)
	csrr	t0, sepc
	addi	t0, t0, 4
	sd	t0, SEPC(a0)
#ifndef TP_NEVER
	ld	tp, HOST_TP(a0)
#endif
#ifdef BY_TP
	ld	t1, 8(tp)
#endif
#ifdef NO_CALLS
	j	handle
#else
	call	handle
#endif

#ifndef NO_CALLS
	.type	handle, @function
#endif
handle:	la	t1, turn
	ld	t2, 0(t1)
	addi	t2, t2, 1
	sd	t2, 0(t1)
#ifdef CALLS_M
	ecall
#endif
	# save
	.macro	save csr, at
	csrr	t0, \csr
	sd	t0, \at(a0)
	.endm
	save	0x200, CSRS
	save	0x204, CSRS + 8
	save	0x205, CSRS + 16
	save	0x240, CSRS + 24
	save	0x241, CSRS + 32
	save	0x242, CSRS + 40
	save	0x243, CSRS + 48
	save	0x24d, CSRS + 56
	save	0x250, CSRS + 64
	save	0x280, CSRS + 72
	save	0x645, CSRS + 80
	save	0x106, CSRS + 88
	save	0x10a, CSRS + 96
	save	0x5a8, CSRS + 104
	save	0x003, CSRS + 112
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fsd	f\n, FP + X(\n)(a0)
	.endr
	li	t3, 4
	beq	t2, t3, pass
	andi	t2, t2, 1
	la	a0, vcpu1
	beqz	t2, load
	la	a0, vcpu2
#ifdef SAME_MEMORY
	map	root1, middle1, zone2		# zone 1 has got other memory, and zone 2 gets what it had
	map	root2, middle2, zone1
#ifdef CLEARED
	la	t0, zone1
	li	t1, 0x200000
	add	t1, t1, t0
1:	sd	zero, 0(t0)
	addi	t0, t0, 8
	bltu	t0, t1, 1b
#endif
	copy	zone1
	copy	zone2
	hfence.gvma
#endif

load:	ld	t0, HGATP(a0)
	csrw	hgatp, t0
	ld	t0, SEPC(a0)
	csrw	sepc, t0
	.macro	restore csr, at
	ld	t0, \at(a0)
	csrw	\csr, t0
	.endm
#ifndef LEAVE_vsstatus
	restore	0x200, CSRS
#endif
#ifndef LEAVE_vsie
	restore	0x204, CSRS + 8
#endif
#ifndef LEAVE_vstvec
	restore	0x205, CSRS + 16
#endif
#ifndef LEAVE_vsscratch
	restore	0x240, CSRS + 24
#endif
#ifndef LEAVE_vsepc
	restore	0x241, CSRS + 32
#endif
#ifndef LEAVE_vscause
	restore	0x242, CSRS + 40
#endif
#ifndef LEAVE_vstval
	restore	0x243, CSRS + 48
#endif
#ifndef LEAVE_vstimecmp
	restore	0x24d, CSRS + 56
#endif
#ifndef LEAVE_vsiselect
	restore	0x250, CSRS + 64
#endif
	restore	0x280, CSRS + 72
#ifndef LEAVE_hvip
	restore	0x645, CSRS + 80
#endif
#ifndef LEAVE_scounteren
	restore	0x106, CSRS + 88
#endif
#ifndef LEAVE_senvcfg
	restore	0x10a, CSRS + 96
#endif
#ifndef LEAVE_scontext
	restore	0x5a8, CSRS + 104
#endif
#ifndef LEAVE_fcsr
	restore	0x003, CSRS + 112
#endif
#ifndef LEAVE_fp
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fld	f\n, FP + X(\n)(a0)
	.endr
#endif
	csrw	sscratch, a0
	.irp	n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, X(\n)(a0)
	.endr
#ifndef LEAVE_s2
	ld	s2, X(18)(a0)
#endif
#ifdef CLOBBERS				/* but at each zone's first entry */
	la	s5, turn
	ld	s5, 0(s5)
	srli	s5, s5, 1
	beqz	s5, 1f
	li	s5, 7
	csrw	0x240, s5			# vsscratch
	fmv.d.x	fs1, s5
	j	2f
1:	ld	s5, X(21)(a0)
2:
#endif
	ld	a0, X(10)(a0)
	sret

pass:	li	t0, 0x100000			# the finisher
	li	t1, 0x5555
	sw	t1, 0(t0)
	j	.

# Both zones run this at GPA.
	.balign	8
guest:	bnez	a0, 1f
	li	t0, SECRET
	li	t1, 0x6020
	csrs	sstatus, t1			# FS, SPIE
	li	t1, 0x222
	csrw	sie, t1
	csrw	stvec, t0
	csrw	sscratch, t0
	csrw	sepc, t0
	li	t1, 5
	csrw	scause, t1
	csrw	stval, t0
	csrw	0x14d, t0
	csrw	0x150, t0
	csrsi	sip, 2
	csrwi	scounteren, 7
	li	t1, 0xf0
	csrw	0x10a, t1
	csrw	0x5a8, t0
	fmv.d.x	f8, t0
	csrwi	fcsr, 5
	mv	s2, t0
	mv	tp, t0
	li	t1, GPA + 0x1000
	sd	t0, 0(t1)
1:	ecall
	ecall
	j	.
	.balign	8
guest_end:

	.data
	.balign	8
turn:	.dword	0
	.balign	4096
SLOTS:
	.zero	4 * SLOT
vcpu1:	.zero	VCPU
vcpu2:	.zero	VCPU
	.balign	16384
root1:	.zero	16384
root2:	.zero	16384
middle1: .zero	4096
middle2: .zero	4096
	.balign	0x200000
zone1:	.zero	0x200000
zone2:	.zero	0x200000
