/* Physical address space: DRAM by pointer, devices by range, nothing beyond the edges. */
#include <criterion/criterion.h>
#include <string.h>
#include "base/bus.h"
#include "dev/devices.h"

enum { SIZE = 16 * PAGE_SIZE };
#define BASE UINT64_C(0x80000000)

static struct device *recorder(uint64_t mark)
{
	uint64_t bytes[4] = { mark, mark + 1, mark + 2, mark + 3 };
	struct board board = { .rom = bytes, .rom_size = sizeof(bytes) };
	return rom_kind.make(&board, &(struct device_site){ .name = "rom", .size = sizeof(bytes) });
}

static void with_bus(struct bus *bus)
{
	cr_assert_eq(bus_init(bus, SIZE), 0);
}

static bool reads(struct bus *bus, uint64_t pa, unsigned size, uint64_t *value)
{
	uint32_t effects = 0;
	return bus_device_read(bus, pa, size, 0, value, &effects);
}

Test(bus, dram_is_zero_and_ends_where_it_ends)
{
	struct bus bus;
	with_bus(&bus);
	for (unsigned i = 0; i < SIZE; i++)
		cr_assert_eq(bus.dram[i], 0);
	cr_expect(bus_is_dram(&bus, BASE, 1));
	cr_expect(bus_is_dram(&bus, BASE, SIZE));
	cr_expect(bus_is_dram(&bus, BASE + SIZE - 8, 8));
	cr_expect_not(bus_is_dram(&bus, BASE + SIZE - 7, 8));
	cr_expect_not(bus_is_dram(&bus, BASE + SIZE, 1));
	cr_expect_not(bus_is_dram(&bus, BASE - 1, 1));
	cr_expect_not(bus_is_dram(&bus, BASE, UINT64_MAX), "a size that wraps around is outside");
	bus_free(&bus);
}

Test(bus, device_is_found_by_address)
{
	struct bus bus;
	with_bus(&bus);
	struct device *devices[3] = { recorder(0x100), recorder(0x200), recorder(0x300) };
	static const uint64_t bases[3] = { 0x5000, 0x1000, 0x3000 }; /* not in order */
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(bus_map(&bus, bases[i], 32, devices[i]), 0);
	uint64_t value;
	for (unsigned i = 0; i < 3; i++) {
		cr_assert(reads(&bus, bases[i], 8, &value));
		cr_expect_eq(value, 0x100 * (i + 1));
		cr_assert(reads(&bus, bases[i] + 24, 8, &value));
		cr_expect_eq(value, 0x100 * (i + 1) + 3);
		cr_expect_not(reads(&bus, bases[i] + 32, 8, &value));
		cr_expect_not(reads(&bus, bases[i] - 1, 1, &value));
	}
	cr_expect_not(reads(&bus, 0, 8, &value));
	cr_expect_not(reads(&bus, UINT64_MAX - 7, 8, &value));
	for (unsigned i = 0; i < 3; i++)
		devices[i]->destroy(devices[i]);
	bus_free(&bus);
}

Test(bus, rom_can_be_read_and_fetched_and_ignores_stores)
{
	struct bus bus;
	with_bus(&bus);
	struct device *rom = recorder(0x1122334455667788);
	cr_assert_eq(bus_map(&bus, 0x1000, 32, rom), 0);
	uint64_t value;
	cr_assert(reads(&bus, 0x1002, 2, &value));
	cr_expect_eq(value, 0x5566);
	uint32_t effects = 0;
	cr_expect(bus_device_write(&bus, 0x1000, 4, 0, 1, &effects));
	cr_assert(reads(&bus, 0x1000, 8, &value));
	cr_expect_eq(value, 0x1122334455667788);
	const uint8_t *code = bus_fetch(&bus, 0x1000, 4);
	cr_assert_not_null(code);
	cr_expect_eq(code[0], 0x88);
	cr_expect_not_null(bus_fetch(&bus, 0x101c, 4));
	cr_expect_null(bus_fetch(&bus, 0x101e, 4), "across the end");
	rom->destroy(rom);
	bus_free(&bus);
}

