/* Interrupts of the host's. What they are about is found out by whoever is interested: the run loop, a zone's input. */
#include "arch/csr.h"
#include "cpu/output.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "exit/causes.h"
#include "vm/vcpu.h"
#include "vm/zone.h"
#include "vm/zone_device.h"

/* Time for output is no reason for the guest to give its turn away. If that is over as well, the timer fires again. */
static enum exit_verdict exit_timer(struct percpu *cpu)
{
	timer_expired(cpu);
	if (cpu->output_due == NO_DEADLINE || hal_time() < cpu->output_due)
		return EXIT_YIELD;
	output_send(cpu);
	return EXIT_RESUME;
}

enum exit_verdict exit_interrupt(struct vcpu *vcpu, uint64_t number)
{
	switch (number) {
	case IRQ_SSI: percpu_take_events(vcpu->cpu); return EXIT_RESUME;
	case IRQ_STI: return exit_timer(vcpu->cpu);
	case IRQ_SEI: zone_poll_input(vcpu->cpu); return EXIT_RESUME;
	default: zone_end(vcpu->zone, ZONE_STOPPED, "unexpected interrupt %lu", number); return EXIT_RESUME;
	}
}
