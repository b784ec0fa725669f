/*
 * Exception table: instructions that are allowed to trap.
 *
 * Each row pairs the address of such an instruction with the address to continue at. Both trap handlers
 * (the hypervisor's host vector and the machine-mode layer's) ask it before they call a trap a fault.
 */
#ifndef FIRMWARE_ARCH_EXTABLE_H
#define FIRMWARE_ARCH_EXTABLE_H

#include <stdint.h>

#define EXTABLE(instruction, fixup)                                                                                    \
	".pushsection .extable, \"a\"\n"                                                                               \
	".balign 8\n"                                                                                                  \
	".dword " instruction ", " fixup "\n"                                                                          \
	".popsection\n"

/* The address to continue at after a trap at pc; 0 if pc was not allowed to trap. */
uint64_t extable_find(uint64_t pc);

#endif
