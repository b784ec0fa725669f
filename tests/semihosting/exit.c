/* Ends as it was called: SYSTEM, or the call, reason and code that the command line has in decimal. */
#include <stdint.h>

int64_t semihost(uint64_t number, uint64_t parameter);

static char text[64];

static uint64_t word(const char **at)
{
	uint64_t value = 0;
	while (**at == ' ')
		++*at;
	while (**at >= '0' && **at <= '9')
		value = value * 10 + (uint64_t)(*(*at)++ - '0');
	return value;
}

void main(void)
{
	uint64_t block[2] = {(uint64_t)text, sizeof(text)};
	const char *at = text;
	semihost(0x15, (uint64_t)block);
	uint64_t number = word(&at);
	block[0] = word(&at);
	block[1] = word(&at);
	int64_t answer = semihost(number, (uint64_t)block);
	block[0] = 0x20026;
	block[1] = answer == -1 ? 40 + (uint64_t)semihost(19, 0) % 100 : 1; /* what was refused comes here */
	semihost(0x18, (uint64_t)block);
}
