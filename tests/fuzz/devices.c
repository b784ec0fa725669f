/*
 * All devices of a machine, and a driver that means them no good: accesses of every width to every register, queues that are set up
 * as drivers do and then filled with anything, DMA descriptors for fw_cfg, and memory that changes while devices look at it. Nothing
 * may crash or hang, and what time brings ends. When half of it is done the machine is saved; it goes back there from the end, and
 * the rest is done again: what is read and what is left are the same. With some inputs a user types and points meanwhile, who does not come again:
 * that is done once.
 */
#include "base/bus.h"
#include "base/event_queue.h"
#include "dev/screen.h"
#include "dev/user_input.h"
#include "dev/virtio.h"
#include "machine/snapshot.h"
#include "small.h"

enum {
	OPERATIONS = 1000, /* an input's */
	EVENTS = 2000,    /* most that one operation may bring */
	MEMORY = 1 << 20,
	RINGS = 0x10000, /* offset in memory; a queue's parts, 64 KiB a queue */
	BUFFERS = 0x80000,
	LENGTH = 16, /* descriptors of a queue */
	QUEUES = 4,
	FW_CFG_DMA = 16,
};

#define DRAM UINT64_C(0x80000000)
#define SLOT(n) (UINT64_C(0x10001000) + 0x1000 * (uint64_t)(n))

struct driver {
	struct machine machine;
	struct source source;
	uint64_t now;
	uint64_t heard; /* hash of what was read */
	bool touched;   /* there is a user */
	uint16_t given[VIRTIO_SLOTS][QUEUES];
};

/* What machines are made of: files in memory, and this folder, which is not written to. */
static const char *firmware, *disk, *bank, *notes;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static uint8_t sectors[64 * 512], code[4] = {0x73, 0x00, 0x50, 0x10};
	(void)argc, (void)argv;
	for (unsigned i = 0; i < sizeof(sectors); i++)
		sectors[i] = (uint8_t)(i * 7);
	firmware = file_in_memory("firmware", code, sizeof(code));
	disk = file_in_memory("disk", sectors, sizeof(sectors));
	bank = file_in_memory("bank", "", 0);
	notes = file_in_memory("notes", "some text", 9);
	REQUIRE(truncate(bank, 32 << 20) == 0, "no files");
	return 0;
}

/* ---- operations ---- */

static void write_register(struct driver *driver, uint64_t pa, unsigned width, uint64_t value)
{
	uint32_t effects = 0;
	bus_device_write(&driver->machine.bus, pa, width, driver->now, value, &effects);
}

static void any_access(struct driver *driver)
{
	struct source *source = &driver->source;
	const struct bus *bus = &driver->machine.bus;
	const struct bus_range *range = &bus->ranges[source_below(source, (unsigned)bus->range_count)];
	unsigned width = 1u << source_below(source, 4);
	uint64_t offset = source_one_in(source, 4) ? source_take(source, 4) : source_take(source, 2) % 0x200;
	uint64_t pa = range->base + offset % range->size / width * width, value = 0;
	uint32_t effects = 0;
	if (source_one_in(source, 2))
		write_register(driver, pa, width, source_one_in(source, 2) ? source_take(source, 8) : source_below(source, 16));
	else
		bus_device_read(&driver->machine.bus, pa, width, driver->now, &value, &effects);
	driver->heard = (driver->heard ^ value) * UINT64_C(0x100000001b3);
}

static uint64_t queue_at(unsigned slot, unsigned queue) { return DRAM + RINGS + 0x4000 * (uint64_t)slot + 0x1000 * (uint64_t)queue; }

