#include "vm/zone_config.h"

#include <stddef.h>

#include "host/console.h"
#include "host/host.h"
#include "host/memory.h"
#include "lib/bits.h"
#include "lib/format.h"

static bool is_module(fdt_node node, const char *kind)
{
	return fdt_is_compatible(&host.fdt, node, "multiboot,module") && fdt_is_compatible(&host.fdt, node, kind);
}

/* False if it does not lie in memory; its size is 0 then. */
static bool read_module(fdt_node node, struct module *module)
{
	*module = (struct module){0};
	fdt_get_reg(&host.fdt, node, &module->address, &module->size);
	if (!module->size || !memory_is_ram(module->address, module->size))
		module->size = 0;
	return module->size;
}

/* Keeps configs ordered by their kernels' addresses: the device tree has them in any order. */
static struct zone_config *insert_config(struct zone_config *configs, uint32_t count, uint64_t address)
{
	uint32_t at = count;

	for (; at && configs[at - 1].kernel.address > address; at--)
		configs[at] = configs[at - 1];
	configs[at] = (struct zone_config){0};
	return &configs[at];
}

static void read_kernel(fdt_node node, struct zone_config *configs, uint32_t count)
{
	struct module kernel;
	bool in_memory = read_module(node, &kernel);
	struct zone_config *config = insert_config(configs, count, kernel.address);

	config->kernel = kernel;
	config->bootargs = fdt_get_string(&host.fdt, node, "bootargs", "");
	if (in_memory)
		memory_reserve(kernel.address, kernel.size);
	else
		config->error = "its kernel does not lie in memory";
}

/* The number of kernels there are; the first `max` of the tree are read. */
static uint32_t read_kernels(fdt_node chosen, struct zone_config *configs, uint32_t max)
{
	uint32_t count = 0;

	for (fdt_node node = fdt_first_child(&host.fdt, chosen); node >= 0; node = fdt_next_sibling(&host.fdt, node)) {
		if (!is_module(node, "multiboot,kernel"))
			continue;
		if (count < max)
			read_kernel(node, configs, count);
		count++;
	}
	for (uint32_t i = 0; i < count && i < max; i++)
		format(configs[i].name, sizeof configs[i].name, "zone%u", i);
	return count;
}

static struct zone_config *config_of_kernel(struct zone_config *configs, uint32_t count, uint64_t address)
{
	for (uint32_t i = 0; i < count; i++)
		if (configs[i].kernel.address == address)
			return &configs[i];
	return NULL;
}

/* The ramdisk a zone node names, or none. */
static struct module find_ramdisk(fdt_node chosen, uint64_t address)
{
	struct module ramdisk;

	for (fdt_node node = fdt_first_child(&host.fdt, chosen); node >= 0; node = fdt_next_sibling(&host.fdt, node))
		if (is_module(node, "multiboot,ramdisk") && read_module(node, &ramdisk) && ramdisk.address == address)
			return ramdisk;
	return (struct module){0};
}

static void read_cpus(fdt_node node, struct zone_config *config)
{
	struct fdt_property cpus;

	if (!fdt_get(&host.fdt, node, "cpus", &cpus))
		return;
	config->cpus_count = 0; /* a second node for the same kernel replaces the first one's */
	if (cpus.size / 4 > HARTS_MAX)
		config->error = "it wants more than 64 harts";
	for (uint32_t i = 0; i < cpus.size / 4 && i < HARTS_MAX; i++) {
		uint32_t id = fdt_cell(&cpus, i);
		if (id >= HARTS_MAX || !(host.harts >> id & 1)) {
			config->error = "it wants a hart that does not exist";
			return;
		}
		config->cpus[config->cpus_count++] = (uint8_t)id;
	}
}

static void read_keys(fdt_node chosen, fdt_node node, struct zone_config *config)
{
	uint64_t initrd = fdt_get_number(&host.fdt, node, "initrd", 0);
	uint64_t vcpus = fdt_get_number(&host.fdt, node, "vcpus", 0);

	config->memory = fdt_get_number(&host.fdt, node, "memory", 0);
	config->vcpus = (uint32_t)vcpus;
	if (vcpus > HARTS_MAX)
		config->error = "it wants more than 64 vCPUs";
	if (initrd) {
		config->initrd = find_ramdisk(chosen, initrd);
		if (!config->initrd.size)
			config->error = "its initrd is not a module";
	}
	read_cpus(node, config);
	format(config->name, sizeof config->name, "%s", fdt_get_string(&host.fdt, node, "zone-name", config->name));
}

