#include "run/queue.h"

#include <stddef.h>

#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "lib/bits.h"
#include "vm/vcpu.h"

struct vcpu *next_vcpu(struct percpu *cpu)
{
	struct vcpu *first = cpu->last && cpu->last->next_on_cpu ? cpu->last->next_on_cpu : cpu->vcpus;
	struct vcpu *vcpu = first;

	while (vcpu) {
		if (vcpu_prepare(vcpu))
			return vcpu;
		vcpu = vcpu->next_on_cpu ? vcpu->next_on_cpu : cpu->vcpus;
		if (vcpu == first)
			break;
	}
	return NULL;
}

uint64_t queue_deadline(struct percpu *cpu, const struct vcpu *current, uint64_t slice_end)
{
	uint64_t deadline = cpu->output_due;

	for (struct vcpu *vcpu = cpu->vcpus; vcpu; vcpu = vcpu->next_on_cpu) {
		if (vcpu == current)
			continue;
		if (vcpu_wants_turn(vcpu))
			return min_u64(deadline, slice_end);
		deadline = min_u64(deadline, vcpu_wake_deadline(vcpu));
	}
	return deadline;
}
