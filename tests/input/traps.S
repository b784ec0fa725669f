/* Nothing here can be run, and there is no handler: every instruction traps. */
	.globl	_start
_start:
	.word	0
