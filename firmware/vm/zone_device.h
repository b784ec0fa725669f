/* A zone's devices: accesses of its vCPUs, and the host console's input. */
#ifndef FIRMWARE_VM_ZONE_DEVICE_H
#define FIRMWARE_VM_ZONE_DEVICE_H

#include <stdbool.h>

struct guest_access;
struct percpu;
struct zone;

/* False if there is no device there that serves the access. */
bool zone_device_access(struct zone *zone, struct guest_access *access);

/* A character for the guest's SBI console; -1 if there is none. */
int zone_take_input(struct zone *zone);

/* Gives the host console's input to the zone, by interrupts to the CPU of its first vCPU. Boot hart, once. */
void zone_route_input(struct zone *zone);

/* Hands over what the host's UART has received, if this is the CPU it interrupts. */
void zone_poll_input(struct percpu *cpu);

#endif
