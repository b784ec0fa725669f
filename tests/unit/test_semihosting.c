/* Semihosting: what is open goes on after a restore, resets close it, and bytes that are no state are refused. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dev/console.h"
#include "dev/semihosting.h"
#include "state_bytes.h"

enum { OPEN = 1, WRITE = 5, READ = 6, SEEK = 10, ERRNO = 19, TEXT = 256, BLOCK = 0, SIZE = 4096 };

struct world {
	char folder[32];
	uint8_t memory[SIZE];
	struct console *console;
	struct semihosting *semihosting;
};

static struct world world;

static bool read_memory(void *caller, uint64_t va, void *bytes, size_t size)
{
	struct world *memory = caller;
	if (va > SIZE || size > SIZE - va)
		return false;
	memcpy(bytes, memory->memory + va, size);
	return true;
}

static bool write_memory(void *caller, uint64_t va, const void *bytes, size_t size)
{
	struct world *memory = caller;
	if (va > SIZE || size > SIZE - va)
		return false;
	memcpy(memory->memory + va, bytes, size);
	return true;
}

static void never_exits(void *context, uint64_t code)
{
	(void)context;
	cr_assert_fail("exit %llu", (unsigned long long)code);
}

static struct semihosting *another(void)
{
	return semihosting_new(&(struct semihosting_config){.console = world.console,
	                                                    .folder = world.folder,
	                                                    .command_line = "",
	                                                    .cycles_per_tick = 10,
	                                                    .read = read_memory,
	                                                    .write = write_memory,
	                                                    .exit = never_exits});
}

static void start(void)
{
	strcpy(world.folder, "/tmp/rvsim-test-XXXXXX");
	cr_assert_not_null(mkdtemp(world.folder));
	world.console = console_open(&(struct console_config){.serial = "null"});
	world.semihosting = another();
	cr_assert_not_null(world.semihosting);
}

static void end(void)
{
	char path[64];
	snprintf(path, sizeof path, "%s/f", world.folder);
	semihosting_free(world.semihosting);
	console_close(world.console);
	unlink(path);
	cr_assert_eq(rmdir(world.folder), 0);
}

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t block[3] = {a, b, c};
	uint64_t answer;
	memcpy(world.memory + BLOCK, block, sizeof block);
	cr_assert(semihosting_call(world.semihosting, &world, number, BLOCK, 0, &answer));
	return (int64_t)answer;
}

static int64_t open_file(const char *name, unsigned mode)
{
	strcpy((char *)world.memory + TEXT, name);
	return call(OPEN, TEXT, mode, strlen(name));
}

static void expect_reads(int64_t file, const char *text)
{
	memset(world.memory + TEXT, 0, 64);
	cr_expect_eq(call(READ, (uint64_t)file, TEXT, strlen(text)), 0);
	cr_expect_str_eq((char *)world.memory + TEXT, text);
}

static bool restore_other(struct state_reader *reader)
{
	struct semihosting *other = another();
	bool result = semihosting_restore(other, reader);
	semihosting_free(other);
	return result;
}

Test(semihosting, goes_on, .init = start, .fini = end)
{
	struct state_writer writer = {0};
	int64_t file = open_file("f", 6), features = open_file(":semihosting-features", 0);
	strcpy((char *)world.memory + TEXT, "abcdef");
	cr_assert_eq(call(WRITE, (uint64_t)file, TEXT, 6), 0);
	cr_assert_eq(call(SEEK, (uint64_t)file, 2, 0), 0);
	expect_reads(features, "SH");
	cr_assert_eq(call(READ, 60, TEXT, 1), 1);
	semihosting_save(world.semihosting, &writer);
	expect_reads(file, "cd");
	struct semihosting *first = world.semihosting;
	world.semihosting = another();
	struct state_reader reader = {.bytes = writer.bytes, .size = writer.size};
	cr_assert(semihosting_restore(world.semihosting, &reader), "%s", reader.reason);
	semihosting_free(first);
	cr_expect_eq(call(ERRNO, 0, 0, 0), 9);
	expect_reads(file, "cd");
	expect_reads(features, "FB");
	strcpy((char *)world.memory + TEXT, "Z");
	cr_expect_eq(call(WRITE, (uint64_t)file, TEXT, 1), 0, "it is open to be written, too");
	cr_assert_eq(call(SEEK, (uint64_t)file, 4, 0), 0);
	expect_reads(file, "Zf");
	expect_refusals(restore_other, &writer);
	free(writer.bytes);
}

Test(semihosting, reset_closes, .init = start, .fini = end)
{
	int64_t file = open_file("f", 6);
	cr_assert_eq(file, 1);
	semihosting_reset(world.semihosting);
	cr_expect_eq(call(READ, (uint64_t)file, TEXT, 3), 3);
	cr_expect_eq(open_file("f", 6), 1);
}

Test(semihosting, runs_out_of_handles, .init = start, .fini = end)
{
	for (int i = 1; i <= 64; i++)
		cr_assert_eq(open_file(i % 2 ? "f" : ":tt", 6), i);
	cr_expect_eq(open_file("f", 0), -1);
	cr_expect_eq(call(ERRNO, 0, 0, 0), 24);
}

/* Nothing that a program says is taken on trust. */
Test(semihosting, survives_anything, .init = start, .fini = end)
{
	uint64_t answer, dice = 1;
	cr_redirect_stderr();
	for (unsigned i = 0; i < 200000; i++) {
		for (unsigned at = 0; at < 64; at++) {
			dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
			world.memory[at] = at % 8 < 2 || dice >> 60 == 0 ? (uint8_t)(dice >> 56) : 0;
		}
		uint64_t number = (dice >> 33) % 0x34;
		if (number != 0x18 && number != 0x20)
			semihosting_call(world.semihosting, &world, number, (dice >> 40) % SIZE & ~(uint64_t)7, i,
			                 &answer);
	}
}
