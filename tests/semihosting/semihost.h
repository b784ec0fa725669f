/* What the programs that call their host have in common. */
#ifndef SEMIHOST_H
#define SEMIHOST_H

#include <stdint.h>

enum {
	OPEN = 1,
	CLOSE,
	WRITEC,
	WRITE0,
	WRITE,
	READ,
	READC,
	ISERROR,
	ISTTY,
	SEEK,
	FLEN = 12,
	TMPNAM,
	REMOVE,
	RENAME,
	CLOCK,
	TIME,
	SYSTEM,
	ERRNO,
	GET_CMDLINE = 0x15,
	HEAPINFO,
	EXIT = 0x18,
	EXIT_EXTENDED = 0x20,
	ELAPSED = 0x30,
	TICKFREQ,
	APPLICATION_EXIT = 0x20026, /* why it exits */
};

int64_t semihost(uint64_t number, uint64_t parameter);

static uint64_t block[4];

/* With a block of parameters, where answers may be found. */
static inline int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	block[0] = a;
	block[1] = b;
	block[2] = c;
	block[3] = d;
	return semihost(number, (uint64_t)block);
}

#endif
