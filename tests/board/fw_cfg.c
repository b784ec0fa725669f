/*
 * The firmware configuration device, walked by registers and by DMA: what each access answers, every key, every file; then
 * descriptors that are right, wrong and nowhere.
 */
#include "board.h"

enum {
	FW_CFG = 0x10100000,
	DATA = FW_CFG,
	SELECTOR = FW_CFG + 8,
	DMA = FW_CFG + 16,
	FILE_DIRECTORY = 0x19,
	FILE_FIRST = 0x20,
};

enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };

/* Big-endian. */
struct access {
	u32 control, length;
	u64 address;
};

static volatile struct access descriptor __attribute__((aligned(16)));
static u8 buffer[4096] __attribute__((aligned(4096)));

static u32 swap16(u32 value) { return (value << 8 | (value >> 8 & 0xff)) & 0xffff; }
static u32 swap32(u32 value) { return swap16(value) << 16 | swap16(value >> 16); }
static u64 swap64(u64 value) { return (u64)swap32((u32)value) << 32 | swap32((u32)(value >> 32)); }

static void select(u32 key) { store(SELECTOR, 2, swap16(key)); }

static u32 read_byte(void)
{
	u64 value;
	load(DATA, 1, &value);
	return (u32)value;
}

static void start(u64 address)
{
	__asm__ volatile("fence" ::: "memory");
	store(DMA, 8, swap64(address));
	__asm__ volatile("fence" ::: "memory");
}

/* What the device leaves in the control field. */
static u32 transfer(u32 control, u32 length, u64 address)
{
	descriptor = (struct access){swap32(control), swap32(length), swap64(address)};
	start((u64)&descriptor);
	return swap32(descriptor.control);
}

static void fill(u8 byte)
{
	for (unsigned i = 0; i < sizeof(buffer); i++)
		((volatile u8 *)buffer)[i] = byte;
}

static void show_bytes(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		put("0123456789abcdef"[buffer[i] >> 4]);
		put("0123456789abcdef"[buffer[i] & 15]);
	}
	put('\n');
}

/* ---- registers ---- */

static void registers(void)
{
	for (u64 offset = 0; offset < 0x20; offset++) {
		print_hex(offset);
		for (unsigned size = 1; size <= 8; size *= 2) {
			u64 value = 0, fault;
			select(0);
			print(offset % size ? " -" : " ");
			if (offset % size)
				continue;
			fault = load(FW_CFG + offset, size, &value);
			print(fault ? "fault " : "");
			print_hex(fault ? fault - 1 : value);
			/* a store there may start a transfer: of a descriptor that is not there */
			fault = store(FW_CFG + offset, size, 0);
			print(fault ? " fault" : " ok");
		}
		put('\n');
	}
}

/* Reads of each size, and beyond the end. */
static void reads(void)
{
	u64 value;
	for (unsigned size = 1; size <= 8; size *= 2) {
		select(1);
		load(DATA, size, &value);
		show("id", value);
		load(DATA, size, &value);
		show("next", value);
	}
	select(0);
	read_byte();
	load(DATA, 8, &value);
	show("three of signature", value);
	load(DATA, 4, &value);
	show("behind it", value);
	select(0);
	store(DATA, 1, 'X'); /* nothing is written that way */
	load(DATA, 4, &value);
	show("signature", value);
}

/* ---- keys ---- */

/* All items that are not files, in both halves; for reading and as if for writing. */
static void keys(void)
{
	static const u32 first[] = {0, 0x4000, 0x8000, 0xc000};
	for (unsigned half = 0; half < 4; half++)
		for (u32 key = first[half]; key < first[half] + FILE_FIRST; key++) {
			if ((key & 0x3fff) == FILE_DIRECTORY)
				continue;
			fill(0xee);
			u32 control = transfer(key << 16 | DMA_SELECT | DMA_READ, 24, (u64)buffer);
			bool empty = true;
			for (unsigned i = 0; i < 24; i++)
				empty = empty && buffer[i] == 0;
			if (empty && control == 0)
				continue;
			print_hex(key);
			show(" control", control);
			show_bytes(24);
		}
}

static u32 read_big(unsigned bytes)
{
	u32 value = 0;
	while (bytes--)
		value = value << 8 | read_byte();
	return value;
}

struct file {
	u32 size, key;
	char name[57];
};

static struct file files[64];
static u32 file_count;

static void directory(void)
{
	select(FILE_DIRECTORY);
	file_count = read_big(4);
	show("files", file_count);
	for (u32 i = 0; i < file_count && i < 64; i++) {
		files[i].size = read_big(4);
		files[i].key = read_big(2);
		read_big(2);
		for (unsigned j = 0; j < 56; j++)
			files[i].name[j] = (char)read_byte();
		print(files[i].name);
		show(" key", files[i].key);
		show(" size", files[i].size);
	}
	/* the directory has room for all there could be */
	u32 behind = 0;
	for (u32 i = file_count; i < 80; i++)
		for (unsigned j = 0; j < 64; j++)
			behind |= read_byte();
	show("behind the last", behind);
}

static void contents(void)
{
	for (u32 i = 0; i < file_count; i++) {
		u32 size = files[i].size < 64 ? files[i].size : 64;
		fill(0xee);
		show(files[i].name, transfer(files[i].key << 16 | DMA_SELECT | DMA_READ, size, (u64)buffer));
		show_bytes(size + 2);
	}
}

