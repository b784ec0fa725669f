/* Every semihosting call and what it answers, told on the UART; what the calls themselves write begins with "semihosting". */
#include "semihost.h"

static void put(char c) { *(volatile uint8_t *)0x10000000 = (uint8_t)c; }

static void puts(const char *text)
{
	while (*text)
		put(*text++);
}

static void number(int64_t value)
{
	char digits[20];
	unsigned count = 0;
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	if (value < 0)
		put('-');
	do
		digits[count++] = (char)('0' + rest % 10);
	while (rest /= 10);
	while (count)
		put(digits[--count]);
}

static void say(const char *what, int64_t value)
{
	puts(what);
	put(' ');
	number(value);
	put('\n');
}

static uint64_t length(const char *text)
{
	uint64_t size = 0;
	while (text[size])
		size++;
	return size;
}

static int64_t open(const char *name, unsigned mode) { return call(OPEN, (uint64_t)name, mode, length(name), 0); }
static int64_t write(int64_t file, const char *text)
{
	return call(WRITE, (uint64_t)file, (uint64_t)text, length(text), 0);
}
static int64_t fault(void) { return semihost(ERRNO, 0); }

static char buffer[256];

static void read(int64_t file, uint64_t size)
{
	for (unsigned i = 0; i < sizeof(buffer); i++)
		buffer[i] = 0;
	say("not read", call(READ, (uint64_t)file, (uint64_t)buffer, size, 0));
	puts("read ");
	puts(buffer);
	put('\n');
}

static void output(void)
{
	int64_t out = open(":tt", 4), error = open(":tt", 8);
	say("not written", write(out, "semihosting: to :tt\n"));
	say("not written", write(error, "semihosting: to :tt, appended\n"));
	semihost(WRITE0, (uint64_t)"semihosting: a text\n");
	for (const char *c = "semihosting: letters\n"; *c; c++)
		semihost(WRITEC, (uint64_t)c);
	say("close", call(CLOSE, (uint64_t)out, 0, 0, 0));
	say("close", call(CLOSE, (uint64_t)error, 0, 0, 0));
}

static void features(void)
{
	int64_t file = open(":semihosting-features", 0);
	say("length", call(FLEN, (uint64_t)file, 0, 0, 0));
	read(file, 4);
	say("not read", call(READ, (uint64_t)file, (uint64_t)buffer, 9, 0));
	say("bits", buffer[0]);
	say("seek", call(SEEK, (uint64_t)file, 1, 0, 0));
	say("seek too far", call(SEEK, (uint64_t)file, 6, 0, 0));
	read(file, 3);
	say("close", call(CLOSE, (uint64_t)file, 0, 0, 0));
	say("to write", open(":semihosting-features", 4));
}

static void files(void)
{
	int64_t file = open("there", 0);
	say("length", call(FLEN, (uint64_t)file, 0, 0, 0));
	read(file, 5);
	say("seek", call(SEEK, (uint64_t)file, 2, 0, 0));
	read(file, 100);
	say("terminal", call(ISTTY, (uint64_t)file, 0, 0, 0));
	say("not written", write(file, "no"));
	say("close", call(CLOSE, (uint64_t)file, 0, 0, 0));
	say("close", call(CLOSE, (uint64_t)file, 0, 0, 0));
	say("errno", fault());
	file = open("new", 6);
	say("not written", write(file, "a new file\n"));
	say("seek", call(SEEK, (uint64_t)file, 6, 0, 0));
	read(file, 4);
	say("length", call(FLEN, (uint64_t)file, 0, 0, 0));
	say("close", call(CLOSE, (uint64_t)file, 0, 0, 0));
	say("rename", call(RENAME, (uint64_t)"new", 3, (uint64_t)"newer", 5));
	say("rename", call(RENAME, (uint64_t)"new", 3, (uint64_t)"newer", 5));
	say("errno", fault());
	say("open", open("new", 0));
	say("remove", call(REMOVE, (uint64_t)"newer", 5, 0, 0));
	say("remove", call(REMOVE, (uint64_t)"newer", 5, 0, 0));
	say("errno", fault());
	say("mode", open("there", 12));
	say("errno", fault());
}

static void trouble(void)
{
	say("no such handle", call(WRITE, 77, (uint64_t)buffer, 3, 0));
	say("no such handle", call(READ, 0, (uint64_t)buffer, 3, 0));
	say("no such handle", call(FLEN, 5000, 0, 0, 0));
	say("a block nowhere", semihost(OPEN, 0x40));
	say("errno", fault());
	say("no name there", call(OPEN, 0x40, 0, 3, 0));
	say("a name too long", call(OPEN, (uint64_t)"there", 0, 4, 0));
	say("errno", fault());
	say("is it an error", call(ISERROR, (uint64_t)-3, 0, 0, 0));
	say("is it an error", call(ISERROR, 3, 0, 0, 0));
}

static void rest(void)
{
	say("command line", call(GET_CMDLINE, (uint64_t)buffer, sizeof(buffer), 0, 0));
	puts(buffer);
	say("", (int64_t)block[1]);
	say("no room", call(GET_CMDLINE, (uint64_t)buffer, 3, 0, 0));
	say("errno", fault());
	say("ticks", semihost(TICKFREQ, 0));
	int64_t first = call(ELAPSED, 0, 0, 0, 0);
	uint64_t before = block[0];
	for (volatile unsigned i = 0; i < 100000; i++)
		;
	say("elapsed", first + call(ELAPSED, 0, 0, 0, 0));
	say("later", block[0] > before);
	say("clock", semihost(CLOCK, 0) < 1000);
	say("time", semihost(TIME, 0) > 1600000000);
	say("heap", call(HEAPINFO, (uint64_t)buffer, 0, 0, 0));
	const uint64_t *heap = (const uint64_t *)buffer;
	say("heap begins behind the program", (int64_t)(heap[0] - 0x80000000));
	say("stack is in it", heap[1] == heap[2] && heap[0] == heap[3] && heap[1] > heap[0] + (64 << 20));
}

void main(void)
{
	output();
	features();
	files();
	trouble();
	rest();
	call(EXIT, APPLICATION_EXIT, 7, 0, 0);
}