/* As a driver begins: features, queues, DRIVER_OK. */
static void begin_slot(struct driver *driver, unsigned slot, bool modern)
{
	uint64_t base = SLOT(slot);
	uint64_t without = source_one_in(&driver->source, 2) ? source_take(&driver->source, 8) : 0;
	write_register(driver, base + 0x70, 4, 0);
	write_register(driver, base + 0x70, 4, 3);
	write_register(driver, base + 0x28, 4, 4096);
	for (unsigned half = 0; half < 2; half++) {
		uint64_t offered = 0;
		uint32_t effects = 0;
		write_register(driver, base + 0x14, 4, half);
		bus_device_read(&driver->machine.bus, base + 0x10, 4, driver->now, &offered, &effects);
		write_register(driver, base + 0x24, 4, half);
		write_register(driver, base + 0x20, 4, half ? offered : offered & ~without);
	}
	write_register(driver, base + 0x70, 4, 11);
	for (unsigned queue = 0; queue < QUEUES; queue++) {
		uint64_t at = queue_at(slot, queue);
		const uint64_t parts[3][2] = {{0x80, at}, {0x90, at + 0x400}, {0xa0, at + 0x800}};
		driver->given[slot][queue] = 0;
		memset(bus_host(&driver->machine.bus, at), 0, 0x1000);
		write_register(driver, base + 0x30, 4, queue);
		write_register(driver, base + 0x38, 4, LENGTH);
		for (unsigned i = 0; modern && i < 3; i++) {
			write_register(driver, base + parts[i][0], 4, parts[i][1] & 0xffffffff);
			write_register(driver, base + parts[i][0] + 4, 4, parts[i][1] >> 32);
		}
		write_register(driver, base + 0x3c, 4, 1024);
		write_register(driver, base + (modern ? 0x44 : 0x40), 4, modern ? 1 : at >> 12);
	}
	write_register(driver, base + 0x70, 4, 15);
}

/* Mostly in memory, mostly small; sometimes anything. */
static uint64_t some_address(struct source *source)
{
	switch (source_below(source, 16)) {
	case 0: return source_take(source, 8);
	case 1: return DRAM + MEMORY - source_below(source, 64);
	case 2: return DRAM + RINGS + source_take(source, 2);
	default: return DRAM + BUFFERS + source_take(source, 2) * 4;
	}
}

static void put_descriptor(struct driver *driver, uint64_t at, unsigned index)
{
	struct source *source = &driver->source;
	uint64_t pa = some_address(source);
	uint32_t size = source_one_in(source, 12) ? (uint32_t)source_take(source, 4) : source_below(source, 600);
	uint16_t tail[2] = {(uint16_t)source_below(source, source_one_in(source, 8) ? 256 : 4), (uint16_t)source_below(source, LENGTH + 1)};
	uint8_t *descriptor = bus_host(&driver->machine.bus, at + 16 * (uint64_t)index);
	memcpy(descriptor, &pa, 8);
	memcpy(descriptor + 8, &size, 4);
	memcpy(descriptor + 12, tail, 4);
}

/* Of a GPU: a request that may fit, to one of a few pictures that may be there. */
static void put_gpu_request(struct driver *driver, uint64_t pa)
{
	struct source *source = &driver->source;
	uint32_t words[16] = {source_one_in(source, 8) ? 0x300 + source_below(source, 3) : 0x100 + source_below(source, 12), source_below(source, 2)};
	uint64_t part = some_address(source);
	for (unsigned i = 6; i < 16; i++)
		words[i] = source_one_in(source, 12) ? (uint32_t)source_take(source, 4) : source_below(source, 70);
	if (words[0] == 0x106)
		memcpy(words + 8, &part, 8);
	if (words[0] == 0x101 && source_one_in(source, 2))
		words[7] = 1 + source_below(source, 4);
	if (bus_is_dram(&driver->machine.bus, pa, sizeof(words)))
		memcpy(bus_host(&driver->machine.bus, pa), words, sizeof(words));
}

static void type(struct driver *driver)
{
	struct source *source = &driver->source;
	struct user_event event = {(uint16_t)source_below(source, USER_SORTS), (uint16_t)source_below(source, 300), (int32_t)source_take(source, 2)};
	user_input_push(driver->machine.user_input, &event, source_one_in(source, 8) ? source_below(source, 50000) : 0);
}

