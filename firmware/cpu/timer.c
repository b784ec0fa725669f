#include "cpu/timer.h"

#include "arch/csr.h"
#include "cpu/percpu.h"
#include "host/sbi_call.h"

static void set_host_timer(const struct percpu *cpu, uint64_t deadline)
{
	if (cpu->arch_cpu.has_sstc)
		csr_write(stimecmp, deadline);
	else
		sbi_call_set_timer(deadline);
}

void timer_arm(struct percpu *cpu, uint64_t deadline)
{
	if (cpu->timer_armed == deadline)
		return; /* without Sstc this is a call, and most exits do not change it */
	cpu->timer_armed = deadline;
	set_host_timer(cpu, deadline);
}

void timer_expired(struct percpu *cpu) { timer_arm(cpu, NO_DEADLINE); }
