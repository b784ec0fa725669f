/* Input of the host's console: the real UART, by interrupt, to the first zone. */
#ifndef FIRMWARE_HOST_INPUT_H
#define FIRMWARE_HOST_INPUT_H

struct percpu;
struct zone;

/* Has the UART interrupt the CPU of the zone's first vCPU. Nothing happens on a machine without PLIC or UART. */
void host_input_init(struct zone *zone);

/* Hands over what the UART has received, if this is the CPU it interrupts. */
void host_input_poll(struct percpu *cpu);

#endif