/* Somebody looks: whatever the guest has said of its pictures, they lie in memory. */
static void look_at_screens(struct driver *driver)
{
	static uint32_t row[SCREEN_SIDE_MAX * 4];
	struct screens *screens = &driver->machine.screens;
	struct screen_picture picture;
	for (unsigned i = 0; i < screens->count; i++) {
		struct screen *screen = screens->list[i];
		if (screen->cursor && screen->cursor(screen->context).pixels)
			driver->heard ^= screen->cursor(screen->context).pixels[CURSOR_SIDE * CURSOR_SIDE - 1];
		if (!screen_look(screen, &picture))
			continue;
		screen_row(&picture, 0, row);
		screen_row(&picture, picture.height - 1, row);
		driver->heard = (driver->heard ^ row[picture.width - 1]) * UINT64_C(0x100000001b3);
	}
}

/* A chain of one to four, with the beginning of a message that its device might take. */
static void give(struct driver *driver, bool modern)
{
	struct source *source = &driver->source;
	struct bus *bus = &driver->machine.bus;
	unsigned slot = source_below(source, VIRTIO_SLOTS), queue = source_below(source, QUEUES), parts = 1 + source_below(source, 4);
	uint64_t at = queue_at(slot, queue);
	for (unsigned i = 0; i < parts; i++) {
		put_descriptor(driver, at, i);
		bool last = i + 1 == parts;
		const uint16_t usual[2] = {(uint16_t)((last ? 0 : 1) | (i * 2 >= parts ? 2 : 0)), (uint16_t)(i + 1)};
		if (!source_one_in(source, 8))
			memcpy(bus_host(bus, at + 16 * (uint64_t)i + 12), usual, 4);
	}
	uint64_t pa;
	memcpy(&pa, bus_host(bus, at), 8);
	if (source_one_in(source, 4))
		put_gpu_request(driver, pa);
	const uint32_t header[4] = {source_below(source, 160), source_below(source, 200) << 8 | source_below(source, 256), source_below(source, 70), 0};
	if (bus_is_dram(bus, pa, sizeof(header)) && source_one_in(source, 2))
		memcpy(bus_host(bus, pa), header, sizeof(header));
	uint64_t ring = modern ? at + 0x400 : at + 16 * LENGTH;
	uint16_t head = (uint16_t)(source_one_in(source, 20) ? source_below(source, LENGTH + 2) : 0), *given = &driver->given[slot][queue];
	memcpy(bus_host(bus, ring + 4 + 2 * (*given % LENGTH)), &head, 2);
	*given = (uint16_t)(*given + (source_one_in(source, 50) ? source_below(source, 100) : 1));
	memcpy(bus_host(bus, ring + 2), given, 2);
	write_register(driver, SLOT(slot) + 0x50, 4, queue);
}

static void dma(struct driver *driver)
{
	struct source *source = &driver->source;
	uint64_t at = source_one_in(source, 10) ? some_address(source) : DRAM + BUFFERS, pa = some_address(source);
	uint32_t control = (source_one_in(source, 2) ? source_below(source, 64) : (uint32_t)source_take(source, 2)) << 16 | source_below(source, 32);
	uint32_t size = source_one_in(source, 4) ? (uint32_t)source_take(source, 4) : source_below(source, 256);
	const uint32_t words[2] = {__builtin_bswap32(control), __builtin_bswap32(size)};
	pa = __builtin_bswap64(pa);
	if (bus_is_dram(&driver->machine.bus, at, 16)) {
		memcpy(bus_host(&driver->machine.bus, at), words, 8);
		memcpy(bus_host(&driver->machine.bus, at) + 8, &pa, 8);
	}
	write_register(driver, 0x10100000 + FW_CFG_DMA, 8, __builtin_bswap64(at));
}

static void poke(struct driver *driver)
{
	uint64_t offset = RINGS + source_take(&driver->source, 3) % (MEMORY - RINGS - 8), value = source_take(&driver->source, 8);
	memcpy(bus_host(&driver->machine.bus, DRAM + offset), &value, 8);
}

/* Time goes on. What wants to be looked at again and again is looked at a few times. */
static void wait_a_little(struct driver *driver)
{
	struct event_queue *events = &driver->machine.events;
	uint64_t end = driver->now + 100000;
	unsigned count = 0;
	while (event_next(events) <= end) {
		REQUIRE(++count < EVENTS, "devices never rest");
		driver->now = event_next(events) > driver->now ? event_next(events) : driver->now;
		event_run(events, driver->now);
	}
	driver->now = end;
}

