#include "dev/semihosting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/say.h"
#include "base/state.h"
#include "dev/console.h"
#include "dev/guest_files.h"

enum {
	SYS_OPEN = 0x01,
	SYS_CLOSE,
	SYS_WRITEC,
	SYS_WRITE0,
	SYS_WRITE,
	SYS_READ,
	SYS_READC,
	SYS_ISERROR,
	SYS_ISTTY,
	SYS_SEEK,
	SYS_FLEN = 0x0c,
	SYS_TMPNAM,
	SYS_REMOVE,
	SYS_RENAME,
	SYS_CLOCK,
	SYS_TIME,
	SYS_SYSTEM,
	SYS_ERRNO,
	SYS_GET_CMDLINE = 0x15,
	SYS_HEAPINFO,
	SYS_EXIT = 0x18,
	SYS_EXIT_EXTENDED = 0x20,
	SYS_ELAPSED = 0x30,
	SYS_TICKFREQ,
};

enum {
	APPLICATION_EXIT = 0x20026, /* the reason of an ordinary exit; others are failures */
	NANOSECONDS_PER_TICK = 100,
	CHUNK = 4096,
	CALL_MAX = 64 << 20, /* bytes that one SYS_READ or SYS_WRITE moves; the rest is told as not done */
	SEMIHOSTING_VERSION = 1,
};

struct semihosting {
	struct semihosting_config config;
	struct guest_files files;
	bool told; /* of a call that is not here */
};

/* One call. */
struct call {
	struct semihosting *semihosting;
	void *caller;
	uint64_t parameter, now;
	uint64_t words[4]; /* of its block */
	bool again;        /* there is no input yet */
};

static int64_t failed(const struct call *call, int error)
{
	call->semihosting->files.error = error;
	return -1;
}

/* ---- the caller's memory ---- */

static bool read_words(struct call *call, unsigned count)
{
	return call->semihosting->config.read(call->caller, call->parameter, call->words, count * sizeof(uint64_t));
}

static bool write_word(const struct call *call, uint64_t address, uint64_t value)
{
	return call->semihosting->config.write(call->caller, address, &value, sizeof(value));
}

/* A name of so many bytes, and a zero behind them. */
static bool read_name(const struct call *call, uint64_t address, uint64_t length, char name[GUEST_FILE_NAME])
{
	if (length >= GUEST_FILE_NAME) {
		failed(call, ENAMETOOLONG);
		return false;
	}
	bool reached = call->semihosting->config.read(call->caller, address, name, length + 1);
	bool whole = reached && name[length] == '\0' && strlen(name) == length;
	if (!whole)
		failed(call, reached ? EINVAL : EFAULT);
	return whole;
}

/* ---- the console ---- */

static void show(const struct call *call, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		console_write(call->semihosting->config.console, bytes[i], call->now);
}

/* A byte, or -1: there will be none, or call->again. */
static int take_byte(struct call *call)
{
	int byte;
	do
		byte = console_read(call->semihosting->config.console, call->now);
	while (byte == CONSOLE_BREAK); /* no byte of anybody's */
	call->again = byte == CONSOLE_NOTHING;
	return byte >= 0 ? byte : -1;
}

static int64_t write_console_byte(struct call *call)
{
	uint8_t byte;
	if (!call->semihosting->config.read(call->caller, call->parameter, &byte, 1))
		return failed(call, EFAULT);
	show(call, &byte, 1);
	return 0;
}

static int64_t write_console_text(struct call *call)
{
	uint8_t byte;
	for (uint64_t i = 0; i < CALL_MAX; i++) {
		if (!call->semihosting->config.read(call->caller, call->parameter + i, &byte, 1))
			return failed(call, EFAULT);
		if (byte == '\0')
			break;
		show(call, &byte, 1);
	}
	return 0;
}

/* ---- reading and writing: what is told is how much was not done ---- */

static int64_t write_some(const struct call *call, struct guest_file *file, const uint8_t *bytes, size_t size)
{
	if (file->kind != GUEST_FILE_OUTPUT)
		return guest_file_write(&call->semihosting->files, file, bytes, size);
	show(call, bytes, size);
	return (int64_t)size;
}

static int64_t write_file(struct call *call)
{
	struct guest_file *file = guest_file(&call->semihosting->files, call->words[0]);
	uint64_t address = call->words[1], size = call->words[2], done = 0, most = size < CALL_MAX ? size : CALL_MAX;
	uint8_t bytes[CHUNK];
	while (file && done < most) {
		size_t part = most - done < CHUNK ? most - done : CHUNK;
		if (!call->semihosting->config.read(call->caller, address + done, bytes, part))
			break;
		int64_t written = write_some(call, file, bytes, part);
		done += written > 0 ? (uint64_t)written : 0;
		if (written != (int64_t)part)
			break;
	}
	return (int64_t)(size - done);
}