Test(bus, fetch_from_dram)
{
	struct bus bus;
	with_bus(&bus);
	cr_expect_eq(bus_fetch(&bus, BASE + 0x10, 4), bus.dram + 0x10);
	cr_expect_null(bus_fetch(&bus, BASE + SIZE - 2, 4));
	cr_expect_null(bus_fetch(&bus, 0x10000000, 4));
	bus_free(&bus);
}

Test(bus, peek_and_poke_are_all_or_nothing)
{
	struct bus bus;
	with_bus(&bus);
	struct device *rom = recorder(0xabcd);
	cr_assert_eq(bus_map(&bus, 0x1000, 32, rom), 0);
	uint32_t word = 0xdeadbeef, back = 0;
	cr_assert(bus_poke(&bus, BASE + 6, &word, 4));
	cr_assert(bus_peek(&bus, BASE + 6, &back, 4));
	cr_expect_eq(back, word);
	cr_assert(bus_peek(&bus, 0x1000, &back, 4));
	cr_expect_eq(back, 0xabcd);
	cr_expect_not(bus_poke(&bus, 0x1000, &word, 4));
	cr_expect_not(bus_poke(&bus, BASE + SIZE - 2, &word, 4));
	cr_expect_eq(bus.dram[SIZE - 2], 0);
	cr_expect_not(bus_peek(&bus, BASE + SIZE - 2, &back, 4));
	cr_expect(bus_peek(&bus, 0, &back, 0), "nothing is everywhere");
	rom->destroy(rom);
	bus_free(&bus);
}

Test(bus, page_flags_are_one_a_page)
{
	struct bus bus;
	with_bus(&bus);
	*bus_page_flags(&bus, BASE + PAGE_SIZE + 5) = PAGE_HOOK;
	cr_expect_eq(*bus_page_flags(&bus, BASE + PAGE_SIZE - 1), 0);
	cr_expect_eq(*bus_page_flags(&bus, BASE + PAGE_SIZE), PAGE_HOOK);
	cr_expect_eq(*bus_page_flags(&bus, BASE + 2 * PAGE_SIZE - 1), PAGE_HOOK);
	cr_expect_eq(*bus_page_flags(&bus, BASE + 2 * PAGE_SIZE), 0);
	bus_free(&bus);
}

struct stores {
	uint64_t pa[4];
	unsigned size[4], count;
};

static void note_dma(void *context, const void *by, uint64_t pa, unsigned size)
{
	struct stores *stores = context;
	cr_expect_null(by);
	cr_assert_lt(stores->count, 4);
	stores->pa[stores->count] = pa;
	stores->size[stores->count++] = size;
}

/* A device's writes are told page by page, to those who listen there. */
Test(bus, devices_write_memory)
{
	struct bus bus;
	struct stores stores = { 0 };
	static uint8_t bytes[2 * PAGE_SIZE], back[2 * PAGE_SIZE];
	with_bus(&bus);
	cr_assert_eq(bus_listen(&bus, &(struct bus_listener){ .flags = PAGE_CODE, .stored = note_dma, .context = &stores }), 0);
	bus_flag(&bus, BASE + PAGE_SIZE, PAGE_CODE);
	bus_flag(&bus, BASE + 3 * PAGE_SIZE, PAGE_CODE);
	memset(bytes, 0x5a, sizeof(bytes));
	cr_assert(bus_dma_write(&bus, BASE + PAGE_SIZE + 16, bytes, sizeof(bytes)));
	cr_expect_eq(stores.count, 2);
	cr_expect_eq(stores.pa[0], BASE + PAGE_SIZE + 16);
	cr_expect_eq(stores.size[0], PAGE_SIZE - 16);
	cr_expect_eq(stores.pa[1], BASE + 3 * PAGE_SIZE);
	cr_expect_eq(stores.size[1], 16);
	cr_assert(bus_dma_read(&bus, BASE + PAGE_SIZE + 16, back, sizeof(back)));
	cr_expect_arr_eq(back, bytes, sizeof(bytes));
	cr_expect_not(bus_dma_write(&bus, BASE + SIZE - 8, bytes, 16), "past the end");
	cr_expect_not(bus_dma_write(&bus, 0x1000, bytes, 4));
	cr_expect_not(bus_dma_read(&bus, 0x1000, back, 4));
	cr_expect_eq(stores.count, 2);
	bus_free(&bus);
}
