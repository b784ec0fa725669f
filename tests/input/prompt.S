/* A prompt, and then nothing more: it neither asks nor sleeps. */
#include "console.h"

main:
	la	s2, text
next:
	lbu	a0, 0(s2)
	beqz	a0, .
	call	putchar
	addi	s2, s2, 1
	j	next

text:
	.string	"\033[1mready\033[0m\r\nlogin: "