/* A large item's sum: the kernel, the initrd, the command line, and a file of ours. */
static void sums(void)
{
	static const u32 sizes[][2] = {{0x08, 0x11}, {0x0b, 0x12}, {0x14, 0x15}};
	for (unsigned i = 0; i < 3; i++) {
		u32 size, sum = 0;
		transfer(sizes[i][0] << 16 | DMA_SELECT | DMA_READ, 4, (u64)&size);
		transfer(sizes[i][1] << 16 | DMA_SELECT, 0, 0);
		show("size", size);
		for (u32 left = size; left;) {
			u32 part = left < sizeof(buffer) ? left : (u32)sizeof(buffer);
			transfer(DMA_READ, part, (u64)buffer);
			for (u32 j = 0; j < part; j++)
				sum = sum * 31 + ((volatile u8 *)buffer)[j];
			left -= part;
		}
		show("sum", sum);
	}
}

/* ---- DMA ---- */

static void transfers(void)
{
	u64 value;
	load(DMA, 8, &value);
	show("signature", value);
	load(DMA, 4, &value);
	show("its first half", value);
	load(DMA + 4, 4, &value);
	show("its second", value);

	fill(0xee);
	show("select alone", transfer(DMA_SELECT, 100, (u64)buffer));
	show("read", transfer(DMA_READ, 2, (u64)buffer));
	show("read on", transfer(DMA_READ, 2, (u64)buffer + 2));
	show("read behind", transfer(DMA_READ, 2, (u64)buffer + 4));
	show_bytes(8);
	fill(0xee);
	show("skip", transfer(DMA_SELECT | DMA_SKIP, 3, 0));
	show("read", transfer(DMA_READ, 3, (u64)buffer));
	show_bytes(8);
	fill(0xee);
	show("read and skip and write", transfer(DMA_SELECT | DMA_READ | DMA_SKIP | DMA_WRITE, 4, (u64)buffer));
	show_bytes(8);
	show("write", transfer(DMA_SELECT | DMA_WRITE, 4, (u64)buffer));
	show("write of nothing", transfer(DMA_SELECT | DMA_WRITE, 0, (u64)buffer));
	show("write behind", transfer(DMA_WRITE, 4, (u64)buffer));
	show("write and skip", transfer(DMA_SELECT | DMA_WRITE | DMA_SKIP, 4, (u64)buffer));
	fill(0xee);
	show("read after writes", transfer(DMA_SELECT | DMA_READ, 4, (u64)buffer));
	show_bytes(8);
	show("no such key", transfer(0x3000 << 16 | DMA_SELECT | DMA_READ, 4, (u64)buffer));
	show_bytes(8);
	show("skip there", transfer(DMA_SKIP, 4, 0));
	show("write there", transfer(DMA_WRITE, 4, (u64)buffer));
	show("nothing", transfer(0, 4, (u64)buffer));
	show("reserved bits", transfer(0xffe0, 4, (u64)buffer));
	show("an error that is asked for", transfer(DMA_ERROR, 4, (u64)buffer));
	show("skip far", transfer(DMA_SELECT | DMA_SKIP, 0xffffffff, 0));
	show("skip farther", transfer(DMA_SKIP, 0xffffffff, 0));
	fill(0xee);
	show("read at the end", transfer(DMA_READ, 4, (u64)buffer));
	show_bytes(8);
}

/* A descriptor by two halves; the low one starts it, and the high one is forgotten. */
static void halves(void)
{
	descriptor = (struct access){swap32(DMA_SELECT | DMA_READ), swap32(4), swap64((u64)buffer)};
	fill(0xee);
	store(DMA, 4, swap32((u32)((u64)&descriptor >> 32)));
	store(DMA + 4, 4, swap32((u32)(u64)&descriptor));
	__asm__ volatile("fence" ::: "memory");
	show("by halves", swap32(descriptor.control));
	show_bytes(8);
	descriptor = (struct access){swap32(DMA_SELECT | DMA_READ), swap32(4), swap64((u64)buffer)};
	store(DMA, 4, swap32(0xffff));
	store(DMA + 4, 4, swap32((u32)(u64)&descriptor));
	show("elsewhere", swap32(descriptor.control));
	store(DMA + 4, 4, swap32((u32)(u64)&descriptor));
	__asm__ volatile("fence" ::: "memory");
	show("the high half is 0 again", swap32(descriptor.control));
}

/* Descriptors and buffers at the ROM, where nothing is, and at the ends of memory and of all addresses. */
static void nowhere(void)
{
	static const u64 places[] = {0, 0x1000, 0x11000000, 0xa0000000, 0x9ffffffe, 0xfffffffffffffff0, 0xffffffffffffffff};
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		print_hex(places[i]);
		start(places[i]);
		show(" write", transfer(DMA_SELECT | DMA_READ, 4, places[i]));
	}
	/* the last descriptor that memory has, and one that its end cuts */
	volatile struct access *last = (volatile struct access *)(0xa0000000 - sizeof(*last));
	*last = (struct access){swap32(DMA_SELECT | DMA_READ), swap32(4), swap64((u64)buffer)};
	fill(0xee);
	start((u64)last);
	show("the last", swap32(last->control));
	show_bytes(8);
	last->length = swap32(DMA_SELECT | DMA_READ);
	start((u64)last + 4);
	show("cut off", swap32(last->length));
	/* an odd place */
	volatile u8 *odd = buffer + 1001;
	descriptor = (struct access){swap32(DMA_SELECT | DMA_READ), swap32(4), swap64((u64)buffer + 1)};
	for (unsigned i = 0; i < sizeof(descriptor); i++)
		odd[i] = ((volatile u8 *)&descriptor)[i];
	start((u64)odd);
	show_bytes(8);
	show("odd", odd[3]);
}

int main(u64 hart)
{
	if (hart)
		return 0;
	registers();
	reads();
	keys();
	directory();
	contents();
	sums();
	transfers();
	halves();
	nowhere();
	return 0;
}
