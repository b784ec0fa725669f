/* Saved devices: whatever is done to their bytes, they are restored or refused with a reason. What has been restored works,
 * and can be saved and restored again. */
#include "fuzz.h"
#include "base/bus.h"
#include "base/state.h"
#include "dev/console.h"
#include "dev/devices.h"
#include "dev/flash.h"
#include "dev/fw_cfg.h"
#include "dev/virtio.h"
#include "isa/isa.h"

enum { HARTS = 2, EVENTS = 200 };

struct world {
	struct platform platform;
	struct hart_options options;
	struct isa isa;
	struct event_queue events;
	struct bus bus;
	struct console *console;
	struct virtio_options virtio;
	struct fw_cfg fw_cfg;
	unsigned flash[FLASH_BANKS];
	struct board board;
	struct devices devices;
};

static void drop(void *receiver, unsigned line, bool level, uint64_t now) { (void)receiver, (void)line, (void)level, (void)now; }

static struct irq_wire wire(void *context, enum hart_wire kind, unsigned hart, unsigned line)
{
	(void)kind, (void)hart;
	return (struct irq_wire){ .set = drop, .receiver = context, .line = line };
}

static void ignore(void *context, enum finish what, unsigned code) { (void)context, (void)what, (void)code; }

static void world_start(struct world *world)
{
	char reason[64];
	*world = (struct world){ .platform = { .hart_count = HARTS, .cycles_per_tick = 10, .rnmi_cycle = 100 },
	                          .options = { .geilen = 5 } };
	REQUIRE(isa_parse("+smrnmi", &world->isa, reason, sizeof(reason)) == 0, "%s", reason);
	REQUIRE(bus_init(&world->bus, PAGE_SIZE) == 0, "no memory");
	event_queue_init(&world->events);
	world->console = console_open(&(struct console_config){ .serial = "null" });
	REQUIRE(world->console, "no console");
	world->board = (struct board){
		.platform = &world->platform, .options = &world->options, .isa = &world->isa, .events = &world->events, .bus = &world->bus,
		.console = world->console, .rom = "rom", .rom_size = 4, .hart_wire = wire, .finish = ignore, .context = world,
		.virtio = &world->virtio, .fw_cfg = &world->fw_cfg, .flash = world->flash,
	};
	REQUIRE(devices_build(&world->devices, &world->board) == 0, "no devices");
}

static void world_end(struct world *world)
{
	devices_free(&world->devices);
	fw_cfg_free(&world->fw_cfg);
	console_close(world->console);
	event_queue_free(&world->events);
	bus_free(&world->bus);
}

/* Any register of any device, read and written. */
static void use(struct world *world, const uint8_t *data, size_t size)
{
	for (size_t at = 0; at + 4 <= size; at += 4) {
		const struct bus_range *range = &world->bus.ranges[data[at] % world->bus.range_count];
		unsigned width = 1u << data[at + 1] % 4;
		uint64_t offset = (uint64_t)data[at + 1] >> 2 << 12 | data[at + 2], pa = range->base + (offset & -(uint64_t)width) % range->size;
		uint64_t value, now = at * 16;
		uint32_t effects = 0;
		if (data[at] & 0x80)
			bus_device_write(&world->bus, pa, width, now, data[at + 3] * UINT64_C(0x0101010101010101), &effects);
		else
			bus_device_read(&world->bus, pa, width, now, &value, &effects);
	}
	for (unsigned i = 0; i < EVENTS && event_next(&world->events) != UINT64_MAX; i++)
		event_run(&world->events, event_next(&world->events));
}

static void save_all(const struct world *world, struct state_writer *writer)
{
	*writer = (struct state_writer){ 0 };
	devices_save(&world->devices, &world->events, writer);
	console_save(world->console, writer);
	REQUIRE(!writer->failed, "no memory");
}

static bool restore_all(struct world *world, const struct state_writer *saved, size_t size)
{
	struct state_reader reader = { .bytes = saved->bytes, .size = size };
	bool good = devices_restore(&world->devices, &world->events, &reader) && console_restore(world->console, &reader);
	REQUIRE(good == !reader.failed && good == (reader.reason[0] == '\0'), "%s", reader.reason);
	return good;
}

/* First what is done to the devices, then to their bytes: an offset in two bytes, and what is put there. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world;
	struct state_writer saved, again;
	size_t used = size != 0 ? data[0] % size : 0;
	world_start(&world);
	use(&world, data, used);
	save_all(&world, &saved);
	world_end(&world);
	size_t left = saved.size;
	for (size_t at = used; at + 3 <= size; at += 3) {
		size_t offset = (size_t)(data[at] << 8 | data[at + 1]) % saved.size;
		if (data[at + 2] == 0xee)
			left = offset;
		else
			saved.bytes[offset] = data[at + 2];
	}
	world_start(&world);
	bool good = restore_all(&world, &saved, left);
	REQUIRE(good || used + 3 <= size, "what was saved is refused");
	if (good) {
		use(&world, data, size);
		save_all(&world, &again);
		world_end(&world);
		world_start(&world);
		REQUIRE(restore_all(&world, &again, again.size), "what was restored cannot be saved");
		state_writer_free(&again);
	}
	world_end(&world);
	state_writer_free(&saved);
	return 0;
}
