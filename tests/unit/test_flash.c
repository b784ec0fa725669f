/* The flash banks: Intel's command set and the Common Flash Interface, as a driver has them; who hears that code is gone; images. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/bus.h"
#include "dev/backend.h"
#include "dev/devices.h"
#include "dev/flash.h"
#include "revival.h"
#include "splitmix.h"

enum { BLOCK = 256 << 10, BASE = 0x20000000 };
enum { READY = 0x800080, PROGRAM_ERROR = 0x900090, ERASE_ERROR = 0xa000a0, SEQUENCE_ERROR = 0xb000b0 };
enum { PROGRAM = 0x400040, ERASE = 0x200020, CONFIRM = 0xd000d0, CLEAR = 0x500050, STATUS = 0x700070, ID = 0x900090, QUERY = 0x980098,
       BUFFER = 0xe800e8, LOCK = 0x600060, ARRAY = 0xff00ff };

struct world {
	struct bus bus;
	struct backends backends;
	struct device *device;
	unsigned flash[FLASH_BANKS];
	char path[32];
	unsigned told;
};

static void code_gone(void *context, const void *by, uint64_t pa, unsigned size)
{
	struct world *world = context;
	cr_expect_null(by);
	cr_expect_eq(pa, BASE);
	cr_expect_eq(size, FLASH_BYTES);
	world->told++;
}

static void make(struct world *world)
{
	struct board board = {.bus = &world->bus, .backends = &world->backends, .flash = world->flash};
	cr_assert_eq(bus_init(&world->bus, PAGE_SIZE), 0);
	cr_assert_eq(bus_listen(&world->bus, &(struct bus_listener){.flags = PAGE_CODE, .stored = code_gone, .context = world}), 0);
	world->device = flash_kind.make(&board, &(struct device_site){.name = "flash", .base = BASE, .size = FLASH_BYTES});
	cr_assert_not_null(world->device);
	cr_assert_eq(bus_map(&world->bus, BASE, FLASH_BYTES, world->device), 0);
	world->device->reset(world->device, 0);
}

/* Without an image. */
static void begin(struct world *world)
{
	*world = (struct world){0};
	make(world);
}

/* With one, whose every byte is its offset's lowest and third byte together. */
static void begin_image(struct world *world, bool read_only, bool snapshot)
{
	*world = (struct world){.flash = {1}};
	strcpy(world->path, "/tmp/flash.XXXXXX");
	int fd = mkstemp(world->path);
	cr_assert_geq(fd, 0);
	uint8_t *bytes = malloc(FLASH_BYTES);
	for (uint32_t i = 0; i < FLASH_BYTES; i++)
		bytes[i] = (uint8_t)(i ^ i >> 16);
	cr_assert_eq(write(fd, bytes, FLASH_BYTES), FLASH_BYTES);
	free(bytes);
	close(fd);
	struct disk_config disk = {.path = world->path, .read_only = read_only, .snapshot = snapshot, .locked = true};
	cr_assert_eq(backends_open(&world->backends, &(struct backend_config){.disks = &disk, .disk_count = 1}, NULL), 0);
	make(world);
}

static void end(struct world *world)
{
	world->device->destroy(world->device);
	bus_free(&world->bus);
	if (world->flash[0])
		backends_close(&world->backends);
	if (world->path[0])
		unlink(world->path);
}

static uint64_t get_size(struct world *world, uint64_t offset, unsigned size)
{
	uint64_t value = 0;
	uint32_t effects = 0;
	cr_expect(bus_device_read(&world->bus, BASE + offset, size, 0, &value, &effects));
	return value;
}

static uint32_t get(struct world *world, uint64_t offset) { return (uint32_t)get_size(world, offset, 4); }

static void put_size(struct world *world, uint64_t offset, unsigned size, uint64_t value)
{
	uint32_t effects = 0;
	cr_expect(bus_device_write(&world->bus, BASE + offset, size, 0, value, &effects));
}

