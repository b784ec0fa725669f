/* Fences on this hart, for itself and for others. */
#include "arch/csr.h"
#include "arch/sbi_spec.h"
#include "lib/bits.h"
#include "machine/machine.h"

static void execute_fence(const struct sbi_fence *fence)
{
	uint64_t asid = fence->asid;

	switch (fence->function) {
	case SBI_RFENCE_FENCE_I: __asm__ volatile("fence.i" : : : "memory"); break;
	case SBI_RFENCE_SFENCE_VMA: __asm__ volatile("sfence.vma" : : : "memory"); break;
	case SBI_RFENCE_SFENCE_VMA_ASID: __asm__ volatile("sfence.vma x0, %0" : : "r"(asid) : "memory"); break;
	case SBI_RFENCE_HFENCE_GVMA_VMID:
		__asm__ volatile(".option push\n.option arch, +h\nhfence.gvma x0, %0\n.option pop"
		                 :
		                 : "r"(asid)
		                 : "memory");
		break;
	case SBI_RFENCE_HFENCE_GVMA:
		__asm__ volatile(".option push\n.option arch, +h\nhfence.gvma\n.option pop" : : : "memory");
		break;
	case SBI_RFENCE_HFENCE_VVMA_ASID:
		__asm__ volatile(".option push\n.option arch, +h\nhfence.vvma x0, %0\n.option pop"
		                 :
		                 : "r"(asid)
		                 : "memory");
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
void sbi_fence_here(const struct sbi_fence *fence)
{
	bool needs_vmid = fence->function == SBI_RFENCE_HFENCE_VVMA || fence->function == SBI_RFENCE_HFENCE_VVMA_ASID;
	uint64_t hgatp = 0;

	if (needs_vmid) {
		hgatp = csr_read(hgatp);
		csr_write(hgatp, fence->hgatp);
	}
	execute_fence(fence);
	if (needs_vmid)
		csr_write(hgatp, hgatp);
}

void sbi_fence_serve(struct sbi_hart *hart)
{
	uint64_t senders = __atomic_exchange_n(&hart->fence_requests, 0, __ATOMIC_ACQUIRE);

	for (; senders; senders &= senders - 1) {
		struct sbi_hart *sender = sbi_hart(lowest_bit(senders));
		sbi_fence_here(&sender->fence);
		if (__atomic_and_fetch(&sender->fence_waiting, ~(UINT64_C(1) << hart->id), __ATOMIC_ACQ_REL) == 0)
			sbi_ipi_raise(sender->id, IPI_FENCE_DONE);
	}
}
