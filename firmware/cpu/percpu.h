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
#define PERCPU_MAX 64
#define INVALID_ADDRESS UINT64_MAX

struct zone;
struct vcpu;

/* What another CPU wants this one to look at; bits of percpu.events. */
enum {
	EVENT_INTERRUPT = 1u << 0, /* a vCPU here has a new virtual interrupt */
	EVENT_START = 1u << 1,     /* a vCPU here has been started */
	EVENT_STOP = 1u << 2,      /* a zone with a vCPU here has ended */
};

/* What a CPU may hold that its guest has since changed; bits of percpu.stale. */
enum {
	STALE_CODE = 1u << 0,         /* instructions: fence.i */
	STALE_TRANSLATIONS = 1u << 1, /* VS-stage translations: hfence.vvma */
};

struct percpu {
	uint64_t id;           /* hart id, and index of this slot */
	uint64_t cpu_on_entry; /* gpa a vCPU was last told to start at; INVALID_ADDRESS before. ctrl_lock */
	uint64_t dtb_ipa;      /* gpa of the device tree of the zone it belongs to, or INVALID_ADDRESS. ctrl_lock */
	struct arch_cpu arch_cpu;
	struct zone *zone; /* whose G-stage is active here; a counted reference. Only this CPU writes it */
	struct spinlock ctrl_lock; /* orders what other CPUs ask: events, cpu_on_entry, vcpus */
	bool boot_cpu;             /* runs a zone's vCPU 0, so it need not wait to be started. ctrl_lock */

	uint32_t events;           /* EVENT_*; ctrl_lock */
	uint32_t in_guest;         /* atomic: between percpu_before_guest and percpu_after_guest */
	uint32_t stale;            /* STALE_*; atomic: to be made good before this CPU's next guest entry */

	struct vcpu *vcpus;        /* those that live here, by vcpu.next_on_cpu; grows at the tail. ctrl_lock */
	struct vcpu *last;         /* served last: the next one gets its turn first */
	struct vcpu *bound;        /* whose VS-level CSRs the hart holds, or NULL */
	struct vcpu *fp_owner;     /* whose floating-point registers the hart holds, or NULL */
	uint64_t timer_armed;      /* deadline the host timer is set to, in ticks of mtime */
};

/* The linker's symbol; a slot's stack follows its struct. */
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

/* Serves this CPU's vCPUs for ever. A CPU that boots no zone idles until it is told to start. */
_Noreturn void percpu_run_vm(struct percpu *cpu);

/* Number of CPUs that have entered percpu_run_vm. */
uint64_t entered_cpus(void);

/* Installs the G-stage table of cpu->zone; no translation if it is NULL. */
void percpu_activate_gpm(struct percpu *cpu);

/* Leaves an event for a CPU and interrupts it, unless it is this one. */
void percpu_post_event(struct percpu *cpu, uint32_t event);

/* Takes this CPU's events; a later event will interrupt again. */
uint32_t percpu_take_events(struct percpu *cpu);

/*
 * The last thing before a guest runs, and the first after. Whoever marks something stale on a CPU then either
 * sees it outside its guest, and knows it will flush on its way in, or inside, and interrupts it.
 */
void percpu_before_guest(struct percpu *cpu);
void percpu_after_guest(struct percpu *cpu);

/*
 * Remote fences on behalf of the guest that is bound here, for the CPUs in harts (a bit per hart id). When
 * they return, no guest there runs on anything older. The range and the ASID narrow what has to go.
 */
void percpu_fence_code(uint64_t harts);
void percpu_fence_translations(uint64_t harts, uint64_t start, uint64_t size);
void percpu_fence_translations_asid(uint64_t harts, uint64_t start, uint64_t size, uint64_t asid);

#endif
