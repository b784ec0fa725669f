/* Characters on their way to a guest, from the host's console to the guest's UART or its SBI console. */
#ifndef FIRMWARE_VDEV_INPUT_H
#define FIRMWARE_VDEV_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_INPUT_SIZE 256 /* a power of 2 */

/* Characters for the guest, oldest first; when it is full, new ones are dropped. */
struct guest_input {
	char characters[GUEST_INPUT_SIZE];
	uint32_t head, tail; /* free-running; equal when it is empty */
};

static inline bool guest_input_is_empty(const struct guest_input *input) { return input->head == input->tail; }

void guest_input_put(struct guest_input *input, char character);
int guest_input_get(struct guest_input *input); /* -1: empty */

#endif
