#include "cpu/percpu.h"

#include "arch/csr.h"
#include "host/sbi_call.h"
#include "lib/string.h"
#include "trap.h"

struct percpu *percpu_new(uint64_t cpu_id)
{
	struct percpu *cpu = get_cpu_data(cpu_id);

	memset(cpu, 0, sizeof *cpu);
	cpu->id = cpu_id;
	cpu->cpu_on_entry = INVALID_ADDRESS;
	cpu->dtb_ipa = INVALID_ADDRESS;
	csr_write(sscratch, &cpu->arch_cpu);
	csr_write(stvec, _host_trap);
	return cpu;
}

void percpu_post_event(struct percpu *cpu, uint32_t event)
{
	spin_lock(&cpu->ctrl_lock);
	cpu->events |= event;
	spin_unlock(&cpu->ctrl_lock);
	if (cpu != this_cpu_data())
		sbi_call_send_ipi(cpu->id);
}

/* The interrupt is cleared first: an event posted from here on raises it again, and no wfi misses it. */
uint32_t percpu_take_events(struct percpu *cpu)
{
	csr_clear(sip, BIT(IRQ_SSI));
	spin_lock(&cpu->ctrl_lock);
	uint32_t events = cpu->events;
	cpu->events = 0;
	spin_unlock(&cpu->ctrl_lock);
	return events;
}
