/* The devices a guest sees, behind the guest-page faults of its accesses to them. */
#ifndef FIRMWARE_VDEV_DEVICE_H
#define FIRMWARE_VDEV_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct zone;

struct guest_access {
	uint64_t gpa;
	uint32_t width; /* bytes: 1, 2, 4 or 8 */
	bool is_store;
	uint64_t value; /* to store; or what was loaded, zero-extended */
};

/* True if [gpa, gpa + width) lies in a device. */
bool guest_device_exists(uint64_t gpa, uint32_t width);

/* False if the device there does not serve accesses of that width or alignment. */
bool guest_device_access(struct zone *zone, struct guest_access *access);

/* A character from the host's console, and one for the guest's SBI console (-1: none). */
void guest_device_input(struct zone *zone, char character);
int guest_device_take_input(struct zone *zone);

#endif
