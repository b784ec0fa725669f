#include "dev/edid.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
	BLOCK = 128,
	DESCRIPTOR = 18,
	DESCRIPTORS_AT = 54,
	DESCRIPTORS_END = 126,
	REFRESH_MHZ = 75000, /* thousandths of a Hertz */
	DPI = 100,
	WIDEST_DETAILED = 4095, /* what a detailed timing has bits for */
};

struct timings {
	uint32_t width, height, width_mm, height_mm;
	uint32_t x_front, x_sync, x_blank, y_front, y_sync, y_blank; /* pixels */
	uint32_t clock; /* units of 10 kHz */
};

/* QEMU's: shares of the size that look like a monitor's. */
static struct timings timings_of(uint32_t width, uint32_t height)
{
	struct timings timings = {
	    .width = width,
	    .height = height,
	    .width_mm = width * 254 / 10 / DPI,
	    .height_mm = height * 254 / 10 / DPI,
	    .x_front = width * 25 / 100,
	    .x_sync = width * 3 / 100,
	    .x_blank = width * 35 / 100,
	    .y_front = height * 5 / 1000,
	    .y_sync = height * 5 / 1000,
	    .y_blank = height * 35 / 1000,
	};
	timings.clock = (uint32_t)((uint64_t)REFRESH_MHZ * (width + timings.x_blank) * (height + timings.y_blank) /
	                           10000000);
	return timings;
}

/* Its bytes together are 0. */
static void put_checksum(uint8_t *bytes, unsigned size)
{
	uint8_t sum = 0;
	for (unsigned i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[size] = (uint8_t)-sum;
}

static void put_edid_word(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)value;
	bytes[1] = (uint8_t)(value >> 8);
}

/* Low bytes of two numbers, and their upper four bits in a third byte. */
static void put_pair(uint8_t *bytes, uint32_t first, uint32_t second)
{
	bytes[0] = (uint8_t)first;
	bytes[1] = (uint8_t)second;
	bytes[2] = (uint8_t)((first >> 8 & 15) << 4 | (second >> 8 & 15));
}

static void put_detailed(uint8_t *bytes, const struct timings *timings)
{
	put_edid_word(bytes, timings->clock);
	put_pair(bytes + 2, timings->width, timings->x_blank);
	put_pair(bytes + 5, timings->height, timings->y_blank);
	bytes[8] = (uint8_t)timings->x_front;
	bytes[9] = (uint8_t)timings->x_sync;
	bytes[10] = (uint8_t)((timings->y_front & 15) << 4 | (timings->y_sync & 15));
	bytes[11] = (uint8_t)((timings->x_front >> 8 & 3) << 6 | (timings->x_sync >> 8 & 3) << 4 |
	                      (timings->y_front >> 4 & 3) << 2 | (timings->y_sync >> 4 & 3));
	put_pair(bytes + 12, timings->width_mm, timings->height_mm);
	bytes[17] = 0x18; /* digital, separate syncs */
}

/* Descriptors with what QEMU's monitor can do: old modes, its name, its range; the rest are empty. */
static void put_descriptors(uint8_t *at, uint8_t *end, const struct timings *detailed)
{
	static const uint8_t fixed[3][DESCRIPTOR] = {
	    {0, 0, 0, 0xf7, 0, 0x0a, 0x00, 0x40, 0x82, 0x00, 0x28, 0x20}, /* established timings III */
	    {0, 0, 0, 0xfd, 0, 50, 125, 30, 160, 0xff, 1, '\n', ' ', ' ', ' ', ' ', ' ', ' '},
	    {0, 0, 0, 0xfc, 0, 'Q', 'E', 'M', 'U', ' ', 'M', 'o', 'n', 'i', 't', 'o', 'r', '\n'},
	};
	if (detailed) {
		put_detailed(at, detailed);
		at += DESCRIPTOR;
	}
	for (unsigned i = 0; i < 3; i++, at += DESCRIPTOR)
		memcpy(at, fixed[i], DESCRIPTOR);
	for (; at < end; at += DESCRIPTOR)
		at[3] = 0x10;
}

static void put_base(uint8_t *block, const struct timings *timings, const struct timings *detailed)
{
	static const uint8_t front[] = {
	    0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x49, 0x14, 0x34, 0x12, /* "RHT", product 0x1234 */
	    0,    0,    0,    0,    /* no serial number */
	    42,   24,   1,    4,    /* week 42 of 2014, EDID 1.4 */
	    0xa5,     /* digital, 8 bits a colour, DisplayPort */
	};
	static const uint8_t back[] = {
	    120,  0x06, /* gamma 2.2; sRGB, the preferred mode is the native one */
	    0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54, /* sRGB's colours */
	    0x21, 0x08, 0x00,        /* established timings */
	    0xe1, 0xc0, 0xd1, 0xc0, 0xd1, 0x00, 0xa9, 0x40,             /* standard ones */
	    0xb3, 0x00, 0x95, 0x00, 0x81, 0x80, 0x81, 0x40,
	};
	memcpy(block, front, sizeof(front));
	block[21] = (uint8_t)(timings->width_mm / 10);
	block[22] = (uint8_t)(timings->height_mm / 10);
	memcpy(block + 23, back, sizeof(back));
	put_descriptors(block + DESCRIPTORS_AT, block + DESCRIPTORS_END, detailed);
	block[126] = detailed ? 1 : 2; /* blocks that follow */
	put_checksum(block, BLOCK - 1);
}

/* CTA-861: modes by their numbers, and empty descriptors. */
static void put_modes(uint8_t *block)
{
	static const uint8_t modes[] = {0x02, 3, 11, 0, 0x46, 125, 101, 96, 89, 31, 97};
	memcpy(block, modes, sizeof(modes));
	for (uint8_t *at = block + sizeof(modes); at + DESCRIPTOR < block + BLOCK; at += DESCRIPTOR)
		at[3] = 0x10;
	put_checksum(block, BLOCK - 1);
}

/* DisplayID 1.3, for a size that a detailed timing has no bits for. */
static void put_large(uint8_t *block, const struct timings *timings)
{
	static const uint8_t front[] = {0x70, 0x13, 23, 3, 0, 3, 0, 20};
	uint32_t clock = timings->clock; /* less one, by the standard; QEMU leaves it */
	memcpy(block, front, sizeof(front));
	put_edid_word(block + 8, clock);
	block[10] = (uint8_t)(clock >> 16);
	block[11] = 0x88; /* the preferred one, of unknown shape */
	put_edid_word(block + 12, timings->width - 1);
	put_edid_word(block + 14, timings->x_blank - 1);
	put_edid_word(block + 16, timings->x_front - 1);
	put_edid_word(block + 18, timings->x_sync - 1);
	put_edid_word(block + 20, timings->height - 1);
	put_edid_word(block + 22, timings->y_blank - 1);
	put_edid_word(block + 24, timings->y_front - 1);
	put_edid_word(block + 26, timings->y_sync - 1);
	put_checksum(block + 1, 4 + block[2]);
	put_checksum(block, BLOCK - 1);
}

void edid_write(uint8_t edid[EDID_BYTES], uint32_t width, uint32_t height)
{
	struct timings timings = timings_of(width, height);
	bool large = width > WIDEST_DETAILED || height > WIDEST_DETAILED || timings.clock > UINT16_MAX;
	memset(edid, 0, EDID_BYTES);
	put_base(edid, &timings, large ? NULL : &timings);
	put_modes(edid + BLOCK);
	if (large)
		put_large(edid + 2 * (size_t)BLOCK, &timings);
}
