/*
 * RFENCE: fences on other harts.
 *
 * A fence is synchronous. Two harts may fence each other at once, so a hart that waits serves the requests
 * of others meanwhile; each request lives in its sender, so nothing is queued and no lock is needed.
 */
#include "arch/csr.h"
#include "lib/bits.h"
#include "machine/machine.h"

static void remote_fence(uint64_t harts, const struct sbi_fence *fence)
{
	struct sbi_hart *hart = sbi_this_hart();
	uint64_t self = UINT64_C(1) << hart->id;

	if (harts & self)
		sbi_fence_here(fence);
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
struct sbi_result sbi_rfence(const struct sbi_call *call)
{
	struct sbi_fence fence = {.function = (uint32_t)call->function, .asid = call->arguments[4]};
	uint64_t harts;

	if (call->function > SBI_RFENCE_HFENCE_VVMA)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	if (call->function >= SBI_RFENCE_HFENCE_GVMA_VMID && !csr_try_read(hgatp, &fence.hgatp))
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	if (!sbi_harts_of_mask(call->arguments[0], call->arguments[1], &harts))
		return sbi_error(SBI_ERR_INVALID_PARAM);
	remote_fence(harts, &fence);
	return sbi_success();
}
