/* Packed kernels: what comes out, and that every damage is a line. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "machine/unpack.h"
#include "temporary.h"

enum { LIMIT = 1 << 20, ROOM = 8192, HEADER = 64 };

struct bytes {
	uint8_t data[ROOM];
	size_t size;
};

static void text_of(struct bytes *text, size_t size)
{
	text->size = size;
	for (size_t i = 0; i < size; i++)
		text->data[i] = (uint8_t)(i * i >> 3 ^ i);
}

/* One gzip member behind what there is. */
static void add_gzip(struct bytes *packed, const void *data, size_t size)
{
	z_stream stream = { 0 };
	cr_assert_eq(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (uint8_t *)(uintptr_t)data;
	stream.avail_in = (unsigned)size;
	stream.next_out = packed->data + packed->size;
	stream.avail_out = (unsigned)(ROOM - packed->size);
	cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	packed->size = (size_t)(stream.next_out - packed->data);
	deflateEnd(&stream);
}

static void put32(uint8_t *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, 4);
}

/* magic, header's checksum, time, size, load, entry, data's checksum; system, architecture, type, compression; name. */
static void seal(struct bytes *image)
{
	put32(image->data + 4, 0);
	put32(image->data + 4, (uint32_t)crc32(0, image->data, HEADER));
}

static void wrap(struct bytes *image, const struct bytes *inner, unsigned type, unsigned compression)
{
	static const uint8_t name[32] = "kernel";
	put32(image->data, 0x27051956);
	put32(image->data + 8, 1000000000);
	put32(image->data + 12, (uint32_t)inner->size);
	put32(image->data + 16, 0x80200000);
	put32(image->data + 20, 0x80200040);
	put32(image->data + 24, (uint32_t)crc32(0, inner->data, (unsigned)inner->size));
	memcpy(image->data + 28, (uint8_t[]){ 5, 26, (uint8_t)type, (uint8_t)compression }, 4);
	memcpy(image->data + 32, name, 32);
	memcpy(image->data + HEADER, inner->data, inner->size);
	image->size = HEADER + inner->size;
	seal(image);
}

/* As from the disk: what unpacks it lets go of what it was mapped from. */
static int open_bytes(struct file *file, const struct bytes *bytes)
{
	char path[TEMPORARY_PATH];
	int fd = temporary(path);
	cr_assert_eq(write(fd, bytes->data, bytes->size), (ssize_t)bytes->size);
	int result = file_open(file, path);
	file->path = "kernel";
	close(fd);
	return result;
}

static int unpack(struct file *file, const struct bytes *bytes, uint64_t limit)
{
	cr_assert_eq(open_bytes(file, bytes), 0);
	return unpack_kernel(file, limit);
}

static void expect_text(const struct bytes *packed, const struct bytes *text, enum uimage_place place)
{
	struct file file;
	cr_assert_eq(unpack(&file, packed, LIMIT), 0);
	cr_expect_eq(file.size, text->size);
	cr_expect_arr_eq(file.data, text->data, text->size);
	cr_expect_eq(file.uimage, place);
	cr_expect_eq(file.load, place ? 0x80200000 : 0);
	cr_expect_eq(file.entry, place ? 0x80200040 : 0);
	file_close(&file);
}

Test(unpack, what_is_not_packed_stays)
{
	struct bytes text;
	text_of(&text, 5000);
	expect_text(&text, &text, UIMAGE_NONE);
	text = (struct bytes){ .data = { 0x1f, 0x8a }, .size = 2 };
	expect_text(&text, &text, UIMAGE_NONE);
	text = (struct bytes){ .data = { 0x27, 0x05, 0x19 }, .size = 3 };
	expect_text(&text, &text, UIMAGE_NONE);
}

Test(unpack, gzip)
{
	struct bytes text, packed = { .size = 0 };
	text_of(&text, 5000);
	add_gzip(&packed, text.data, text.size);
	expect_text(&packed, &text, UIMAGE_NONE);
	packed.size += 512; /* zeros, up to the end of a block */
	expect_text(&packed, &text, UIMAGE_NONE);
	packed.size = 0;
	add_gzip(&packed, text.data, 3000);
	add_gzip(&packed, text.data + 3000, 2000);
	expect_text(&packed, &text, UIMAGE_NONE);
}

Test(unpack, uimages)
{
	struct bytes text, packed = { .size = 0 }, image = { .size = 0 };
	text_of(&text, 3000);
	wrap(&image, &text, 2, 0);
	expect_text(&image, &text, UIMAGE_AT);
	add_gzip(&packed, text.data, text.size);
	wrap(&image, &packed, 2, 1);
	expect_text(&image, &text, UIMAGE_AT);
	wrap(&image, &text, 14, 0);
	expect_text(&image, &text, UIMAGE_ANYWHERE);
}

/* What would run as nonsense. */
Test(unpack, what_is_cut_or_packed_twice_is_refused)
{
	struct bytes text, packed = { .size = 0 }, image = { .size = 0 }, twice = { .size = 0 };
	struct file file;
	text_of(&text, 3000);
	add_gzip(&packed, text.data, text.size);
	add_gzip(&twice, packed.data, packed.size);
	cr_expect_neq(unpack(&file, &twice, LIMIT), 0);
	wrap(&image, &packed, 2, 0); /* not said to be packed */
	cr_expect_neq(unpack(&file, &image, LIMIT), 0);
	text = (struct bytes){ .data = { 0x1f, 0x8b }, .size = 2 };
	cr_expect_neq(unpack(&file, &text, LIMIT), 0);
	text = (struct bytes){ .data = { 0x27, 0x05, 0x19, 0x56 }, .size = HEADER - 1 };
	cr_expect_neq(unpack(&file, &text, LIMIT), 0);
}

