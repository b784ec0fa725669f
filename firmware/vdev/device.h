/*
 * The devices a guest sees, behind the guest-page faults of its accesses to them.
 *
 * They know nothing of the guest: what an access does besides serving itself is returned as effects, and
 * vm/zone_device.c carries them out.
 */
#ifndef FIRMWARE_VDEV_DEVICE_H
#define FIRMWARE_VDEV_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/lock.h"
#include "vdev/input.h"
#include "vdev/plic.h"
#include "vdev/uart.h"

/* All zeros is how they come out of reset, except for plic.vcpus_count. */
struct guest_devices {
	struct spinlock lock; /* guards the rest; never held while taking another lock */
	struct guest_input input;
	struct guest_uart uart;
	struct guest_plic plic;
};

struct guest_access {
	uint64_t gpa;
	uint32_t width; /* bytes: 1, 2, 4 or 8 */
	bool is_store;
	uint64_t value; /* to store; or what was loaded, zero-extended */
};

struct guest_device_effects {
	bool has_output;
	char output;          /* what the UART has sent */
	uint64_t interrupted; /* bit per vCPU whose external interrupt became pending */
};

/* As they come out of reset. What the host's console has received and nobody has read yet stays. */
void guest_device_reset(struct guest_devices *devices);

/* True if [gpa, gpa + width) lies in a device. */
bool guest_device_exists(uint64_t gpa, uint32_t width);

/* False if the device there does not serve accesses of that width or alignment. */
bool guest_device_access(struct guest_devices *devices, struct guest_access *access,
                         struct guest_device_effects *effects);

/* Characters from the host's console; and those for the guest's SBI console, up to `size`: returns how many. */
void guest_device_input(struct guest_devices *devices, const char *text, uint32_t size,
                        struct guest_device_effects *effects);
uint32_t guest_device_take_input(struct guest_devices *devices, char *text, uint32_t size,
                                 struct guest_device_effects *effects);

#endif
