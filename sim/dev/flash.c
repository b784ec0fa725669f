/*
 * Two banks of NOR flash: each is two 16-bit chips side by side, with Intel's command set and the Common Flash Interface (JEDEC
 * JESD68.01, JEP137: command set 1), of the size and with the answers of QEMU's virt machine. A bank's bytes can be read and
 * fetched until a command comes; then reads answer the command, and nothing can be fetched, until "read array".
 *
 * By the command set, where QEMU 7.2 is coarser: programming only clears bits, a block is erased and a buffer programmed when the
 * command is confirmed, any command ends a query, and "clear status" leaves the chips ready. What a command asks for is done at
 * once.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "base/say.h"
#include "base/state.h"
#include "dev/backend.h"
#include "dev/devices.h"
#include "dev/flash.h"
#include "dev/tree.h"

enum {
	BANK_WIDTH = 4, /* bytes of both chips together */
	BLOCK = 256 << 10,
	BLOCKS = FLASH_BYTES / BLOCK,
	BUFFER = 4096, /* bytes of both chips' write buffers */
	FLASH_VERSION = 2,
};

enum command {
	PROGRAM_ALTERNATE = 0x10,
	ERASE = 0x20,
	PROGRAM = 0x40,
	CLEAR_STATUS = 0x50,
	LOCK = 0x60,
	READ_STATUS = 0x70,
	READ_ID = 0x90,
	READ_QUERY = 0x98,
	CONFIRM = 0xd0,
	WRITE_BUFFER = 0xe8,
	READ_ARRAY = 0xff,
	LOCK_BLOCK = 0x01, /* what follows LOCK, or CONFIRM: unlock */
};

enum status {
	STATUS_PROGRAM_ERROR = 0x10,
	STATUS_ERASE_ERROR = 0x20,
	STATUS_SEQUENCE_ERROR = STATUS_PROGRAM_ERROR | STATUS_ERASE_ERROR,
	STATUS_READY = 0x80,
};

/* What reads answer. */
enum answer { ANSWER_ARRAY, ANSWER_STATUS, ANSWER_ID, ANSWER_QUERY, ANSWERS };

/* What the next write is. */
enum expected {
	EXPECT_COMMAND,
	EXPECT_DATA,
	EXPECT_ERASE_CONFIRM,
	EXPECT_LOCK,
	EXPECT_COUNT,
	EXPECT_BUFFER_DATA,
	EXPECT_BUFFER_CONFIRM,
	EXPECTED
};

struct flash {
	struct device device; /* first: a struct device * is a struct flash * */
	struct bus *bus;
	uint64_t base;
	struct host_disk *disk;  /* NULL: what is written stays in memory */
	uint8_t *blocks[BLOCKS]; /* NULL: not looked at yet; without a disk, erased */
	enum answer answer;
	enum expected expected;
	uint32_t status;   /* of each chip */
	uint32_t left;     /* writes of buffer data that come after the next one */
	uint32_t window;   /* where the buffer goes: an offset; WINDOW_OPEN, before the first of its data */
	uint8_t buffer[BUFFER];
};

#define WINDOW_OPEN UINT32_MAX

/* ---- bytes ---- */

static const uint8_t erased[4096] = {[0 ... 4095] = 0xff};

/* The block's bytes; NULL: it is erased, and nothing was written to it. */
static uint8_t *block_bytes(struct flash *flash, uint64_t index)
{
	if (flash->blocks[index] || !flash->disk)
		return flash->blocks[index];
	uint8_t *bytes = malloc(BLOCK);
	if (!bytes) {
		say("out of memory for flash");
		return NULL;
	}
	if (!host_disk_read(flash->disk, index * BLOCK, bytes, BLOCK))
		memset(bytes, 0xff, BLOCK);
	return flash->blocks[index] = bytes;
}

/* Likewise, there to be written. */
static uint8_t *own_block(struct flash *flash, uint64_t index)
{
	uint8_t *bytes = block_bytes(flash, index);
	if (bytes || flash->disk)
		return bytes;
	bytes = malloc(BLOCK);
	if (!bytes) {
		say("out of memory for flash");
		return NULL;
	}
	memset(bytes, 0xff, BLOCK);
	return flash->blocks[index] = bytes;
}

static bool is_protected(const struct flash *flash) { return flash->disk && host_disk_read_only(flash->disk); }

/* `size` bytes inside one block become new ones, in the host's file first. */
static bool replace(struct flash *flash, uint64_t offset, const uint8_t *bytes, size_t size)
{
	uint8_t *block = is_protected(flash) ? NULL : own_block(flash, offset / BLOCK);
	if (!block || (flash->disk && !host_disk_write(flash->disk, offset, bytes, size)))
		return false;
	memcpy(block + offset % BLOCK, bytes, size);
	return true;
}

/* Bits can only be cleared. */
static void program(struct flash *flash, uint64_t offset, const uint8_t *bytes, size_t size)
{
	uint8_t result[BUFFER];
	const uint8_t *block = block_bytes(flash, offset / BLOCK);
	for (size_t i = 0; i < size; i++)
		result[i] = bytes[i] & (block ? block[offset % BLOCK + i] : 0xff);
	if (!replace(flash, offset, result, size))
		flash->status |= STATUS_PROGRAM_ERROR;
}

static void erase(struct flash *flash, uint64_t offset)
{
	offset -= offset % BLOCK;
	if (!flash->disk && !flash->blocks[offset / BLOCK])
		return;
	bool good = true;
	for (uint64_t at = 0; at < BLOCK && good; at += sizeof(erased))
		good = replace(flash, offset + at, erased, sizeof(erased));
	if (!good)
		flash->status |= STATUS_ERASE_ERROR;
}

/* ---- what reads answer ---- */

/* The Common Flash Interface's table: by words of a chip, from 0x10 on. */
static const uint8_t query[] = {
    'Q',
    'R',
    'Y',
    0x01,
    0x00, /* Intel's command set */
    0x31,
    0x00, /* where its own table is */
    0x00,
    0x00,
    0x00,
    0x00, /* no other */
    0x45,
    0x55,
    0x00,
    0x00, /* volts, no programming voltage */
    0x07,
    0x07,
    0x0a,
    0x00,
    0x04,
    0x04,
    0x04,
    0x00, /* typical times and the most that they take, as powers of 2 */
    0x18,       /* 2^24 bytes */
    0x02,
    0x00, /* 8 or 16 bits wide */
    0x0b,
    0x00, /* 2^11 bytes of buffer */
    0x01,       /* all blocks are alike: */
    (BLOCKS - 1) & 0xff,
    (BLOCKS - 1) >> 8,
    (BLOCK / 2 / 256) & 0xff,
    (BLOCK / 2 / 256) >> 8,
    'P',
    'R',
    'I',
    '1',
    '0', /* nothing that is optional */
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x01, /* protection registers, as QEMU has it */
};

static uint32_t query_word(uint64_t word)
{
	return word >= 0x10 && word - 0x10 < sizeof(query) ? query[word - 0x10] : 0;
}

/* The makers of the chips, what they are, and that their blocks are not locked. */
static uint32_t id_word(uint64_t word)
{
	static const uint8_t ids[] = {0x89, 0x18};
	word &= 0xff;
	return word < sizeof(ids) ? ids[word] : 0;
}

/* 1, 2 or 4 bytes of what both chips answer. A narrow read is answered with the first of a word's bytes. */
static uint32_t read_answer(const struct flash *flash, uint64_t offset, unsigned size)
{
	uint32_t word = flash->answer == ANSWER_STATUS ? flash->status
	                : flash->answer == ANSWER_ID   ? id_word(offset / BANK_WIDTH)
	                                               : query_word(offset / BANK_WIDTH);
	return size == 4 ? word | word << 16 : size == 2 ? word & 0xffff : word & 0xff;
}

static bool flash_read(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t *value,
                       uint32_t *effects)
{
	struct flash *flash = (struct flash *)device;
	(void)now, (void)effects;
	if (flash->answer == ANSWER_ARRAY) {
		const uint8_t *block = block_bytes(flash, offset / BLOCK);
		*value = 0;
		memcpy(value, block ? block + offset % BLOCK : erased, size);
		return true;
	}
	*value = read_answer(flash, offset, size);
	if (size == 8)
		*value = read_answer(flash, offset, 4) | (uint64_t)read_answer(flash, offset + 4, 4) << 32;
	return true;
}

static const uint8_t *flash_fetch(const struct device *device, uint64_t offset, unsigned size)
{
	struct flash *flash = (struct flash *)(uintptr_t)device; /* looking at a block may read it from the disk */
	if (flash->answer != ANSWER_ARRAY || size > sizeof(erased) || offset % BLOCK + size > BLOCK)
		return NULL;
	const uint8_t *block = block_bytes(flash, offset / BLOCK);
	return block ? block + offset % BLOCK : erased;
}

/* ---- commands ---- */

/* What has been translated of the bank is not to be had any more. */
static void set_answer(struct flash *flash, enum answer answer)
{
	if (flash->answer == ANSWER_ARRAY && answer != ANSWER_ARRAY)
		bus_changed(flash->bus, flash->base);
	flash->answer = answer;
}

static void set_state(struct flash *flash, enum answer answer, enum expected expected)
{
	set_answer(flash, answer);
	flash->expected = expected;
}

static void take_command(struct flash *flash, uint32_t command)
{
	switch (command) {
	case PROGRAM:
	case PROGRAM_ALTERNATE: set_state(flash, ANSWER_STATUS, EXPECT_DATA); break;
	case ERASE: set_state(flash, ANSWER_STATUS, EXPECT_ERASE_CONFIRM); break;
	case LOCK: set_state(flash, ANSWER_STATUS, EXPECT_LOCK); break;
	case WRITE_BUFFER: set_state(flash, ANSWER_STATUS, EXPECT_COUNT); break;
	case READ_STATUS: set_answer(flash, ANSWER_STATUS); break;
	case READ_ID: set_answer(flash, ANSWER_ID); break;
	case READ_QUERY: set_answer(flash, ANSWER_QUERY); break;
	case CLEAR_STATUS:
		flash->status = STATUS_READY;
		set_answer(flash, ANSWER_ARRAY);
		break;
	default: set_answer(flash, ANSWER_ARRAY); /* that is what READ_ARRAY asks for, and what no command is */
	}
}

/* Not what belongs here: the command before is called off. */
static void break_off(struct flash *flash, uint32_t command)
{
	if (command != READ_ARRAY)
		flash->status |= STATUS_SEQUENCE_ERROR;
	set_state(flash, command == READ_ARRAY ? ANSWER_ARRAY : ANSWER_STATUS, EXPECT_COMMAND);
}

static void take_words(struct flash *flash, uint64_t offset, unsigned size, uint32_t value)
{
	uint8_t bytes[4];
	memcpy(bytes, &value, sizeof(bytes));
	program(flash, offset, bytes, size);
	flash->expected = EXPECT_COMMAND;
}

/* One less than the number of writes that come. */
static void take_buffer_count(struct flash *flash, uint32_t count)
{
	flash->left = count & 0xffff;
	flash->window = WINDOW_OPEN;
	memset(flash->buffer, 0xff, sizeof(flash->buffer));
	flash->expected = EXPECT_BUFFER_DATA;
}

static void take_buffer_data(struct flash *flash, uint64_t offset, unsigned size, uint32_t value)
{
	if (flash->window == WINDOW_OPEN)
		flash->window = (uint32_t)(offset - offset % BUFFER);
	if (offset - offset % BUFFER == flash->window)
		memcpy(flash->buffer + offset % BUFFER, &value, size);
	else
		flash->status |= STATUS_PROGRAM_ERROR; /* behind the end of the buffer */
	if (flash->left != 0)
		flash->left--;
	else
		flash->expected = EXPECT_BUFFER_CONFIRM;
}

/* A write of 1, 2 or 4 bytes. */
static void take_write(struct flash *flash, uint64_t offset, unsigned size, uint32_t value)
{
	uint32_t command = value & 0xff;
	bool confirms = command == CONFIRM;
	switch (flash->expected) {
	case EXPECT_DATA: take_words(flash, offset, size, value); return;
	case EXPECT_COUNT: take_buffer_count(flash, value); return;
	case EXPECT_BUFFER_DATA: take_buffer_data(flash, offset, size, value); return;
	case EXPECT_ERASE_CONFIRM:
		if (confirms)
			erase(flash, offset);
		break;
	case EXPECT_BUFFER_CONFIRM:
		if (confirms)
			program(flash, flash->window, flash->buffer, BUFFER);
		break;
	case EXPECT_LOCK: confirms |= command == LOCK_BLOCK; break; /* these chips have no locks */
	default: take_command(flash, command); return;
	}
	if (confirms)
		flash->expected = EXPECT_COMMAND;
	else
		break_off(flash, command);
}

static bool flash_write(struct device *device, uint64_t offset, unsigned size, uint64_t now, uint64_t value,
                        uint32_t *effects)
{
	struct flash *flash = (struct flash *)device;
	(void)now, (void)effects;
	take_write(flash, offset, size == 8 ? 4 : size, (uint32_t)value);
	if (size == 8)
		take_write(flash, offset + 4, 4, (uint32_t)(value >> 32));
	return true;
}

/* ---- the device ---- */

static void flash_reset(struct device *device, uint64_t now)
{
	struct flash *flash = (struct flash *)device;
	(void)now;
	set_state(flash, ANSWER_ARRAY, EXPECT_COMMAND);
	flash->status = STATUS_READY;
	flash->left = 0;
	flash->window = WINDOW_OPEN;
}

/* ---- state ---- */

enum { NO_BLOCK = BLOCKS };

static void save_blocks(const struct flash *flash, struct state_writer *writer)
{
	for (unsigned i = 0; i < BLOCKS; i++)
		if (flash->blocks[i]) {
			state_write_u64(writer, i);
			state_write_large(writer, flash->blocks[i], BLOCK);
		}
	state_write_u64(writer, NO_BLOCK);
}

static void drop_blocks(struct flash *flash)
{
	for (unsigned i = 0; i < BLOCKS; i++) {
		free(flash->blocks[i]);
		flash->blocks[i] = NULL;
	}
}

static bool restore_blocks(struct flash *flash, struct state_reader *reader)
{
	for (;;) {
		uint64_t index = state_read_limited(reader, NO_BLOCK);
		if (reader->failed || index == NO_BLOCK)
			return !reader->failed;
		uint8_t *block = own_block(flash, index);
		if (!block)
			return state_refuse(reader, "flash: no memory");
		state_read_large(reader, block, BLOCK);
	}
}

/* What is in a file is the file's: as of disks. */
static void flash_save(const struct device *device, struct state_writer *writer)
{
	const struct flash *flash = (const struct flash *)device;
	state_write_begin(writer, device->name, FLASH_VERSION);
	state_write_u64(writer, flash->disk != NULL);
	state_write_u64(writer, flash->answer);
	state_write_u64(writer, flash->expected);
	state_write_u64(writer, flash->status);
	state_write_u64(writer, flash->left);
	state_write_u64(writer, flash->window);
	STATE_WRITE(writer, flash->buffer);
	if (flash->disk)
		host_disk_save(flash->disk, writer);
	else
		save_blocks(flash, writer);
	state_write_end(writer);
}

static bool flash_restore(struct device *device, struct state_reader *reader)
{
	struct flash *flash = (struct flash *)device;
	state_read_begin(reader, device->name, FLASH_VERSION);
	if (state_read_limited(reader, 1) != (flash->disk != NULL))
		return state_refuse(reader, "flash: an image in one of the two machines only");
	flash->answer = (enum answer)state_read_limited(reader, ANSWERS - 1);
	flash->expected = (enum expected)state_read_limited(reader, EXPECTED - 1);
	flash->status = (uint32_t)state_read_limited(reader, 0xff);
	flash->left = (uint32_t)state_read_limited(reader, 0xffff);
	uint64_t window = state_read_u64(reader);
	STATE_READ(reader, flash->buffer);
	bool open = window == WINDOW_OPEN && flash->expected != EXPECT_BUFFER_CONFIRM;
	if (!reader->failed && !open && (window >= FLASH_BYTES || window % BUFFER != 0))
		return state_refuse(reader, "flash: a number is out of range");
	flash->window = (uint32_t)window;
	drop_blocks(flash);
	if (flash->disk ? !host_disk_restore(flash->disk, reader) : !restore_blocks(flash, reader))
		return false;
	return state_read_end(reader);
}

static void flash_dump(const struct device *device, FILE *out)
{
	static const char *const answers[ANSWERS] = {"bytes", "status", "identity", "query table"};
	const struct flash *flash = (const struct flash *)device;
	fprintf(out, "flash at 0x%" PRIx64 "%s: reads %s, status 0x%" PRIx32 "%s\n", flash->base,
	        !flash->disk          ? " (no image)"
	        : is_protected(flash) ? " (read-only)"
	                              : "",
	        answers[flash->answer], flash->status,
	        flash->expected == EXPECT_COMMAND ? "" : ", in the middle of a command");
}

static void flash_destroy(struct device *device)
{
	drop_blocks((struct flash *)device);
	free(device);
}

static struct device *flash_make(const struct board *board, const struct device_site *site)
{
	struct flash *flash = calloc(1, sizeof(*flash));
	if (!flash)
		return NULL;
	flash->device = (struct device){
	    .name = site->name,
	    .read = flash_read,
	    .write = flash_write,
	    .fetch = flash_fetch,
	    .reset = flash_reset,
	    .save = flash_save,
	    .restore = flash_restore,
	    .dump = flash_dump,
	    .destroy = flash_destroy,
	};
	flash->bus = board->bus;
	flash->base = site->base;
	flash->disk = board->flash[site->slot] ? board->backends->disks[board->flash[site->slot] - 1] : NULL;
	return &flash->device;
}

/* Both banks have one node. */
static void flash_describe(struct tree_writer *writer, const struct device_site *site)
{
	tree_begin_pair(writer, "flash", site->base, site->base + site->size, site->size);
	tree_u32(writer, "bank-width", BANK_WIDTH);
	tree_string(writer, "compatible", "cfi-flash");
	tree_end(writer);
}

const struct device_kind flash_kind = {.make = flash_make, .describe_front = flash_describe};
