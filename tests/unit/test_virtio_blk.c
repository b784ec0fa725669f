/* Virtio's block device and the raw images behind it. */
#include "virtio_world.h"
#include "base/state.h"
#include "temporary.h"

enum { IMAGE_SECTORS = 300, SECTOR_BYTES = 512, HEADER_AT = 0, DATA_AT = 0x1000, STATUS_AT = 0x800 };
enum { READ = 0, WRITE = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, ZEROES = 13 };
enum { OK = 0, IOERR = 1, UNSUPP = 2 };

struct image {
	int file;
	char path[TEMPORARY_PATH];
};

static uint8_t pattern(uint64_t offset) { return (uint8_t)(offset * 7 + offset / 512); }

static struct image new_image(size_t bytes)
{
	struct image image;
	image.file = temporary(image.path);
	for (uint64_t offset = 0; offset < bytes; offset++) {
		uint8_t byte = pattern(offset);
		cr_assert_eq(pwrite(image.file, &byte, 1, (off_t)offset), 1);
	}
	return image;
}

static uint8_t image_byte(const struct image *image, uint64_t offset)
{
	uint8_t byte = 0;
	cr_assert_eq(pread(image->file, &byte, 1, (off_t)offset), 1);
	return byte;
}

static void begin_disk(struct virtio_world *world, const struct image *image, struct disk_config disk)
{
	disk.path = image->path;
	struct host_disk *host = host_disk_open(&disk);
	cr_assert_not_null(host);
	struct virtio_config config = {.kind = &virtio_blk_kind, .text = "a serial number that is too long"};
	world_begin(world, config, true, host);
	drive(world, 0);
}

/* A request with `size` bytes of data at DATA_AT; what its status is. */
static unsigned request(struct virtio_world *world, uint32_t type, uint64_t sector, uint32_t size, bool device_writes)
{
	uint32_t head[2] = {type, 0};
	unsigned last = size != 0 ? 2 : 1;
	memcpy(at(world, BUFFER_AT + HEADER_AT), head, 8);
	memcpy((uint8_t *)at(world, BUFFER_AT + HEADER_AT) + 8, &sector, 8);
	*(uint8_t *)at(world, BUFFER_AT + STATUS_AT) = 0x77;
	set_descriptor(world, world->ring.desc, 0, BUFFER_AT + HEADER_AT, 16, F_NEXT, 1);
	if (size != 0)
		set_descriptor(world, world->ring.desc, 1, BUFFER_AT + DATA_AT, size, F_NEXT | (device_writes ? F_WRITE : 0), 2);
	set_descriptor(world, world->ring.desc, last, BUFFER_AT + STATUS_AT, 1, F_WRITE, 0);
	give_chain(world, 0);
	notify(world);
	return *(uint8_t *)at(world, BUFFER_AT + STATUS_AT);
}

static unsigned clear(struct virtio_world *world, uint32_t type, uint64_t sector, uint32_t count, uint32_t flags)
{
	uint32_t tail[2] = {count, flags};
	memcpy(at(world, BUFFER_AT + DATA_AT), &sector, 8);
	memcpy((uint8_t *)at(world, BUFFER_AT + DATA_AT) + 8, tail, 8);
	return request(world, type, 0, 16, false);
}

static uint8_t *data(struct virtio_world *world) { return at(world, BUFFER_AT + DATA_AT); }