Test(unpack, ramdisks_stay_packed)
{
	struct bytes text, packed = { .size = 0 }, image = { .size = 0 };
	struct file file;
	text_of(&text, 3000);
	add_gzip(&packed, text.data, text.size);
	cr_assert_eq(open_bytes(&file, &packed), 0);
	cr_assert_eq(unpack_ramdisk(&file), 0);
	cr_expect(file.size == packed.size && memcmp(file.data, packed.data, packed.size) == 0);
	file_close(&file);
	wrap(&image, &packed, 3, 1);
	cr_assert_eq(open_bytes(&file, &image), 0);
	cr_assert_eq(unpack_ramdisk(&file), 0);
	cr_expect(file.size == packed.size && memcmp(file.data, packed.data, packed.size) == 0);
	file_close(&file);
}

/* The one line on stderr that each of these must be. */
static void refused(const struct bytes *bytes, const char *line)
{
	struct file file;
	char path[TEMPORARY_PATH], text[512] = "", wanted[512];
	int fd = temporary(path), saved = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	cr_expect_eq(unpack(&file, bytes, LIMIT), -1, "%s", line);
	dup2(saved, STDERR_FILENO);
	file_close(&file);
	lseek(fd, 0, SEEK_SET);
	ssize_t size = read(fd, text, sizeof(text) - 1);
	snprintf(wanted, sizeof(wanted), "rvsim: kernel: %s\n", line);
	cr_expect(size > 0 && strcmp(text, wanted) == 0, "says %s wanted %s", text, wanted);
	close(fd);
	close(saved);
}

Test(unpack, damaged_gzip)
{
	struct bytes text, packed = { .size = 0 };
	text_of(&text, 5000);
	add_gzip(&packed, text.data, text.size);
	struct bytes bad = packed;
	bad.size /= 2;
	refused(&bad, "is a damaged gzip file: it ends too early");
	bad = packed;
	bad.data[bad.size - 5] ^= 1;
	refused(&bad, "is a damaged gzip file: incorrect data check");
	bad = packed;
	bad.data[bad.size - 1] ^= 1;
	refused(&bad, "is a damaged gzip file: incorrect length check");
	bad = packed;
	memcpy(bad.data + bad.size, "more", 4);
	bad.size += 4;
	refused(&bad, "is a damaged gzip file: something else follows");
	bad = packed;
	bad.data[3] = 0xe0;
	refused(&bad, "is a damaged gzip file: unknown header flags set");
	bad.size = 0;
	add_gzip(&bad, "", 0);
	refused(&bad, "unpacks to nothing");
	cr_redirect_stderr();
	for (size_t size = 3; size < packed.size; size++) {
		struct file file;
		bad = packed;
		bad.size = size;
		cr_expect_eq(unpack(&file, &bad, LIMIT), -1, "%zu bytes", size);
		file_close(&file);
	}
}

/* A thousandfold of what it was: no more than DRAM holds, to the byte. */
Test(unpack, bombs)
{
	static uint8_t zeros[LIMIT + 1];
	struct bytes packed = { .size = 0 };
	struct file file;
	add_gzip(&packed, zeros, LIMIT);
	cr_expect_eq(unpack(&file, &packed, LIMIT), 0);
	cr_expect_eq(file.size, LIMIT);
	file_close(&file);
	packed.size = 0;
	add_gzip(&packed, zeros, LIMIT + 1);
	refused(&packed, "unpacks to more than the 1 MiB of DRAM");
	add_gzip(&packed, zeros, LIMIT);
	refused(&packed, "unpacks to more than the 1 MiB of DRAM");
}

Test(unpack, damaged_uimages)
{
	static const struct { unsigned at, value; const char *line; } headers[] = {
		{ 29, 2, "is a uImage for another architecture (2; RISC-V is 26)" },
		{ 30, 3, "is a uImage of another type (3) than a kernel" },
		{ 31, 2, "is a uImage with bzip2 compression: only gzip is supported" },
		{ 31, 6, "is a uImage with zstd compression: only gzip is supported" },
		{ 31, 99, "is a uImage with unknown compression: only gzip is supported" },
	};
	struct bytes text, image = { .size = 0 };
	text_of(&text, 3000);
	wrap(&image, &text, 2, 0);
	struct bytes bad = image;
	bad.data[16] ^= 1;
	refused(&bad, "is a damaged uImage: its header's checksum is wrong");
	bad = image;
	bad.data[1000] ^= 1;
	refused(&bad, "is a damaged uImage: its data's checksum is wrong");
	bad = image;
	bad.size -= 10;
	refused(&bad, "is a truncated uImage: 10 bytes are missing");
	bad = image;
	put32(bad.data + 12, 0);
	seal(&bad);
	refused(&bad, "is a uImage with nothing in it");
	for (unsigned i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		bad = image;
		bad.data[headers[i].at] = (uint8_t)headers[i].value;
		seal(&bad);
		refused(&bad, headers[i].line);
	}
	wrap(&bad, &text, 2, 1);
	refused(&bad, "is a damaged gzip file: incorrect header check");
}
