/*
 * One of each kind of what a commit log tells of: registers, CSRs by every name, memory, floating point, returns and
 * traps. Ends by HTIF, so that Spike runs it too; choices that the two make differently are kept out of it.
 */
#define STIMECMP 0x14d
#define CLEAN_FP li t0, 0x6000; csrc mstatus, t0; li t0, 0x4000; csrs mstatus, t0
	.option arch, +zicbom, +zicboz, +zfh, +svinval
	.globl _start
_start:
	la t0, trapped
	csrw mtvec, t0
	li sp, 0x80008000
	li t0, 0x2004000
	li t1, -1
	sd t1, (t0) /* mtimecmp: where it begins is a machine's own choice */

	/* integers, compressed, memory of each size, misaligned */
	lui a0, 0x12345
	c.li a1, -3
	c.addi a1, 1
	c.mv a2, a1
	c.nop
	add x0, a0, a1
	la s0, data
	sb a1, 1(s0)
	sh a1, 2(s0)
	sw a1, 4(s0)
	sd a1, 8(s0)
	lb a3, 1(s0)
	lhu a3, 2(s0)
	lwu a3, 4(s0)
	ld a3, 8(s0)
	c.sdsp a1, 8(sp)
	c.ldsp a4, 8(sp)
	lw x0, 4(s0)
	ld a3, 3(s0)
	sw a1, 5(s0)
	jal ra, 1f
1:	auipc a5, 0
	fence
	fence.i
	mul a5, a1, a2
	div a5, a1, a2

	/* atomics */
	amoadd.w a3, a1, (s0)
	amoswap.d a3, a1, (s0)
	amomaxu.d x0, a1, (s0)
	lr.d a3, (s0)
	sc.d a4, a1, (s0)
	sc.d a4, a1, (s0)
	lr.w a3, (s0)
	sc.w a4, a2, (s0)
	lw a3, (s0)
	.word 0x28b426af /* amocas.w a3, a1, (s0): as expected */
	c.li a3, 7
	.word 0x28b436af /* amocas.d a3, a1, (s0): not as expected */
	sd a1, 16(s0)
	sd a2, 24(s0)
	addi s2, s0, 16
	mv a4, a1
	mv a5, a2
	.word 0x28c9472f /* amocas.q a4, a2, (s2) */
	c.li a4, 9
	.word 0x28c9472f

	/* CSRs: what is offered is not what is held; views; several at once */
	csrw mscratch, a1
	csrrsi a3, mscratch, 5
	csrrci x0, mscratch, 1
	csrrs a3, mscratch, x0
	li t0, 0x80000003
	csrw mepc, t0
	li t0, 0x2000
	csrs mstatus, t0
	li t0, 0x6000
	csrs mstatus, t0
	csrc mstatus, t0
	li t0, 0x4000
	csrw sstatus, t0
	csrsi sstatus, 2
	csrci sstatus, 2
	csrw vsstatus, x0
	li t0, 0x6000
	csrw vsstatus, t0
	csrw vsstatus, x0
	li t0, 0x222
	csrw mideleg, t0
	csrw mie, t0
	csrw mie, x0
	csrw sie, t0
	csrw sie, x0
	li t0, 0x444
	csrw hideleg, t0
	csrw hie, t0
	csrw hie, x0
	srli t1, t0, 1
	csrw vsie, t1
	csrw vsie, x0
	csrsi mip, 2
	csrci mip, 2
	li t1, 0x220
	csrs mip, t1
	csrc mip, t1
	csrsi sip, 2
	csrci sip, 2
	csrsi hip, 4
	csrci hip, 4
	csrsi vsip, 2
	csrci vsip, 2
	csrw hvip, t0
	csrci hvip, 4
	csrw hvip, x0
	li t0, 0xb100
	csrw medeleg, t0
	csrw hedeleg, t0
	csrw medeleg, x0
	csrw hedeleg, x0
	li t0, 0x80000000000000f0
	csrw menvcfg, t0
	csrw henvcfg, t0
	li t0, 0xf0
	csrw senvcfg, t0
	li t0, -1
	csrw STIMECMP, t0
	csrw 0x24d, t0 /* vstimecmp */
	csrw htimedelta, a1
	csrw htimedelta, x0
	csrw mcounteren, t0
	csrw hcounteren, t0
	csrw scounteren, t0
	csrwi mcountinhibit, 4
	csrwi mcountinhibit, 0
	li t0, 0x8000000000080010
	csrw satp, t0
	csrw satp, x0
	csrw vsatp, t0
	csrw vsatp, x0
	csrw hgatp, t0
	csrw hgatp, x0
	csrw sscratch, a1
	csrw stvec, a0
	csrw sepc, a0
	csrw scause, a0
	csrw stval, a0
	csrw vsscratch, a1
	csrw vstvec, a0
	csrw vsepc, a0
	csrw vscause, a0
	csrw vstval, a0
	csrw mcause, a0
	csrw mtval, a0
	csrw 0x34b, a0 /* mtval2 */
	csrw 0x34a, a0 /* mtinst */
	csrw htval, a0
	csrw htinst, a0
	csrwi 0x7a0, 0 /* tselect */
	csrw 0x5a8, a0 /* scontext */
	csrwi 0x7a8, 5 /* mcontext */
	csrwi 0x6a8, 6 /* hcontext */
	li t0, 0x20002000
	csrw pmpaddr2, t0
	li t0, -1
	csrw pmpaddr0, t0
	li t0, 0x9f
	csrw pmpcfg0, t0
	csrw pmpaddr0, x0
	csrw pmpaddr1, a0
	csrw pmpcfg2, x0

	/* floating point: from clean to dirty, flags that are new and that are not, rounding modes */
	CLEAN_FP
	fld f1, 256(s0) /* pi */
	CLEAN_FP
	csrwi fcsr, 0
	csrw fcsr, x0
	csrwi frm, 1
	csrwi fflags, 3
	csrw fcsr, x0
	fmv.d.x f0, x0
	fld f2, 264(s0) /* third */
	fadd.d f3, f1, f1
	fadd.d f3, f1, f2
	fmul.d f4, f1, f2, rtz
	fdiv.d f5, f1, f0
	fsqrt.d f6, f2
	fmadd.d f1, f1, f2, f3
	CLEAN_FP
	fmsub.d f31, f1, f2, f3
	fsd f3, 32(s0)
	fcvt.s.d f7, f3
	fsw f7, 40(s0)
	flw f8, 40(s0)
	fcvt.h.s f9, f7
	fsh f9, 44(s0)
	flh f10, 44(s0)
	fcvt.w.d a3, f3
	fcvt.d.l f11, a1
	feq.d a3, f1, f2
	flt.d a3, f5, f6
	fmv.x.d a3, f3
	fmv.d.x f12, a1
	fsgnj.d f12, f1, f2
	fclass.d a3, f12
	fmin.s f13, f7, f8
	csrwi frm, 5
	fadd.d f3, f1, f2 /* illegal: a reserved rounding mode */
	csrwi frm, 0
	csrr a3, fcsr

	/* blocks */
	addi s1, s0, 64
	cbo.clean (s1)
	cbo.zero (s1)
	addi s1, s1, 13
	cbo.zero (s1)

	/* traps, and down to HS, VS, VU and back */
	ecall
	.word 0
	ld a3, 1(x0)
	li t0, -1
	csrw pmpaddr3, t0
	la t0, supervisor
	csrw mepc, t0
	li t0, 0x80
	csrs mstatus, t0
	li t0, 0x1800
	csrc mstatus, t0
	li t0, 0x800
	csrs mstatus, t0
	mret
