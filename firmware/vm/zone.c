#include "vm/zone.h"

#include "arch/hal.h"
#include "arch/sbi_spec.h"
#include "cpu/output.h"
#include "cpu/percpu.h"
#include "host/host.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "vm/vcpu.h"

/* Zones that have not ended, and whether any ended badly; atomic. */
static uint32_t zones_left;
static bool any_failed;

void zones_expect(uint32_t count) { __atomic_store_n(&zones_left, count, __ATOMIC_RELEASE); }

void zones_count_end(bool success)
{
	if (!success)
		__atomic_store_n(&any_failed, true, __ATOMIC_RELAXED);
	if (__atomic_sub_fetch(&zones_left, 1, __ATOMIC_ACQ_REL))
		return;
	hardware_disable(&this_cpu_data()->arch_cpu);
	host_power_off(!__atomic_load_n(&any_failed, __ATOMIC_RELAXED));
}

uint64_t zone_homes(const struct zone *zone, uint64_t vcpus)
{
	uint64_t harts = 0;

	if (vcpus == zone_vcpus(zone))
		return zone->harts;
	for (; vcpus; vcpus &= vcpus - 1)
		harts |= BIT(zone->vcpus[lowest_bit(vcpus)]->cpu->id);
	return harts;
}

void zone_get(struct zone *zone) { __atomic_fetch_add(&zone->references, 1, __ATOMIC_RELAXED); }

/* Its first vCPU starts as if it had been told to by hart_start; its CPU loads the zone before. */
static void start_anew(struct zone *zone)
{
	struct vcpu *first = zone->vcpus[0];

	spin_lock(&zone->lock);
	__atomic_store_n(&zone->state, ZONE_RELOADING, __ATOMIC_RELEASE);
	zone_get(zone);
	__atomic_store_n(&first->state, SBI_HSM_START_PENDING, __ATOMIC_RELEASE);
	spin_unlock(&zone->lock);
	percpu_post_event(BIT(first->cpu->id), EVENT_START);
}

/* Nobody is left: the zone's last output can go out, then its end, or its next life. */
static void finish_zone(struct zone *zone)
{
	zone_end(zone, ZONE_STOPPED, "every vCPU has stopped itself"); /* unless it has ended already */
	spin_lock(&zone->lock);
	enum zone_state state = zone->state;
	spin_unlock(&zone->lock);
	switch (state) {
	case ZONE_SHUT_DOWN: console_zone_end(&zone->output, "%s: shut down", zone->name); break;
	case ZONE_REBOOTING: console_zone_end(&zone->output, "%s: %s", zone->name, zone->report); break;
	default: console_zone_end(&zone->output, "%s: stopped: %s", zone->name, zone->report);
	}
	output_expedite(this_cpu_data());
	if (state == ZONE_REBOOTING)
		start_anew(zone);
	else
		zones_count_end(state == ZONE_SHUT_DOWN);
}

void zone_put(struct zone *zone)
{
	if (__atomic_sub_fetch(&zone->references, 1, __ATOMIC_ACQ_REL) == 0)
		finish_zone(zone);
}

void zone_end(struct zone *zone, enum zone_state how, const char *reason, ...)
{
	va_list arguments;

	spin_lock(&zone->lock);
	bool first = zone->state == ZONE_RUNNING;
	if (first) {
		va_start(arguments, reason);
		vformat(zone->report, sizeof zone->report, reason, arguments);
		va_end(arguments);
		__atomic_store_n(&zone->state, how, __ATOMIC_RELEASE);
	}
	spin_unlock(&zone->lock);
	if (first)
		percpu_post_event(zone->harts, EVENT_STOP);
}
