/* Does the sequence call the host from this mode? */
#include <stdint.h>

int64_t semihost(uint64_t number, uint64_t parameter);

static void put(char c) { *(volatile uint8_t *)0x10000000 = (uint8_t)c; }

void main(void)
{
	static const uint64_t block[2] = {0x20026, 0};
	int64_t answer = semihost(0x31, 0);
	put(answer == 1000000000 ? 'c' : answer == -2 ? 't' : '?'); /* called, trapped */
	__asm__ volatile("mv a0, zero\n.option norvc\nebreak\nsrai x0, x0, 7\nmv %0, a0"
	                 : "=r"(answer)
	                 :
	                 : "a0"); /* it alone traps */
	put(answer == -2 ? 't' : '?');
	put('\n');
	semihost(0x18, (uint64_t)block);
	*(volatile uint32_t *)0x100000 = 0x5555;
}