supervisor:
	csrw sscratch, a0
	csrsi sstatus, 2
	csrci sstatus, 2
	csrsi sie, 2
	csrsi sip, 2
	csrci sip, 2
	li t0, 0x6000
	csrc sstatus, t0
	li t0, 0x2000
	csrs sstatus, t0
	fmv.d.x f1, a1
	hlv.d a3, (s0)
	hlvx.wu a3, (s0)
	hsv.w a1, (s0)
	sfence.vma
	hfence.vvma
	hfence.gvma
	li t0, 0x180
	csrs hstatus, t0
	csrw vsstatus, x0
	li t0, 0x2000
	csrs vsstatus, t0
	csrs sstatus, t0
	li t0, 0x100
	csrs sstatus, t0
	la t0, guest_interrupted
	csrw vstvec, t0
	la t0, guest
	csrw sepc, t0
	sret
guest:
	csrw sscratch, a1
	csrsi sstatus, 2
	csrw satp, x0
	csrsi sie, 2
	csrsi sip, 2 /* and at once the interrupt */
	fmv.d.x f1, a1
	li t0, 0x6000
	csrc sstatus, t0
	li t0, 0x2000
	csrs sstatus, t0
	csrwi frm, 0
	hlv.d a3, (s0) /* virtual instruction */
	la t0, user
	csrw sepc, t0
	li t0, 0x100
	csrc sstatus, t0
	sret
user:
	addi a3, a3, 1
	ecall
	fadd.d f3, f2, f1
	li a7, 93
	ecall

	.balign 4
guest_interrupted:
	csrr t1, scause
	csrci sip, 2
	sret

	.balign 4
trapped: /* goes on behind what trapped; with a7 93 it ends the program */
	csrr t1, mepc
	csrr t2, mcause
	lhu t3, (t1)
	andi t3, t3, 3
	addi t1, t1, 2
	addi t3, t3, -3
	bnez t3, 1f
	addi t1, t1, 2
1:	csrw mepc, t1
	li t3, 93
	beq a7, t3, 2f
	mret
2:	li t1, 1
	la t2, tohost
	sd t1, (t2)
	j .

	.balign 64
data:
	.fill 256, 1, 0x55
pi:	.dword 0x400921fb54442d18
third:	.dword 0x3fd5555555555555

	.balign 64
	.globl tohost, fromhost
tohost:	.dword 0
fromhost: .dword 0
