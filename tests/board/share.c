/*
 * A folder by virtio-9p in whichever slot has one, legacy or modern, without any system: requests as bytes, and what they are answered
 * with, but for numbers that are the server's own (inode numbers, times, sizes of folders). The folder holds the file `text`.
 */
#include "board.h"

enum {
	SLOTS = 0x10001000,
	SLOT_BYTES = 0x1000,
	ID_9P = 9,
	QUEUE = 8,
	MESSAGE = 8192,
	ROOT = 1,
};

/* The table of descriptors, behind it, as legacy has it, the driver's ring, and on the next page the device's. */
static u8 pages[8192] __attribute__((aligned(4096)));
static u8 request[MESSAGE], reply[MESSAGE];
static u32 at, got;
static uint16_t taken;
static u64 slot;

static volatile uint16_t *device_index(void) { return (void *)(pages + 4096 + 2); }

static void store32(u64 offset, u64 value) { REG32(slot + offset) = (u32)value; }

static void start(void)
{
	bool modern = REG32(slot + 4) == 2;
	u64 table = (u64)pages, ring = table + 16 * QUEUE, used = table + 4096;
	store32(0x70, 0);
	store32(0x70, 3);
	store32(0x24, 0);
	store32(0x20, 1);
	if (modern) {
		store32(0x24, 1);
		store32(0x20, 1);
		store32(0x70, 11);
	}
	store32(0x28, 4096);
	store32(0x30, 0);
	store32(0x38, QUEUE);
	store32(0x3c, 4096);
	if (modern) {
		const u64 parts[3][2] = {{0x80, table}, {0x90, ring}, {0xa0, used}};
		for (int i = 0; i < 3; i++) {
			store32(parts[i][0], parts[i][1]);
			store32(parts[i][0] + 4, parts[i][1] >> 32);
		}
		store32(0x44, 1);
	} else {
		store32(0x40, table >> 12);
	}
	store32(0x70, modern ? 15 : 7);
}

static void put_number(u64 value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		request[at++] = (u8)(value >> 8 * i);
}

static u64 number_at(u32 offset, unsigned size)
{
	u64 value = 0;
	for (unsigned i = size; i-- > 0;)
		value = value << 8 | reply[offset + i];
	return value;
}

static void begin(unsigned type)
{
	at = 0;
	put_number(0, 4);
	put_number(type, 1);
	put_number(3, 2);
}

static void put_text(const char *text)
{
	u32 length = 0;
	while (text[length])
		length++;
	put_number(length, 2);
	for (u32 i = 0; i < length; i++)
		request[at++] = (u8)text[i];
}

/* Send it; its type and, if it is an error, which one. */
static u64 ask(const char *what)
{
	u32 size = at;
	at = 0;
	put_number(size, 4);
	u64 *table = (u64 *)pages;
	volatile uint16_t *ring = (void *)(pages + 16 * QUEUE);
	table[0] = (u64)request;
	table[1] = size | (u64)1 << 32 | (u64)1 << 48; /* the next is 1 */
	table[2] = (u64)reply;
	table[3] = MESSAGE | (u64)2 << 32;
	ring[2 + taken % QUEUE] = 0;
	__asm__ volatile("fence" : : : "memory");
	ring[1] = ++taken;
	__asm__ volatile("fence" : : : "memory");
	store32(0x50, 0);
	while (*device_index() != taken)
		;
	__asm__ volatile("fence" : : : "memory");
	got = (u32)number_at(0, 4);
	print(what);
	put(' ');
	print_hex(reply[4]);
	if (reply[4] == 7) {
		put(' ');
		print_hex(number_at(7, 4));
	}
	put('\n');
	return reply[4];
}

static void fid_message(unsigned type, u32 fid)
{
	begin(type);
	put_number(fid, 4);
}

static void walk(const char *what, u32 fid, u32 new_fid, const char *first, const char *second)
{
	fid_message(110, fid);
	put_number(new_fid, 4);
	put_number(!!first + !!second, 2);
	if (first)
		put_text(first);
	if (second)
		put_text(second);
	if (ask(what) == 111)
		show("  walked", number_at(7, 2));
}

static void make(const char *what, unsigned type, u32 fid, const char *name, u32 mode)
{
	fid_message(type, fid);
	put_text(name);
	put_number(mode, 4);
	put_number(0, 4);
	ask(what);
}

static void numbers(const char *what, unsigned type, u32 fid, u64 offset, u32 count)
{
	fid_message(type, fid);
	put_number(offset, 8);
	put_number(count, 4);
	if (ask(what) == 117) {
		show("  bytes", number_at(7, 4));
		for (u32 i = 0; i < number_at(7, 4) && i < 8; i++)
			put((char)reply[11 + i]);
		put('\n');
	}
}