static void put(struct world *world, uint64_t offset, uint32_t value) { put_size(world, offset, 4, value); }

static void program(struct world *world, uint64_t offset, uint32_t value)
{
	put(world, offset, PROGRAM);
	put(world, offset, value);
}

static uint32_t array(struct world *world, uint64_t offset)
{
	put(world, 0, ARRAY);
	return get(world, offset);
}

static uint8_t byte_of_image(const struct world *world, uint32_t offset)
{
	uint8_t byte = 0;
	FILE *file = fopen(world->path, "rb");
	cr_assert(file && fseek(file, offset, SEEK_SET) == 0 && fread(&byte, 1, 1, file) == 1);
	fclose(file);
	return byte;
}

Test(flash, identity)
{
	struct world world;
	begin(&world);
	put(&world, 0x1234, ID);
	cr_expect_eq(get(&world, 0), 0x890089);
	cr_expect_eq(get(&world, 4), 0x180018);
	cr_expect_eq(get(&world, 8), 0, "not locked");
	cr_expect_eq(get(&world, 7 * BLOCK), 0x890089, "by blocks");
	cr_expect_eq(get_size(&world, 0, 8), UINT64_C(0x18001800890089));
	cr_expect_eq(get_size(&world, 4, 1), 0x18);
	cr_expect_eq(array(&world, 0), UINT32_MAX);
	end(&world);
}

/* JESD68: what a driver computes from the table is this bank. */
Test(flash, query)
{
	struct world world;
	uint8_t table[0x60];
	begin(&world);
	put(&world, 0x55 * 4, QUERY);
	for (unsigned i = 0; i < sizeof(table); i++) {
		table[i] = (uint8_t)get(&world, 4 * i);
		cr_expect_eq(get(&world, 4 * i), table[i] * 0x10001u);
	}
	cr_expect_eq(memcmp(table + 0x10, "QRY\1\0\x31\0", 7), 0);
	cr_expect_eq(memcmp(table + 0x31, "PRI10", 5), 0);
	cr_expect_eq(2u << table[0x27], FLASH_BYTES, "two chips");
	cr_expect_eq(1 << (table[0x2a] + 1), 4096);
	cr_expect_eq(table[0x2c], 1, "regions");
	uint32_t blocks = table[0x2d] + table[0x2e] * 256 + 1, bytes = 2 * (table[0x2f] + table[0x30] * 256) * 256;
	cr_expect_eq(bytes, BLOCK);
	cr_expect_eq(blocks * bytes, FLASH_BYTES);
	cr_expect_eq(get_size(&world, 4 * 0x10, 8), UINT64_C(0x52005200510051));
	put(&world, 0, ID); /* any command ends it */
	cr_expect_eq(get(&world, 0), 0x890089);
	end(&world);
}

Test(flash, programming_clears_bits)
{
	struct world world;
	begin(&world);
	program(&world, 16, 0x12345678);
	cr_expect_eq(get(&world, 0x100), READY, "status, anywhere");
	cr_expect_eq(get_size(&world, 0, 8), UINT64_C(0x80008000800080));
	cr_expect_eq(get_size(&world, 0, 1), 0x80);
	cr_expect_eq(array(&world, 16), 0x12345678);
	program(&world, 16, 0xff00ff0f);
	cr_expect_eq(array(&world, 16), 0x12005608);
	put_size(&world, 21, 1, 0x10); /* the other name of the command; one byte */
	put_size(&world, 21, 1, 0x5a);
	cr_expect_eq(array(&world, 20), 0xffff5aff);
	put_size(&world, 22, 2, 0x40);
	put_size(&world, 22, 2, 0x1234);
	cr_expect_eq(array(&world, 20), 0x12345aff);
	cr_expect_eq(array(&world, 12), UINT32_MAX);
	put_size(&world, 32, 8, UINT64_C(0x1122334400400040)); /* a doubleword is two writes */
	cr_expect_eq(array(&world, 36), 0x11223344);
	end(&world);
}

