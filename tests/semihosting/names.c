/* A line of input is a letter and a name: r, w open it, d removes it, m renames "from" to it. What came of it, and errno if it failed. */
#include <stdint.h>

int64_t semihost(uint64_t number, uint64_t parameter);

static uint64_t block[4];
static char line[2048];

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	block[0] = a;
	block[1] = b;
	block[2] = c;
	block[3] = d;
	return semihost(number, (uint64_t)block);
}

static void put(char c) { semihost(3, (uint64_t)&c); }

static void number(int64_t value)
{
	if (value >= 10)
		number(value / 10);
	put((char)('0' + value % 10));
}

static int64_t obey(char what, uint64_t name, uint64_t length)
{
	switch (what) {
	case 'r': return call(1, name, 0, length, 0);
	case 'w': return call(1, name, 6, length, 0);
	case 'd': return call(14, name, length, 0, 0);
	default: return call(15, (uint64_t)"from", 4, name, length);
	}
}

void main(void)
{
	for (uint64_t length = 0;;) {
		int64_t letter = semihost(7, 0);
		if (letter < 0)
			break;
		if (letter != '\n') {
			line[length++] = (char)letter;
			continue;
		}
		line[length] = '\0';
		int64_t answer = obey(line[0], (uint64_t)line + 1, length - 1);
		if (answer < 0) {
			put('-');
			number(semihost(19, 0));
		} else {
			put('+');
			if (line[0] == 'r' || line[0] == 'w')
				call(2, (uint64_t)answer, 0, 0, 0);
		}
		put('\n');
		length = 0;
	}
	call(0x18, 0x20026, 0, 0, 0);
}
