/*
 * The world switch, and the vector for the hypervisor's own traps.
 *
 * _run_guest(registers) looks like a function that takes long: it enters the guest by sret, and when the
 * guest traps, _guest_exit returns from it. In between, sscratch holds `registers` and everything else the
 * CPU holds is the guest's, tp included. No symbol in here has type @function: what runs between
 * __world_switch_start and __world_switch_end has, in part, the guest's tp, and is not the hypervisor's C.
 *
 * Interrupts are off throughout (sstatus.SIE is 0 in HS-mode; in the guest, HS-level interrupts are always
 * on), and nothing here touches memory other than `registers`, so nothing here can trap.
 */
#include "asm_offsets.h"

	.macro	each_callee_saved op, base
	.irp	n, 1,2,3,4,8,9,18,19,20,21,22,23,24,25,26,27  /* ra sp gp tp s0..s11 */
	\op	x\n, HYP_X0 + 8*\n(\base)
	.endr
	.endm

	.macro	each_guest_register op, base  /* all but x0 and the base, a0 */
	.irp	n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	\op	x\n, GUEST_X0 + 8*\n(\base)
	.endr
	.endm

	.macro	swap_csr csr, new, old  /* csr := *new; *old := csr */
	ld	t0, \new(a0)
	csrrw	t0, \csr, t0
	sd	t0, \old(a0)
	.endm

	.text
	.globl	__world_switch_start
__world_switch_start:

	.globl	_run_guest
_run_guest:
	each_callee_saved sd, a0
	swap_csr sstatus, GUEST_SSTATUS, HYP_SSTATUS
	swap_csr hstatus, GUEST_HSTATUS, HYP_HSTATUS
	swap_csr scounteren, GUEST_SCOUNTEREN, HYP_SCOUNTEREN
	la	t0, _guest_exit
	csrrw	t0, stvec, t0
	sd	t0, HYP_STVEC(a0)
	csrrw	t0, sscratch, a0
	sd	t0, HYP_SSCRATCH(a0)
	ld	t0, GUEST_SEPC(a0)
	csrw	sepc, t0
	each_guest_register ld, a0
	ld	a0, GUEST_X0 + 8*10(a0)
	sret

	.globl	_guest_exit
	.balign	4
_guest_exit:
	csrrw	a0, sscratch, a0  /* a0: registers; sscratch: the guest's a0 */
	each_guest_register sd, a0
	ld	t0, HYP_SSCRATCH(a0)
	csrrw	t0, sscratch, t0
	sd	t0, GUEST_X0 + 8*10(a0)
	ld	t0, HYP_STVEC(a0)  /* from here on a trap is the hypervisor's own */
	csrw	stvec, t0
	csrr	t0, sepc
	sd	t0, GUEST_SEPC(a0)
	swap_csr sstatus, HYP_SSTATUS, GUEST_SSTATUS
	swap_csr hstatus, HYP_HSTATUS, GUEST_HSTATUS
	swap_csr scounteren, HYP_SCOUNTEREN, GUEST_SCOUNTEREN
	each_callee_saved ld, a0
	ret

	.globl	__world_switch_end
__world_switch_end:

/*
 * The host vector: a trap taken in HS-mode from HS-mode. sscratch is &arch_cpu, which has the frame and a
 * stack, so nothing depends on the interrupted sp or tp. Returns if host_trap does: then sepc is where to.
 */
	.macro	each_host_register op, base  /* all but x0 and sp */
	.irp	n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	\op	x\n, ARCH_FRAME_X0 + 8*\n(\base)
	.endr
	.endm

	.globl	_host_trap
	.balign	4
_host_trap:
	csrrw	sp, sscratch, sp
	each_host_register sd, sp
	csrrw	t0, sscratch, sp
	sd	t0, ARCH_FRAME_X0 + 8*2(sp)
	mv	a0, sp
	li	t0, ARCH_FAULT_STACK_TOP
	add	sp, sp, t0
	call	host_trap
	csrr	sp, sscratch
	each_host_register ld, sp
	ld	sp, ARCH_FRAME_X0 + 8*2(sp)
	sret

/* Floating-point registers; the caller has set sstatus.FS. */
	.macro	each_fp_register op
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	\op	f\n, FP_F0 + 8*\n(a0)
	.endr
	.endm

	.globl	fp_load
fp_load:
	each_fp_register fld
	ld	t0, FP_FCSR(a0)
	fscsr	t0
	ret

	.globl	fp_save
fp_save:
	each_fp_register fsd
	frcsr	t0
	sd	t0, FP_FCSR(a0)
	ret