static void writes(const char *what, u32 fid, u64 offset, const char *text)
{
	fid_message(118, fid);
	put_number(offset, 8);
	put_text(text); /* its length as 16 bits: turn that into 32 */
	u32 length = request[19] | request[20] << 8;
	for (u32 i = length; i-- > 0;)
		request[23 + i] = request[21 + i];
	request[21] = request[22] = 0;
	at = 23 + length;
	if (ask(what) == 119)
		show("  written", number_at(7, 4));
}

static void attributes(const char *what, u32 fid)
{
	fid_message(24, fid);
	put_number(0x7ff, 8);
	if (ask(what) != 25)
		return;
	show("  valid", number_at(7, 8));
	show("  mode", number_at(28, 4));
	if ((number_at(28, 4) & 0170000) == 0100000)
		show("  size", number_at(56, 8));
}

static void opens(const char *what, u32 fid, u32 flags)
{
	fid_message(12, fid);
	put_number(flags, 4);
	ask(what);
}

static void named(const char *what, unsigned type, u32 fid, const char *name, u32 flags)
{
	fid_message(type, fid);
	put_text(name);
	put_number(flags, 4);
	ask(what);
}

static void renames(const char *what, u32 fid, const char *name, u32 to, const char *new_name)
{
	fid_message(74, fid);
	put_text(name);
	put_number(to, 4);
	put_text(new_name);
	ask(what);
}

static void session(void)
{
	begin(100);
	put_number(MESSAGE, 4);
	put_text("9P2000.L");
	ask("version");
	show("  size", number_at(7, 4));
	fid_message(104, ROOT);
	put_number(0xffffffff, 4);
	put_text("");
	put_text("");
	put_number(0, 4);
	ask("attach");
}

static void requests(void)
{
	session();
	attributes("folder", ROOT);
	walk("walk", ROOT, 2, "text", 0);
	walk("walk to nothing", ROOT, 3, "none", 0);
	walk("walk in part", ROOT, 3, "text", "none");
	walk("walk with a slash", ROOT, 3, "a/b", 0);
	walk("walk above", ROOT, 3, "..", "..");
	walk("walk from no fid", 77, 4, 0, 0);
	walk("walk to a fid in use", ROOT, 2, 0, 0);
	attributes("file", 2);
	opens("open", 2, 0);
	opens("open again", 2, 0);
	numbers("read", 116, 2, 0, 100);
	numbers("read beyond", 116, 2, 1000, 100);
	numbers("read no fid", 116, 77, 0, 100);
	writes("write what is read only", 2, 0, "x");
	make("mkdir", 72, ROOT, "made", 0755);
	make("mkdir again", 72, ROOT, "made", 0755);
	make("mkdir dots", 72, ROOT, "..", 0755);
	walk("walk into it", ROOT, 5, "made", 0);
	walk("clone", 5, 6, 0, 0);
	fid_message(14, 6); /* lcreate */
	put_text("file");
	put_number(0102, 4);
	put_number(0644, 4);
	put_number(0, 4);
	ask("create");
	writes("write", 6, 0, "hello");
	writes("write behind", 6, 10, "world");
	numbers("read back", 116, 6, 0, 5);
	attributes("what was written", 6);
	named("remove a full folder", 76, ROOT, "made", 0x200);
	named("remove a file as a folder", 76, 5, "file", 0x200);
	renames("rename", 5, "file", ROOT, "moved");
	renames("rename nothing", 5, "file", ROOT, "moved");
	numbers("read what moved", 116, 6, 0, 5);
	fid_message(120, 6);
	ask("clunk");
	fid_message(120, 6);
	ask("clunk again");
	named("remove a folder", 76, ROOT, "made", 0x200);
	named("remove", 76, ROOT, "moved", 0);
	fid_message(16, ROOT); /* symlink */
	put_text("link");
	put_text("text");
	put_number(0, 4);
	ask("symlink");
	walk("walk to a link", ROOT, 8, "link", 0);
	fid_message(22, 8);
	ask("readlink");
	show("  length", number_at(7, 2));
	fid_message(122, 8);
	ask("remove a link");
	numbers("readdir of what is not open", 40, ROOT, 0, 1000);
	begin(108);
	put_number(9, 2);
	ask("flush");
	begin(102);
	ask("no such request");
}

int main(u64 hart)
{
	if (hart != 0)
		return 0;
	for (slot = SLOTS; REG32(slot + 8) != ID_9P; slot += SLOT_BYTES)
		if (slot == SLOTS + 7 * SLOT_BYTES) {
			print("no folder\n");
			return 0;
		}
	u64 tag = 0;
	for (unsigned i = 0; i < 4; i++)
		tag |= (u64)REG8(slot + 0x102 + i) << 8 * i;
	show("tag", tag);
	start();
	requests();
	session(); /* again: what was there is forgotten */
	fid_message(120, 2);
	ask("clunk of another session's");
	return 0;
}
