/* What it reads it tells: by characters, then by lines, to the end. */
#include <stdint.h>

int64_t semihost(uint64_t number, uint64_t parameter);

static uint64_t block[3];
static char buffer[64];

void main(void)
{
	char letter[2] = {0, 0};
	for (unsigned i = 0; i < 3; i++) {
		letter[0] = (char)semihost(7, 0);
		semihost(4, (uint64_t)letter);
	}
	semihost(4, (uint64_t)"|\n");
	block[0] = (uint64_t)":tt";
	block[1] = 0;
	block[2] = 3;
	uint64_t file = (uint64_t)semihost(1, (uint64_t)block);
	for (;;) {
		block[0] = file;
		block[1] = (uint64_t)buffer;
		block[2] = sizeof(buffer) - 1;
		uint64_t count = sizeof(buffer) - 1 - (uint64_t)semihost(6, (uint64_t)block);
		buffer[count] = '\0';
		if (count == 0)
			break;
		semihost(4, (uint64_t)"got ");
		semihost(4, (uint64_t)buffer);
		if (buffer[count - 1] == 'q')
			break;
	}
	semihost(4, (uint64_t)"end\n");
	block[0] = 0x20026;
	block[1] = 0;
	semihost(0x20, (uint64_t)block);
}
