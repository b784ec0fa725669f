/*
 * M-mode, HS-mode and VS-mode that know of nothing newer than the hypervisor extension 1.0: no stateen, no envcfg but by
 * looking at it, PTEs with A and D clear in every stage. Passes, or fails with the number of the step that trapped.
 */
#define FINISHER 0x100000
#define PASS 0x5555
#define FAIL 0x3333
#define PTE_RAM ((0x80000000 >> 12 << 10) | 0xf)	/* VRWX */
#define PTE_U 0x10
#define PTE_AD 0xc0
#define SV39 8

/* hstatus and friends by number: the assembler need not know H */
#define hstatus 0x600
#define htimedelta 0x605
#define hcounteren 0x606
#define henvcfg 0x60a
#define vsatp 0x280
#define hgatp 0x680
#define HSTATUS_SPV 0x80
#define HFENCE_GVMA .word 0x62000073

	/* make a table's gigapage at 0x80000000, and the satp for it */
	.macro	table reg, name, flags
	la	\reg, \name
	li	t1, PTE_RAM | \flags
	sd	t1, 16(\reg)
	srli	\reg, \reg, 12
	li	t1, SV39 << 60
	or	\reg, \reg, t1
	.endm

	/* the step has failed unless the table's entry has got both A and D */
	.macro	both name
	la	t0, \name
	ld	t1, 16(t0)
	andi	t1, t1, PTE_AD
	li	t2, PTE_AD
	bne	t1, t2, failed
	.endm

	.globl	_start
_start:	csrr	t0, mhartid
	bnez	t0, .
	li	s0, 1
	la	t0, machine_trap
	csrw	mtvec, t0
	li	t0, -1
	srli	t0, t0, 10
	csrw	pmpaddr0, t0
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	li	t0, -1
	csrw	mcounteren, t0
	li	t0, 0x1800
	csrc	mstatus, t0
	li	t0, 0x800
	csrs	mstatus, t0
	la	t0, supervisor
	csrw	mepc, t0
	mret

supervisor:
	li	s0, 2
	csrr	t0, time
	li	s0, 3
	csrw	hcounteren, t0
	csrw	htimedelta, zero
	li	s0, 4
	csrw	senvcfg, zero
	li	s0, 5
	csrr	t0, henvcfg
	li	s0, 6
	HFENCE_GVMA
	li	s0, 7
	table	t0, s_table, 0
	csrw	satp, t0
	sfence.vma
	la	t0, data
	sd	t0, (t0)
	li	s0, 8
	both	s_table
	li	s0, 9
	table	t0, g_table, PTE_U
	csrw	hgatp, t0
	table	t0, vs_table, 0
	csrw	vsatp, t0
	HFENCE_GVMA
	li	t0, HSTATUS_SPV
	csrs	hstatus, t0
	li	t0, 0x100
	csrs	sstatus, t0
	la	t0, guest
	csrw	sepc, t0
	sret

guest:	li	s0, 10
	csrw	senvcfg, zero
	la	t0, data
	sd	t0, (t0)
	li	s0, 11
	both	vs_table
	both	g_table
	li	s0, 12
	ecall

	/* the guest's ecall ends it well, anything else does not */
	.balign	4
machine_trap:
	csrr	t0, mcause
	addi	t0, t0, -10
	bnez	t0, failed
	li	t0, 12
	beq	s0, t0, passed
failed:	csrr	t1, mhartid	/* below M-mode a trap, and so to M-mode, where the finisher can be reached */
	slli	t1, s0, 16
	li	t0, FAIL
	or	t0, t0, t1
	j	finish
passed:	li	t0, PASS
finish:	li	t1, FINISHER
	sw	t0, (t1)
	j	.

	.bss
	.balign	8
data:	.space	8
	.balign	4096
s_table:
	.space	4096
vs_table:
	.space	4096
	.balign	16384
g_table:
	.space	16384
