# Trap handlers and the world switch of guest.c.
	.text
	.option norvc
	.globl u_back, m_skip, h_skip, h_full, h_inject, vs_irq, run_guest, s_trap, s_skip
	.macro each_gpr_but_x2 insn
	\insn x1, 8(sp)
	.irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	\insn x\n, 8*\n(sp)
	.endr
	.endm
	.macro each_callee_saved insn
	\insn ra, 0(t0)
	\insn sp, 8(t0)
	.set offset, 16
	.irp n, s0,s1,s2,s3,s4,s5,s6,s7,s8,s9,s10,s11,gp,tp
	\insn \n, offset(t0)
	.set offset, offset + 8
	.endr
	.endm

	.p2align 6
u_back:	jr a5				# from U or VU
	.p2align 6
m_skip:					# an ecall from S returns at once; anything else is fatal
	csrr t0, mepc
	addi t0, t0, 4
	csrw mepc, t0
	csrr t0, mcause
	addi t0, t0, -9
	bnez t0, 1f
	mret
1:	j trap_unexpected

	.p2align 6
h_skip:					# past the trapping instruction; a7 < 0 ends the guest
	csrr t0, sepc
	addi t0, t0, 4
	csrw sepc, t0
	bltz a7, leave_guest
	sret

	.p2align 6
h_full:					# the same, all registers saved and restored around it
	csrrw sp, sscratch, sp
	addi sp, sp, -256
	each_gpr_but_x2 sd
	addi t0, sp, 256
	csrrw t0, sscratch, t0
	sd t0, 16(sp)
	csrr t0, scause
	csrr t1, sepc
	addi t1, t1, 4
	csrw sepc, t1
	bltz a7, leave_guest
	each_gpr_but_x2 ld
	ld x2, 16(sp)
	sret

	.p2align 6
h_inject:				# with a VS software interrupt on the way back (hvip by number)
	csrr t0, sepc
	addi t0, t0, 4
	csrw sepc, t0
	bltz a7, leave_guest
	csrsi 0x645, 4
	sret

	.p2align 6
vs_irq:
	csrci sip, 2
	sret

	.p2align 6
run_guest:				# run a0 in VS-mode until it returns, with the HS handler a1
	la t0, saved
	each_callee_saved sd
	csrw stvec, a1
	csrw sepc, a0
	la t1, handler_stack
	csrw sscratch, t1
	li t1, 0x180			# hstatus: SPV, SPVP
	csrs 0x600, t1
	li t1, 0x120			# sstatus: SPP, SPIE
	csrs sstatus, t1
	li t1, 0x2
	csrc sstatus, t1
	la ra, 1f
	sret
1:	li a7, -1
	ecall
leave_guest:
	la t0, saved
	each_callee_saved ld
	la t1, s_trap
	csrw stvec, t1
	li t1, 0x80
	csrc 0x600, t1
	ret

	.p2align 6
s_trap:
	csrr a0, scause
	csrr a1, sepc
	csrr a2, stval
	j unexpected_trap

	.p2align 6
s_skip:					# a faulting load of HS itself
	csrr t0, sepc
	addi t0, t0, 4
	csrw sepc, t0
	sret

	.data
	.p2align 6
saved:	.skip 128
	.skip 4096
handler_stack:
	.quad 0