Test(virtio_blk, reads_and_writes)
{
	struct image image = new_image(IMAGE_SECTORS * SECTOR_BYTES);
	struct virtio_world world;
	begin_disk(&world, &image, (struct disk_config){0});
	cr_expect_eq(reg_read(&world, REG_CONFIG, 8), IMAGE_SECTORS);
	cr_expect_eq(reg(&world, REG_CONFIG + 20), SECTOR_BYTES);
	cr_expect_eq(request(&world, READ, 5, 1024, true), OK);
	cr_expect_eq(used_length(&world), 1025);
	for (unsigned i = 0; i < 1024; i++)
		cr_assert_eq(data(&world)[i], pattern(5 * SECTOR_BYTES + i));
	memset(data(&world), 0xa5, 512);
	cr_expect_eq(request(&world, WRITE, 299, 512, false), OK);
	cr_expect_eq(used_length(&world), 1);
	cr_expect_eq(image_byte(&image, 299 * SECTOR_BYTES), 0xa5);
	cr_expect_eq(image_byte(&image, 299 * SECTOR_BYTES - 1), pattern(299 * SECTOR_BYTES - 1));
	cr_expect_eq(request(&world, FLUSH, 0, 0, false), OK);
	world_end(&world);
}

Test(virtio_blk, refuses_what_is_outside)
{
	struct image image = new_image(IMAGE_SECTORS * SECTOR_BYTES);
	struct virtio_world world;
	begin_disk(&world, &image, (struct disk_config){0});
	cr_expect_eq(request(&world, READ, IMAGE_SECTORS, 512, true), IOERR);
	cr_expect_eq(request(&world, READ, IMAGE_SECTORS - 1, 1024, true), IOERR);
	cr_expect_eq(request(&world, READ, UINT64_MAX, 512, true), IOERR);
	cr_expect_eq(request(&world, READ, UINT64_MAX / SECTOR_BYTES + 2, 512, true), IOERR);
	cr_expect_eq(request(&world, WRITE, IMAGE_SECTORS, 512, false), IOERR);
	cr_expect_eq(request(&world, READ, 0, 100, true), IOERR, "no whole sector");
	cr_expect_eq(request(&world, READ, IMAGE_SECTORS, 0, true), OK, "nothing, at the end");
	cr_expect_eq(request(&world, 99, 0, 512, true), UNSUPP);
	cr_expect_not(is_broken(&world));
	world_end(&world);
}

Test(virtio_blk, requests_without_room)
{
	struct image image = new_image(SECTOR_BYTES);
	struct virtio_world world;
	begin_disk(&world, &image, (struct disk_config){0});
	set_descriptor(&world, world.ring.desc, 0, BUFFER_AT, 15, F_NEXT, 1);
	set_descriptor(&world, world.ring.desc, 1, BUFFER_AT + STATUS_AT, 1, F_WRITE, 0);
	give_chain(&world, 0);
	notify(&world);
	cr_expect(is_broken(&world), "no whole header");
	drive(&world, 0);
	set_descriptor(&world, world.ring.desc, 0, BUFFER_AT, 16, 0, 0);
	give_chain(&world, 0);
	notify(&world);
	cr_expect(is_broken(&world), "no place for the status");
	world_end(&world);
}

Test(virtio_blk, serial_number)
{
	struct image image = new_image(SECTOR_BYTES);
	struct virtio_world world;
	begin_disk(&world, &image, (struct disk_config){0});
	cr_expect_eq(request(&world, GET_ID, 0, 20, true), OK);
	cr_expect_arr_eq(data(&world), "a serial number that", 20);
	world_end(&world);
}

Test(virtio_blk, discards_and_zeroes)
{
	struct image image = new_image(IMAGE_SECTORS * SECTOR_BYTES);
	for (unsigned snapshot = 0; snapshot < 2; snapshot++)
		for (unsigned type = DISCARD; type <= ZEROES; type += ZEROES - DISCARD) {
			struct virtio_world world;
			begin_disk(&world, &image, (struct disk_config){.snapshot = snapshot == 0});
			cr_expect_eq(clear(&world, type, 120, 20, 0), OK);
			cr_expect_eq(request(&world, READ, 119, 512 * 22, true), OK);
			for (uint64_t i = 0; i < SECTOR_BYTES * 22; i++) {
				bool zero = i >= SECTOR_BYTES && i < SECTOR_BYTES * 21;
				cr_assert_eq(data(&world)[i], zero ? 0 : pattern(SECTOR_BYTES * 119 + i));
			}
			cr_expect_eq(clear(&world, type, IMAGE_SECTORS - 1, 2, 0), IOERR);
			cr_expect_eq(clear(&world, type, 0, 1, 2), UNSUPP);
			cr_expect_eq(clear(&world, type, 0, 0x400000, 0), IOERR);
			cr_expect_eq(clear(&world, type, 0, 1, 1), type == ZEROES ? OK : UNSUPP, "unmap");
			cr_expect_eq(request(&world, type, 0, 24, false), IOERR, "no whole segment");
			world_end(&world);
		}
}

