/*
 * A network card and its peer: both machines run this. Each sends frames of all lengths, the next when the other has said that it has
 * the last, and again when no answer comes; both end when both have all. The line is allowed to lose frames, not to change them.
 */
#include "board.h"

enum {
	SLOT = 0x10001000,
	SLOTS = 8,
	FRAMES = 60,
	QUEUE = 8,
	HEADER = 12,
	RETRY = 50000,   /* ticks of mtime, 10 MHz */
	LINGER = 3000000,
	WAKE = 10000,
	F_MRG_RXBUF = 15,
	FRAME_BYTES = 1514,
};

/* Registers of virtio-mmio */
enum {
	MAGIC = 0x00, VERSION = 0x04, DEVICE = 0x08, FEATURES = 0x10, FEATURES_SEL = 0x14, ACCEPT = 0x20, ACCEPT_SEL = 0x24, PAGE_SIZE = 0x28,
	SELECT = 0x30, SIZE = 0x38, ALIGN = 0x3c, PFN = 0x40, READY = 0x44, NOTIFY = 0x50, ISR = 0x60, ACK = 0x64, STATUS = 0x70,
	DESC = 0x80, AVAIL = 0x90, USED = 0xa0, CONFIG = 0x100,
};

struct descriptor {
	u64 address;
	u32 size;
	uint16_t flags, next;
};

/* As version 1 wants it: one behind the other, the used ring on the next page. */
struct queue {
	struct descriptor descriptors[QUEUE];
	volatile uint16_t flags, index, ring[QUEUE];
	uint16_t event;
	u8 pad[4096 - 16 * QUEUE - 6 - 2 * QUEUE];
	volatile uint16_t used_flags, used_index;
	volatile u32 used_ring[QUEUE][2];
} __attribute__((aligned(4096)));

struct packet {
	u8 to[6], from[6], type[2];
	u32 number, have; /* which of the sender's frames this is; how many of the other's it has */
	u32 size;
	u8 bytes[];
} __attribute__((packed));

static struct queue queues[2];
static u8 buffers[QUEUE][HEADER + FRAME_BYTES + 10], out[HEADER + FRAME_BYTES];
static u64 base;
static u8 mac[6];
static uint16_t taken;
static u32 header;

static u32 get(u32 offset) { return REG32(base + offset); }
static void set(u32 offset, u32 value) { REG32(base + offset) = value; }
static u64 now(void) { return REG64(MTIME); }

static bool find(void)
{
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		base = SLOT + slot * 0x1000;
		if (get(DEVICE) == 1)
			return true;
	}
	return false;
}

static void begin_queue(unsigned number)
{
	u64 at = (u64)&queues[number];
	set(SELECT, number);
	set(SIZE, QUEUE);
	if (get(VERSION) == 1) {
		set(ALIGN, 4096);
		set(PFN, (u32)(at >> 12));
		return;
	}
	set(DESC, (u32)at), set(DESC + 4, (u32)(at >> 32));
	at = (u64)&queues[number].flags;
	set(AVAIL, (u32)at), set(AVAIL + 4, (u32)(at >> 32));
	at = (u64)&queues[number].used_flags;
	set(USED, (u32)at), set(USED + 4, (u32)(at >> 32));
	set(READY, 1);
}

static void give(unsigned number, uint16_t head)
{
	struct queue *queue = &queues[number];
	queue->ring[queue->index % QUEUE] = head;
	__asm__ volatile("fence" : : : "memory");
	queue->index++;
	__asm__ volatile("fence" : : : "memory");
	set(NOTIFY, number);
}

