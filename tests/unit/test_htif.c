/* HTIF: commands through tohost in one store or two, and the answers. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "dev/console.h"
#include "dev/htif.h"
#include "revival.h"
#include "temporary.h"

enum { TOHOST = 0x1000, FROMHOST = 0x1040, MAGIC = 0x2000, TEXT = 0x3000, SIZE = 16 * PAGE_SIZE };
#define BASE UINT64_C(0x80000000)

struct world {
	struct bus bus;
	struct event_queue events;
	struct console *console;
	struct htif *htif;
	char out[5 + TEMPORARY_PATH];
	int file;
	unsigned exits;
	uint64_t code;
	uint64_t now;
};

static void exited(void *context, uint64_t code)
{
	struct world *world = context;
	world->exits++;
	world->code = code;
}

static uint64_t now(void *context) { return ((struct world *)context)->now; }

static void start(struct world *world)
{
	*world = (struct world){ .now = 500 };
	strcpy(world->out, "file:");
	world->file = temporary(world->out + 5);
	cr_assert_eq(bus_init(&world->bus, SIZE), 0);
	event_queue_init(&world->events);
	struct console_config config = { .serial = world->out };
	world->console = console_open(&config);
	cr_assert_not_null(world->console);
	world->htif = htif_new(&(struct htif_config){
		.bus = &world->bus, .events = &world->events, .console = world->console, .tohost = BASE + TOHOST,
		.fromhost = BASE + FROMHOST, .cycles_per_tick = 10, .exit = exited, .now = now, .context = world,
	});
	cr_assert_not_null(world->htif);
}

static void end(struct world *world)
{
	htif_free(world->htif);
	console_close(world->console);
	event_queue_free(&world->events);
	bus_free(&world->bus);
	close(world->file);
}

/* A store as a hart would do it. */
static bool store(struct world *world, uint64_t offset, unsigned size, uint64_t value)
{
	memcpy(world->bus.dram + offset, &value, size);
	return htif_store(world->htif, BASE + offset, size);
}

static uint64_t load(struct world *world, uint64_t offset)
{
	uint64_t value;
	memcpy(&value, world->bus.dram + offset, 8);
	return value;
}

static void expect_output(struct world *world, const char *expected)
{
	char text[64] = "";
	console_flush(world->console);
	FILE *file = fopen(world->out + 5, "r");
	cr_assert_not_null(file);
	cr_expect_eq(fread(text, 1, sizeof(text) - 1, file), strlen(expected));
	fclose(file);
	cr_expect_str_eq(text, expected);
}

static uint64_t syscall_write(struct world *world, uint64_t fd, uint64_t pa, uint64_t length)
{
	uint64_t words[8] = { 64, fd, pa, length };
	memcpy(world->bus.dram + MAGIC, words, sizeof(words));
	store(world, TOHOST, 8, BASE + MAGIC);
	return load(world, MAGIC);
}

Test(htif, asks_for_its_page)
{
	struct world world;
	start(&world);
	cr_expect_eq(*bus_page_flags(&world.bus, BASE + TOHOST), PAGE_HOOK);
	cr_expect_not(store(&world, TOHOST + 8, 8, 1), "a neighbour");
	cr_expect_not(store(&world, TOHOST - 8, 8, 1));
	cr_expect_eq(world.exits, 0);
	end(&world);
}

Test(htif, exit_by_one_store)
{
	struct world world;
	start(&world);
	cr_expect(store(&world, TOHOST, 8, 1));
	cr_expect_eq(world.exits, 1);
	cr_expect_eq(world.code, 0);
	store(&world, TOHOST, 8, 42 << 1 | 1);
	cr_expect_eq(world.code, 42);
	end(&world);
}

/* riscv-tests: low half, then high half. */
Test(htif, exit_by_two_stores)
{
	struct world world;
	start(&world);
	store(&world, TOHOST, 4, 7 << 1 | 1);
	cr_expect_eq(world.exits, 0);
	store(&world, TOHOST + 4, 4, 0);
	cr_expect_eq(world.exits, 1);
	cr_expect_eq(world.code, 7);
	cr_expect_eq(event_next(&world.events), UINT64_MAX);
	end(&world);
}

Test(htif, exit_by_the_low_half_alone)
{
	struct world world;
	start(&world);
	store(&world, TOHOST, 4, 3 << 1 | 1);
	cr_expect_eq(world.exits, 0);
	cr_expect_gt(event_next(&world.events), world.now);
	event_run(&world.events, event_next(&world.events));
	cr_expect_eq(world.exits, 1);
	cr_expect_eq(world.code, 3);
	store(&world, TOHOST, 4, 9 << 1 | 1);
	store(&world, TOHOST, 4, 9 << 1 | 1);
	cr_expect_eq(world.code, 9, "the same half again: no other will come");
	end(&world);
}

