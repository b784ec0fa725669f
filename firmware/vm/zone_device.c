/* A zone's devices at work: what their effects are outside them, and where their input comes from. */
#include "vm/zone_device.h"

#include "cpu/output.h"
#include "cpu/percpu.h"
#include "host/console.h"
#include "host/input.h"
#include "lib/bits.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

/* Characters that one interrupt hands over: what the UART holds. */
#define INPUT_PIECE 16

/* Set once at boot, before the CPU that uses them starts a zone. */
static struct percpu *input_cpu;
static struct zone *input_zone;

uint64_t zone_print(struct zone *zone, const char *text, uint64_t size)
{
	uint64_t taken = console_zone_write(&zone->output, text, size);

	if (taken)
		output_send(this_cpu_data());
	else
		output_expedite(this_cpu_data());
	return taken;
}

bool zone_can_print(struct zone *zone)
{
	if (console_zone_has_room(&zone->output))
		return true;
	output_expedite(this_cpu_data());
	return false;
}

static void carry_out_effects(struct zone *zone, const struct guest_device_effects *effects)
{
	if (effects->has_output) {
		console_zone_put(&zone->output, effects->output);
		output_send(this_cpu_data());
	}
	zone_notify(zone, effects->interrupted);
}

bool zone_device_access(struct zone *zone, struct guest_access *access)
{
	struct guest_device_effects effects;
	bool served = guest_device_access(&zone->devices, access, &effects);

	carry_out_effects(zone, &effects);
	return served;
}

uint32_t zone_take_input(struct zone *zone, char *text, uint32_t size)
{
	struct guest_device_effects effects;
	uint32_t taken = guest_device_take_input(&zone->devices, text, size, &effects);

	carry_out_effects(zone, &effects);
	return taken;
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
	char text[INPUT_PIECE];
	uint32_t source, size = 0;
	int character;

	if (__atomic_load_n(&input_cpu, __ATOMIC_ACQUIRE) != cpu || !(source = host_input_claim()))
		return;
	while (size < sizeof text && (character = host_input_get()) >= 0)
		text[size++] = (char)character;
	if (size) {
		struct guest_device_effects effects;
		guest_device_input(&input_zone->devices, text, size, &effects);
		carry_out_effects(input_zone, &effects);
	}
	host_input_complete(source); /* if there is more, it interrupts again */
}
