/* The table of devices: a whole machine's, built, described, saved and restored; and the devices without tests of their
 * own, the finisher and the ROM. */
#include <criterion/criterion.h>
#include "base/bus.h"
#include "dev/console.h"
#include "dev/devices.h"
#include "dev/flash.h"
#include "dev/fw_cfg.h"
#include "dev/virtio.h"
#include "hart/hart.h"
#include "revival.h"

static const uint8_t rom_bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };

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
	enum finish finished;
	unsigned code, count;
};

static void no_wire(void *receiver, unsigned line, bool level, uint64_t now) { (void)receiver, (void)line, (void)level, (void)now; }

static struct irq_wire wire(void *context, enum hart_wire kind, unsigned hart, unsigned line)
{
	(void)kind, (void)hart;
	return (struct irq_wire){ .set = no_wire, .receiver = context, .line = line };
}

static void finish(void *context, enum finish what, unsigned code)
{
	struct world *world = context;
	world->finished = what;
	world->code = code;
	world->count++;
}

static void start(struct world *world, const char *isa, unsigned geilen)
{
	char reason[64];
	*world = (struct world){ .platform = { .hart_count = 2, .cycles_per_tick = 10 }, .options = { .geilen = geilen } };
	cr_assert_eq(isa_parse(isa, &world->isa, reason, sizeof(reason)), 0);
	cr_assert_eq(bus_init(&world->bus, 16 * PAGE_SIZE), 0);
	event_queue_init(&world->events);
	world->console = console_open(&(struct console_config){ .serial = "null" });
	cr_assert_not_null(world->console);
	world->board = (struct board){
		.platform = &world->platform, .options = &world->options, .isa = &world->isa, .events = &world->events, .bus = &world->bus,
		.console = world->console, .rom = rom_bytes, .rom_size = sizeof(rom_bytes), .hart_wire = wire, .finish = finish,
		.context = world, .virtio = &world->virtio, .fw_cfg = &world->fw_cfg, .flash = world->flash,
	};
	cr_assert_eq(devices_build(&world->devices, &world->board), 0);
}

static void end(struct world *world)
{
	devices_free(&world->devices);
	fw_cfg_free(&world->fw_cfg);
	console_close(world->console);
	event_queue_free(&world->events);
	bus_free(&world->bus);
}

static bool has(const struct world *world, const char *name)
{
	for (size_t i = 0; i < world->devices.count; i++)
		if (strcmp(world->devices.list[i]->name, name) == 0)
			return true;
	return false;
}

Test(devices, rows_agree)
{
	for (unsigned i = 0; i < DEVICE_ROWS; i++) {
		const struct device_row *row = &device_rows[i];
		cr_expect_eq(row->node != 0, row->kind->describe != NULL, "%s", row->name);
		cr_expect_not_null(row->kind->make, "%s", row->name);
		for (unsigned j = 0; j < i; j++) {
			const struct device_row *other = &device_rows[j];
			cr_expect(row->node == 0 || row->node != other->node, "%s and %s", row->name, other->name);
			cr_expect(row->irq == 0 || row->irq >= other->irq + other->slots || row->irq + row->slots <= other->irq,
			          "%s and %s", row->name, other->name);
		}
	}
}

Test(devices, what_a_machine_has)
{
	struct world world;
	start(&world, "rv64imafdch_zicsr", 0);
	cr_expect_not(has(&world, "nmi"));
	cr_expect_not(has(&world, "hgei"));
	cr_expect(has(&world, "plic") && has(&world, "rom"));
	cr_expect_not(bus_mapped(&world.bus, 0x102000, 4));
	end(&world);
	start(&world, "+smrnmi", 3);
	cr_expect(has(&world, "nmi"));
	cr_expect(has(&world, "hgei"));
	cr_expect(bus_mapped(&world.bus, 0x103000, 8));
	end(&world);
}

/* Where DRAM ends before it, high memory for PCI is where QEMU has it; else at the next multiple of 16 GiB. */
Test(devices, pci_goes_behind_dram)
{
	struct world world;
	uint64_t value;
	uint32_t effects = 0;
	start(&world, "rv64imafdch_zicsr", 0);
	cr_assert(bus_device_read(&world.bus, 0x400000000, 8, 0, &value, &effects));
	cr_expect_eq(value, UINT64_MAX);
	world.bus.dram_size = UINT64_C(14) << 30;
	cr_expect_eq(pci_memory_high_kind.base(&world.board), UINT64_C(0x400000000));
	world.bus.dram_size++;
	cr_expect_eq(pci_memory_high_kind.base(&world.board), UINT64_C(0x800000000));
	world.bus.dram_size = 16 * PAGE_SIZE;
	end(&world);
}

