/* For the scripts here: a client of 9P2000.L over legacy virtio-mmio, without a system (tests/board/rt). */
#include "board.h"

#define REGISTER(offset) REG32(slot + (offset))

enum { SLOTS = 0x10001000, SLOT_BYTES = 0x1000, ID_9P = 9, QUEUE = 8, MESSAGE = 8192, ROOT = 1 };
enum { TLOPEN = 12, TMKNOD = 18, TREADDIR = 40, TVERSION = 100, TATTACH = 104, TWALK = 110 };

static u8 pages[8192] __attribute__((aligned(4096))), request[MESSAGE], reply[MESSAGE];
static u64 slot;
static u32 at;

static void number(u64 value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		request[at++] = (u8)(value >> 8 * i);
}

static void name(const char *text)
{
	unsigned length = 0;
	while (text[length])
		length++;
	number(length, 2);
	for (unsigned i = 0; i < length; i++)
		request[at++] = (u8)text[i];
}

static u64 answer(unsigned offset, unsigned size)
{
	u64 value = 0;
	while (size--)
		value = value << 8 | reply[offset + size];
	return value;
}

static void begin(unsigned type)
{
	at = 0;
	number(0, 4);
	number(type, 1);
	number(1, 2);
}

/* Of a request that begins with a fid, which all but the first do. */
static void begin_fid(unsigned type, u32 fid)
{
	begin(type);
	number(fid, 4);
}

/* The errno; 0: it was done. */
static unsigned ask(void)
{
	static uint16_t given;
	u32 size = at;
	u64 *table = (u64 *)pages;
	volatile uint16_t *ring = (uint16_t *)(pages + 16 * QUEUE), *used = (uint16_t *)(pages + 4096);
	at = 0;
	number(size, 4);
	table[0] = (u64)request;
	table[1] = size | UINT64_C(1) << 32 | UINT64_C(1) << 48; /* the next is 1 */
	table[2] = (u64)reply;
	table[3] = MESSAGE | UINT64_C(2) << 32;
	ring[2 + given % QUEUE] = 0;
	__asm__ volatile("fence" : : : "memory");
	ring[1] = ++given;
	__asm__ volatile("fence" : : : "memory");
	REGISTER(0x50) = 0;
	while (used[1] != given)
		;
	__asm__ volatile("fence" : : : "memory");
	return reply[4] == 7 ? (unsigned)answer(7, 4) : 0;
}

static void attach(void)
{
	for (slot = SLOTS; REGISTER(8) != ID_9P; slot += SLOT_BYTES)
		;
	REGISTER(0x70) = 0;
	REGISTER(0x70) = 3;
	REGISTER(0x28) = 4096;
	REGISTER(0x30) = 0;
	REGISTER(0x38) = QUEUE;
	REGISTER(0x3c) = 4096;
	REGISTER(0x40) = (u32)((u64)pages >> 12);
	REGISTER(0x70) = 7;
	begin(TVERSION);
	number(MESSAGE, 4);
	name("9P2000.L");
	ask();
	begin_fid(TATTACH, ROOT);
	number(UINT32_MAX, 4);
	name("");
	name("");
	number(0, 4);
	ask();
}
