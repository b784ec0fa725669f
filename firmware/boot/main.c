/* From one hart in S-mode to zones running on all of them. */
#include <stddef.h>

#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "host/console.h"
#include "host/host.h"
#include "host/memory.h"
#include "host/sbi_call.h"
#include "lib/bits.h"
#include "run/scheduler.h"
#include "vm/zone_config.h"
#include "vm/zone_create.h"
#include "vm/zone_device.h"

/* Room for a zone's table, vCPUs and partly used blocks, in blocks; kept from the zones' shares. */
#define OVERHEAD_BLOCKS(zones) (1 + (zones) / 4)

/* Shares are cut to this, so that a guest sees the same size wherever the machine put its own things. */
#define SHARE_UNIT (UINT64_C(16) << 20)

/* Called by start.S. secondary_entry is the address where other harts are to enter. */
_Noreturn void hypervisor_main(uint64_t hart_id, const void *dtb, uint64_t secondary_entry);
_Noreturn void hypervisor_main_secondary(uint64_t hart_id);

static struct zone_config configs[ZONES_MAX]; /* boot hart only */

/* This hart's slot and H extension. On a core without H: says so, and ends the machine. */
static struct percpu *bring_up(uint64_t hart_id)
{
	struct percpu *cpu = percpu_new(hart_id);

	if (!riscv_percpu_new(&cpu->arch_cpu, hart_id))
		host_panic("this core has no hypervisor extension (H)");
	if (!hardware_enable(&cpu->arch_cpu))
		host_panic("this core has no Sv39x4 translation for guests");
	timer_arm(cpu, NO_DEADLINE);
	return cpu;
}

_Noreturn void hypervisor_main_secondary(uint64_t hart_id) { percpu_run_vm(bring_up(hart_id)); }

/* All at once, then wait until each has made its slot. A hart that will not start is left out. */
static void start_other_harts(uint64_t self, uint64_t entry)
{
	uint64_t started = 0;

	for (uint64_t rest = host.harts; rest; rest &= rest - 1) {
		uint64_t id = lowest_bit(rest);
		if (id == self)
			continue;
		if (sbi_call_hart_start(id, entry, 0))
			host.harts &= ~(UINT64_C(1) << id);
		else
			started++;
	}
	while (entered_cpus() < started)
		;
}

/* What each zone that did not ask for memory gets: equal parts of what the others leave. */
static uint64_t share_memory(uint32_t zones)
{
	uint64_t blocks = memory_free_blocks(), overhead = OVERHEAD_BLOCKS(zones), sharing = 0;

	blocks -= min_u64(blocks, overhead);
	for (uint32_t i = 0; i < zones; i++) {
		blocks -= min_u64(blocks, align_up(configs[i].memory, BLOCK_SIZE) / BLOCK_SIZE);
		sharing += !configs[i].memory;
	}
	if (!sharing)
		return 0;
	uint64_t share = blocks / sharing * BLOCK_SIZE;
	return share >= 2 * SHARE_UNIT ? align_down(share, SHARE_UNIT) : share;
}

/* Creates every zone before any starts: a guest must not run into the making of another. */
static void run_zones(uint32_t count)
{
	static struct zone *zones[ZONES_MAX];
	struct zone *first = NULL;
	uint64_t share = share_memory(count);

	zones_expect(count);
	for (uint32_t i = 0; i < count; i++) {
		zones[i] = zone_create(&configs[i], (uint16_t)(i + 1), share);
		if (zones[i] && !first)
			first = zones[i];
	}
	if (first)
		zone_route_input(first);
	for (uint32_t i = 0; i < count; i++) {
		if (zones[i])
			zone_start(zones[i]);
		else
			zones_count_end(false);
	}
}

_Noreturn void hypervisor_main(uint64_t hart_id, const void *dtb, uint64_t secondary_entry)
{
	/* The console and the way out first: every failure from here on has to be told. */
	sbi_call_init();
	bool has_tree = host_init(dtb);
	struct percpu *cpu = bring_up(hart_id);

	if (!has_tree)
		host_panic("there is no device tree at the address in a1");
	host.harts |= UINT64_C(1) << hart_id; /* whatever the tree says, this one is there */
	memory_init(&host.fdt);
	uint32_t zones = zone_config_read(configs, ZONES_MAX);
	if (zones > ZONES_MAX)
		host_panic("%u guests were given, and %u are the most there can be", zones, ZONES_MAX);
	start_other_harts(hart_id, secondary_entry);
	zone_config_share_harts(configs, zones);
	console_init(zones > 1);
	console_line("rvsim hypervisor: %u harts, %u zones", count_bits(host.harts), zones);
	if (!zones)
		host_panic("no guest was given");
	run_zones(zones);
	percpu_run_vm(cpu);
}
