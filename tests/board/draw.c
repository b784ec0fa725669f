/*
 * A drawing program: the same picture on every screen that there is (virtio-gpu, ramfb, a framebuffer where the test says), then what the user
 * does, each event in a line, and drawn too: a square for every key that is down, a cross where the pointer is. Q ends it.
 */
#include "gpu.h"

enum {
	WIDTH = 640,
	HEIGHT = 480,
	INPUT = 18,
	INPUTS = 4,
	FW_CFG_DMA = 0x10100010,
	FILE_DIRECTORY = 0x19,
	WAKE = 10000, /* ticks: 1 ms */
	KEY_Q = 16,
};

#define FRAMEBUFFER UINT64_C(0x84000000)

struct input_event {
	uint16_t type, code;
	int value;
};

static u32 picture[HEIGHT][WIDTH];
static u32 pointer[64][64];
static struct queue gpu_queues[2], input_queues[INPUTS][2];
static struct slot gpu = {.queues = gpu_queues}, inputs[INPUTS];
static struct input_event events[INPUTS][QUEUE];
static bool has_gpu;
static unsigned input_count;
static int x = WIDTH / 2, y = HEIGHT / 2;

/* ---- the picture ---- */

/* Bars of colours over grey steps, in a frame, with a diagonal: a wrong order, stride or offset shows. */
static u32 pixel_at(u32 column, u32 row)
{
	static const u32 bars[] = {0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000, 0x0000ff, 0x000000};
	if (column < 4 || row < 4 || column >= WIDTH - 4 || row >= HEIGHT - 4)
		return 0xff8000;
	if (column * HEIGHT / WIDTH == row)
		return 0x808080;
	if (row < 240)
		return bars[column / 80];
	if (row < 360)
		return column * 255 / (WIDTH - 1) * 0x010101;
	return (column * 255 / (WIDTH - 1)) << 16 | (row - 360) * 2 << 8;
}

static void draw_picture(void)
{
	for (u32 row = 0; row < HEIGHT; row++)
		for (u32 column = 0; column < WIDTH; column++)
			picture[row][column] = pixel_at(column, row);
}

static void fill(int left, int top, int width, int height, u32 color)
{
	for (int row = top < 0 ? 0 : top; row < top + height && row < HEIGHT; row++)
		for (int column = left < 0 ? 0 : left; column < left + width && column < WIDTH; column++)
			picture[row][column] = color;
}

/* ---- screens ---- */

static void show_on_gpu(u32 top, u32 height)
{
	if (!has_gpu)
		return;
	gpu_do(&gpu, TRANSFER, 0, top, WIDTH, height, top * WIDTH * 4, 0, 1, 0);
	gpu_do(&gpu, FLUSH, 0, top, WIDTH, height, 1, 0);
}

static void begin_gpu(void)
{
	has_gpu = slot_find(&gpu, GPU, 0);
	if (!has_gpu)
		return;
	u32 half = sizeof(picture) / 2;
	u64 first = (u64)picture, second = first + half, shape = (u64)pointer;
	slot_begin(&gpu, 2);
	show("gpu", gpu_do(&gpu, CREATE_2D, 1, 2, WIDTH, HEIGHT));
	show("backing", gpu_do(&gpu, ATTACH, 1, 2, (u32)first, (u32)(first >> 32), half, 0, (u32)second, (u32)(second >> 32), half, 0));
	show_on_gpu(0, HEIGHT);
	show("scanout", gpu_do(&gpu, SET_SCANOUT, 0, 0, WIDTH, HEIGHT, 0, 1));
	for (u32 row = 0; row < 32; row++)
		for (u32 column = 0; column <= row; column++)
			pointer[row][column] = column == 0 || column == row || row == 31 ? 0xff000000 : 0x80ffffff;
	gpu_do(&gpu, CREATE_2D, 2, 1, 64, 64);
	gpu_do(&gpu, ATTACH, 2, 1, (u32)shape, (u32)(shape >> 32), sizeof(pointer), 0);
	gpu_do(&gpu, TRANSFER, 0, 0, 64, 64, 0, 0, 2, 0);
}

static void show_pointer(u32 command)
{
	struct gpu_request request = {{.type = command}, {0, (u32)x, (u32)y, 0, 2, 0, 0, 0}};
	static struct gpu_answer answer;
	if (has_gpu)
		slot_ask(&gpu, 1, &request, sizeof(struct gpu_header) + 32, &answer, sizeof(answer));
}

static u32 swap(u32 value) { return value << 24 | (value & 0xff00) << 8 | (value >> 8 & 0xff00) | value >> 24; }

/* A descriptor for fw_cfg: waits until it is done. True: without an error. */
static bool fw_cfg_transfer(u32 control, void *bytes, u32 size)
{
	static volatile u32 descriptor[4];
	u64 at = (u64)descriptor, data = (u64)bytes;
	descriptor[0] = swap(control);
	descriptor[1] = swap(size);
	descriptor[2] = swap((u32)(data >> 32));
	descriptor[3] = swap((u32)data);
	__asm__ volatile("fence" : : : "memory");
	REG64(FW_CFG_DMA) = (u64)swap((u32)at) << 32 | swap((u32)(at >> 32));
	return descriptor[0] == 0;
}

