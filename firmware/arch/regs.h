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

/*
 * What else a guest can write and then read in the hart, but for floating-point registers: one row a CSR, in the order in
 * which they are loaded. Moved when a vCPU is bound to a hart or unbound from it, so that nobody finds what another left.
 *
 *   ROW(name, csr, condition)
 *
 * csr        as the assembler knows it, or its number
 * condition  in terms of `const struct arch_cpu *arch`: the hart has it, and S-mode may touch it
 */
#define VS_CSRS(ROW)                                                                                                   \
	ROW(htimedelta, htimedelta, true) /* before vstimecmp, which is compared to the sum */                         \
	ROW(vsstatus, vsstatus, true)                                                                                  \
	ROW(vsie, vsie, true)                                                                                          \
	ROW(vstvec, vstvec, true)                                                                                      \
	ROW(vsscratch, vsscratch, true)                                                                                \
	ROW(vsepc, vsepc, true)                                                                                        \
	ROW(vscause, vscause, true)                                                                                    \
	ROW(vstval, vstval, true)                                                                                      \
	ROW(vsatp, vsatp, true)                                                                                        \
	ROW(hvip, hvip, true) /* vsip: VSSIP is the guest's own to clear */                                            \
	ROW(vstimecmp, vstimecmp, arch->has_sstc)                                                                      \
	ROW(vsiselect, CSR_VSISELECT, arch->has_vsiselect)                                                             \
	ROW(senvcfg, senvcfg, arch->has_senvcfg) /* this and scontext are the real ones; HS-mode runs no U-mode */     \
	ROW(scontext, CSR_SCONTEXT, arch->has_scontext)

struct vs_csrs {
#define VS_CSR_FIELD(name, csr, condition) uint64_t name;
	VS_CSRS(VS_CSR_FIELD)
#undef VS_CSR_FIELD
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

_Static_assert(sizeof(struct vm_cpu_registers) == (37 + 36 + 14 + 3 + 4 + 33) * 8, "layout is fixed");
_Static_assert(sizeof(struct vm_cpu_registers) <= 2048, "trap.S uses 12-bit immediates");

/* Indices into x by their ABI names. */
enum { REG_RA = 1, REG_SP = 2, REG_GP = 3, REG_TP = 4, REG_A0 = 10, REG_A1 = 11, REG_A6 = 16, REG_A7 = 17 };

#endif