static bool ramdisk_is_claimed(const struct zone_config *configs, uint32_t count, uint64_t ramdisk)
{
	for (uint32_t i = 0; i < count; i++)
		if (configs[i].initrd.size && configs[i].initrd.address == ramdisk)
			return true;
	return false;
}

/* To the kernel loaded before it. */
static void assign_ramdisk(struct zone_config *configs, uint32_t count, const struct module *ramdisk)
{
	uint32_t owner = 0;

	while (owner + 1 < count && configs[owner + 1].kernel.address < ramdisk->address)
		owner++;
	if (!ramdisk->size)
		configs[owner].error = "its initrd does not lie in memory";
	else if (configs[owner].initrd.size)
		configs[owner].error = "it was given more than one initrd";
	else
		configs[owner].initrd = *ramdisk;
}

/* Those that a zone node claims have their owner already. */
static void assign_ramdisks(fdt_node chosen, struct zone_config *configs, uint32_t count)
{
	struct module ramdisk;

	for (fdt_node node = fdt_first_child(&host.fdt, chosen); node >= 0; node = fdt_next_sibling(&host.fdt, node)) {
		if (!is_module(node, "multiboot,ramdisk"))
			continue;
		if (read_module(node, &ramdisk))
			memory_reserve(ramdisk.address, ramdisk.size);
		if (count && !ramdisk_is_claimed(configs, count, ramdisk.address))
			assign_ramdisk(configs, count, &ramdisk);
	}
}

uint32_t zone_config_read(struct zone_config *configs, uint32_t max)
{
	fdt_node chosen = fdt_child(&host.fdt, fdt_root(&host.fdt), "chosen");
	uint32_t count = read_kernels(chosen, configs, max);

	if (count > max)
		return count;
	for (fdt_node node = fdt_first_child(&host.fdt, chosen); node >= 0; node = fdt_next_sibling(&host.fdt, node)) {
		if (!fdt_is_compatible(&host.fdt, node, "rvsim,zone"))
			continue;
		uint64_t kernel = fdt_get_number(&host.fdt, node, "kernel", 0);
		struct zone_config *config = config_of_kernel(configs, count, kernel);
		if (config)
			read_keys(chosen, node, config);
		else
			console_line("rvsim hypervisor: a zone's kernel is to be at 0x%lx, where no module is", kernel);
	}
	assign_ramdisks(chosen, configs, count);
	return count;
}

/* The harts of the mask in order of id; returns how many. */
static uint32_t list_harts(uint64_t harts, uint8_t *ids)
{
	uint32_t count = 0;

	for (; harts; harts &= harts - 1)
		ids[count++] = (uint8_t)lowest_bit(harts);
	return count;
}

/* Harts that no zone asked for by name; if every hart was, all of them. */
static uint64_t shared_harts(const struct zone_config *configs, uint32_t count)
{
	uint64_t harts = host.harts;

	for (uint32_t i = 0; i < count; i++)
		for (uint32_t n = 0; n < configs[i].cpus_count; n++)
			harts &= ~(UINT64_C(1) << configs[i].cpus[n]);
	return harts ? harts : host.harts;
}

void zone_config_share_harts(struct zone_config *configs, uint32_t count)
{
	uint8_t ids[HARTS_MAX];
	uint32_t harts = list_harts(shared_harts(configs, count), ids);
	uint32_t zones = 0, index = 0;

	for (uint32_t i = 0; i < count; i++)
		zones += !configs[i].cpus_count;
	for (uint32_t i = 0; i < count; i++) {
		struct zone_config *config = &configs[i];
		if (config->cpus_count)
			continue;
		uint32_t first = index * harts / zones, end = (index + 1) * harts / zones;
		if (zones > harts) { /* several zones on one hart */
			first = index % harts;
			end = first + 1;
		}
		for (; first < end; first++)
			config->cpus[config->cpus_count++] = ids[first];
		index++;
	}
	for (uint32_t i = 0; i < count; i++)
		if (!configs[i].vcpus)
			configs[i].vcpus = configs[i].cpus_count;
}
