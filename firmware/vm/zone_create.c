#include "vm/zone_create.h"

#include "arch/hal.h"
#include "cpu/percpu.h"
#include "host/console.h"
#include "host/memory.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/vcpu.h"
#include "vm/zone.h"
#include "vm/zone_config.h"
#include "vm/zone_load.h"

/* RAM in whole blocks; the last one may be mapped in part, page by page. */
static bool give_memory(struct zone *zone, uint64_t size)
{
	zone->memory_size = align_up(size, PAGE_SIZE);
	for (uint64_t done = 0; done < zone->memory_size; done += BLOCK_SIZE) {
		uint64_t block = memory_alloc_block();
		uint64_t gpa = ZONE_RAM_BASE + done;
		uint64_t rest = zone->memory_size - done;
		if (!block)
			return false;
		memory_clear(block, min_u64(rest, BLOCK_SIZE));
		if (rest >= BLOCK_SIZE && !gstage_map(&zone->gstage, gpa, block, BLOCK_SIZE))
			return false;
		for (uint64_t page = 0; rest < BLOCK_SIZE && page < rest; page += PAGE_SIZE)
			if (!gstage_map(&zone->gstage, gpa + page, block + page, PAGE_SIZE))
				return false;
	}
	return true;
}

static bool give_vcpus(struct zone *zone, const struct zone_config *config)
{
	for (uint32_t id = 0; id < config->vcpus; id++) {
		struct percpu *cpu = get_cpu_data(config->cpus[id % config->cpus_count]);
		struct vcpu *vcpu = vcpu_new(zone, id, cpu);
		if (!vcpu)
			return false;
		zone->vcpus[zone->vcpus_count++] = vcpu;
		zone->devices.plic.vcpus_count = zone->vcpus_count;
		zone->harts |= UINT64_C(1) << cpu->id;
	}
	return true;
}

/* Everything between the config and a zone that can run. NULL, or what went wrong. */
static const char *build_zone(struct zone *zone, const struct zone_config *config, uint16_t vmid, uint64_t share)
{
	uint64_t size = config->memory ? config->memory : share;
	const char *error = config->error;

	if (!error && (!size || size > memory_free_blocks() * BLOCK_SIZE))
		error = "the machine has not enough memory for it";
	if (!error && (!gstage_init(&zone->gstage, vmid) || !give_memory(zone, size) || !give_vcpus(zone, config)))
		error = "the machine has not enough memory for it";
	return error ? error : zone_load(zone);
}

struct zone *zone_create(const struct zone_config *config, uint16_t vmid, uint64_t share)
{
	struct zone *zone = memory_alloc(sizeof *zone, PAGE_SIZE);
	const char *error = "the machine has not enough memory for it";

	if (zone) {
		memcpy(zone->name, config->name, sizeof zone->name);
		zone->config = config;
		console_add(&zone->output, zone->name);
		zone->references = 1;
		zone->state = ZONE_RUNNING;
		error = build_zone(zone, config, vmid, share);
	}
	if (!error)
		return zone;
	console_line("%s: not started: %s", config->name, error);
	return NULL;
}

void zone_start(struct zone *zone)
{
	zone->time_origin = hal_time();
	for (uint32_t i = 0; i < zone->vcpus_count; i++)
		vcpu_attach(zone->vcpus[i]);
	vcpu_start(zone->vcpus[0], zone->entry, zone->dtb);
	zone_put(zone);
}
