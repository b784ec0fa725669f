#include "vdev/input.h"

void guest_input_put(struct guest_input *input, char character)
{
	if (input->tail - input->head < GUEST_INPUT_SIZE)
		input->characters[input->tail++ % GUEST_INPUT_SIZE] = character;
}

int guest_input_get(struct guest_input *input)
{
	if (guest_input_is_empty(input))
		return -1;
	return (uint8_t)input->characters[input->head++ % GUEST_INPUT_SIZE];
}
