#include "cpu/percpu.h"

#include "arch/csr.h"
#include "host/input.h"
#include "lib/lib.h"
#include "host/sbi_call.h"
#include "cpu/timer.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

/* The linker script's absolute symbols, for those who read the ELF; C uses the constants. */
extern uint8_t percpu_slot_size[], percpu_max[];

static uint64_t entered; /* atomic */

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

uint64_t entered_cpus(void)
{
	return __atomic_load_n(&entered, __ATOMIC_ACQUIRE);
}

void percpu_activate_gpm(struct percpu *cpu)
{
	csr_write(hgatp, cpu->zone ? gstage_hgatp(&cpu->zone->gstage) : 0);
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

/*
 * in_guest and stale are each written by one side and read by the other; both sides write theirs first, in
 * one order for all (hence SEQ_CST), so at least one of them sees what the other wrote.
 */
void percpu_before_guest(struct percpu *cpu)
{
	__atomic_store_n(&cpu->in_guest, true, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&cpu->stale, __ATOMIC_SEQ_CST))
		return;
	uint32_t stale = __atomic_exchange_n(&cpu->stale, 0, __ATOMIC_SEQ_CST);
	if (stale & STALE_TRANSLATIONS)
		hal_flush_vsstage();
	if (stale & STALE_CODE)
		hal_flush_code();
}

void percpu_after_guest(struct percpu *cpu)
{
	__atomic_store_n(&cpu->in_guest, false, __ATOMIC_RELEASE);
}

/*
 * Marks the CPUs and returns those that are inside a guest now: only these need to be interrupted, and since
 * a CPU that waits for others is outside, CPUs that fence each other never wait for each other.
 */
static uint64_t mark_stale(uint64_t harts, uint32_t what)
{
	uint64_t running = 0;

	for (; harts; harts &= harts - 1) {
		uint64_t id = lowest_bit(harts);
		__atomic_fetch_or(&get_cpu_data(id)->stale, what, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&get_cpu_data(id)->in_guest, __ATOMIC_SEQ_CST))
			running |= UINT64_C(1) << id;
	}
	return running;
}

void percpu_fence_code(uint64_t harts)
{
	uint64_t running = mark_stale(harts, STALE_CODE);

	if (running)
		sbi_call_remote_fence_i(running);
}

void percpu_fence_translations(uint64_t harts, uint64_t start, uint64_t size)
{
	uint64_t running = mark_stale(harts, STALE_TRANSLATIONS);

	if (running)
		sbi_call_remote_hfence_vvma(running, start, size);
}

void percpu_fence_translations_asid(uint64_t harts, uint64_t start, uint64_t size, uint64_t asid)
{
	uint64_t running = mark_stale(harts, STALE_TRANSLATIONS);

	if (running)
		sbi_call_remote_hfence_vvma_asid(running, start, size, asid);
}

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

/* The next vCPU that can use a turn, beginning behind the one that had the last; NULL if none can. */
static struct vcpu *next_vcpu(struct percpu *cpu)
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

/* No vCPU wants the hart: it sleeps until an event, a device or the first deadline. */
static void idle(struct percpu *cpu)
{
	uint64_t deadline = timer_of_others(cpu, NULL, hal_time());

	timer_arm(cpu, deadline);
	hal_wait_for_interrupt();
	timer_expired(cpu);
	host_input_poll(cpu);
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
			idle(cpu);
		}
	}
}
