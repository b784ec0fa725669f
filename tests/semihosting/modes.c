/* Does the sequence call the host from this mode? */
#include "semihost.h"

static void put(char c) { *(volatile uint8_t *)0x10000000 = (uint8_t)c; }

void main(void)
{
	int64_t answer = semihost(TICKFREQ, 0);
	put(answer == 1000000000 ? 'c' : answer == -2 ? 't' : '?'); /* called, trapped */
	__asm__ volatile("mv a0, zero\n.option norvc\nebreak\nsrai x0, x0, 7\nmv %0, a0"
	                 : "=r"(answer)
	                 :
	                 : "a0"); /* it alone traps */
	put(answer == -2 ? 't' : '?');
	put('\n');
	call(EXIT, APPLICATION_EXIT, 0, 0, 0);
	*(volatile uint32_t *)0x100000 = 0x5555;
}
