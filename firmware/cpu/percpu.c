#include "cpu/percpu.h"

#include "arch/csr.h"
#include "cpu/timer.h"
#include "host/sbi_call.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "trap.h"

struct percpu *percpu_new(uint64_t cpu_id)
{
	struct percpu *cpu = get_cpu_data(cpu_id);

	memset(cpu, 0, sizeof *cpu);
	cpu->id = cpu_id;
	cpu->cpu_on_entry = INVALID_ADDRESS;
	cpu->dtb_ipa = INVALID_ADDRESS;
	cpu->output_due = NO_DEADLINE;
	csr_write(sscratch, &cpu->arch_cpu);
	csr_write(stvec, _host_trap);
	return cpu;
}

void percpu_post_event(uint64_t harts, uint32_t event)
{
	uint64_t others = harts & ~BIT(this_cpu_data()->id);

	for (; harts; harts &= harts - 1)
		__atomic_fetch_or(&get_cpu_data(lowest_bit(harts))->events, event, __ATOMIC_RELEASE);
	if (others)
		sbi_call_send_ipi(others);
}

/* The interrupt is cleared first: an event posted from here on raises it again, and no wfi misses it. */
uint32_t percpu_take_events(struct percpu *cpu)
{
	csr_clear(sip, BIT(IRQ_SSI));
	return __atomic_exchange_n(&cpu->events, 0, __ATOMIC_ACQUIRE);
}
