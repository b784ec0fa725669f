/* Writes to its UART: each access is an exit. */
#include "guest.h"

int main(void)
{
	volatile uint8_t *uart = (volatile uint8_t *)0x10000000;
	for (const char *text = "uart: stores and loads are carried out\n"; *text; text++) {
		while (!(uart[5] & 0x20))
			;
		*uart = (uint8_t)*text;
	}
	return 0;
}
