/* Screens that are memory of the guest's: ramfb by what is written into its file, and how a picture becomes a file. */
#include <criterion/criterion.h>
#include <string.h>
#include "base/bus.h"
#include "dev/framebuffer.h"
#include "dev/fw_cfg.h"
#include "dev/ramfb.h"
#include "dev/screen.h"

enum { DRAM_BYTES = 1 << 20 };
#define DRAM_AT UINT64_C(0x80000000)

struct screen_world {
	struct bus bus;
	struct fw_cfg fw_cfg;
	struct screens screens;
	struct ramfb ramfb;
};

static void screen_begin(struct screen_world *world)
{
	*world = (struct screen_world){0};
	cr_assert_eq(bus_init(&world->bus, DRAM_BYTES), 0);
	cr_assert_eq(ramfb_add(&world->ramfb, "r", &world->fw_cfg, &world->bus, &world->screens), 0);
	cr_assert_eq(fw_cfg_add_file(&world->fw_cfg, "etc/a", "x", 1), 0, "its key becomes another");
}

static void screen_end(struct screen_world *world)
{
	fw_cfg_free(&world->fw_cfg);
	bus_free(&world->bus);
}

static void put_big(uint8_t *bytes, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

static bool shows(struct screen_world *world, uint64_t address, const char *fourcc, uint32_t width, uint32_t height, uint32_t stride, struct screen_picture *picture)
{
	uint8_t *file = world->fw_cfg.items[FW_CFG_FILE_FIRST + 1].bytes;
	cr_assert_str_eq(world->fw_cfg.names[1], "etc/ramfb");
	put_big(file, address, 8);
	for (unsigned i = 0; i < 4; i++)
		file[8 + i] = (uint8_t)fourcc[3 - i];
	put_big(file + 16, width, 4);
	put_big(file + 20, height, 4);
	put_big(file + 24, stride, 4);
	return screen_look(world->screens.list[0], picture);
}

Test(screen, ramfb_shows_what_its_file_says)
{
	struct screen_world world;
	struct screen_picture picture;
	uint32_t row[20];
	screen_begin(&world);
	cr_expect_not(screen_look(world.screens.list[0], &picture));
	const uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	memcpy(bus_host(&world.bus, DRAM_AT + 0x1000 + 100), bytes, 8);
	static const struct {
		char fourcc[5];
		uint32_t first, second;
	} rows[] = {{"XR24", 0x030201, 0x070605}, {"AR24", 0x030201, 0x070605}, {"XB24", 0x010203, 0x050607}, {"AB24", 0x010203, 0x050607}, {"RG24", 0x030201, 0x060504}};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert(shows(&world, DRAM_AT + 0x1000, rows[i].fourcc, 20, 16, 100, &picture), "%s", rows[i].fourcc);
		screen_row(&picture, 1, row);
		cr_expect_eq(row[0], rows[i].first, "%s", rows[i].fourcc);
		cr_expect_eq(row[1], rows[i].second, "%s", rows[i].fourcc);
	}
	cr_assert(shows(&world, DRAM_AT, "XR24", 20, 16, 0, &picture));
	cr_expect_eq(picture.stride, 80, "one row behind the other");
	cr_expect(shows(&world, DRAM_AT + DRAM_BYTES - 80 * 16, "XR24", 20, 16, 0, &picture), "to the last byte");
	screen_end(&world);
}

Test(screen, ramfb_shows_nothing_that_makes_no_sense)
{
	struct screen_world world;
	struct screen_picture picture;
	screen_begin(&world);
	cr_expect_not(shows(&world, DRAM_AT + DRAM_BYTES - 80 * 16 + 4, "XR24", 20, 16, 0, &picture));
	cr_expect_not(shows(&world, 0x1000, "XR24", 20, 16, 0, &picture));
	cr_expect_not(shows(&world, UINT64_MAX - 16, "XR24", 20, 16, 0, &picture));
	cr_expect_not(shows(&world, DRAM_AT, "YUYV", 20, 16, 0, &picture));
	cr_expect_not(shows(&world, DRAM_AT, "XR24", 15, 16, 0, &picture));
	cr_expect_not(shows(&world, DRAM_AT, "XR24", 20, 0, 0, &picture));
	cr_expect_not(shows(&world, DRAM_AT, "XR24", UINT32_MAX, UINT32_MAX, 0, &picture));
	cr_expect_not(shows(&world, DRAM_AT, "XR24", 20, 16, 79, &picture));
	cr_expect_not(shows(&world, DRAM_AT, "XR24", 20, 16, UINT32_MAX, &picture));
	screen_end(&world);
}

static bool nothing(void *context, struct screen_picture *picture)
{
	(void)context, (void)picture;
	return false;
}

Test(screen, found_by_name_or_by_what_they_show)
{
	struct screen_world world;
	struct screen_picture picture;
	struct screen other = {.kind = "other", .look = nothing};
	screen_begin(&world);
	cr_expect(screens_add(&world.screens, &other));
	cr_expect_eq(screens_find(&world.screens, NULL), world.screens.list[0], "none shows anything: the first");
	cr_expect_eq(screens_find(&world.screens, "other"), &other);
	cr_expect_eq(screens_find(&world.screens, "r"), world.screens.list[0]);
	cr_expect_eq(screens_find(&world.screens, "ramfb"), world.screens.list[0]);
	cr_expect_null(screens_find(&world.screens, "x"));
	cr_expect(shows(&world, DRAM_AT, "XR24", 20, 16, 0, &picture));
	cr_expect_eq(screens_find(&world.screens, NULL), world.screens.list[0]);
	while (screens_add(&world.screens, &other))
		;
	cr_expect_eq(world.screens.count, SCREENS_MAX);
	cr_expect_eq(screen_write(&other, "/dev/null", SCREEN_PPM), -1);
	cr_expect_eq(screen_write(world.screens.list[0], "/dev/full", SCREEN_PPM), -1);
	cr_expect_eq(screen_write(world.screens.list[0], "/dev/full", SCREEN_PNG), -1);
	screen_end(&world);
}