static void operate(struct driver *driver, bool modern)
{
	switch (source_below(&driver->source, 16)) {
	case 0: begin_slot(driver, source_below(&driver->source, VIRTIO_SLOTS), modern); break;
	case 1: dma(driver); break;
	case 2: poke(driver); break;
	case 3: wait_a_little(driver); break;
	case 7:
		if (driver->touched)
			type(driver);
		else
			look_at_screens(driver);
		break;
	case 4:
	case 5:
	case 6: any_access(driver); break;
	default: give(driver, modern);
	}
}

/* Operations to the end of the input; the machine's state then. */
static struct state_writer finish(struct driver *driver, bool modern)
{
	struct state_writer state = {0};
	for (unsigned i = 0; i < OPERATIONS / 2; i++)
		operate(driver, modern);
	wait_a_little(driver);
	REQUIRE(snapshot_save(&driver->machine, &state), "no memory");
	return state;
}

/* The rest, twice from the same place. */
static void finish_twice(struct driver *driver, bool modern)
{
	struct driver before = *driver;
	struct state_writer middle = {0}, first, second;
	REQUIRE(snapshot_save(&driver->machine, &middle), "no memory");
	first = finish(driver, modern);
	uint64_t heard = driver->heard;
	struct state_reader reader = {.bytes = middle.bytes, .size = middle.size};
	REQUIRE(snapshot_restore(&driver->machine, &reader), "what was saved is refused: %s", reader.reason);
	driver->source = before.source;
	driver->now = before.now;
	driver->heard = before.heard;
	memcpy(driver->given, before.given, sizeof(driver->given));
	second = finish(driver, modern);
	REQUIRE(heard == driver->heard, "devices answer otherwise the second time");
	REQUIRE(first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0, "devices are otherwise the second time");
	state_writer_free(&middle);
	state_writer_free(&first);
	state_writer_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct driver driver = {.source = source_of(data, size), .touched = size != 0 && data[0] & 2};
	struct options options;
	char drive[96], flash[96], share[96], file[96];
	bool modern = size != 0 && data[0] & 1;
	snprintf(drive, sizeof(drive), "if=none,format=raw,id=d,snapshot=on,file=%s", disk);
	snprintf(flash, sizeof(flash), "if=pflash,format=raw,unit=1,snapshot=on,file=%s", bank);
	snprintf(share, sizeof(share), "local,id=s,path=tests/fuzz,security_model=none,readonly=on");
	snprintf(file, sizeof(file), "opt/notes,file=%s", notes);
	char *words[] = {"rvsim", "-m", "1M", "--quiet", "-serial", "null", "-drive", drive, "-device", "virtio-blk-device,drive=d",
	                 "-device", "virtio-rng-device", "-device", "virtio-net-device", "-fsdev", share, "-device",
	                 "virtio-9p-device,fsdev=s,mount_tag=t", "-chardev", "null,id=c", "-device", "virtio-serial-device", "-device",
	                 "virtconsole,chardev=c", "-device", "virtio-gpu-device", "-device", "virtio-keyboard-device", "-device",
	                 "virtio-multitouch-device", "-device", "ramfb", "-device", "simple-framebuffer,xres=64,yres=64", "-drive", flash, "-fw_cfg", file, "-bios", (char *)firmware,
	                 modern ? "-global" : NULL, "virtio-mmio.force-legacy=off", NULL};
	small_options(&options, words);
	REQUIRE(machine_init(&driver.machine, &options.config) == 0, "no machine");
	for (unsigned slot = 0; slot < VIRTIO_SLOTS; slot++)
		begin_slot(&driver, slot, modern);
	for (unsigned i = 0; i < OPERATIONS / 2; i++)
		operate(&driver, modern);
	if (driver.touched) {
		struct state_writer state = finish(&driver, modern);
		state_writer_free(&state);
	} else {
		finish_twice(&driver, modern);
	}
	machine_free(&driver.machine);
	options_free(&options);
	return 0;
}