Test(flash, erasing)
{
	struct world world;
	begin(&world);
	program(&world, BLOCK - 4, 1);
	program(&world, BLOCK, 2);
	program(&world, 2 * BLOCK - 4, 3);
	program(&world, 2 * BLOCK, 4);
	put(&world, BLOCK + 0x1234, ERASE);
	put(&world, BLOCK, ARRAY);
	cr_expect_eq(array(&world, BLOCK), 2, "called off");
	put(&world, BLOCK, ERASE);
	put(&world, BLOCK, 0);
	cr_expect_eq(get(&world, 0), SEQUENCE_ERROR);
	put(&world, 0, CLEAR);
	cr_expect_eq(array(&world, BLOCK), 2);
	put(&world, BLOCK + 0x1234, ERASE);
	cr_expect_eq(get(&world, 0), READY);
	put(&world, BLOCK + 0x1234, CONFIRM);
	cr_expect_eq(get(&world, 0), READY);
	cr_expect_eq(array(&world, BLOCK - 4), 1);
	cr_expect_eq(array(&world, BLOCK), UINT32_MAX);
	cr_expect_eq(array(&world, 2 * BLOCK - 4), UINT32_MAX);
	cr_expect_eq(array(&world, 2 * BLOCK), 4);
	end(&world);
}

static void fill_buffer(struct world *world, uint64_t offset, unsigned words)
{
	put(world, offset, BUFFER);
	cr_expect_eq(get(world, offset), READY);
	put(world, offset, (words - 1) * 0x10001);
	for (unsigned i = 0; i < words; i++)
		put(world, offset + 4 * i, i * 0x10001);
}

Test(flash, write_buffer)
{
	struct world world;
	begin(&world);
	fill_buffer(&world, 0x2000, 1024);
	put(&world, 0x2000, CONFIRM);
	cr_expect_eq(get(&world, 0), READY);
	cr_expect_eq(array(&world, 0x2ffc), 1023 * 0x10001);
	cr_expect_eq(array(&world, 0x3000), UINT32_MAX);
	fill_buffer(&world, 0x4010, 3);
	cr_expect_eq(get(&world, 0), READY);
	put(&world, 0x4010, CONFIRM);
	cr_expect_eq(array(&world, 0x4018), 0x20002);
	cr_expect_eq(array(&world, 0x401c), UINT32_MAX);
	/* not confirmed: nothing is written */
	fill_buffer(&world, 0x5000, 2);
	put(&world, 0x5000, 0x123);
	cr_expect_eq(get(&world, 0), SEQUENCE_ERROR);
	put(&world, 0, CLEAR);
	cr_expect_eq(array(&world, 0x5000), UINT32_MAX);
	/* across the buffer's end: what is inside is written, and an error told */
	fill_buffer(&world, 0x6ff8, 4);
	put(&world, 0x6ff8, CONFIRM);
	cr_expect_eq(get(&world, 0), PROGRAM_ERROR);
	cr_expect_eq(array(&world, 0x6ffc), 0x10001);
	cr_expect_eq(array(&world, 0x7000), UINT32_MAX);
	put(&world, 0, CLEAR);
	/* more than there is: the device goes on taking them */
	fill_buffer(&world, 0x8000, 0x10000);
	put(&world, 0x8000, ARRAY);
	cr_expect_eq(array(&world, 0x8000), UINT32_MAX);
	end(&world);
}