Test(htif, console_device_in_every_order)
{
	struct world world;
	start(&world);
	uint64_t high = 0x01010000;
	store(&world, TOHOST, 8, high << 32 | 'a');
	cr_expect_eq(load(&world, TOHOST), 0, "taken");
	store(&world, TOHOST, 4, 'a' + 2); /* odd: must not look like an exit */
	store(&world, TOHOST + 4, 4, high);
	store(&world, TOHOST + 4, 4, high);
	store(&world, TOHOST, 4, 'e');
	cr_expect_eq(world.exits, 0);
	cr_expect_eq(load(&world, FROMHOST), 0, "putchar is not answered");
	expect_output(&world, "ace");
	end(&world);
}

Test(htif, proxy_write)
{
	struct world world;
	start(&world);
	memcpy(world.bus.dram + TEXT, "hello", 5);
	cr_expect_eq(syscall_write(&world, 1, BASE + TEXT, 5), 5);
	cr_expect_eq(load(&world, FROMHOST), 1);
	cr_expect_eq(load(&world, TOHOST), 0);
	cr_expect_eq(syscall_write(&world, 2, BASE + TEXT + 4, 1), 1, "standard error is the console too");
	cr_expect_eq((int64_t)syscall_write(&world, 3, BASE + TEXT, 5), -9);
	cr_expect_eq((int64_t)syscall_write(&world, 1, BASE + SIZE - 2, 5), -14);
	cr_expect_eq((int64_t)syscall_write(&world, 1, 0, UINT64_MAX), -14);
	expect_output(&world, "helloo");
	end(&world);
}

Test(htif, proxy_of_other_calls)
{
	struct world world;
	start(&world);
	uint64_t words[8] = { 63, 0 };
	memcpy(world.bus.dram + MAGIC, words, sizeof(words));
	store(&world, TOHOST, 8, BASE + MAGIC);
	cr_expect_eq((int64_t)load(&world, MAGIC), -38);
	cr_expect_eq(load(&world, FROMHOST), 1);
	words[0] = 93;
	words[1] = 5;
	memcpy(world.bus.dram + MAGIC, words, sizeof(words));
	store(&world, TOHOST, 8, BASE + MAGIC);
	cr_expect_eq(world.exits, 1);
	cr_expect_eq(world.code, 5);
	end(&world);
}

Test(htif, commands_that_mean_nothing)
{
	struct world world;
	start(&world);
	store(&world, TOHOST, 8, 0);
	store(&world, TOHOST, 8, UINT64_C(0x42) << 56 | 1);
	store(&world, TOHOST, 8, 0x100); /* magic memory outside DRAM */
	store(&world, TOHOST, 8, BASE + SIZE - 8);
	store(&world, TOHOST, 8, UINT64_C(0x0177) << 48);
	cr_expect_eq(world.exits, 0);
	expect_output(&world, "");
	end(&world);
}

static bool restore(struct world *world, struct state_reader *reader)
{
	return event_queue_restore(&world->events, reader) && htif_restore(world->htif, reader);
}

static bool restores(struct state_reader *reader)
{
	struct world world;
	start(&world);
	bool good = restore(&world, reader);
	event_run(&world.events, UINT64_MAX);
	end(&world);
	return good;
}

/* Between the two halves of a command. */
Test(htif, comes_back)
{
	struct world worlds[2];
	start(&worlds[0]);
	store(&worlds[0], TOHOST, 4, 'a' + 2);
	struct state_writer writer = { 0 };
	event_queue_save(&worlds[0].events, &writer);
	htif_save(worlds[0].htif, &writer);
	start(&worlds[1]);
	memcpy(worlds[1].bus.dram, worlds[0].bus.dram, SIZE);
	struct state_reader reader = reader_of(&writer);
	cr_assert(restore(&worlds[1], &reader), "%s", reader.reason);
	for (unsigned i = 0; i < 2; i++) {
		cr_expect_eq(event_next(&worlds[i].events), 500 + 10 * 10);
		store(&worlds[i], TOHOST + 4, 4, 0x01010000);
		cr_expect_eq(event_next(&worlds[i].events), UINT64_MAX);
		expect_output(&worlds[i], "c");
	}
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
	end(&worlds[0]);
	end(&worlds[1]);
}

static void note_store(void *context, const void *by, uint64_t pa, unsigned size)
{
	(void)size;
	cr_expect_null(by);
	*(uint64_t *)context = pa;
}

/* Who watches memory hears of what a device writes there. */
Test(htif, answers_are_stores)
{
	struct world world;
	uint64_t seen = 0;
	start(&world);
	cr_assert_eq(bus_listen(&world.bus, &(struct bus_listener){ .flags = PAGE_CODE, .stored = note_store, .context = &seen }), 0);
	bus_flag(&world.bus, BASE + MAGIC, PAGE_CODE);
	memcpy(world.bus.dram + TEXT, "x", 1);
	cr_expect_eq(syscall_write(&world, 1, BASE + TEXT, 1), 1);
	cr_expect_eq(seen, BASE + MAGIC);
	end(&world);
}
