/* Traps of the hypervisor's own. Those in the exception table are answers; any other is the end. */
#include "arch/csr.h"
#include "arch/extable.h"
#include "arch/hal.h"
#include "host/console.h"
#include "host/host.h"

static const char *const register_names[32] = {
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
    "a6",   "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};

static void report_host_fault(const struct arch_cpu *arch, uint64_t cause, uint64_t pc)
{
	const uint64_t *x = arch->fault.x;

	console_line("rvsim hypervisor: fault of its own on hart %lu", arch->hart_id);
	console_line("  scause 0x%lx  sepc 0x%lx  stval 0x%lx  htval 0x%lx  htinst 0x%lx", cause, pc, csr_read(stval),
	             csr_read(htval), csr_read(htinst));
	console_line("  sstatus 0x%lx  hstatus 0x%lx  vsatp 0x%lx  hgatp 0x%lx", csr_read(sstatus), csr_read(hstatus),
	             csr_read(vsatp), csr_read(hgatp));
	for (unsigned i = 0; i < 32; i += 4) {
		const char *const *names = &register_names[i];
		console_line("  %s 0x%016lx  %s 0x%016lx  %s 0x%016lx  %s 0x%016lx", names[0], x[i], names[1], x[i + 1],
		             names[2], x[i + 2], names[3], x[i + 3]);
	}
}

/* Called by _host_trap, on a stack of its own. Returns if the trap was an allowed one; sepc is then the fixup. */
void host_trap(struct arch_cpu *arch);

void host_trap(struct arch_cpu *arch)
{
	uint64_t cause = csr_read(scause), pc = csr_read(sepc);
	uint64_t fixup = cause & CAUSE_INTERRUPT ? 0 : extable_find(pc);

	if (fixup && !arch->fault_depth) {
		csr_write(sepc, fixup);
		return;
	}
	if (arch->fault_depth++ == 0)
		report_host_fault(arch, cause, pc); /* and all that was printed before */
	host_cut_power(false);
}