/* The key of etc/ramfb; 0: there is none. */
static u32 find_ramfb(void)
{
	static const char wanted[] = "etc/ramfb";
	static struct {
		u32 size;
		u8 key[2], nothing[2], name[56];
	} file;
	u32 count;
	if (!fw_cfg_transfer(FILE_DIRECTORY << 16 | 8 | 2, &count, 4))
		return 0;
	for (count = swap(count); count; count--) {
		bool same = fw_cfg_transfer(2, &file, sizeof(file));
		for (unsigned i = 0; i < sizeof(wanted); i++)
			same = same && file.name[i] == (u8)wanted[i];
		if (same)
			return (u32)file.key[0] << 8 | file.key[1];
	}
	return 0;
}

static void begin_ramfb(void)
{
	static u32 words[7];
	u64 at = (u64)picture;
	u32 key = find_ramfb();
	const u32 values[7] = {(u32)(at >> 32), (u32)at, 0x34325258 /* XR24 */, 0, WIDTH, HEIGHT, WIDTH * 4};
	if (!key)
		return;
	for (unsigned i = 0; i < 7; i++)
		words[i] = swap(values[i]);
	show("ramfb", fw_cfg_transfer(key << 16 | 8 | 16, words, sizeof(words)));
}

static void copy_to_framebuffer(void)
{
	u64 *to = (u64 *)FRAMEBUFFER;
	const u64 *from = (const u64 *)picture;
	for (u32 i = 0; i < sizeof(picture) / 8; i++)
		to[i] = from[i];
}

static void show_all(u32 top, u32 height)
{
	show_on_gpu(top, height);
	copy_to_framebuffer();
}

/* ---- input ---- */

static void begin_inputs(void)
{
	for (; input_count < INPUTS; input_count++) {
		struct slot *slot = &inputs[input_count];
		slot->queues = input_queues[input_count];
		if (!slot_find(slot, INPUT, input_count))
			return;
		slot_begin(slot, 0);
		for (uint16_t i = 0; i < QUEUE; i++) {
			slot->queues[0].descriptors[i] = (struct descriptor){(u64)&events[input_count][i], 8, DESC_WRITE, 0};
			slot_give(slot, 0, i);
		}
		slot_notify(slot, 0);
	}
}

static void draw_event(const struct input_event *event)
{
	if (event->type == 1 && event->code < 0x100) {
		int left = 20 + event->code % 24 * 25, top = 370 + event->code / 24 % 4 * 25;
		fill(left, top, 20, 20, event->value ? 0xffffff : 0x202020);
		show_all(360, 120);
	}
	if (event->type == 3 && event->code < 2)
		*(event->code ? &y : &x) = event->value * (event->code ? HEIGHT - 1 : WIDTH - 1) / 0x7fff;
	if (event->type == 2 && event->code < 2)
		*(event->code ? &y : &x) += event->value;
	if ((event->type == 2 || event->type == 3) && event->code < 2)
		show_pointer(MOVE_CURSOR);
	if (event->type == 1 && event->code == 0x110 && event->value) {
		fill(x - 10, y, 21, 1, 0xff0000);
		fill(x, y - 10, 1, 21, 0xff0000);
		show_all(0, HEIGHT);
	}
}

/* False: Q was pressed. */
static bool hear(unsigned number)
{
	struct slot *slot = &inputs[number];
	u32 length;
	while (slot_has(slot, 0)) {
		uint16_t head = slot_take(slot, 0, &length);
		const struct input_event event = events[number][head];
		print("device "), print_hex(number), print(" type "), print_hex(event.type), print(" code "), print_hex(event.code);
		print(" value "), print(event.value < 0 ? "-" : ""), print_hex((u64)(event.value < 0 ? -(long)event.value : event.value)), put('\n');
		draw_event(&event);
		slot_give(slot, 0, head);
		slot_notify(slot, 0);
		if (event.type == 1 && event.code == KEY_Q && event.value == 0)
			return false;
	}
	return true;
}

int main(u64 hart)
{
	if (hart)
		return 0;
	draw_picture();
	begin_ramfb();
	begin_gpu();
	copy_to_framebuffer();
	show_pointer(UPDATE_CURSOR);
	begin_inputs();
	print("drawn\n");
	for (bool goes_on = true; goes_on;) {
		for (unsigned i = 0; i < input_count && goes_on; i++)
			goes_on = hear(i);
		REG64(MTIMECMP) = REG64(MTIME) + WAKE;
		__asm__ volatile("csrs mie, %0\nwfi" : : "r"(1 << 7) : "memory");
	}
	print("end\n");
	return 0;
}