/* The host bridge's configuration: some can be written, all is as built after a reset. */
Test(devices, pci_host_bridge)
{
	struct world world;
	uint64_t value;
	uint32_t effects = 0;
	start(&world, "rv64imafdch_zicsr", 0);
	for (uint64_t offset = 0; offset < 0x108; offset += 8)
		cr_assert(bus_device_write(&world.bus, 0x30000000 + offset, 8, 0, UINT64_MAX, &effects));
	cr_assert(bus_device_read(&world.bus, 0x30000000, 8, 0, &value, &effects));
	cr_expect_eq(value, UINT64_C(0x50700081b36));
	cr_assert(bus_device_read(&world.bus, 0x30000040, 8, 0, &value, &effects));
	cr_expect_eq(value, UINT64_MAX);
	devices_reset(&world.devices, 0);
	cr_assert(bus_device_read(&world.bus, 0x30000000, 8, 0, &value, &effects));
	cr_expect_eq(value, 0x81b36);
	cr_assert(bus_device_read(&world.bus, 0x30000040, 8, 0, &value, &effects));
	cr_expect_eq(value, 0);
	cr_assert(bus_device_read(&world.bus, 0x30000100, 8, 0, &value, &effects));
	cr_expect_eq(value, UINT64_MAX, "nothing is there");
	end(&world);
}

/* The UART's interrupt is source 10 of the PLIC. */
Test(devices, interrupts_go_by_row)
{
	struct world world;
	uint64_t value;
	uint32_t effects = 0;
	start(&world, "+smrnmi", 0);
	cr_assert(bus_device_write(&world.bus, 0x10000001, 1, 0, 2, &effects));
	cr_assert(bus_device_read(&world.bus, 0xc001000, 4, 0, &value, &effects));
	cr_expect_eq(value, 1 << 10);
	end(&world);
}

static bool restores(struct state_reader *reader)
{
	struct world world;
	start(&world, "+smrnmi", 3);
	bool good = devices_restore(&world.devices, &world.events, reader);
	end(&world);
	return good;
}

Test(devices, all_come_back)
{
	struct world world;
	uint64_t value;
	uint32_t effects = 0;
	start(&world, "+smrnmi", 3);
	cr_assert(bus_device_write(&world.bus, 0x10000007, 1, 0, 0x5a, &effects));
	cr_assert(bus_device_write(&world.bus, 0x103008, 8, 0, 6, &effects));
	cr_assert(bus_device_write(&world.bus, 0x2004000, 8, 0, 1234, &effects));
	struct state_writer writer = { 0 };
	devices_save(&world.devices, &world.events, &writer);
	end(&world);
	start(&world, "+smrnmi", 3);
	struct state_reader reader = reader_of(&writer);
	cr_assert(devices_restore(&world.devices, &world.events, &reader), "%s", reader.reason);
	cr_assert(bus_device_read(&world.bus, 0x10000007, 1, 0, &value, &effects));
	cr_expect_eq(value, 0x5a);
	cr_assert(bus_device_read(&world.bus, 0x103008, 8, 0, &value, &effects));
	cr_expect_eq(value, 6);
	cr_expect_eq(event_next(&world.events), 12340);
	end(&world);
	expect_refusals(&writer, restores, true); /* the last section is the ROM's: other bytes are refused */
	start(&world, "+smrnmi", 0);
	reader = reader_of(&writer);
	cr_expect_not(devices_restore(&world.devices, &world.events, &reader), "another machine");
	end(&world);
	state_writer_free(&writer);
}

static struct device *make_finisher(struct world *world)
{
	struct board board = { .finish = finish, .context = world };
	return finisher_kind.make(&board, &(struct device_site){ .name = "finisher" });
}

static bool finisher_restores(struct state_reader *reader)
{
	struct device *finisher = make_finisher(NULL);
	bool good = finisher->restore(finisher, reader);
	finisher->destroy(finisher);
	return good;
}

Test(devices, finisher)
{
	struct world world = { 0 };
	struct device *finisher = make_finisher(&world);
	uint32_t effects = 0;
	cr_expect(finisher->write(finisher, 0, 4, 0, 7 << 16 | 0x3333, &effects));
	cr_expect_eq(world.finished, FINISH_FAIL);
	cr_expect_eq(world.code, 7);
	cr_expect(finisher->write(finisher, 0, 4, 0, 0x1234, &effects));
	cr_expect(finisher->write(finisher, 4, 4, 0, 0x5555, &effects));
	cr_expect_eq(world.count, 1);
	struct state_writer writer = { 0 };
	finisher->save(finisher, &writer);
	expect_refusals(&writer, finisher_restores, false);
	state_writer_free(&writer);
	finisher->destroy(finisher);
}
