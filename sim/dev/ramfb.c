#include "dev/ramfb.h"

#include <string.h>
#include "base/bus.h"
#include "base/say.h"

/* The file: all big-endian. */
enum { ADDRESS_AT = 0, FOURCC_AT = 8, WIDTH_AT = 16, HEIGHT_AT = 20, STRIDE_AT = 24, RAMFB_BYTES = 28 };

static const char file_name[] = "etc/ramfb";

/* Linux's names of orders of colours (drm_fourcc.h): "XR24" is a little-endian word 0x00RRGGBB. */
static const struct {
	char name[5];
	struct pixel_format format;
} fourccs[] = {
    {"XR24", {4, 2, 1, 0}}, {"AR24", {4, 2, 1, 0}}, {"XB24", {4, 0, 1, 2}},
    {"AB24", {4, 0, 1, 2}}, {"RG24", {3, 2, 1, 0}},
};

static uint64_t ramfb_number(const uint8_t *bytes, unsigned size)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* Its key depends on which other files there are. */
static const uint8_t *file_bytes(const struct fw_cfg *fw_cfg)
{
	for (unsigned i = 0; i < fw_cfg->files; i++)
		if (strcmp(fw_cfg->names[i], file_name) == 0)
			return fw_cfg->items[FW_CFG_FILE_FIRST + i].bytes;
	return NULL;
}

static bool find_format(uint32_t fourcc, struct pixel_format *format)
{
	for (unsigned i = 0; i < sizeof(fourccs) / sizeof(fourccs[0]); i++) {
		const char *name = fourccs[i].name;
		uint32_t value = 0;
		for (unsigned c = 0; c < 4; c++)
			value |= (uint32_t)(uint8_t)name[c] << 8 * c;
		if (value != fourcc)
			continue;
		*format = fourccs[i].format;
		return true;
	}
	return false;
}

/* What makes no sense shows nothing. */
static bool ramfb_look(void *context, struct screen_picture *picture)
{
	const struct ramfb *ramfb = context;
	const uint8_t *file = file_bytes(ramfb->fw_cfg);
	uint64_t address = ramfb_number(file + ADDRESS_AT, 8);
	uint32_t width = (uint32_t)ramfb_number(file + WIDTH_AT, 4),
		 height = (uint32_t)ramfb_number(file + HEIGHT_AT, 4);
	uint32_t stride = (uint32_t)ramfb_number(file + STRIDE_AT, 4);
	struct pixel_format format;
	if (!find_format((uint32_t)ramfb_number(file + FOURCC_AT, 4), &format) || width < 16 || height < 16 ||
	    width > SCREEN_SIDE_MAX || height > SCREEN_SIDE_MAX)
		return false;
	uint32_t row = width * format.bytes;
	stride = stride ? stride : row;
	if (stride < row || !bus_is_dram(ramfb->bus, address, (uint64_t)stride * (height - 1) + row))
		return false;
	*picture = (struct screen_picture){bus_host(ramfb->bus, address), width, height, stride, format};
	return true;
}

int ramfb_add(struct ramfb *ramfb, const char *id, struct fw_cfg *fw_cfg, const struct bus *bus,
              struct screens *screens)
{
	static const uint8_t nothing[RAMFB_BYTES];
	*ramfb = (struct ramfb){
	    .screen = {.kind = "ramfb", .id = id, .look = ramfb_look, .context = ramfb, .in_memory = true},
	    .fw_cfg = fw_cfg,
	    .bus = bus,
	};
	if (fw_cfg_add_writable(fw_cfg, file_name, nothing, sizeof(nothing), NULL, NULL) != 0)
		return -1;
	return screens_add(screens, &ramfb->screen) ? 0 : say("-device ramfb: there are too many screens");
}
