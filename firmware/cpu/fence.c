#include "cpu/fence.h"

#include "arch/hal.h"
#include "cpu/percpu.h"
#include "host/sbi_call.h"
#include "lib/bits.h"

/* What a CPU may hold that its guest has since changed; bits of percpu.stale. */
enum {
	STALE_CODE = 1u << 0,         /* instructions: fence.i */
	STALE_TRANSLATIONS = 1u << 1, /* VS-stage translations: hfence.vvma */
};

/*
 * in_guest and stale are each written by one side and read by the other; both sides write theirs first, in
 * one order for all (hence SEQ_CST), so at least one of them sees what the other wrote.
 */
void percpu_before_guest(struct percpu *cpu)
{
	__atomic_store_n(&cpu->in_guest, true, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&cpu->stale, __ATOMIC_SEQ_CST))
		return;
	uint32_t stale = __atomic_exchange_n(&cpu->stale, 0, __ATOMIC_SEQ_CST);
	if (stale & STALE_TRANSLATIONS)
		hal_flush_vsstage();
	if (stale & STALE_CODE)
		hal_flush_code();
}

void percpu_after_guest(struct percpu *cpu) { __atomic_store_n(&cpu->in_guest, false, __ATOMIC_RELEASE); }

/*
 * Marks the CPUs and returns those that are inside a guest now: only these need to be interrupted, and since
 * a CPU that waits for others is outside, CPUs that fence each other never wait for each other.
 */
static uint64_t mark_stale(uint64_t harts, uint32_t what)
{
	uint64_t running = 0;

	for (; harts; harts &= harts - 1) {
		uint64_t id = lowest_bit(harts);
		__atomic_fetch_or(&get_cpu_data(id)->stale, what, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&get_cpu_data(id)->in_guest, __ATOMIC_SEQ_CST))
			running |= UINT64_C(1) << id;
	}
	return running;
}

void percpu_fence_code(uint64_t harts)
{
	uint64_t running = mark_stale(harts, STALE_CODE);

	if (running)
		sbi_call_remote_fence_i(running);
}

void percpu_fence_translations(uint64_t harts, uint64_t start, uint64_t size)
{
	uint64_t running = mark_stale(harts, STALE_TRANSLATIONS);

	if (running)
		sbi_call_remote_hfence_vvma(running, start, size);
}

void percpu_fence_translations_asid(uint64_t harts, uint64_t start, uint64_t size, uint64_t asid)
{
	uint64_t running = mark_stale(harts, STALE_TRANSLATIONS);

	if (running)
		sbi_call_remote_hfence_vvma_asid(running, start, size, asid);
}