Test(virtio_blk, read_only)
{
	struct image image = new_image(SECTOR_BYTES);
	struct virtio_world world;
	begin_disk(&world, &image, (struct disk_config){.read_only = true});
	cr_expect(offered(&world) >> 5 & 1);
	cr_expect_not(offered(&world) >> 13 & 1);
	cr_expect_eq(request(&world, WRITE, 0, 512, false), IOERR);
	cr_expect_eq(clear(&world, ZEROES, 0, 1, 0), IOERR);
	cr_expect_eq(request(&world, READ, 0, 512, true), OK);
	cr_expect_eq(image_byte(&image, 0), pattern(0));
	world_end(&world);
}

Test(virtio_blk, snapshot_leaves_the_file)
{
	struct image image = new_image(IMAGE_SECTORS * SECTOR_BYTES);
	struct virtio_world world;
	begin_disk(&world, &image, (struct disk_config){.snapshot = true});
	memset(data(&world), 0xee, 1024);
	cr_expect_eq(request(&world, WRITE, 127, 1024, false), OK); /* over the end of a cluster */
	memset(data(&world), 0, 2048);
	cr_expect_eq(request(&world, READ, 126, 2048, true), OK);
	for (unsigned i = 0; i < 2048; i++)
		cr_assert_eq(data(&world)[i], i / 512 == 1 || i / 512 == 2 ? 0xee : pattern(126 * SECTOR_BYTES + i));
	for (uint64_t i = 0; i < IMAGE_SECTORS * SECTOR_BYTES; i++)
		cr_assert_eq(image_byte(&image, i), pattern(i));
	world_end(&world);
}

Test(virtio_blk, snapshot_is_saved)
{
	struct image image = new_image(IMAGE_SECTORS * SECTOR_BYTES);
	struct virtio_world world, other;
	begin_disk(&world, &image, (struct disk_config){.snapshot = true});
	memset(data(&world), 0xcc, 512);
	cr_expect_eq(request(&world, WRITE, 299, 512, false), OK);
	uint32_t effects = 0;
	cr_expect(world.slot->write(world.slot, REG_CONFIG + 32, 1, world.now, 0, &effects));
	cr_expect_eq(request(&world, READ, 0, 512, true), OK);
	begin_disk(&other, &image, (struct disk_config){.snapshot = true});
	memset(data(&other), 0x11, 512);
	cr_expect_eq(request(&other, WRITE, 1, 512, false), OK);
	take_over(&other, &world);
	expect_same(&world, &other);
	drive(&other, 0);
	cr_expect_eq(request(&other, READ, 299, 512, true), OK);
	cr_expect_eq(data(&other)[511], 0xcc);
	cr_expect_eq(request(&other, READ, 1, 512, true), OK);
	cr_expect_eq(data(&other)[0], pattern(SECTOR_BYTES), "what was written there is undone");
	world_end(&world);
	world_end(&other);
}

Test(virtio_blk, odd_sizes)
{
	struct image image = new_image(SECTOR_BYTES + 10);
	struct virtio_world world;
	begin_disk(&world, &image, (struct disk_config){0});
	cr_expect_eq(reg_read(&world, REG_CONFIG, 8), 2);
	memset(data(&world), 0x99, 512);
	cr_expect_eq(request(&world, READ, 1, 512, true), OK);
	cr_expect_eq(data(&world)[9], pattern(SECTOR_BYTES + 9));
	cr_expect_eq(data(&world)[10], 0);
	world_end(&world);
	struct image nothing = new_image(0);
	begin_disk(&world, &nothing, (struct disk_config){.snapshot = true});
	cr_expect_eq(reg_read(&world, REG_CONFIG, 8), 0);
	cr_expect_eq(request(&world, READ, 0, 512, true), IOERR);
	world_end(&world);
}