Test(flash, other_commands)
{
	static const uint32_t unknown[] = {0, 0x01, 0x30, 0xb0, 0xd0, 0xf0, 0x03};
	struct world world;
	begin(&world);
	program(&world, 0, 0x1234);
	put(&world, 0, STATUS);
	cr_expect_eq(get(&world, 0), READY);
	put(&world, 0, CLEAR);
	cr_expect_eq(get(&world, 0), 0x1234, "and reads bytes");
	put(&world, 0, STATUS);
	cr_expect_eq(get(&world, 0), READY, "it stays ready");
	for (unsigned i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		put(&world, 0, STATUS);
		put(&world, 0, unknown[i]);
		cr_expect_eq(get(&world, 0), 0x1234, "0x%x", unknown[i]);
	}
	for (unsigned i = 0; i < 2; i++) {
		put(&world, 0, LOCK);
		put(&world, 0, i ? CONFIRM : 0x10001);
		cr_expect_eq(get(&world, 0), READY);
	}
	put(&world, 0, LOCK);
	put(&world, 0, STATUS);
	cr_expect_eq(get(&world, 0), SEQUENCE_ERROR);
	world.device->reset(world.device, 0);
	cr_expect_eq(get(&world, 0), 0x1234, "a reset keeps the bytes");
	put(&world, 0, STATUS);
	cr_expect_eq(get(&world, 0), READY);
	end(&world);
}

/* Bytes can be fetched as long as they can be read; who has translated them hears once that they are not. */
Test(flash, fetching)
{
	struct world world;
	begin(&world);
	program(&world, BLOCK - 4, 0x12345678);
	cr_expect_null(bus_fetch(&world.bus, BASE + BLOCK - 4, 2), "it answers its status");
	put(&world, 0, ARRAY);
	const uint8_t *bytes = bus_fetch(&world.bus, BASE + BLOCK - 4, 4);
	cr_assert_not_null(bytes);
	cr_expect_eq(bytes[0], 0x78);
	cr_expect_null(bus_fetch(&world.bus, BASE + BLOCK - 2, 4), "across blocks");
	bytes = bus_fetch(&world.bus, BASE + FLASH_BYTES - 2, 2);
	cr_expect(bytes && bytes[0] == 0xff && bytes[1] == 0xff);
	put(&world, 0, STATUS);
	put(&world, 0, ARRAY);
	cr_expect_eq(world.told, 0, "nobody had code there");
	bus_flag(&world.bus, BASE + 0x100, PAGE_CODE);
	put(&world, 0, STATUS);
	cr_expect_eq(world.told, 1);
	put(&world, 0, ID);
	put(&world, 0, ARRAY);
	put(&world, 0, QUERY);
	cr_expect_eq(world.told, 1, "it is known");
	end(&world);
}

Test(flash, image_is_written)
{
	struct world world;
	begin_image(&world, false, false);
	cr_expect_eq(get_size(&world, 5 * BLOCK + 8, 8), UINT64_C(0x1b1a19181f1e1d1c));
	program(&world, 5 * BLOCK + 8, 0x01020304);
	cr_expect_eq(byte_of_image(&world, 5 * BLOCK + 8), 0x1c & 4);
	put(&world, 5 * BLOCK, ERASE);
	put(&world, 5 * BLOCK, CONFIRM);
	cr_expect_eq(byte_of_image(&world, 5 * BLOCK), 0xff);
	cr_expect_eq(byte_of_image(&world, 6 * BLOCK - 1), 0xff);
	cr_expect_eq(byte_of_image(&world, 6 * BLOCK), (6 * BLOCK >> 16 & 0xff));
	end(&world);
}

Test(flash, image_is_protected)
{
	struct world world;
	begin_image(&world, true, false);
	program(&world, 8, 0);
	cr_expect_eq(get(&world, 0), PROGRAM_ERROR);
	put(&world, 0, CLEAR);
	put(&world, 0, ERASE);
	put(&world, 0, CONFIRM);
	cr_expect_eq(get(&world, 0), ERASE_ERROR);
	cr_expect_eq(array(&world, 8), 0x0b0a0908);
	cr_expect_eq(byte_of_image(&world, 8), 8);
	end(&world);
}

