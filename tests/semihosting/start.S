# Runs main(mode) in the mode that MODE names; a trap is told on the UART as "trap CAUSE", and the program goes on behind its instruction.
#define M 3
#define S 1
#define U 0
#define VS 5
#define VU 4
	.option norvc
	.globl _start, semihost, mode
_start:
	csrr t0, mhartid
	bnez t0, 2f
	la sp, stack_end
	la t0, trapped
	csrw mtvec, t0
	csrw mie, zero
#if MODE != M
	li t0, -1
	csrw pmpaddr0, t0
	li t0, 0x1f
	csrw pmpcfg0, t0
	li t0, 3 << 11
	csrc mstatus, t0
	li t0, (MODE & 1) << 11
	csrs mstatus, t0
#if MODE >= 4
	li t0, 1 << 39
	csrs mstatus, t0
#endif
	la t0, 1f
	csrw mepc, t0
	mret
#endif
1:	call main
2:	wfi
	j 2b

	.balign 16
semihost:
	slli x0, x0, 0x1f
	ebreak
	srai x0, x0, 7
	ret

	.balign 4
trapped:
	csrw mscratch, t0
	csrr t0, mepc
	addi t0, t0, 4
	csrw mepc, t0
	li a0, -2
	csrr t0, mscratch
	mret

	.section .bss
	.balign 16
	.space 8192
stack_end:
