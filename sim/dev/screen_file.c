/* Screenshots: PPM as QEMU's screendump writes it, and PNG. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "base/output_file.h"
#include "base/say.h"
#include "dev/screen.h"

enum { RGB = 3 };

/* The picture as rows of RGB, each behind `gap` bytes that are 0. NULL: no memory. */
static uint8_t *rgb_rows(const struct screen_picture *picture, size_t gap, size_t *size)
{
	size_t row_bytes = gap + (size_t)picture->width * RGB;
	*size = row_bytes * picture->height;
	uint8_t *rows = calloc(picture->height, row_bytes);
	uint32_t *pixels = malloc((size_t)picture->width * sizeof(*pixels));
	for (uint32_t y = 0; rows && pixels && y < picture->height; y++) {
		uint8_t *byte = rows + y * row_bytes + gap;
		screen_row(picture, y, pixels);
		for (uint32_t x = 0; x < picture->width; x++) {
			*byte++ = (uint8_t)(pixels[x] >> 16);
			*byte++ = (uint8_t)(pixels[x] >> 8);
			*byte++ = (uint8_t)pixels[x];
		}
	}
	if (!pixels) {
		free(rows);
		rows = NULL;
	}
	free(pixels);
	return rows;
}

static bool write_ppm(const struct screen_picture *picture, FILE *file)
{
	size_t size;
	uint8_t *rows = rgb_rows(picture, 0, &size);
	bool good = rows && fprintf(file, "P6\n%u %u\n255\n", picture->width, picture->height) > 0 &&
	            fwrite(rows, 1, size, file) == size;
	free(rows);
	return good;
}

static void put_word(uint8_t *bytes, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Length, type, bytes, checksum of type and bytes. */
static bool write_png_chunk(FILE *file, const char *type, const uint8_t *bytes, size_t size)
{
	uint8_t head[8], tail[4];
	put_word(head, (uint32_t)size);
	memcpy(head + 4, type, 4);
	uint32_t sum = (uint32_t)crc32(0, head + 4, 4);
	if (size != 0)
		sum = (uint32_t)crc32(sum, bytes, (uInt)size);
	put_word(tail, sum);
	return fwrite(head, 1, 8, file) == 8 && (size == 0 || fwrite(bytes, 1, size, file) == size) &&
	       fwrite(tail, 1, 4, file) == 4;
}

/* Each row begins with a byte for its filter: none. */
static bool write_png(const struct screen_picture *picture, FILE *file)
{
	static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
	uint8_t header[13] = {[8] = 8 /* bits */, [9] = 2 /* RGB */};
	size_t size;
	uint8_t *rows = rgb_rows(picture, 1, &size);
	uLongf packed_size = rows ? compressBound(size) : 0;
	uint8_t *packed = rows ? malloc(packed_size) : NULL;
	put_word(header, picture->width);
	put_word(header + 4, picture->height);
	bool good = packed && compress2(packed, &packed_size, rows, size, Z_BEST_SPEED) == Z_OK &&
	            fwrite(signature, 1, 8, file) == 8 && write_png_chunk(file, "IHDR", header, sizeof(header)) &&
	            write_png_chunk(file, "IDAT", packed, packed_size) && write_png_chunk(file, "IEND", NULL, 0);
	free(packed);
	free(rows);
	return good;
}

int screen_write(const struct screen *screen, const char *path, enum screen_file kind)
{
	struct screen_picture picture;
	if (!screen_look(screen, &picture))
		return say("%s: %s shows nothing", path, screen->id ? screen->id : screen->kind);
	FILE *file = output_open(path);
	errno = 0;
	bool good = file && (kind == SCREEN_PNG ? write_png(&picture, file) : write_ppm(&picture, file));
	int error = errno;
	if (file && fclose(file) != 0) {
		good = false;
		error = errno;
	}
	return good ? 0 : say("%s: %s", path, strerror(error ? error : ENOMEM));
}
