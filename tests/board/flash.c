/*
 * The flash banks by the Common Flash Interface and Intel's command set: what they are, erasing, programming words and buffers, code
 * that runs there, is replaced and runs again. Bank 0 is only read; what is written to bank 1 is looked at afterwards in its image.
 */
#include "board.h"

enum { BANK0 = 0x20000000, BANK1 = 0x22000000, BANK = 0x2000000, BLOCK = 256 << 10 };
enum { PROGRAM = 0x400040, ERASE = 0x200020, CONFIRM = 0xd000d0, CLEAR = 0x500050, STATUS = 0x700070, ID = 0x900090, QUERY = 0x980098,
       BUFFER = 0xe800e8, LOCK = 0x600060, LOCK_BLOCK = 0x10001, ARRAY = 0xff00ff };

static u32 status(void) { return REG32(BANK1); }

static void show_all_sizes(const char *name, u64 address)
{
	print(name);
	for (unsigned size = 1; size <= 8 && address % size == 0; size *= 2) {
		u64 value, fault = load(address, size, &value);
		print(fault ? " fault " : " ");
		print_hex(fault ? fault - 1 : value);
	}
	put('\n');
}

/* A bank without an image is erased; on QEMU its bytes are 0. */
static void identify(u64 bank, bool image)
{
	print_hex(bank);
	put('\n');
	REG32(bank) = ID;
	for (unsigned i = 0; i < 4; i++)
		show_all_sizes("id", bank + 4 * i);
	show("id of the last block", REG32(bank + BANK - BLOCK));
	REG32(bank) = ARRAY;
	REG32(bank + 4 * 0x55) = QUERY;
	for (unsigned i = 0; i < 0x48; i++)
		show("query", REG32(bank + 4 * i));
	show_all_sizes("letter", bank + 4 * 0x10);
	show_all_sizes("letter", bank + 4 * 0x11 + 2);
	REG32(bank) = ARRAY;
	show_all_sizes(image ? "bytes" : "erased", bank + 8);
	show_all_sizes(image ? "the last" : "erased", bank + BANK - 8);
}

static bool failed;

static void erase(u64 block)
{
	REG32(block) = ERASE;
	REG32(block) = CONFIRM;
	failed = status() != 0x800080;
	show("erase", status());
	REG32(BANK1) = ARRAY;
}

static void program(u64 address, u32 value)
{
	REG32(address) = PROGRAM;
	REG32(address) = value;
}

static void words(void)
{
	u64 block = BANK1 + 3 * BLOCK;
	erase(block);
	for (unsigned i = 0; i < 8; i++)
		program(block + 4 * i, 0x01020304 * (i + 1));
	show("programmed", status());
	show_all_sizes("status", block);
	REG32(block) = ARRAY;
	for (unsigned i = 0; i < 4; i++)
		show("word", REG64(block + 8 * i));
	/* narrow ones, and of 0 over something else: bits are cleared */
	REG8(block + 0x101) = 0x40;
	REG8(block + 0x101) = 0x5a;
	REG32(block + 0x104) = PROGRAM;
	*(volatile uint16_t *)(block + 0x106) = 0xa55a;
	program(block, 0);
	REG32(block) = ARRAY;
	show("narrow", REG64(block + 0x100));
	show("cleared", REG64(block));
	/* its neighbours are as they were */
	show("before", REG64(block - 8));
	show("behind", REG64(block + BLOCK));
}

static void buffer(void)
{
	u64 block = BANK1 + BANK - BLOCK;
	erase(block);
	REG32(block + 0x1000) = BUFFER;
	show("buffer", status());
	REG32(block + 0x1000) = 15 << 16 | 15;
	for (unsigned i = 0; i < 16; i++)
		REG32(block + 0x1000 + 4 * i) = 0x11111111 * i + 1;
	REG32(block) = CONFIRM;
	show("buffer", status());
	REG32(block) = ARRAY;
	for (unsigned i = 0; i < 9; i++)
		show("of the buffer", REG64(block + 0x1000 + 8 * i));
	/* as large as there is */
	REG32(block + 0x2000) = BUFFER;
	REG32(block + 0x2000) = 1023 << 16 | 1023;
	for (unsigned i = 0; i < 1024; i++)
		REG32(block + 0x2000 + 4 * i) = i * 0x10001;
	REG32(block) = CONFIRM;
	show("large", status());
	REG32(block) = ARRAY;
	show("its last", REG64(block + 0x2ff8));
	show("behind it", REG64(block + 0x3000));
}

static void others(void)
{
	u64 block = BANK1 + 5 * BLOCK;
	erase(block);
	REG32(block) = ERASE; /* and not confirmed */
	REG32(block) = ARRAY;
	REG32(block) = LOCK;
	REG32(block) = CONFIRM;
	show("unlock", status());
	REG32(block) = LOCK;
	REG32(block) = LOCK_BLOCK;
	show("lock", status());
	program(block, 0x12345678);
	show("program", status());
	REG32(block) = CLEAR;
	show("bytes again", REG32(block));
	REG32(block) = 0xf0;
	show("no such command", REG32(block));
	REG32(BANK1) = STATUS;
	REG64(BANK1) = (u64)ARRAY << 32 | ARRAY;
	show("two words", REG64(block + 8));
}

/* addi a0, zero, number; ret */
static void write_function(u64 address, u32 number)
{
	program(address, number << 20 | 0x513);
	program(address + 4, 0x8067);
	REG32(address) = ARRAY;
}

static void run(const char *name, u64 address)
{
	__asm__ volatile("fence.i" ::: "memory");
	show(name, ((u64 (*)(void))address)());
}

/* Code, then other code at the same place: "again", since QEMU 7.2 goes on running what was there. */
static void execute(void)
{
	u64 block = BANK1 + 7 * BLOCK;
	erase(block);
	write_function(block, 0x111);
	run("runs", block);
	run("runs", block);
	for (u32 number = 2; number <= 3; number++) {
		erase(block);
		write_function(block, number * 0x111);
		run("again", block);
		run("again", block);
	}
	program(block, 0x00100513); /* addi a0, zero, 1: bits are cleared in place */
	REG32(block) = ARRAY;
	run("again", block);
	/* an instruction across the border of two blocks: nop; addi a0, zero, 7; ret */
	u64 border = block + BLOCK - 4;
	erase(block + BLOCK);
	program(border, 0x05130001);
	program(border + 4, 0x80670070);
	program(border + 8, 0);
	REG32(block) = ARRAY;
	run("runs", border);
}

/* Bytes are memory: reads of them may be misaligned, and cross pages and blocks. Those of registers may not. */
static void misaligned(void)
{
	static const u64 places[] = {BANK1 + 1, BANK1 + 0x1003, BANK1 + 0x1ffd, BANK1 + 9 * BLOCK - 3, 0x1001, 0x100f, 0x1ffe};
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (unsigned size = 2; size <= 8; size *= 2) {
			u64 value, fault = load(places[i], size, &value);
			show(fault ? "misaligned fault" : "misaligned", fault ? fault - 1 : places[i] < BANK1 ? 0 : value);
		}
}

int main(u64 hart)
{
	if (hart)
		return 0;
	identify(BANK0, false);
	identify(BANK1, true);
	misaligned();
	words();
	buffer();
	if (failed) /* a bank that cannot be written: there is no code of ours to be run */
		return 0;
	others();
	execute();
	return 0;
}
