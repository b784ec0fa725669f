#include "vm/zone.h"

#include "arch/hal.h"
#include "host/host.h"
#include "lib/lib.h"
#include "host/memory.h"
#include "cpu/percpu.h"
#include "vm/vcpu.h"

/* Zones that have not ended, and whether any ended badly; atomic. */
static uint32_t zones_left;
static bool any_failed;

void zones_expect(uint32_t count)
{
	__atomic_store_n(&zones_left, count, __ATOMIC_RELEASE);
}

void zones_count_end(bool success)
{
	if (!success)
		__atomic_store_n(&any_failed, true, __ATOMIC_RELAXED);
	if (__atomic_sub_fetch(&zones_left, 1, __ATOMIC_ACQ_REL))
		return;
	hardware_disable(&this_cpu_data()->arch_cpu);
	host_power_off(!__atomic_load_n(&any_failed, __ATOMIC_RELAXED));
}

void zone_get(struct zone *zone)
{
	__atomic_fetch_add(&zone->references, 1, __ATOMIC_RELAXED);
}

/* Nobody is left: the zone's last output can go out, then its end. */
static void finish(struct zone *zone)
{
	if (zone->state == ZONE_RUNNING)
		zone_end(zone, ZONE_STOPPED, "every vCPU has stopped itself");
	console_zone_end(&zone->line, zone->name);
	if (zone->state == ZONE_SHUT_DOWN)
		console_line("%s: shut down", zone->name);
	else
		console_line("%s: stopped: %s", zone->name, zone->report);
	zones_count_end(zone->state == ZONE_SHUT_DOWN);
}

void zone_put(struct zone *zone)
{
	if (__atomic_sub_fetch(&zone->references, 1, __ATOMIC_ACQ_REL) == 0)
		finish(zone);
}

void zone_end(struct zone *zone, enum zone_state how, const char *reason, ...)
{
	va_list arguments;

	write_lock(&zone->lock);
	bool first = zone->state == ZONE_RUNNING;
	if (first) {
		va_start(arguments, reason);
		vformat(zone->report, sizeof zone->report, reason, arguments);
		va_end(arguments);
		__atomic_store_n(&zone->state, how, __ATOMIC_RELEASE);
	}
	write_unlock(&zone->lock);
	for (uint64_t harts = first ? zone->harts : 0; harts; harts &= harts - 1)
		percpu_post_event(get_cpu_data(lowest_bit(harts)), EVENT_STOP);
}

/* The part of [gpa, gpa + size) that lies in one piece of physical memory. */
static void *piece_at(struct zone *zone, uint64_t gpa, uint64_t size, uint64_t *length)
{
	uint64_t address = gstage_translate(&zone->gstage, gpa, length);

	*length = min_u64(*length, size);
	return (void *)address;
}

void zone_write(struct zone *zone, uint64_t gpa, const void *from, uint64_t size)
{
	const uint8_t *in = from;
	uint64_t length;

	for (; size; size -= length, gpa += length, in += length)
		memcpy(piece_at(zone, gpa, size, &length), in, length);
}

void zone_read(struct zone *zone, uint64_t gpa, void *to, uint64_t size)
{
	uint8_t *out = to;
	uint64_t length;

	for (; size; size -= length, gpa += length, out += length)
		memcpy(out, piece_at(zone, gpa, size, &length), length);
}

void zone_zero(struct zone *zone, uint64_t gpa, uint64_t size)
{
	uint64_t length;

	for (; size; size -= length, gpa += length)
		memset(piece_at(zone, gpa, size, &length), 0, length);
}

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
		zone->harts |= UINT64_C(1) << cpu->id;
	}
	return true;
}

/* At the end of RAM, below the device tree, as boot loaders do. */
static const char *load_initrd(struct zone *zone, const struct module *initrd)
{
	if (!initrd->size)
		return NULL;
	if (initrd->size > zone->dtb - zone->load_end)
		return "its memory does not hold the initrd";
	zone->initrd_start = align_down(zone->dtb - initrd->size, PAGE_SIZE);
	if (zone->initrd_start < zone->load_end)
		return "its memory does not hold the initrd";
	zone->initrd_end = zone->initrd_start + initrd->size;
	zone_write(zone, zone->initrd_start, (const void *)initrd->address, initrd->size);
	return NULL;
}

/* The tree's place, at the very end of RAM. */
static const char *place_dtb(struct zone *zone)
{
	zone->dtb = ZONE_RAM_BASE + zone->memory_size - min_u64(ZONE_DTB_MAX, zone->memory_size);
	return zone->dtb < zone->load_end ? "its memory does not hold the image and a device tree" : NULL;
}

/* Everything between the config and a zone that can run. NULL, or what went wrong. */
static const char *build(struct zone *zone, const struct zone_config *config, uint16_t vmid, uint64_t share)
{
	uint64_t size = config->memory ? config->memory : share;
	const char *error = config->error;

	if (!error && (!size || size > memory_free_blocks() * BLOCK_SIZE))
		error = "the machine has not enough memory for it";
	if (!error && (!gstage_init(&zone->gstage, vmid) || !give_memory(zone, size) || !give_vcpus(zone, config)))
		error = "the machine has not enough memory for it";
	if (!error)
		error = zone_load_kernel(zone, &config->kernel);
	if (!error)
		error = place_dtb(zone);
	if (!error)
		error = load_initrd(zone, &config->initrd);
	if (!error)
		error = zone_make_dtb(zone, config->bootargs);
	return error;
}

struct zone *zone_create(const struct zone_config *config, uint16_t vmid, uint64_t share)
{
	struct zone *zone = memory_alloc(sizeof *zone, PAGE_SIZE);
	const char *error = "the machine has not enough memory for it";

	if (zone) {
		memcpy(zone->name, config->name, sizeof zone->name);
		zone->references = 1;
		zone->state = ZONE_RUNNING;
		error = build(zone, config, vmid, share);
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