/* With nothing accepted but what there must be: 12 bytes of header with version 2, 10 with version 1. */
static void begin(void)
{
	bool modern = get(VERSION) == 2;
	set(STATUS, 0);
	set(STATUS, 3);
	header = modern ? 12 : 10;
	if (!modern)
		set(PAGE_SIZE, 4096);
	set(FEATURES_SEL, 0);
	show("offered", get(FEATURES));
	set(ACCEPT_SEL, 0);
	set(ACCEPT, 0);
	set(ACCEPT_SEL, 1);
	set(ACCEPT, modern);
	if (modern)
		set(STATUS, 11);
	for (unsigned i = 0; i < 6; i++)
		mac[i] = REG8(base + CONFIG + i);
	show("version", get(VERSION));
	show("address", (u64)mac[0] << 40 | (u64)mac[1] << 32 | (u64)mac[2] << 24 | mac[3] << 16 | mac[4] << 8 | mac[5]);
	begin_queue(0);
	begin_queue(1);
	set(STATUS, modern ? 15 : 7);
	for (uint16_t i = 0; i < QUEUE; i++) {
		queues[0].descriptors[i] = (struct descriptor){(u64)buffers[i], sizeof(buffers[i]), 2, 0};
		give(0, i);
	}
}

static u32 size_of(u32 number) { return sizeof(struct packet) + (number * 367) % (FRAME_BYTES - sizeof(struct packet) + 1); }

static u8 byte_of(const u8 *from, u32 number, u32 i) { return (u8)(from[5] * 31 + number * 7 + i * 13); }

static void transmit(u32 number, u32 have)
{
	struct packet *packet = (struct packet *)(out + header);
	for (u32 i = 0; i < header; i++)
		out[i] = 0;
	for (unsigned i = 0; i < 6; i++) {
		packet->to[i] = 0xff;
		packet->from[i] = mac[i];
	}
	packet->type[0] = 0x88, packet->type[1] = 0xb5; /* for local experiments */
	packet->number = number;
	packet->have = have;
	packet->size = size_of(number);
	for (u32 i = 0; i < packet->size - sizeof(*packet); i++)
		packet->bytes[i] = byte_of(mac, number, i);
	queues[1].descriptors[0] = (struct descriptor){(u64)out, header + packet->size, 0, 0};
	uint16_t before = queues[1].used_index;
	give(1, 0);
	while (queues[1].used_index == before)
		;
}

/* The next frame that came; NULL: none. It is whole, or the test has failed. */
static const struct packet *receive(void)
{
	if (queues[0].used_index == taken)
		return 0;
	volatile u32 *used = queues[0].used_ring[taken % QUEUE];
	const struct packet *packet = (const struct packet *)(buffers[used[0]] + header);
	bool good = used[1] == header + packet->size && packet->size == size_of(packet->number);
	for (u32 i = 0; good && i < packet->size - sizeof(*packet); i++)
		good = packet->bytes[i] == byte_of(packet->from, packet->number, i);
	if (!good)
		show("a frame is not as it was sent: length", used[1]);
	return packet;
}

static void give_back(void)
{
	uint16_t index = (uint16_t)queues[0].used_ring[taken % QUEUE][0];
	taken++;
	give(0, index);
}

/* Until something may have come: harts that wait leave the host its time. */
static void wait_a_little(void)
{
	REG64(MTIMECMP) = now() + WAKE;
	__asm__ volatile("csrs mie, %0\nwfi" : : "r"(1 << 7) : "memory");
}

int main(u64 hart)
{
	if (hart)
		return 0;
	if (!find()) {
		print("no card\n");
		return 0;
	}
	begin();
	u32 number = 1, have = 0;
	u64 sent = 0, done = 0;
	while (!done || now() - done < LINGER) {
		const struct packet *packet = receive();
		bool answer = packet != 0;
		if (packet) {
			have += packet->number == have + 1;
			number += number <= FRAMES && packet->have >= number;
			answer = packet->number <= FRAMES || packet->have <= FRAMES;
			give_back();
		}
		if ((answer && number <= FRAMES) || now() - sent > RETRY) {
			transmit(number <= FRAMES ? number : FRAMES, have);
			sent = now();
		} else if (!packet) {
			wait_a_little();
		}
		if (!done && number > FRAMES && have >= FRAMES)
			done = now();
	}
	show("sent", number - 1);
	show("received", have);
	return 0;
}
