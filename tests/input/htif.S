/* Echoes what it gets from HTIF's console device, up to q. */
#include "console.h"

main:
	la	s2, tohost
	la	s3, fromhost
next:
	li	t0, 0x0100000000000000  /* getchar */
	sd	t0, 0(s2)
wait:
	ld	a0, 0(s3)
	beqz	a0, wait
	sd	zero, 0(s3)
	andi	a0, a0, 0xff
	call	putchar
	li	t0, 'q'
	bne	a0, t0, next
	j	pass

	.balign 64
	.globl	tohost
tohost:
	.dword	0
	.balign 64
	.globl	fromhost
fromhost:
	.dword	0
