/*
 * A vCPU's registers, grouped by when they are saved and restored.
 *
 * trap.S reaches the first two groups and the floating-point registers by 12-bit offsets from one pointer,
 * which sscratch holds while the guest runs.
 */
#ifndef FIRMWARE_ARCH_REGS_H
#define FIRMWARE_ARCH_REGS_H

#include <stdint.h>

/* Swapped at every entry and exit: the hypervisor's side. Of x only ra, sp, gp, tp and s0..s11 are used. */
struct hyp_registers {
	uint64_t x[32];
	uint64_t sstatus;
	uint64_t hstatus;
	uint64_t scounteren;
	uint64_t stvec;
	uint64_t sscratch;
};

/*
 * Swapped at every entry and exit: the guest's side. sstatus and hstatus are the HS-level registers as
 * they have to be while the guest runs (its own sstatus is vsstatus, below).
 */
struct guest_registers {
	uint64_t x[32];
	uint64_t sstatus;
	uint64_t hstatus;
	uint64_t scounteren; /* VS-mode writes the real one: there is no vscounteren */
	uint64_t sepc;       /* where the guest goes on */
};

/* Moved when a vCPU is bound to a hart or unbound from it. */
struct vs_csrs {
	uint64_t htimedelta;
	uint64_t vsstatus;
	uint64_t vsie;
	uint64_t vstvec;
	uint64_t vsscratch;
	uint64_t vsepc;
	uint64_t vscause;
	uint64_t vstval;
	uint64_t vsatp;
	uint64_t vstimecmp; /* only on a core with Sstc */
	uint64_t hvip;      /* VSSIP is the guest's own to clear, so it moves with the guest */
	uint64_t senvcfg;   /* like scounteren, VS-mode writes the real one; HS-mode runs no U-mode */
};

/* Moved at bind and unbind too: HS-level registers whose contents depend on the vCPU. */
struct virtual_hs_csrs {
	uint64_t hie;   /* an alias of vsie, so never loaded: it says what ends the vCPU's waiting */
	uint64_t hgeie;
	uint64_t hgatp; /* the zone's G-stage table and VMID, from the vCPU's reset on */
};

/* Read once after each exit, before anything can trap again. */
struct trap_csrs {
	uint64_t scause;
	uint64_t stval;
	uint64_t htval;
	uint64_t htinst;
};

/* Saved at unbind if dirty, loaded at bind if the hart's registers hold another vCPU's. */
struct fp_registers {
	uint64_t f[32];
	uint64_t fcsr;
};

struct vm_cpu_registers {
	struct hyp_registers hyp;
	struct guest_registers guest;
	struct vs_csrs vs;
	struct virtual_hs_csrs virtual_hs;
	struct trap_csrs trap;
	struct fp_registers fp;
};

_Static_assert(sizeof(struct vm_cpu_registers) == (37 + 36 + 12 + 3 + 4 + 33) * 8, "layout is fixed");
_Static_assert(sizeof(struct vm_cpu_registers) <= 2048, "trap.S uses 12-bit immediates");

/* Indices into x by their ABI names. */
enum { REG_RA = 1, REG_SP = 2, REG_GP = 3, REG_TP = 4, REG_A0 = 10, REG_A1 = 11, REG_A6 = 16, REG_A7 = 17 };

#endif
