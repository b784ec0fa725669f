#include "vdev/device.h"

#include <stddef.h>

#include "lib/bits.h"

typedef bool access_function(struct guest_devices *devices, uint64_t offset, struct guest_access *access,
                             struct guest_device_effects *effects);

/* Registers are bytes; a wider access is one to the first of them, as `virt` has it. */
static bool uart_access(struct guest_devices *devices, uint64_t offset, struct guest_access *access,
                        struct guest_device_effects *effects)
{
	if (offset >= GUEST_UART_REGISTERS)
		return false;
	if (!access->is_store) {
		access->value = guest_uart_read(&devices->uart, &devices->input, offset);
	} else if (guest_uart_write(&devices->uart, &devices->input, offset, (uint8_t)access->value)) {
		effects->has_output = true;
		effects->output = (char)access->value;
	}
	return true;
}

static bool plic_access(struct guest_devices *devices, uint64_t offset, struct guest_access *access,
                        struct guest_device_effects *effects)
{
	(void)effects;
	if (access->width != 4 || offset % 4)
		return false;
	if (access->is_store)
		guest_plic_write(&devices->plic, offset, (uint32_t)access->value);
	else
		access->value = guest_plic_read(&devices->plic, offset);
	return true;
}

static const struct guest_device {
	uint64_t base, size; /* gpa */
	access_function *access;
} guest_device_map[] = {
    {GUEST_UART_BASE, GUEST_UART_SIZE, uart_access},
    {GUEST_PLIC_BASE, GUEST_PLIC_SIZE, plic_access},
};

static const struct guest_device *find_guest_device(uint64_t gpa, uint32_t width)
{
	for (unsigned i = 0; i < sizeof guest_device_map / sizeof guest_device_map[0]; i++)
		if (range_within(gpa - guest_device_map[i].base, width, guest_device_map[i].size))
			return &guest_device_map[i];
	return NULL;
}

bool guest_device_exists(uint64_t gpa, uint32_t width) { return find_guest_device(gpa, width); }

/* The UART's line may have moved; so may, for any reason, who the PLIC interrupts. */
static void update_interrupts(struct guest_devices *devices, struct guest_device_effects *effects)
{
	bool level = guest_uart_interrupt(&devices->uart, &devices->input);

	guest_plic_set_level(&devices->plic, GUEST_UART_IRQ, level);
	effects->interrupted = guest_plic_update(&devices->plic);
}

void guest_device_reset(struct guest_devices *devices)
{
	spin_lock(&devices->lock);
	devices->uart = (struct guest_uart){0};
	devices->plic = (struct guest_plic){.vcpus_count = devices->plic.vcpus_count};
	spin_unlock(&devices->lock);
}

bool guest_device_access(struct guest_devices *devices, struct guest_access *access,
                         struct guest_device_effects *effects)
{
	const struct guest_device *device = find_guest_device(access->gpa, access->width);

	*effects = (struct guest_device_effects){0};
	if (!device)
		return false;
	spin_lock(&devices->lock);
	bool served = device->access(devices, access->gpa - device->base, access, effects);
	update_interrupts(devices, effects);
	spin_unlock(&devices->lock);
	return served;
}

void guest_device_input(struct guest_devices *devices, const char *text, uint32_t size,
                        struct guest_device_effects *effects)
{
	*effects = (struct guest_device_effects){0};
	spin_lock(&devices->lock);
	for (uint32_t i = 0; i < size; i++)
		guest_input_put(&devices->input, text[i]);
	update_interrupts(devices, effects);
	spin_unlock(&devices->lock);
}

uint32_t guest_device_take_input(struct guest_devices *devices, char *text, uint32_t size,
                                 struct guest_device_effects *effects)
{
	uint32_t taken = 0;

	*effects = (struct guest_device_effects){0};
	spin_lock(&devices->lock);
	while (taken < size && !guest_input_is_empty(&devices->input))
		text[taken++] = (char)guest_input_get(&devices->input);
	update_interrupts(devices, effects);
	spin_unlock(&devices->lock);
	return taken;
}
