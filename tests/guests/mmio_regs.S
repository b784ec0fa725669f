/*
 * UART accesses by every register and in every encoding: what a hypervisor that emulates the device has to
 * decode from htinst or from the instruction itself. Interrupts are off; sp, gp and tp serve as data, so
 * nothing here may trap in the guest.
 */

#define SCR 7
#define MCR 4
#define LCR 3
#define DLL 0
#define LCR_8N1 0x03
#define LCR_DLAB 0x83

	.text

	.macro save_registers
	la	t0, saved
	.irp r, 1, 2, 3, 4, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	sd	x\r, 8*\r(t0)
	.endr
	.endm

	/* gp holds data by now: no gp-relative address. */
	.macro restore_registers_and_return
	.option push
	.option norelax
	la	t0, saved
	.option pop
	.irp r, 1, 2, 3, 4, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	ld	x\r, 8*\r(t0)
	.endr
	ret
	.endm

	/* SCR takes a pattern from x\r, and gives it back to x\r unsigned and signed. */
	.macro scratch_roundtrip r, base, out
	li	x\r, (37 * \r + 0x41) & 0xff
	sb	x\r, SCR(x\base)
	li	x\r, -2
	lbu	x\r, SCR(x\base)
	sd	x\r, 16*\r(x\out)
	li	x\r, -2
	lb	x\r, SCR(x\base)
	sd	x\r, 16*\r+8(x\out)
	.endm

/* mmio_every_register(uart, uint64_t results[32][2]) */
	.globl mmio_every_register
mmio_every_register:
	save_registers
	.irp r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	scratch_roundtrip \r, 10, 11
	.endr
	scratch_roundtrip 12, 10, 11
	scratch_roundtrip 13, 10, 11
	mv	a2, a0
	mv	a3, a1
	scratch_roundtrip 10, 12, 13
	scratch_roundtrip 11, 12, 13
	restore_registers_and_return

/*
 * mmio_address_forms(uart, uint64_t results[6]): the same register through other offsets, and rd = rs1.
 */
	.globl mmio_address_forms
mmio_address_forms:
	li	t0, 0x96
	addi	t1, a0, SCR
	sb	t0, 0(t1)
	lbu	t2, 0(t1)
	sd	t2, 0(a1)
	li	t3, SCR + 2048
	add	t1, a0, t3
	lbu	t2, -2048(t1)
	sd	t2, 8(a1)
	addi	t1, a0, SCR - 2047
	lb	t2, 2047(t1)
	sd	t2, 16(a1)
	mv	t1, a0
	lbu	t1, SCR(t1)
	sd	t1, 24(a1)
	li	t0, 0x69
	addi	t1, t1, 0
	li	t3, SCR + 2048
	add	t1, a0, t3
	sb	t0, -2048(t1)
	mv	t1, a0
	lb	t1, SCR(t1)
	sd	t1, 32(a1)
	/* rs2 = rs1: the low byte of the UART's own address goes to SCR. */
	sb	a0, SCR(a0)
	lbu	t2, SCR(a0)
	sd	t2, 40(a1)
	ret

/*
 * Wide accesses start at MCR (4) or, with DLAB set, at DLL (0). A device may take only the first byte of
 * them, as QEMU's does, or all: so a store's upper bytes are what the neighbours should hold anyway, and of
 * a load only the first byte counts.
 */
	.macro set_lcr value, base, scratch
	li	x\scratch, \value
	sb	x\scratch, LCR(x\base)
	.endm

	/* x\r = what a wide store at MCR carries: MCR, then LSR, MSR (read only), SCR. */
	.macro mcr_word r
	li	x\r, 0x5a000008 | (\r & 3)
	.endm

	/* The same at DLL: DLL, DLM 0, FCR 0, LCR with DLAB, MCR, LSR, MSR, SCR. */
	.macro dll_doubleword r
	li	x\r, 0x5a00000883000010 | \r
	.endm

/* mmio_wide(uart, uint64_t results[16]): low bytes read back after or by each width */
	.globl mmio_wide
mmio_wide:
	mv	t6, a0
	set_lcr	LCR_8N1, 31, 5
	li	t0, 0x0009
	sh	t0, MCR(t6)
	lbu	t1, MCR(t6)
	sd	t1, 0(a1)
	li	t0, 0x5a00000a
	sw	t0, MCR(t6)
	lbu	t1, MCR(t6)
	sd	t1, 8(a1)
	lh	t1, MCR(t6)
	sd	t1, 16(a1)
	lhu	t1, MCR(t6)
	sd	t1, 24(a1)
	.option push
	.option norvc
	lw	t1, MCR(t6)
	sd	t1, 32(a1)
	.option pop
	lwu	t1, MCR(t6)
	sd	t1, 40(a1)
	set_lcr	LCR_DLAB, 31, 5
	dll_doubleword 29
	.option push
	.option norvc
	sd	t4, DLL(t6)
	.option pop
	set_lcr	LCR_DLAB, 31, 5
	lbu	t1, DLL(t6)
	sd	t1, 48(a1)
	ld	t1, DLL(t6)
	sd	t1, 56(a1)
	set_lcr	LCR_8N1, 31, 5
	ret

/* mmio_compressed(uart, uint8_t results[32][8]): c.sw c.lw c.sd c.ld, and c.swsp c.lwsp c.sdsp c.ldsp */
	.macro compressed_word r, base, out
	mcr_word \r
	c.sw	x\r, MCR(x\base)
	li	x\r, -1
	c.lw	x\r, MCR(x\base)
	sb	x\r, 8*\r(x\out)
	.endm

	.macro compressed_doubleword r, base, out, scratch
	set_lcr	LCR_DLAB, \base, \scratch
	dll_doubleword \r
	c.sd	x\r, DLL(x\base)
	set_lcr	LCR_DLAB, \base, \scratch
	li	x\r, 0
	c.ld	x\r, DLL(x\base)
	sb	x\r, 8*\r+1(x\out)
	set_lcr	LCR_8N1, \base, \scratch
	.endm

	.macro stack_word r, out
	mcr_word \r
	c.swsp	x\r, MCR(sp)
	li	x\r, -1
	c.lwsp	x\r, MCR(sp)
	sb	x\r, 8*\r+2(x\out)
	.endm

	.macro stack_doubleword r, out, scratch
	set_lcr	LCR_DLAB, 2, \scratch
	dll_doubleword \r
	c.sdsp	x\r, DLL(sp)
	set_lcr	LCR_DLAB, 2, \scratch
	li	x\r, 0
	c.ldsp	x\r, DLL(sp)
	sb	x\r, 8*\r+3(x\out)
	set_lcr	LCR_8N1, 2, \scratch
	.endm

	.globl mmio_compressed
mmio_compressed:
	save_registers
	.option push
	.option rvc
	mv	x16, a1
	.irp r, 8, 9, 11, 12, 13, 14, 15
	compressed_word \r, 10, 16
	compressed_doubleword \r, 10, 16, 17
	.endr
	mv	x9, x10
	compressed_word 10, 9, 16
	compressed_doubleword 10, 9, 16, 17
	mv	sp, x9
	.irp r, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	stack_word \r, 16
	stack_doubleword \r, 16, 17
	.endr
	mv	x31, x16
	stack_word 16, 31
	stack_doubleword 16, 31, 30
	stack_doubleword 17, 31, 30
	stack_word 17, 31
	/* The base register as the one loaded: MCR still has what x17 stored. */
	c.lwsp	sp, MCR(sp)
	sb	sp, 8*2+2(x31)
	.option pop
	restore_registers_and_return

	.bss
	.balign 8
saved:	.space	32 * 8
