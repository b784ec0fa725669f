/* A zone's devices at work: what their effects are outside them, and where their input comes from. */
#include "vm/zone_device.h"

#include "cpu/percpu.h"
#include "host/console.h"
#include "host/input.h"
#include "lib/bits.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

/* Set once at boot, before the CPU that uses them starts a zone. */
static struct percpu *input_cpu;
static struct zone *input_zone;

static void carry_out_effects(struct zone *zone, const struct guest_device_effects *effects)
{
	if (effects->has_output)
		console_zone_write(&zone->line, zone->name, &effects->output, 1);
	for (uint64_t vcpus = effects->interrupted; vcpus; vcpus &= vcpus - 1)
		vcpu_notify(zone->vcpus[lowest_bit(vcpus)]);
}

bool zone_device_access(struct zone *zone, struct guest_access *access)
{
	struct guest_device_effects effects;
	bool served = guest_device_access(&zone->devices, access, &effects);

	carry_out_effects(zone, &effects);
	return served;
}

int zone_take_input(struct zone *zone)
{
	struct guest_device_effects effects;
	int character = guest_device_take_input(&zone->devices, &effects);

	carry_out_effects(zone, &effects);
	return character;
}

void zone_route_input(struct zone *zone)
{
	struct percpu *cpu = zone->vcpus[0]->cpu;

	if (!host_input_init(cpu->id))
		return;
	input_zone = zone;
	__atomic_store_n(&input_cpu, cpu, __ATOMIC_RELEASE);
}

void zone_poll_input(struct percpu *cpu)
{
	uint32_t source;
	int character;

	if (__atomic_load_n(&input_cpu, __ATOMIC_ACQUIRE) != cpu)
		return;
	while ((source = host_input_claim())) {
		while ((character = host_input_get()) >= 0) {
			struct guest_device_effects effects;
			guest_device_input(&input_zone->devices, (char)character, &effects);
			carry_out_effects(input_zone, &effects);
		}
		host_input_complete(source);
	}
}
