/* Echoes what comes with the UART's interrupt, and sleeps meanwhile, up to q. */
#include "console.h"

main:
	li	s2, 0xc000000
	li	t0, 1
	sw	t0, 4*10(s2)            /* priority of source 10 */
	li	s3, 0xc002000
	li	t0, 1 << 10
	sw	t0, 0(s3)               /* enabled for hart 0's M-mode */
	li	s3, 0xc200004           /* claim and complete */
	li	t0, 1 << 11
	csrw	mie, t0
	li	t0, 1
	sb	t0, IER(s0)
sleep:
	wfi
	lw	s4, 0(s3)
	beqz	s4, sleep
more:
	lbu	t0, LSR(s0)
	andi	t0, t0, 1
	beqz	t0, done
	lbu	a0, RBR(s0)
	call	putchar
	li	t0, 'q'
	beq	a0, t0, pass
	j	more
done:
	sw	s4, 0(s3)
	j	sleep
