/* All there is in user space: it says that the kernel came this far, then switches the machine off. */
#define NR_WRITE 64
#define NR_SYSLOG 116
#define NR_REBOOT 142

	.globl	_start
_start:	li	a7, NR_SYSLOG		/* another hart's message would stand in the middle of the word */
	li	a0, 6			/* messages off the console */
	ecall
	li	a7, NR_WRITE
	li	a0, 1
	la	a1, text
	li	a2, 5
	ecall
	li	a7, NR_REBOOT
	li	a0, 0xfee1dead		/* the first and second magic number of reboot(2) */
	li	a1, 672274793
	li	a2, 0x4321fedc		/* power off */
	ecall
	j	.

	.section .rodata
text:	.ascii	"DONE\n"
