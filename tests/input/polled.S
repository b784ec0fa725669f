/* Echoes what it finds by polling, as fast as it comes, up to q. */
#include "console.h"

main:
	lbu	t0, LSR(s0)
	andi	t0, t0, 1
	beqz	t0, main
	lbu	a0, RBR(s0)
	call	putchar
	li	t0, 'q'
	bne	a0, t0, main
	j	pass
