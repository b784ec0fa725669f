/* Start, and the way from a case into the runtime and back. x25 and x26 belong to no case. */
#include "layout.h"

	.section .text.start
	.globl _start
_start:
	csrr	t0, mhartid		/* QEMU gets a second hart, for it treats atomics in earnest only then */
	bnez	t0, park
	la	sp, stack_end
	la	t0, machine_trap
	csrw	mtvec, t0
	call	first_case
	j	resume

park:
	wfi
	j	park

	.balign 4
machine_trap:
	csrr	x26, mstatus
	lui	x25, 0x20		/* MPRV would send what follows to the case's own memory */
	csrc	mstatus, x25
	la	x25, context
	sd	x26, 0(x25)
	.irp	i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 29, 30, 31
	sd	x\i, 8 * \i(x25)
	.endr
	la	sp, stack_end
	la	gp, __global_pointer$
	call	trapped
resume:
	la	x25, context
	.irp	i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 29, 30, 31
	ld	x\i, 8 * \i(x25)
	.endr
	ld	x26, 0(x25)
	csrw	mstatus, x26
	li	x25, 0
	li	x26, 0
	mret

/* void float_dump(uint64_t f[32]): FS must be on. */
	.globl float_dump
float_dump:
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	fsd	f\i, 8 * \i(a0)
	.endr
	ret

	.globl float_clear
float_clear:
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	fmv.d.x	f\i, zero
	.endr
	csrw	fcsr, zero
	ret

	.section .tohost, "aw"
	.balign 64
	.globl tohost, fromhost
tohost:	.dword 0
	.balign 64
fromhost: .dword 0

	.section .cases, "aw"
	.globl cases
cases:	.space CASES_SIZE

	.section .log, "aw", @nobits
	.globl begin_signature, end_signature
begin_signature:
	.space LOG_SIZE
end_signature:

	.bss
	.balign 16
	.space 8192
stack_end:
