/* The firmware configuration device: what its specification promises a driver, and what becomes of descriptors that make no sense. */
#include <criterion/criterion.h>
#include <string.h>
#include "base/bus.h"
#include "dev/devices.h"
#include "dev/fw_cfg.h"
#include "revival.h"
#include "splitmix.h"

enum { DRAM = 0x80000000u, DRAM_BYTES = 1 << 22, DESCRIPTOR = DRAM + 0x100, BUFFER = DRAM + 0x2000 };
enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };

struct world {
	struct bus bus;
	struct fw_cfg config;
	struct device *device;
	unsigned writes;
	uint32_t written_at, written_size;
};

static void heard(void *context, uint32_t at, uint32_t size)
{
	struct world *world = context;
	world->writes++;
	world->written_at = at;
	world->written_size = size;
}

static void begin(struct world *world)
{
	*world = (struct world){0};
	cr_assert_eq(bus_init(&world->bus, DRAM_BYTES), 0);
	cr_assert_eq(fw_cfg_add(&world->config, FW_CFG_SIGNATURE, "QEMU", 4), 0);
	cr_assert_eq(fw_cfg_add_number(&world->config, FW_CFG_ID, 3, 4), 0);
	cr_assert_eq(fw_cfg_add_file(&world->config, "opt/text", "hello, firmware", 15), 0);
	cr_assert_eq(fw_cfg_add_file(&world->config, "bootorder", NULL, 0), 0);
	cr_assert_eq(fw_cfg_add_writable(&world->config, "etc/ramfb", "0123456789", 10, heard, world), 0);
	struct board board = {.bus = &world->bus, .fw_cfg = &world->config};
	world->device = fw_cfg_kind.make(&board, &(struct device_site){.name = "fw_cfg", .base = 0x10100000, .size = 24});
	cr_assert_not_null(world->device);
	world->device->reset(world->device, 0);
}

static void end(struct world *world)
{
	world->device->destroy(world->device);
	fw_cfg_free(&world->config);
	bus_free(&world->bus);
}

static uint64_t get(struct world *world, uint64_t offset, unsigned size)
{
	uint64_t value = 0;
	uint32_t effects = 0;
	cr_expect(world->device->accepts(world->device, offset, size, false));
	cr_expect(world->device->read(world->device, offset, size, 0, &value, &effects));
	return value;
}

static bool put(struct world *world, uint64_t offset, unsigned size, uint64_t value)
{
	uint32_t effects = 0;
	bool done = world->device->write(world->device, offset, size, 0, value, &effects);
	cr_expect_eq(done, world->device->accepts(world->device, offset, size, true));
	return done;
}

static void choose(struct world *world, uint16_t key) { cr_expect(put(world, 8, 2, __builtin_bswap16(key))); }

static void describe(struct world *world, uint64_t at, uint32_t control, uint32_t length, uint64_t address)
{
	uint32_t words[2] = {__builtin_bswap32(control), __builtin_bswap32(length)};
	uint64_t place = __builtin_bswap64(address);
	cr_assert(bus_poke(&world->bus, at, words, 8) && bus_poke(&world->bus, at + 8, &place, 8));
}

static uint32_t control_at(struct world *world, uint64_t at)
{
	uint32_t word;
	cr_assert(bus_peek(&world->bus, at, &word, 4));
	return __builtin_bswap32(word);
}

/* What is in the control field afterwards. */
static uint32_t transfer(struct world *world, uint32_t control, uint32_t length, uint64_t address)
{
	describe(world, DESCRIPTOR, control, length, address);
	cr_expect(put(world, 16, 8, __builtin_bswap64(DESCRIPTOR)));
	return control_at(world, DESCRIPTOR);
}

static uint8_t *memory(struct world *world, uint64_t pa) { return bus_host(&world->bus, pa); }

Test(fw_cfg, data_register)
{
	struct world world;
	begin(&world);
	cr_expect_eq(get(&world, 0, 4), 0x554d4551, "the signature is selected by a reset");
	cr_expect_eq(get(&world, 0, 4), 0);
	choose(&world, 1);
	cr_expect_eq(get(&world, 0, 8), 3);
	choose(&world, 0x4000); /* for writing, which this register does not do */
	cr_expect(put(&world, 0, 1, 'X'));
	cr_expect_eq(get(&world, 0, 1), 'Q');
	cr_expect_eq(get(&world, 0, 8), 0x554d45, "padded with zeros");
	static const uint16_t missing[] = {2, 0x18, 0x1a, 0x23, 0x3f, 0x40, 0x3fff, 0x8000, 0xffff};
	for (unsigned i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		choose(&world, missing[i]);
		cr_expect_eq(get(&world, 0, 8), 0, "0x%x", missing[i]);
	}
	end(&world);
}

/* Each size at each offset: what faults. */
Test(fw_cfg, accesses)
{
	struct world world;
	begin(&world);
	for (uint64_t offset = 0; offset < 24; offset++)
		for (unsigned size = 1; size <= 8 && offset % size == 0; size *= 2) {
			bool load = offset == 0 || offset >= 16;
			bool store = offset == 0 || (offset == 8 && size == 2) || (offset >= 16 && size >= 4);
			cr_expect_eq(world.device->accepts(world.device, offset, size, false), load, "load %d", (int)offset);
			cr_expect_eq(world.device->accepts(world.device, offset, size, true), store, "store %d", (int)offset);
		}
	cr_expect_eq(get(&world, 16, 8), UINT64_C(0x47464320554d4551), "QEMU CFG");
	cr_expect_eq(get(&world, 20, 4), 0x47464320);
	end(&world);
}

/* By name, whatever order they were added in; what was selected stays the item it was. */
Test(fw_cfg, directory)
{
	static const char *const names[] = {"bootorder", "etc/ramfb", "opt/text"};
	static const uint32_t sizes[] = {0, 10, 15};
	struct world world;
	begin(&world);
	choose(&world, 0x19);
	cr_expect_eq(get(&world, 0, 4), 3 << 24);
	for (unsigned i = 0; i < 3; i++) {
		cr_expect_eq(__builtin_bswap32((uint32_t)get(&world, 0, 4)), sizes[i]);
		cr_expect_eq(__builtin_bswap16((uint16_t)get(&world, 0, 2)), 0x20 + i);
		cr_expect_eq(get(&world, 0, 2), 0);
		char name[56];
		for (unsigned j = 0; j < sizeof(name); j++)
			name[j] = (char)get(&world, 0, 1);
		cr_expect_str_eq(name, names[i]);
	}
	uint32_t rest = 0;
	while (rest < 29 * 64 && get(&world, 0, 1) == 0)
		rest++;
	cr_expect_eq(rest, 29 * 64);
	end(&world);
}

Test(fw_cfg, names)
{
	struct world world;
	char name[64];
	begin(&world);
	memset(name, 'n', sizeof(name));
	name[56] = '\0';
	cr_expect_eq(fw_cfg_add_file(&world.config, name, "", 0), -1, "too long");
	name[55] = '\0';
	cr_expect_eq(fw_cfg_add_file(&world.config, name, "", 0), 0);
	cr_expect_eq(fw_cfg_add_file(&world.config, name, "", 0), -1, "twice");
	cr_expect_eq(fw_cfg_add_file(&world.config, "", "", 0), -1, "no name");
	for (unsigned i = 4; i < 32; i++) {
		snprintf(name, sizeof(name), "a/%u", i);
		cr_expect_eq(fw_cfg_add_file(&world.config, name, "", 0), 0, "%u", i);
	}
	cr_expect_eq(fw_cfg_add_file(&world.config, "one/more", "", 0), -1);
	end(&world);
}

Test(fw_cfg, reads_by_dma)
{
	struct world world;
	begin(&world);
	memset(memory(&world, BUFFER), 0xee, 32);
	cr_expect_eq(transfer(&world, 0x22 << 16 | DMA_SELECT | DMA_READ, 5, BUFFER), 0);
	cr_expect_eq(memcmp(memory(&world, BUFFER), "hello\xee", 6), 0);
	cr_expect_eq(transfer(&world, DMA_SKIP, 2, 0), 0);
	cr_expect_eq(transfer(&world, DMA_READ, 20, BUFFER), 0);
	cr_expect_eq(memcmp(memory(&world, BUFFER), "firmware\0\0\0\0\0\0\0\0\0\0\0\0\xee", 21), 0, "and zeros behind it");
	choose(&world, 0x22);
	cr_expect_eq(transfer(&world, DMA_READ | DMA_SKIP | DMA_WRITE, 1, BUFFER), 0);
	cr_expect_eq(memory(&world, BUFFER)[0], 'h', "reading comes first");
	cr_expect_eq(transfer(&world, 0, 4, BUFFER), 0);
	cr_expect_eq(get(&world, 0, 1), 'e', "both ways have one place in the item");
	cr_expect_eq(transfer(&world, 0x50 << 16 | DMA_SELECT | DMA_READ, 2, BUFFER), 0);
	cr_expect_eq(memory(&world, BUFFER)[0], 0, "an item that is not there is zeros");
	end(&world);
}

Test(fw_cfg, halves_of_an_address)
{
	struct world world;
	begin(&world);
	describe(&world, DESCRIPTOR, DMA_SELECT | DMA_READ, 4, BUFFER);
	cr_expect(put(&world, 16, 4, __builtin_bswap32(7)));
	cr_expect(put(&world, 20, 4, __builtin_bswap32(DESCRIPTOR)));
	cr_expect_eq(control_at(&world, DESCRIPTOR), DMA_SELECT | DMA_READ, "that was elsewhere");
	cr_expect(put(&world, 20, 4, __builtin_bswap32(DESCRIPTOR)));
	cr_expect_eq(control_at(&world, DESCRIPTOR), 0);
	cr_expect_eq(memcmp(memory(&world, BUFFER), "QEMU", 4), 0);
	end(&world);
}

Test(fw_cfg, writes)
{
	struct world world;
	begin(&world);
	memcpy(memory(&world, BUFFER), "abcdefghijkl", 12);
	cr_expect_eq(transfer(&world, 0x21 << 16 | DMA_SELECT | DMA_WRITE, 3, BUFFER), 0);
	cr_expect_eq(transfer(&world, DMA_WRITE, 2, BUFFER + 5), 0);
	cr_expect_eq(world.writes, 2);
	cr_expect_eq(world.written_at, 3);
	cr_expect_eq(world.written_size, 2);
	cr_expect_eq(transfer(&world, DMA_WRITE, 6, BUFFER), DMA_ERROR, "more than there is");
	cr_expect_eq(transfer(&world, 0x21 << 16 | DMA_SELECT | DMA_WRITE, 4, DRAM - 2), DMA_ERROR, "from nowhere");
	cr_expect_eq(transfer(&world, 0x22 << 16 | DMA_SELECT | DMA_WRITE, 1, BUFFER), DMA_ERROR, "it is only read");
	cr_expect_eq(transfer(&world, 0x50 << 16 | DMA_SELECT | DMA_WRITE, 1, BUFFER), DMA_ERROR, "it is not there");
	cr_expect_eq(world.writes, 2);
	cr_expect_eq(transfer(&world, 0x21 << 16 | DMA_SELECT | DMA_READ, 10, BUFFER), 0);
	cr_expect_eq(memcmp(memory(&world, BUFFER), "abcfg56789", 10), 0);
	world.device->reset(world.device, 0);
	cr_expect_eq(transfer(&world, 0x21 << 16 | DMA_SELECT | DMA_READ, 10, BUFFER), 0);
	cr_expect_eq(memcmp(memory(&world, BUFFER), "0123456789", 10), 0, "as at power-on");
	end(&world);
}

/* Descriptors and buffers that are not in memory, or only in part. */
Test(fw_cfg, nowhere)
{
	struct world world;
	begin(&world);
	const uint64_t top = DRAM + DRAM_BYTES, places[] = {0, 0x10100000, DRAM - 1, top - 3, top, UINT64_MAX, UINT64_MAX - 3};
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		cr_expect_eq(transfer(&world, DMA_SELECT | DMA_READ, 4, places[i]), DMA_ERROR, "%u", i);
		cr_expect(put(&world, 16, 8, __builtin_bswap64(places[i])));
	}
	describe(&world, top - 16, DMA_SELECT | DMA_READ, 4, BUFFER);
	cr_expect(put(&world, 16, 8, __builtin_bswap64(top - 16)));
	cr_expect_eq(control_at(&world, top - 16), 0, "it is just in memory");
	cr_expect(put(&world, 16, 8, __builtin_bswap64(top - 12)));
	cr_expect_eq(control_at(&world, top - 12), DMA_ERROR, "the end of memory cuts it");
	cr_expect_eq(transfer(&world, DMA_SELECT | DMA_READ, UINT32_MAX, BUFFER), DMA_ERROR);
	cr_expect_eq(transfer(&world, DMA_SELECT | DMA_SKIP, UINT32_MAX, 0), 0);
	cr_expect_eq(transfer(&world, DMA_READ, 0, 0), 0, "nothing can be anywhere");
	end(&world);
}

static unsigned stores;
static uint64_t stored_bytes;

static void count_store(void *context, const void *by, uint64_t pa, unsigned size)
{
	(void)context, (void)pa;
	cr_expect_null(by);
	stores++;
	stored_bytes += size;
}

/* A read of much is zeros without what was there; who listens to stores hears of it, page by page. */
Test(fw_cfg, much)
{
	struct world world;
	begin(&world);
	cr_assert_eq(bus_listen(&world.bus, &(struct bus_listener){.flags = PAGE_CODE, .stored = count_store}), 0);
	uint32_t length = 3 << 20;
	memset(memory(&world, BUFFER - 8), 0xee, length + 16);
	bus_flag(&world.bus, BUFFER + 5 * PAGE_SIZE, PAGE_CODE);
	stores = 0, stored_bytes = 0;
	cr_expect_eq(transfer(&world, 0x22 << 16 | DMA_SELECT | DMA_READ, length, BUFFER + 1), 0);
	cr_expect_eq(stores, 1);
	cr_expect_eq(stored_bytes, PAGE_SIZE);
	const uint8_t *bytes = memory(&world, BUFFER);
	cr_expect(bytes[0] == 0xee && memcmp(bytes + 1, "hello, firmware", 15) == 0);
	cr_expect(bytes[16] == 0 && memcmp(bytes + 16, bytes + 17, length - 16) == 0);
	cr_expect_eq(bytes[length + 1], 0xee);
	end(&world);
}

static bool comes_back(struct state_reader *reader)
{
	struct world world;
	begin(&world);
	bool good = world.device->restore(world.device, reader);
	end(&world);
	return good;
}

Test(fw_cfg, state)
{
	struct world world;
	struct state_writer writer = {0};
	begin(&world);
	memcpy(memory(&world, BUFFER), "ABC", 3);
	cr_expect_eq(transfer(&world, 0x21 << 16 | DMA_SELECT | DMA_WRITE, 3, BUFFER), 0);
	cr_expect(put(&world, 16, 4, __builtin_bswap32(1)));
	world.device->save(world.device, &writer);
	end(&world);
	begin(&world);
	struct state_reader reader = reader_of(&writer);
	cr_assert(world.device->restore(world.device, &reader), "%s", reader.reason);
	cr_expect_eq(get(&world, 0, 1), '3', "the place in the item");
	choose(&world, 0x21);
	cr_expect_eq(get(&world, 0, 4), 0x33434241, "what was written");
	describe(&world, DESCRIPTOR, DMA_SELECT | DMA_READ, 4, BUFFER);
	cr_expect(put(&world, 20, 4, __builtin_bswap32(DESCRIPTOR)));
	cr_expect_eq(control_at(&world, DESCRIPTOR), DMA_SELECT | DMA_READ, "half an address");
	end(&world);
	expect_refusals(&writer, comes_back, true);
	state_writer_free(&writer);
}

/* Whatever a guest does: accesses of every kind, descriptors of random bytes everywhere. */
Test(fw_cfg, random_accesses)
{
	struct world world;
	uint64_t seed = 1;
	begin(&world);
	for (unsigned i = 0; i < 300000; i++) {
		uint64_t random = next_random(&seed), value = next_random(&seed);
		unsigned size = 1u << random % 4;
		uint64_t offset = (random >> 8) % 24 & ~(uint64_t)(size - 1), at = DRAM + (random >> 16) % DRAM_BYTES;
		uint32_t effects = 0;
		if (random >> 40 & 1)
			world.device->read(world.device, offset, size, 0, &value, &effects);
		else
			world.device->write(world.device, offset, size, 0, value, &effects);
		if (i % 4 || !bus_is_dram(&world.bus, at, 16))
			continue;
		uint32_t key = value >> 60 ? value % 0x28 : (uint32_t)value >> 16;
		describe(&world, at, key << 16 | (uint32_t)(value >> 8) % 32, (uint32_t)(value >> 20) >> value % 32,
		         value >> 63 ? DRAM + (value >> 10) % DRAM_BYTES : next_random(&seed) >> value % 64);
		put(&world, 16, 8, __builtin_bswap64(at));
		cr_assert_leq(control_at(&world, at), 1);
	}
	end(&world);
}
