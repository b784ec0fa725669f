/*
 * The hardware of one hart: what its H extension has, and switching it on and off.
 */
#ifndef FIRMWARE_ARCH_HAL_H
#define FIRMWARE_ARCH_HAL_H

#include <stdbool.h>
#include <stdint.h>

/* The registers of the hypervisor at a trap of its own. x[0] is unused. */
struct host_trap_frame {
	uint64_t x[32];
};

/*
 * Per hart, in its percpu slot. While no guest runs, sscratch points here, and the host vector finds its
 * frame and a stack of its own: a report is possible even when the hypervisor's stack is what broke.
 */
struct arch_cpu {
	struct host_trap_frame fault;
	uint64_t hart_id;
	uint64_t fault_depth; /* host traps being handled; 2 means the handler itself failed */

	bool enabled;        /* between hardware_enable and hardware_disable */
	bool has_sstc;       /* stimecmp and vstimecmp work here */
	bool has_senvcfg, has_vsiselect, has_scontext;
	bool has_fp;
	uint16_t vmid_limit; /* VMIDs 0..vmid_limit can be told apart */

	uint8_t fault_stack[2048] __attribute__((aligned(16)));
};

/*
 * Puts this hart's hypervisor CSRs into a known state: delegation, interrupt enables, counters.
 * False if the hart has no H extension, and then none has been touched.
 */
bool riscv_percpu_new(struct arch_cpu *arch, uint64_t hart_id);

/* Makes guests possible on this hart. False if it has no H extension or no Sv39x4. */
bool hardware_enable(struct arch_cpu *arch);

/* No guest can run here any more, and nothing of one is left in the hart: no delegation, no translation. */
void hardware_disable(struct arch_cpu *arch);

static inline bool is_enabled(const struct arch_cpu *arch) { return arch->enabled; }

/* What this hart may have cached: G-stage translations of every VMID, VS-stage ones of hgatp's, instructions. */
void hal_flush_gstage_all(void);
void hal_flush_vsstage(void);

/* The reservation that an LR of the guest before has left. */
static inline void hal_drop_reservation(void)
{
	uint32_t word, failed;

	__asm__ volatile("sc.w %0, zero, (%1)" : "=r"(failed) : "r"(&word) : "memory");
}

static inline void hal_flush_code(void) { __asm__ volatile("fence.i" : : : "memory"); }

/* Bytes that hal_zero_block zeroes, a power of 2 up to a quarter of a page: found out at the first call. 0: the hart has no Zicboz, or
 * S-mode may not use it. Boot hart. */
uint64_t hal_zero_block_size(void);

static inline void hal_zero_block(uint64_t address)
{
	__asm__ volatile(".option push\n.option arch, +zicboz\ncbo.zero (%0)\n.option pop" : : "r"(address) : "memory");
}

/* Ticks of mtime. */
static inline uint64_t hal_time(void)
{
	uint64_t now;

	__asm__ volatile("rdtime %0" : "=r"(now));
	return now;
}

static inline void hal_wait_for_interrupt(void) { __asm__ volatile("wfi" : : : "memory"); }

#endif
