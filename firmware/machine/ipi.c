/*
 * Inter-processor interrupts, and the fences they carry.
 *
 * A fence is synchronous. Two harts may fence each other at once, so a hart that waits serves the requests
 * of others meanwhile; each request lives in its sender, so nothing is queued and no lock is needed.
 */
#include "machine/machine.h"

#include "arch/csr.h"
#include "lib/lib.h"
#include "arch/sbi_spec.h"

static volatile uint32_t *software_interrupt(uint64_t hart_id)
{
	return (volatile uint32_t *)(sbi_platform.clint + 4 * hart_id);
}

int64_t sbi_harts_of_mask(uint64_t mask, uint64_t base, uint64_t *harts)
{
	*harts = 0;
	for (uint64_t id = 0; id < SBI_HARTS_MAX; id++) {
		bool wanted = base == ~UINT64_C(0) || (id >= base && id - base < 64 && (mask >> (id - base) & 1));
		if (!wanted)
			continue;
		if (sbi_hsm_is_started(id))
			*harts |= UINT64_C(1) << id;
		else if (base != ~UINT64_C(0))
			return SBI_ERR_INVALID_PARAM;
	}
	if (base != ~UINT64_C(0) && mask && (base >= SBI_HARTS_MAX || (base && mask >> (SBI_HARTS_MAX - base))))
		return SBI_ERR_INVALID_PARAM;
	return SBI_SUCCESS;
}

void sbi_ipi_raise(uint64_t hart_id, uint32_t what)
{
	__atomic_fetch_or(&sbi_hart(hart_id)->ipi, what, __ATOMIC_RELEASE);
	__asm__ volatile("fence rw, o" : : : "memory");
	*software_interrupt(hart_id) = 1;
}

static void fence_all(uint32_t function, const struct sbi_fence *fence)
{
	uint64_t asid = fence->asid;

	switch (function) {
	case SBI_RFENCE_FENCE_I: __asm__ volatile("fence.i" : : : "memory"); break;
	case SBI_RFENCE_SFENCE_VMA: __asm__ volatile("sfence.vma" : : : "memory"); break;
	case SBI_RFENCE_SFENCE_VMA_ASID: __asm__ volatile("sfence.vma x0, %0" : : "r"(asid) : "memory"); break;
	case SBI_RFENCE_HFENCE_GVMA_VMID:
		__asm__ volatile(".option push\n.option arch, +h\nhfence.gvma x0, %0\n.option pop" : : "r"(asid) : "memory");
		break;
	case SBI_RFENCE_HFENCE_GVMA:
		__asm__ volatile(".option push\n.option arch, +h\nhfence.gvma\n.option pop" : : : "memory");
		break;
	case SBI_RFENCE_HFENCE_VVMA_ASID:
		__asm__ volatile(".option push\n.option arch, +h\nhfence.vvma x0, %0\n.option pop" : : "r"(asid) : "memory");
		break;
	case SBI_RFENCE_HFENCE_VVMA:
		__asm__ volatile(".option push\n.option arch, +h\nhfence.vvma\n.option pop" : : : "memory");
		break;
	}
}

/*
 * hfence.vvma works on the VMID in hgatp, which on this hart may be another zone's: the sender's stands
 * in for it. Ranges are not walked page by page: one complete fence is always enough, and never wrong.
 */
static void fence_here(const struct sbi_fence *fence)
{
	bool needs_vmid = fence->function == SBI_RFENCE_HFENCE_VVMA || fence->function == SBI_RFENCE_HFENCE_VVMA_ASID;
	uint64_t hgatp = 0;

	if (needs_vmid) {
		hgatp = csr_read(hgatp);
		csr_write(hgatp, fence->hgatp);
	}
	fence_all(fence->function, fence);
	if (needs_vmid)
		csr_write(hgatp, hgatp);
}

static void serve_fences(struct sbi_hart *hart)
{
	uint64_t senders = __atomic_exchange_n(&hart->fence_requests, 0, __ATOMIC_ACQUIRE);

	for (; senders; senders &= senders - 1) {
		struct sbi_hart *sender = sbi_hart(lowest_bit(senders));
		fence_here(&sender->fence);
		if (__atomic_and_fetch(&sender->fence_waiting, ~(UINT64_C(1) << hart->id), __ATOMIC_ACQ_REL) == 0)
			sbi_ipi_raise(sender->id, IPI_FENCE_DONE);
	}
}

void sbi_ipi_serve(struct sbi_hart *hart)
{
	*software_interrupt(hart->id) = 0;
	__asm__ volatile("fence o, rw" : : : "memory"); /* cleared before the reasons are read: none is lost */
	uint32_t reasons = __atomic_exchange_n(&hart->ipi, 0, __ATOMIC_ACQUIRE);

	if (reasons & IPI_SUPERVISOR)
		csr_set(mip, BIT(IRQ_SSI));
	if (reasons & IPI_FENCE)
		serve_fences(hart);
}

void sbi_rfence_remote(uint64_t harts, const struct sbi_fence *fence)
{
	struct sbi_hart *hart = sbi_this_hart();
	uint64_t self = UINT64_C(1) << hart->id;

	if (harts & self)
		fence_here(fence);
	hart->fence = *fence;
	__atomic_store_n(&hart->fence_waiting, harts & ~self, __ATOMIC_RELEASE);
	for (uint64_t others = harts & ~self; others; others &= others - 1) {
		uint64_t id = lowest_bit(others);
		__atomic_fetch_or(&sbi_hart(id)->fence_requests, self, __ATOMIC_RELEASE);
		sbi_ipi_raise(id, IPI_FENCE);
	}
	/* Asleep, not spinning: where harts outnumber their host's cores, spinning starves those waited for. */
	while (__atomic_load_n(&hart->fence_waiting, __ATOMIC_ACQUIRE)) {
		__asm__ volatile("wfi" : : : "memory");
		sbi_ipi_serve(hart);
	}
}

/* Arguments: mask, base, start, size, then the ASID or VMID of the calls that have one. */
int64_t sbi_rfence_call(uint64_t function, const uint64_t *arguments)
{
	struct sbi_fence fence = {.function = (uint32_t)function, .asid = arguments[4]};
	uint64_t harts;

	if (function > SBI_RFENCE_HFENCE_VVMA)
		return SBI_ERR_NOT_SUPPORTED;
	if (function >= SBI_RFENCE_HFENCE_GVMA_VMID && !csr_try_read(hgatp, &fence.hgatp))
		return SBI_ERR_NOT_SUPPORTED;
	int64_t error = sbi_harts_of_mask(arguments[0], arguments[1], &harts);
	if (!error)
		sbi_rfence_remote(harts, &fence);
	return error;
}
