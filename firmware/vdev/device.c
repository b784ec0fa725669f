#include "vdev/device.h"

#include "vm/vcpu.h"
#include "vm/zone.h"

/* What an access does besides its own, once the lock is released. */
struct aftermath {
	char output[1];
	uint32_t output_length;
	uint64_t interrupted; /* bit per vCPU whose external interrupt became pending */
};

typedef bool access_function(struct zone *zone, uint64_t offset, struct guest_access *access,
                             struct aftermath *aftermath);

/* Registers are bytes; a wider access is one to the first of them, as `virt` has it. */
static bool uart_access(struct zone *zone, uint64_t offset, struct guest_access *access, struct aftermath *aftermath)
{
	if (!access->is_store)
		access->value = guest_uart_read(&zone->uart, &zone->input, offset);
	else if (guest_uart_write(&zone->uart, &zone->input, offset, (uint8_t)access->value))
		aftermath->output[aftermath->output_length++] = (char)access->value;
	return true;
}

static bool plic_access(struct zone *zone, uint64_t offset, struct guest_access *access, struct aftermath *aftermath)
{
	(void)aftermath;
	if (access->width != 4 || offset % 4)
		return false;
	if (access->is_store)
		guest_plic_write(&zone->plic, offset, (uint32_t)access->value);
	else
		access->value = guest_plic_read(&zone->plic, offset);
	return true;
}

static const struct device {
	uint64_t base, size; /* gpa */
	access_function *access;
} devices[] = {
	{GUEST_UART_BASE, GUEST_UART_SIZE, uart_access},
	{GUEST_PLIC_BASE, GUEST_PLIC_SIZE, plic_access},
};

static const struct device *find(uint64_t gpa, uint32_t width)
{
	for (unsigned i = 0; i < sizeof devices / sizeof devices[0]; i++)
		if (range_within(gpa - devices[i].base, width, devices[i].size))
			return &devices[i];
	return NULL;
}

bool guest_device_exists(uint64_t gpa, uint32_t width)
{
	return find(gpa, width);
}

/* The UART's line may have moved; so may, for any reason, who the PLIC interrupts. */
static void update_interrupts(struct zone *zone, struct aftermath *aftermath)
{
	guest_plic_set_level(&zone->plic, GUEST_UART_IRQ, guest_uart_interrupt(&zone->uart, &zone->input));
	aftermath->interrupted = guest_plic_update(&zone->plic, zone->vcpus_count);
}

static void settle(struct zone *zone, const struct aftermath *aftermath)
{
	if (aftermath->output_length)
		console_zone_write(&zone->line, zone->name, aftermath->output, aftermath->output_length);
	for (uint64_t vcpus = aftermath->interrupted; vcpus; vcpus &= vcpus - 1)
		vcpu_notify(zone->vcpus[lowest_bit(vcpus)]);
}

bool guest_device_access(struct zone *zone, struct guest_access *access)
{
	const struct device *device = find(access->gpa, access->width);
	struct aftermath aftermath = {0};

	if (!device)
		return false;
	spin_lock(&zone->device_lock);
	bool served = device->access(zone, access->gpa - device->base, access, &aftermath);
	update_interrupts(zone, &aftermath);
	spin_unlock(&zone->device_lock);
	settle(zone, &aftermath);
	return served;
}

void guest_device_input(struct zone *zone, char character)
{
	struct aftermath aftermath = {0};

	spin_lock(&zone->device_lock);
	guest_input_put(&zone->input, character);
	update_interrupts(zone, &aftermath);
	spin_unlock(&zone->device_lock);
	settle(zone, &aftermath);
}

int guest_device_take_input(struct zone *zone)
{
	struct aftermath aftermath = {0};

	spin_lock(&zone->device_lock);
	int character = guest_input_get(&zone->input);
	update_interrupts(zone, &aftermath);
	spin_unlock(&zone->device_lock);
	settle(zone, &aftermath);
	return character;
}