/* A driver without FLUSH cannot ask: the image has all at once. What the host's disk has nobody can see here; that nothing fails can be. */
Test(virtio_blk, write_through)
{
	struct image image = new_image(2 * SECTOR_BYTES);
	struct virtio_world world;
	begin_disk(&world, &image, (struct disk_config){0});
	cr_expect_eq(reg_read(&world, REG_CONFIG + 32, 1), 1);
	uint32_t effects = 0;
	cr_expect(world.slot->write(world.slot, REG_CONFIG + 32, 1, world.now, 0, &effects));
	cr_expect_eq(reg_read(&world, REG_CONFIG + 32, 1), 0);
	cr_expect_eq(request(&world, WRITE, 0, 512, false), OK);
	drive(&world, 1 << 9);
	cr_expect_eq(reg_read(&world, REG_CONFIG + 32, 1), 1, "a reset forgets it");
	cr_expect_eq(request(&world, WRITE, 1, 512, false), OK);
	world_end(&world);
}

Test(host_disk, locks)
{
	struct image image = new_image(SECTOR_BYTES);
	struct disk_config config = {.path = image.path, .locked = true};
	struct host_disk *disk = host_disk_open(&config);
	cr_assert_not_null(disk);
	cr_expect_null(host_disk_open(&config));
	config.snapshot = true;
	cr_expect_null(host_disk_open(&config));
	host_disk_close(disk);
	disk = host_disk_open(&config);
	struct host_disk *second = host_disk_open(&config);
	cr_expect(disk && second, "any number reads");
	host_disk_close(disk);
	host_disk_close(second);
}

/* What is written to a snapshot stands among what the file holds, wherever it begins and ends. */
Test(host_disk, a_snapshot_keeps_what_is_around)
{
	enum { SECTORS = 600 };
	static uint8_t expected[SECTORS * SECTOR_BYTES], got[sizeof expected];
	static const struct { uint64_t at; size_t size; } writes[] = {
		{512, 512}, {65536 - 512, 1024}, {200 * 512, 4096}, {131072, 65536}, {sizeof expected - 512, 512},
	};
	struct image image = new_image(SECTOR_BYTES);
	for (size_t i = 0; i < sizeof expected; i++)
		expected[i] = (uint8_t)(i * 7 + i / 512);
	cr_assert_eq(pwrite(image.file, expected, sizeof expected, 0), (ssize_t)sizeof expected);
	struct disk_config config = {.path = image.path, .snapshot = true};
	struct host_disk *disk = host_disk_open(&config);
	cr_assert_not_null(disk);
	for (unsigned i = 0; i < sizeof writes / sizeof writes[0]; i++) {
		memset(got, 0xa0 + (int)i, writes[i].size);
		memcpy(expected + writes[i].at, got, writes[i].size);
		cr_assert(host_disk_write(disk, writes[i].at, got, writes[i].size));
		cr_assert(host_disk_read(disk, 0, got, sizeof got));
		cr_assert_arr_eq(got, expected, sizeof expected, "after write %u", i);
	}
	host_disk_close(disk);
}

Test(host_disk, other_formats)
{
	struct image image = new_image(SECTOR_BYTES);
	struct disk_config config = {.path = image.path};
	cr_assert_eq(pwrite(image.file, "QFI\xfb", 4, 0), 4);
	cr_expect_null(host_disk_open(&config));
	config.path = "/nonexistent/image";
	cr_expect_null(host_disk_open(&config));
	config.path = "/tmp";
	cr_expect_null(host_disk_open(&config));
}
