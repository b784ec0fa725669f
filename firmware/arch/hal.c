#include "arch/hal.h"

#include "arch/csr.h"
#include "arch/paging.h"
#include "lib/string.h"

/*
 * What a guest's own kernel handles, it gets without our help: its page faults, its system calls, its
 * access faults. Guest-page faults, virtual instructions and calls from VS-mode are ours.
 *
 * Illegal instructions and misaligned stores are the guest's too, but exit/ reflects them: QEMU 7.2, when
 * it delegates exceptions 2 and 6 itself, takes them for the interrupts of these numbers and writes
 * vscause 1 and 5.
 */
#define GUEST_EXCEPTIONS                                                                                               \
	(BIT(EXC_FETCH_MISALIGNED) | BIT(EXC_FETCH_ACCESS) | BIT(EXC_BREAKPOINT) | BIT(EXC_LOAD_MISALIGNED) |          \
	 BIT(EXC_LOAD_ACCESS) | BIT(EXC_STORE_ACCESS) | BIT(EXC_ECALL_U) | BIT(EXC_FETCH_PAGE_FAULT) |                 \
	 BIT(EXC_LOAD_PAGE_FAULT) | BIT(EXC_STORE_PAGE_FAULT) | BIT(EXC_SOFTWARE_CHECK) | BIT(EXC_HARDWARE_ERROR))
#define GUEST_INTERRUPTS (BIT(IRQ_VSSI) | BIT(IRQ_VSTI) | BIT(IRQ_VSEI))
#define HOST_INTERRUPTS (BIT(IRQ_SSI) | BIT(IRQ_STI) | BIT(IRQ_SEI))

/* misa is machine mode's; S-mode asks by touching a register only H has. */
static bool has_h_extension(void)
{
	uint64_t unused;

	return csr_try_read(hstatus, &unused);
}

/* Sstc needs menvcfg.STCE (the machine layer's doing), then henvcfg.STCE for the guest. */
static bool probe_sstc(void)
{
	uint64_t henvcfg = 0, unused;

	csr_try_write(henvcfg, ENVCFG_STCE | ENVCFG_ADUE);
	csr_try_read(henvcfg, &henvcfg);
	return (henvcfg & ENVCFG_STCE) && csr_try_read(stimecmp, &unused) && csr_try_read(vstimecmp, &unused);
}

static bool probe_fp(void)
{
	csr_set(sstatus, SSTATUS_FS);
	return csr_read(sstatus) & SSTATUS_FS;
}

void hal_flush_gstage_all(void)
{
	__asm__ volatile(".option push\n.option arch, +h\nhfence.gvma\n.option pop" : : : "memory");
}

void hal_flush_vsstage(void)
{
	__asm__ volatile(".option push\n.option arch, +h\nhfence.vvma\n.option pop" : : : "memory");
}

/* One block of a page of ones is zeroed: how long are the zeros? */
static uint64_t probe_zero_block(void)
{
	static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	uint64_t ok = 0, size = 0;

	memset(page, 0xff, sizeof page);
	__asm__ volatile(".option push\n.option arch, +zicboz\n"
	                 "1: cbo.zero (%1)\n"
	                 "   li %0, 1\n"
	                 "2: .option pop\n" EXTABLE("1b", "2b")
	                 : "+r"(ok)
	                 : "r"(page)
	                 : "memory");
	while (ok && size < sizeof page && !page[size])
		size++;
	return size <= sizeof page / 4 ? size : 0;
}

uint64_t hal_zero_block_size(void)
{
	static uint64_t size;
	static bool is_known;

	if (!is_known)
		size = probe_zero_block();
	is_known = true;
	return size;
}

bool riscv_percpu_new(struct arch_cpu *arch, uint64_t hart_id)
{
	uint64_t unused;

	*arch = (struct arch_cpu){.hart_id = hart_id};
	if (!has_h_extension())
		return false;
	csr_write(hedeleg, GUEST_EXCEPTIONS);
	csr_write(hideleg, GUEST_INTERRUPTS);
	csr_write(hvip, 0);
	csr_write(hcounteren, COUNTEREN_CY_TM_IR);
	csr_write(hgeie, 0);
	csr_write(hie, 0);
	csr_write(sie, HOST_INTERRUPTS);
	csr_try_write(hstateen0, STATEEN0_ENVCFG); /* guests need no more, and have none of it where it is refused */
	csr_try_write(hstateen1, 0);
	csr_try_write(hstateen2, 0);
	csr_try_write(hstateen3, 0);
	arch->has_sstc = probe_sstc();
	arch->has_senvcfg = csr_try_read(senvcfg, &unused);
	arch->has_vsiselect = csr_try_read(CSR_VSISELECT, &unused);
	arch->has_scontext = csr_try_read(CSR_SCONTEXT, &unused);
	arch->has_fp = probe_fp();
	return true;
}

/* hgatp is WARL: the mode it keeps is one it has, the VMID bits it keeps are those it has. */
bool hardware_enable(struct arch_cpu *arch)
{
	uint64_t hgatp;

	if (!has_h_extension())
		return false;
	csr_write(hgatp, HGATP_MODE_SV39X4 | HGATP_VMID_MASK);
	hgatp = csr_read(hgatp);
	csr_write(hgatp, 0);
	if ((hgatp & HGATP_MODE_SV39X4) != HGATP_MODE_SV39X4)
		return false;
	arch->vmid_limit = (hgatp & HGATP_VMID_MASK) >> HGATP_VMID_SHIFT;
	csr_write(hedeleg, GUEST_EXCEPTIONS);
	csr_write(hideleg, GUEST_INTERRUPTS);
	csr_write(sie, HOST_INTERRUPTS);
	csr_write(hstatus, HSTATUS_VSXL64);
	hal_flush_gstage_all();
	hal_flush_vsstage();
	arch->enabled = true;
	return true;
}

void hardware_disable(struct arch_cpu *arch)
{
	if (!arch->enabled)
		return;
	csr_write(sie, 0);
	csr_write(hie, 0);
	csr_write(hvip, 0);
	if (arch->has_sstc)
		csr_write(vstimecmp, ~UINT64_C(0));
	csr_write(vsatp, 0);
	csr_write(hgatp, 0);
	csr_write(hedeleg, 0);
	csr_write(hideleg, 0);
	hal_flush_vsstage();
	hal_flush_gstage_all();
	arch->enabled = false;
}