Test(flash, snapshot_of_an_image)
{
	struct world world;
	struct state_writer writer = {0};
	begin_image(&world, false, true);
	program(&world, 8, 0);
	cr_expect_eq(array(&world, 8), 0);
	cr_expect_eq(byte_of_image(&world, 8), 8);
	world.device->save(world.device, &writer);
	end(&world);
	begin_image(&world, false, true);
	cr_expect_eq(get(&world, 8), 0x0b0a0908);
	struct state_reader reader = reader_of(&writer);
	cr_assert(world.device->restore(world.device, &reader), "%s", reader.reason);
	cr_expect_eq(array(&world, 8), 0);
	cr_expect_eq(array(&world, 12), 0x0f0e0d0c);
	end(&world);
	begin(&world);
	reader = reader_of(&writer);
	cr_expect_not(world.device->restore(world.device, &reader), "without an image");
	end(&world);
	state_writer_free(&writer);
}

static bool comes_back(struct state_reader *reader)
{
	struct world world;
	begin(&world);
	bool good = world.device->restore(world.device, reader);
	end(&world);
	return good;
}

/* In the middle of a command. */
Test(flash, state)
{
	struct world world;
	struct state_writer writer = {0};
	begin(&world);
	fill_buffer(&world, 0x9000, 2);
	world.device->save(world.device, &writer);
	expect_refusals(&writer, comes_back, true);
	state_writer_free(&writer);
	writer = (struct state_writer){0};
	put(&world, 0, ARRAY);
	program(&world, 3 * BLOCK + 4, 0x5a5a5a5a);
	fill_buffer(&world, 0x9000, 2);
	world.device->save(world.device, &writer);
	end(&world);
	begin(&world);
	struct state_reader reader = reader_of(&writer);
	cr_assert(world.device->restore(world.device, &reader), "%s", reader.reason);
	cr_expect_eq(get(&world, 0), READY);
	put(&world, 0x9000, CONFIRM);
	cr_expect_eq(array(&world, 0x9004), 0x10001);
	cr_expect_eq(array(&world, 3 * BLOCK + 4), 0x5a5a5a5a);
	end(&world);
	state_writer_free(&writer);
}

/* Between two writes of a buffer's data. */
Test(flash, state_of_a_buffer)
{
	struct world world;
	struct state_writer writer = {0};
	begin(&world);
	put(&world, 0x9000, BUFFER);
	put(&world, 0x9000, 2);
	put(&world, 0x9000, 0x10000);
	world.device->save(world.device, &writer);
	end(&world);
	begin(&world);
	struct state_reader reader = reader_of(&writer);
	cr_assert(world.device->restore(world.device, &reader), "%s", reader.reason);
	put(&world, 0x9004, 0x10001);
	put(&world, 0x9008, 0x10002);
	put(&world, 0x9000, CONFIRM);
	cr_expect_eq(get(&world, 0), READY);
	for (uint32_t i = 0; i < 3; i++)
		cr_expect_eq(array(&world, 0x9000 + 4 * i), 0x10000 + i);
	end(&world);
	state_writer_free(&writer);
}

/* Whatever a guest writes: bytes only change as the commands say, and none outside. */
Test(flash, random_accesses)
{
	static const uint8_t commands[] = {0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x90, 0x98, 0xd0, 0xe8, 0xff, 0x00, 0x01, 0xf0};
	struct world world;
	uint64_t seed = 7;
	begin(&world);
	for (unsigned i = 0; i < 300000; i++) {
		uint64_t random = next_random(&seed);
		unsigned size = 1u << random % 4;
		uint64_t offset = (random >> 8) % (random >> 32 & 1 ? 3 * BLOCK : FLASH_BYTES) & ~(uint64_t)(size - 1);
		uint32_t command = random >> 33 & 1 ? commands[(random >> 40) % sizeof(commands)] * 0x10001u : (uint32_t)(random >> 40) & 0x3f;
		if (random >> 34 & 1)
			get_size(&world, offset, size);
		else
			put_size(&world, offset, size, command | (uint64_t)command << 32);
		if (i % 16 == 0)
			bus_fetch(&world.bus, BASE + (offset & ~UINT64_C(1)), 2);
	}
	end(&world);
}