/* As much as has been typed, but one byte at least. */
static int64_t read_console(struct call *call, uint8_t *bytes, size_t size)
{
	size_t count = 0;
	int byte;
	while (count < size && (byte = take_byte(call)) >= 0)
		bytes[count++] = (uint8_t)byte;
	call->again &= count == 0;
	return (int64_t)count;
}

static int64_t read_file(struct call *call)
{
	struct guest_files *files = &call->semihosting->files;
	struct guest_file *file = guest_file(files, call->words[0]);
	uint64_t address = call->words[1], size = call->words[2], done = 0, most = size < CALL_MAX ? size : CALL_MAX;
	uint8_t bytes[CHUNK];
	bool console = file && file->kind == GUEST_FILE_INPUT;
	while (file && done < most) {
		size_t part = most - done < CHUNK ? most - done : CHUNK;
		int64_t got = console ? read_console(call, bytes, part) : guest_file_read(files, file, bytes, part);
		if (got <= 0 || !call->semihosting->config.write(call->caller, address + done, bytes, (size_t)got))
			break;
		done += (uint64_t)got;
		if (console || got < (int64_t)part)
			break;
	}
	return (int64_t)(size - done);
}

/* ---- files ---- */

static int64_t open_named(struct call *call)
{
	char name[GUEST_FILE_NAME];
	if (!read_name(call, call->words[0], call->words[2], name))
		return -1;
	return guest_file_open(&call->semihosting->files, name, call->words[1] < 12 ? (unsigned)call->words[1] : 12);
}

static int64_t is_terminal(struct call *call)
{
	const struct guest_file *file = guest_file(&call->semihosting->files, call->words[0]);
	if (!file)
		return -1;
	if (file->kind == GUEST_FILE_INPUT || file->kind == GUEST_FILE_OUTPUT)
		return 1; /* whatever the host has there: a run must not depend on it */
	failed(call, ENOTTY);
	return 0;
}

static int64_t make_name(struct call *call)
{
	char name[16];
	int length = snprintf(name, sizeof(name), "tmp-%02x", (unsigned)(call->words[1] & 0xff)) + 1;
	if (call->words[2] < (uint64_t)length)
		return -1;
	return call->semihosting->config.write(call->caller, call->words[0], name, (size_t)length)
	           ? 0
	           : failed(call, EFAULT);
}

static int64_t of_two_names(struct call *call)
{
	char from[GUEST_FILE_NAME], to[GUEST_FILE_NAME];
	if (!read_name(call, call->words[0], call->words[1], from) ||
	    !read_name(call, call->words[2], call->words[3], to))
		return -1;
	return guest_file_rename(&call->semihosting->files, from, to);
}

static int64_t remove_named(struct call *call)
{
	char name[GUEST_FILE_NAME];
	return read_name(call, call->words[0], call->words[1], name)
	           ? guest_file_remove(&call->semihosting->files, name)
	           : -1;
}

static int64_t seek_or_length(struct call *call, uint64_t number)
{
	struct guest_files *files = &call->semihosting->files;
	struct guest_file *file = guest_file(files, call->words[0]);
	if (!file)
		return -1;
	return number == SYS_SEEK ? guest_file_seek(files, file, call->words[1]) : guest_file_length(files, file);
}

/* ---- the rest ---- */

static int64_t tell_command_line(struct call *call)
{
	const char *text = call->semihosting->config.command_line;
	size_t size = strlen(text) + 1;
	if (size > call->words[1])
		return failed(call, E2BIG);
	bool told = write_word(call, call->parameter + sizeof(uint64_t), size - 1) &&
	            call->semihosting->config.write(call->caller, call->words[0], text, size);
	return told ? 0 : failed(call, EFAULT);
}

/* Heap and stack share what is free, from both ends. */
static int64_t tell_heap(struct call *call)
{
	const struct semihosting_config *config = &call->semihosting->config;
	const uint64_t block[4] = {config->heap_base, config->heap_limit, config->heap_limit, config->heap_base};
	return config->write(call->caller, call->words[0], block, sizeof(block)) ? 0 : failed(call, EFAULT);
}

static uint64_t nanoseconds(const struct call *call)
{
	return call->now / call->semihosting->config.cycles_per_tick * NANOSECONDS_PER_TICK;
}

static int64_t tell_elapsed(struct call *call)
{
	return write_word(call, call->parameter, nanoseconds(call)) ? 0 : failed(call, EFAULT);
}

static int64_t exit_program(struct call *call)
{
	call->semihosting->config.exit(call->semihosting->config.context,
	                               call->words[0] == APPLICATION_EXIT ? call->words[1] : 1);
	return 0;
}

static int64_t refuse_call(struct call *call, uint64_t number)
{
	if (!call->semihosting->told)
		say("semihosting: call 0x%llx is refused%s", (unsigned long long)number,
		    number == SYS_SYSTEM ? ": programs run no commands of the host" : ": there is no such");
	call->semihosting->told = true;
	return failed(call, ENOSYS);
}

/* How many words the block has that is read first. */
static unsigned block_words(uint64_t number)
{
	static const uint8_t words[] = {
	    [SYS_OPEN] = 3,   [SYS_CLOSE] = 1,       [SYS_WRITE] = 3,    [SYS_READ] = 3,   [SYS_ISERROR] = 1,
	    [SYS_ISTTY] = 1,  [SYS_SEEK] = 2,        [SYS_FLEN] = 1,     [SYS_TMPNAM] = 3, [SYS_REMOVE] = 2,
	    [SYS_RENAME] = 4, [SYS_GET_CMDLINE] = 2, [SYS_HEAPINFO] = 1, [SYS_EXIT] = 2,   [SYS_EXIT_EXTENDED] = 2};
	return number < sizeof(words) ? words[number] : 0;
}

static int64_t obey_call(struct call *call, uint64_t number)
{
	switch (number) {
	case SYS_OPEN: return open_named(call);
	case SYS_CLOSE: return guest_file_close(&call->semihosting->files, call->words[0]);
	case SYS_WRITEC: return write_console_byte(call);
	case SYS_WRITE0: return write_console_text(call);
	case SYS_WRITE: return write_file(call);
	case SYS_READ: return read_file(call);
	case SYS_READC: return take_byte(call);
	case SYS_ISERROR: return (int64_t)call->words[0] < 0;
	case SYS_ISTTY: return is_terminal(call);
	case SYS_SEEK:
	case SYS_FLEN: return seek_or_length(call, number);
	case SYS_TMPNAM: return make_name(call);
	case SYS_REMOVE: return remove_named(call);
	case SYS_RENAME: return of_two_names(call);
	case SYS_CLOCK: return (int64_t)(nanoseconds(call) / 10000000);
	case SYS_TIME: return (int64_t)(call->semihosting->config.epoch + nanoseconds(call) / 1000000000);
	case SYS_ERRNO: return call->semihosting->files.error;
	case SYS_GET_CMDLINE: return tell_command_line(call);
	case SYS_HEAPINFO: return tell_heap(call);
	case SYS_EXIT:
	case SYS_EXIT_EXTENDED: return exit_program(call);
	case SYS_ELAPSED: return tell_elapsed(call);
	case SYS_TICKFREQ: return 1000000000;
	default: return refuse_call(call, number);
	}
}

bool semihosting_call(struct semihosting *semihosting, void *caller, uint64_t number, uint64_t parameter, uint64_t now,
                      uint64_t *answer)
{
	struct call call = {.semihosting = semihosting, .caller = caller, .parameter = parameter, .now = now};
	number &= UINT32_MAX;
	*answer = (uint64_t)(read_words(&call, block_words(number)) ? obey_call(&call, number) : failed(&call, EFAULT));
	return !call.again;
}

struct semihosting *semihosting_new(const struct semihosting_config *config)
{
	struct semihosting *semihosting = calloc(1, sizeof(*semihosting));
	if (!semihosting) {
		say("out of memory for semihosting");
		return NULL;
	}
	semihosting->config = *config;
	if (guest_files_open(&semihosting->files, config->folder) == 0)
		return semihosting;
	semihosting_free(semihosting);
	return NULL;
}

void semihosting_free(struct semihosting *semihosting)
{
	if (!semihosting)
		return;
	guest_files_close(&semihosting->files);
	free(semihosting);
}

void semihosting_reset(struct semihosting *semihosting) { guest_files_reset(&semihosting->files); }

uint64_t semihosting_touched(const struct semihosting *semihosting) { return semihosting->files.touched; }

void semihosting_save(const struct semihosting *semihosting, struct state_writer *writer)
{
	state_write_begin(writer, "semihosting", SEMIHOSTING_VERSION);
	guest_files_save(&semihosting->files, writer);
	state_write_end(writer);
}

bool semihosting_restore(struct semihosting *semihosting, struct state_reader *reader)
{
	state_read_begin(reader, "semihosting", SEMIHOSTING_VERSION);
	return guest_files_restore(&semihosting->files, reader) && state_read_end(reader);
}
