#include "machine/hex.h"

#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "base/say.h"
#include "base/words.h"

enum record_type {
	HEX_DATA,
	HEX_END,
	HEX_SEGMENT,       /* two bytes: 16 times that is added to addresses from here on */
	HEX_SEGMENT_START, /* CS and IP */
	HEX_UPPER,         /* two bytes: the upper half of addresses from here on */
	HEX_START,         /* four bytes: the entry */
};

enum {
	FRAME = 5, /* length, address, type, checksum: around the data */
	RECORD_MAX = 255 + FRAME,
	PIECES_MAX = 1024, /* places that do not follow each other */
};

/* One line. */
struct record {
	uint8_t bytes[RECORD_MAX]; /* length, address (big-endian), type, data, checksum */
	unsigned size;
};

struct reading {
	const struct file *file;
	size_t at;
	unsigned line;
	uint64_t upper; /* added to the records' addresses */
	bool ended;
	unsigned pieces;
	uint64_t start; /* of the piece being read: `count` bytes of it have come */
	uint8_t *bytes;
	size_t count;
};

bool file_is_hex(const struct file *file)
{
	enum { SHORTEST = 1 + 2 * FRAME };
	if (file->size < SHORTEST || file->data[0] != ':')
		return false;
	for (unsigned i = 1; i < SHORTEST; i++)
		if (hex_digit((char)file->data[i]) < 0)
			return false;
	return true;
}

static int spoiled(const struct reading *reading, const char *what)
{
	return say("%s: line %u is no Intel HEX record: %s", reading->file->path, reading->line, what);
}

/* The next line's bytes, checked. */
static int read_record(struct reading *reading, struct record *record)
{
	const uint8_t *text = reading->file->data + reading->at;
	size_t left = reading->file->size - reading->at, digits = 0;
	uint8_t sum = 0;
	reading->line++;
	record->size = 0;
	if (text[0] != ':')
		return spoiled(reading, "it begins with something else than ':'");
	while (1 + digits < left && hex_digit((char)text[1 + digits]) >= 0)
		digits++;
	if (digits % 2 != 0 || digits / 2 < FRAME || digits / 2 > RECORD_MAX ||
	    digits / 2 != FRAME + (size_t)(hex_digit((char)text[1]) << 4 | hex_digit((char)text[2])))
		return spoiled(reading, "its length is wrong");
	for (size_t i = 0; i < digits; i += 2) {
		record->bytes[record->size] = (uint8_t)(hex_digit((char)text[1 + i]) << 4 |
		                                        hex_digit((char)text[2 + i]));
		sum += record->bytes[record->size++];
	}
	if (sum != 0)
		return spoiled(reading, "its checksum is wrong");
	reading->at += 1 + digits;
	while (reading->at < reading->file->size && strchr("\r\n", reading->file->data[reading->at]) &&
	       reading->file->data[reading->at] != '\0')
		reading->at++;
	return 0;
}

static uint64_t big_endian(const uint8_t *bytes, unsigned count)
{
	uint64_t value = 0;
	while (count--)
		value = value << 8 | *bytes++;
	return value;
}

/* The piece is whole. */
static int place_piece(struct reading *reading, struct bus *bus, struct layout *layout)
{
	const char *path = reading->file->path;
	if (reading->count == 0)
		return 0;
	if (reading->pieces++ == PIECES_MAX)
		return say("%s: is in more than %d pieces", path, PIECES_MAX);
	if (layout_claim(layout, reading->start, reading->count, "loader's file", path) != 0)
		return -1;
	bus_poke(bus, reading->start, reading->bytes, reading->count);
	reading->count = 0;
	return 0;
}

static int take_data(struct reading *reading, const struct record *record, struct bus *bus, struct layout *layout)
{
	uint64_t address = reading->upper + big_endian(record->bytes + 1, 2);
	if (address != reading->start + reading->count && place_piece(reading, bus, layout) != 0)
		return -1;
	if (reading->count == 0)
		reading->start = address;
	memcpy(reading->bytes + reading->count, record->bytes + 4, record->bytes[0]);
	reading->count += record->bytes[0];
	return 0;
}

static int obey_record(struct reading *reading, const struct record *record, struct bus *bus, struct layout *layout,
                       struct image *image)
{
	static const uint8_t sizes[] = {
	    [HEX_END] = 0, [HEX_SEGMENT] = 2, [HEX_SEGMENT_START] = 4, [HEX_UPPER] = 2, [HEX_START] = 4};
	unsigned size = record->bytes[0], type = record->bytes[3];
	const uint8_t *data = record->bytes + 4;
	if (type > HEX_START)
		return spoiled(reading, "its type is unknown");
	if (type != HEX_DATA && size != sizes[type])
		return spoiled(reading, "its type has another length");
	switch (type) {
	case HEX_DATA: return take_data(reading, record, bus, layout);
	case HEX_END: reading->ended = true; break;
	case HEX_SEGMENT: reading->upper = big_endian(data, 2) << 4; break;
	case HEX_UPPER: reading->upper = big_endian(data, 2) << 16; break;
	default:
		image->entry = type == HEX_START ? big_endian(data, 4)
		                                 : (big_endian(data, 2) << 4) + big_endian(data + 2, 2);
	}
	return 0;
}

static int read_records(struct reading *reading, struct bus *bus, struct layout *layout, struct image *image)
{
	struct record record;
	while (!reading->ended && reading->at < reading->file->size)
		if (read_record(reading, &record) != 0 || obey_record(reading, &record, bus, layout, image) != 0)
			return -1;
	if (!reading->ended)
		return say("%s: is a truncated Intel HEX file: its last record is missing", reading->file->path);
	return place_piece(reading, bus, layout);
}

int hex_load(const struct file *file, struct bus *bus, struct layout *layout, struct image *image)
{
	struct reading reading = {.file = file, .bytes = malloc(file->size)}; /* two digits make a byte */
	*image = (struct image){0};
	int result = reading.bytes ? read_records(&reading, bus, layout, image) : say("%s: out of memory", file->path);
	free(reading.bytes);
	return result;
}
