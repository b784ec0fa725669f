/* What it reads it tells: by characters, then by lines, to the end. */
#include "semihost.h"

static char buffer[64];

void main(void)
{
	char letter[2] = {0, 0};
	for (unsigned i = 0; i < 3; i++) {
		letter[0] = (char)semihost(READC, 0);
		semihost(WRITE0, (uint64_t)letter);
	}
	semihost(WRITE0, (uint64_t)"|\n");
	uint64_t file = (uint64_t)call(OPEN, (uint64_t)":tt", 0, 3, 0);
	for (;;) {
		uint64_t size = sizeof(buffer) - 1, count = size - (uint64_t)call(READ, file, (uint64_t)buffer, size, 0);
		buffer[count] = '\0';
		if (count == 0)
			break;
		semihost(WRITE0, (uint64_t)"got ");
		semihost(WRITE0, (uint64_t)buffer);
		if (buffer[count - 1] == 'q')
			break;
	}
	semihost(WRITE0, (uint64_t)"end\n");
	call(EXIT_EXTENDED, APPLICATION_EXIT, 0, 0, 0);
}
