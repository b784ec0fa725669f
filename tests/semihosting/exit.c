/* Ends as it was called: SYSTEM, or the call, reason and code that the command line has in decimal. */
#include "semihost.h"

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
	const char *at = text;
	call(GET_CMDLINE, (uint64_t)text, sizeof(text), 0, 0);
	uint64_t number = word(&at), reason = word(&at), code = word(&at);
	int64_t answer = call(number, reason, code, 0, 0);
	code = answer == -1 ? 40 + (uint64_t)semihost(ERRNO, 0) % 100 : 1; /* what was refused comes here */
	call(EXIT, APPLICATION_EXIT, code, 0, 0);
}
