/* A line of input is a letter and a name: r, w open it, d removes it, m renames "from" to it. What came of it, and errno if it failed. */
#include "semihost.h"

static char line[2048];

static void put(char c) { semihost(WRITEC, (uint64_t)&c); }

static void number(int64_t value)
{
	if (value >= 10)
		number(value / 10);
	put((char)('0' + value % 10));
}

static int64_t obey(char what, uint64_t name, uint64_t length)
{
	switch (what) {
	case 'r': return call(OPEN, name, 0, length, 0);
	case 'w': return call(OPEN, name, 6, length, 0);
	case 'd': return call(REMOVE, name, length, 0, 0);
	default: return call(RENAME, (uint64_t)"from", 4, name, length);
	}
}

void main(void)
{
	for (uint64_t length = 0;;) {
		int64_t letter = semihost(READC, 0);
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
			number(semihost(ERRNO, 0));
		} else {
			put('+');
			if (line[0] == 'r' || line[0] == 'w')
				call(CLOSE, (uint64_t)answer, 0, 0, 0);
		}
		put('\n');
		length = 0;
	}
	call(EXIT, APPLICATION_EXIT, 0, 0, 0);
}
