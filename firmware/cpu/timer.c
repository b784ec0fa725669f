#include "cpu/timer.h"

#include "arch/csr.h"
#include "lib/lib.h"
#include "cpu/percpu.h"
#include "host/sbi_call.h"
#include "vm/vcpu.h"

static void set(const struct percpu *cpu, uint64_t deadline)
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
	set(cpu, deadline);
}

void timer_expired(struct percpu *cpu)
{
	timer_arm(cpu, NO_DEADLINE);
}

uint64_t timer_of_others(struct percpu *cpu, const struct vcpu *current, uint64_t slice_end)
{
	uint64_t deadline = NO_DEADLINE;

	for (struct vcpu *vcpu = cpu->vcpus; vcpu; vcpu = vcpu->next_on_cpu) {
		if (vcpu == current)
			continue;
		if (vcpu_wants_turn(vcpu))
			return slice_end;
		deadline = min_u64(deadline, vcpu_wake_deadline(vcpu));
	}
	return deadline;
}
