/* Input of the host's console: the real UART, by interrupt, to one hart. */
#ifndef FIRMWARE_HOST_INPUT_H
#define FIRMWARE_HOST_INPUT_H

#include <stdbool.h>
#include <stdint.h>

/* Has the UART interrupt that hart's S-mode. False if the machine lacks what this takes. Once, at boot. */
bool host_input_init(uint64_t hart_id);

/*
 * On that hart: claims an interrupt at the PLIC, takes what the UART has received (-1: no more), completes the
 * interrupt. The claim is 0 if there is none.
 */
uint32_t host_input_claim(void);
int host_input_get(void);
void host_input_complete(uint32_t source);

#endif
