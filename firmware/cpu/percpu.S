/*
 * The array of per-CPU slots, one a hart id. Simulators and debuggers go by these symbols; the last two are absolute.
 */
#include "asm_offsets.h"

	.section .percpu, "aw", @nobits
	.balign	4096
	.globl	percpu_base
percpu_base:
	.skip	PERCPU_SLOT_SIZE * HARTS_MAX

	.globl	percpu_slot_size
	.set	percpu_slot_size, PERCPU_SLOT_SIZE
	.globl	percpu_max
	.set	percpu_max, HARTS_MAX
