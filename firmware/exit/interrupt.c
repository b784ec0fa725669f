/* Interrupts of the host's. What they are about is found out by whoever is interested: the run loop, a zone's input. */
#include "arch/csr.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "exit/causes.h"
#include "vm/vcpu.h"
#include "vm/zone.h"
#include "vm/zone_device.h"

enum exit_verdict exit_interrupt(struct vcpu *vcpu, uint64_t number)
{
	switch (number) {
	case IRQ_SSI: percpu_take_events(vcpu->cpu); return EXIT_RESUME;
	case IRQ_STI: timer_expired(vcpu->cpu); return EXIT_YIELD;
	case IRQ_SEI: zone_poll_input(vcpu->cpu); return EXIT_RESUME;
	default: zone_end(vcpu->zone, ZONE_STOPPED, "unexpected interrupt %lu", number); return EXIT_RESUME;
	}
}
