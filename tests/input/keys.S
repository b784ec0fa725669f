/* Says ready, then which keys come: each as two digits, a break as BR; up to q. */
#include "console.h"

main:
	la	s2, ready
1:	lbu	a0, 0(s2)
	beqz	a0, next
	call	putchar
	addi	s2, s2, 1
	j	1b
next:
	lbu	s3, LSR(s0)
	andi	t0, s3, 1
	beqz	t0, next
	lbu	s4, RBR(s0)
	andi	t0, s3, 0x10
	bnez	t0, broken
	srli	a0, s4, 4
	call	digit
	andi	a0, s4, 15
	call	digit
	j	end
broken:
	li	a0, 'B'
	call	putchar
	li	a0, 'R'
	call	putchar
end:	li	a0, '\n'
	call	putchar
	li	t0, 'q'
	bne	s4, t0, next
	j	pass

digit:
	la	t0, digits
	add	t0, t0, a0
	lbu	a0, 0(t0)
	j	putchar

digits:	.ascii	"0123456789abcdef"
ready:	.string	"ready\n"
