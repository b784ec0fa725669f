/* A zone's devices: accesses of its vCPUs, and the host console's input. */
#ifndef FIRMWARE_VM_ZONE_DEVICE_H
#define FIRMWARE_VM_ZONE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct guest_access;
struct percpu;
struct zone;

/* False if there is no device there that serves the access. */
bool zone_device_access(struct zone *zone, struct guest_access *access);

/* Characters for the guest's SBI console: as many as there are, up to `size`. Returns how many. */
uint32_t zone_take_input(struct zone *zone, char *text, uint32_t size);

/* The zone prints. Returns how many bytes were taken; 0 if there is no room for any now: the guest is to try again. */
uint64_t zone_print(struct zone *zone, const char *text, uint64_t size);

/* Whether zone_device_access can serve an access that prints now. If not, the guest is to try again. */
bool zone_can_print(struct zone *zone);

/* Gives the host console's input to the zone, by interrupts to the CPU of its first vCPU. Boot hart, once. */
void zone_route_input(struct zone *zone);

/* Hands over what the host's UART has received, if this is the CPU it interrupts. */
void zone_poll_input(struct percpu *cpu);

#endif
