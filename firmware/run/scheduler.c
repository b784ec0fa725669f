#include "run/scheduler.h"

#include <stddef.h>

#include "cpu/output.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "run/queue.h"
#include "run/vcpu_run.h"
#include "vm/zone_device.h"

static uint64_t entered; /* atomic */

uint64_t entered_cpus(void) { return __atomic_load_n(&entered, __ATOMIC_ACQUIRE); }

static bool told_to_start(struct percpu *cpu)
{
	spin_lock(&cpu->ctrl_lock);
	bool told = cpu->boot_cpu || cpu->cpu_on_entry != INVALID_ADDRESS;
	spin_unlock(&cpu->ctrl_lock);
	return told;
}

static void idle_until_told_to_start(struct percpu *cpu)
{
	for (;;) {
		percpu_take_events(cpu);
		if (told_to_start(cpu))
			return;
		hal_wait_for_interrupt();
	}
}

/* No vCPU wants the hart: it sleeps until an event, a device or the first deadline. */
static void sleep_until_event(struct percpu *cpu)
{
	uint64_t deadline = queue_deadline(cpu, NULL, hal_time());

	if (cpu->output_due != NO_DEADLINE) {
		output_send(cpu); /* instead: what others have printed too */
	} else {
		timer_arm(cpu, deadline);
		hal_wait_for_interrupt();
		timer_expired(cpu);
	}
	zone_poll_input(cpu);
}

_Noreturn void percpu_run_vm(struct percpu *cpu)
{
	__atomic_fetch_add(&entered, 1, __ATOMIC_RELEASE);
	idle_until_told_to_start(cpu);
	for (;;) {
		percpu_take_events(cpu);
		struct vcpu *vcpu = next_vcpu(cpu);
		if (vcpu) {
			cpu->last = vcpu;
			vcpu_run(vcpu);
		} else {
			sleep_until_event(cpu);
		}
	}
}
