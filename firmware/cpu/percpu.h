/*
 * Per-CPU data: one fixed-size slot per hart, indexed by hart id, holding the struct at its start and the
 * CPU's stack below its end.
 *
 * In HS-mode tp is the address of this CPU's slot, always: trap.S gives the guest its own tp on entry and
 * takes it back on exit. Simulators and debuggers rely on these symbols:
 *
 *   percpu_base        start of the array
 *   percpu_slot_size   bytes per slot (absolute symbol)
 *   percpu_max         number of slots (absolute symbol)
 *   _run_guest, _guest_exit, __world_switch_start, __world_switch_end
 *                      the world switch: the only code of the hypervisor that runs with a guest's tp
 *   _host_trap         the vector for the hypervisor's own traps
 *
 * sscratch holds the vCPU's struct vm_cpu_registers while a guest runs, and &arch_cpu at all other times.
 */
#ifndef FIRMWARE_CPU_PERCPU_H
#define FIRMWARE_CPU_PERCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/hal.h"
#include "lib/lock.h"

#define PERCPU_SLOT_SIZE 0x4000
#define INVALID_ADDRESS UINT64_MAX

struct zone;
struct vcpu;

/* What another CPU wants this one to look at; bits of percpu.events. */
enum {
	EVENT_INTERRUPT = 1u << 0, /* a vCPU here has a new virtual interrupt */
	EVENT_START = 1u << 1,     /* a vCPU here has been started */
	EVENT_STOP = 1u << 2,      /* a zone with a vCPU here has ended */
};

/*
 * The first words are looked at from outside, with rvsim's `info percpu` for one. A CPU leaves its first idling when
 * cpu_on_entry is set. Where a vCPU starts is in struct vcpu, since several live on a CPU, and dtb_ipa is read by
 * nobody here: a guest has its device tree's address in a1.
 */
struct percpu {
	uint64_t id;           /* hart id, and index of this slot */
	uint64_t cpu_on_entry; /* gpa a vCPU was last told to start at; INVALID_ADDRESS before any was. ctrl_lock */
	uint64_t dtb_ipa;      /* gpa of that vCPU's device tree, or INVALID_ADDRESS. ctrl_lock */
	struct arch_cpu arch_cpu;
	struct zone *zone;         /* whose G-stage is active here; a counted reference. Only this CPU writes it */
	struct spinlock ctrl_lock; /* orders what other CPUs ask: starts, vcpus */
	bool boot_cpu;             /* runs a zone's vCPU 0, so it need not wait to be started. ctrl_lock */

	uint32_t events; /* EVENT_*; atomic */

	/* cpu/fence.c */
	uint32_t in_guest; /* atomic: between percpu_before_guest and percpu_after_guest */
	uint32_t stale;    /* STALE_*; atomic: what to fence before this CPU's next guest entry */

	/* run/ and vm/vcpu_bind.c */
	struct vcpu *vcpus;    /* those that live here, by vcpu.next_on_cpu; grows at the tail. ctrl_lock */
	struct vcpu *last;     /* served last: the next one gets its turn first */
	struct vcpu *bound;    /* whose VS-level CSRs the hart holds, or NULL */
	struct vcpu *fp_owner; /* whose floating-point registers the hart holds, or NULL */

	uint64_t output_due; /* cpu/output.c: mtime at which to send more of what zones have printed, or NO_DEADLINE */
	uint64_t timer_armed; /* cpu/timer.c: deadline the host timer is set to, in ticks of mtime */
};

/* percpu.S; a slot's stack follows its struct. */
extern uint8_t percpu_base[];

_Static_assert(sizeof(struct percpu) <= PERCPU_SLOT_SIZE / 2, "half of a slot is left for the stack");

static inline struct percpu *get_cpu_data(uint64_t id)
{
	return (struct percpu *)(percpu_base + id * PERCPU_SLOT_SIZE);
}

static inline struct percpu *this_cpu_data(void)
{
	struct percpu *cpu;

	__asm__ volatile("mv %0, tp" : "=r"(cpu)); /* volatile: a CPU must not remember another's answer */
	return cpu;
}

/* Writes the slot of cpu_id, which must be the hart this runs on, and points sscratch at its arch_cpu. */
struct percpu *percpu_new(uint64_t cpu_id);

/* Leaves an event for the CPUs of these harts, a bit each, and interrupts them, but for this one. */
void percpu_post_event(uint64_t harts, uint32_t event);

/* Takes this CPU's events; a later event will interrupt again. */
uint32_t percpu_take_events(struct percpu *cpu);

#endif
