/* What trap.S has for C: the world switch, the vector for the hypervisor's own traps, floating-point registers. */
#ifndef FIRMWARE_TRAP_H
#define FIRMWARE_TRAP_H

#include "arch/regs.h"

/* Enters the guest by sret and returns when it has left again. */
void _run_guest(struct vm_cpu_registers *registers);

/* stvec in HS-mode: a trap of the hypervisor's own goes to host_trap (host/fault.c). */
void _host_trap(void);

/* Between memory and the hart; sstatus.FS must not be off. */
void fp_load(const struct fp_registers *fp);
void fp_save(struct fp_registers *fp);

#endif
