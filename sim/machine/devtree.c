#include "machine/devtree.h"

#include <assert.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/limits.h"
#include "base/say.h"
#include "dev/devices.h"
#include "dev/tree.h"
#include "isa/events.h"
#include "isa/isa.h"

enum { TIMEBASE_HZ = 10000000, TREE_SIZE = 64 * 1024, HART_ROOM = 4096, CACHE_BLOCK = 64 };

/* The largest mode: an operating system may use the smaller ones too. */
static const char *mmu_type(const struct isa *isa)
{
	return isa_has(isa, EXT_Sv57)   ? "riscv,sv57"
	       : isa_has(isa, EXT_Sv48) ? "riscv,sv48"
	       : isa_has(isa, EXT_Sv39) ? "riscv,sv39"
	                                : "riscv,none";
}

/* The set three times over: a list of all names; the string that was before it, for readers that know no list; what the
 * instructions on cache blocks work on. */
static void describe_isa(struct tree_writer *writer, const struct isa *isa)
{
	char text[512], names[2048];
	size_t used = 0;
	isa_short_string(isa, text, sizeof(text));
	tree_string(writer, "riscv,isa", text);
	tree_string(writer, "riscv,isa-base", "rv64i");
	for (unsigned ext = 0; ext < EXT_COUNT; ext++) {
		const char *name = isa_name(isa, ext);
		if (name)
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s", name) + 1;
		assert(used <= sizeof(names));
	}
	tree_bytes(writer, "riscv,isa-extensions", names, used);
	if (isa_has(isa, EXT_Zicbom))
		tree_u32(writer, "riscv,cbom-block-size", CACHE_BLOCK);
	if (isa_has(isa, EXT_Zicbop))
		tree_u32(writer, "riscv,cbop-block-size", CACHE_BLOCK);
	if (isa_has(isa, EXT_Zicboz))
		tree_u32(writer, "riscv,cboz-block-size", CACHE_BLOCK);
}

static void describe_hart(struct tree_writer *writer, unsigned hart, const struct isa *isa)
{
	char name[32];
	snprintf(name, sizeof(name), "cpu@%x", hart);
	tree_begin(writer, name);
	tree_u32(writer, "phandle", hart_phandle(writer, hart));
	tree_string(writer, "device_type", "cpu");
	tree_u32(writer, "reg", hart);
	tree_string(writer, "status", "okay");
	tree_string(writer, "compatible", "riscv");
	describe_isa(writer, isa);
	tree_string(writer, "mmu-type", mmu_type(isa));
	tree_begin(writer, "interrupt-controller");
	tree_u32(writer, "#interrupt-cells", 1);
	tree_bytes(writer, "interrupt-controller", NULL, 0);
	tree_string(writer, "compatible", "riscv,cpu-intc");
	tree_u32(writer, "phandle", intc_phandle(writer, hart));
	tree_end(writer);
	tree_end(writer);
}

static void describe_harts(struct tree_writer *writer, const struct board *board)
{
	tree_begin(writer, "cpus");
	tree_cells(writer, 1, 0);
	tree_u32(writer, "timebase-frequency", TIMEBASE_HZ);
	for (unsigned hart = 0; hart < writer->hart_count; hart++)
		describe_hart(writer, hart, board->isa);
	tree_begin(writer, "cpu-map");
	tree_begin(writer, "cluster0");
	for (unsigned hart = 0; hart < writer->hart_count; hart++) {
		char name[32];
		snprintf(name, sizeof(name), "core%u", hart);
		tree_begin(writer, name);
		tree_u32(writer, "cpu", hart_phandle(writer, hart));
		tree_end(writer);
	}
	tree_end(writer);
	tree_end(writer);
	tree_end(writer);
}

static void describe_soc(struct tree_writer *writer, const struct board *board)
{
	tree_begin(writer, "soc");
	tree_cells(writer, 2, 2);
	tree_string(writer, "compatible", "simple-bus");
	tree_bytes(writer, "ranges", NULL, 0);
	devices_describe(writer, board);
	tree_end(writer);
}

/* 256 bits for the kernel's random generator, the same for the same --seed (splitmix64). */
static void put_rng_seed(struct tree_writer *writer, uint64_t seed)
{
	fdt64_t words[4];
	for (unsigned i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		words[i] = cpu_to_fdt64(z ^ z >> 31);
	}
	tree_bytes(writer, "rng-seed", words, sizeof(words));
}

enum { EVENT_NUMBERS = 31 }; /* bits that a selector may have */
static_assert(EVENT_MODEL_FIRST + EVENT_COUNTS <= EVENT_NUMBERS, "every event's number is in these bits");

/* For SBI's PMU extension: which mhpmevent counts its events 1 and 2, cycles and instructions, and which counters can
 * (bit n: number n; 0 and 2 are mcycle and minstret themselves). What only a timing model counts is selected as raw. */
static void describe_pmu(struct tree_writer *writer, const struct board *board)
{
	unsigned counters = isa_has(board->isa, EXT_Zihpm) ? board->options->hpm_counters : 0;
	if (counters == 0)
		return;
	uint32_t all = ((UINT32_C(1) << counters) - 1) << 3;
	fdt32_t selectors[] = {cpu_to_fdt32(1), 0, cpu_to_fdt32(EVENT_cycles),
	                       cpu_to_fdt32(2), 0, cpu_to_fdt32(EVENT_instret)};
	fdt32_t users[] = {cpu_to_fdt32(1), cpu_to_fdt32(1), cpu_to_fdt32(all | 1 << 0),
	                   cpu_to_fdt32(2), cpu_to_fdt32(2), cpu_to_fdt32(all | 1 << 2)};
	/* a selector, and which of its bits have to be as they are there */
	fdt32_t raw[] = {0, 0, cpu_to_fdt32(UINT32_MAX), cpu_to_fdt32(~(uint32_t)EVENT_NUMBERS), cpu_to_fdt32(all)};
	tree_begin(writer, "pmu");
	tree_bytes(writer, "riscv,event-to-mhpmevent", selectors, sizeof(selectors));
	tree_bytes(writer, "riscv,event-to-mhpmcounters", users, sizeof(users));
	tree_bytes(writer, "riscv,raw-event-to-mhpmcounters", raw, sizeof(raw));
	tree_string(writer, "compatible", "riscv,pmu");
	tree_end(writer);
}

static void describe_machine(struct tree_writer *writer, const struct devtree_machine *machine)
{
	tree_begin(writer, "");
	tree_cells(writer, 2, 2);
	tree_string(writer, "compatible", "riscv-virtio");
	tree_string(writer, "model", "riscv-virtio,rvsim");

	describe_pmu(writer, machine->board);
	devices_describe_front(writer, machine->board);
	tree_begin(writer, "chosen");
	char console[64];
	devices_stdout_path(console, sizeof(console));
	tree_string(writer, "stdout-path", console);
	put_rng_seed(writer, machine->seed);
	tree_end(writer);
	devices_describe_root(writer);

	tree_begin_at(writer, "memory", machine->dram_base, machine->dram_size);
	tree_string(writer, "device_type", "memory");
	tree_end(writer);
	describe_harts(writer, machine->board);
	describe_soc(writer, machine->board);
	tree_end(writer);
}

void *devtree_describe(const struct devtree_machine *machine)
{
	unsigned hart_count = machine->board->platform->hart_count;
	size_t size = TREE_SIZE + hart_count * HART_ROOM;
	struct tree_writer writer = {.tree = malloc(size), .hart_count = hart_count};
	if (!writer.tree) {
		say("out of memory for the device tree");
		return NULL;
	}
	int error = fdt_create(writer.tree, (int)size);
	if (error == 0)
		error = fdt_finish_reservemap(writer.tree);
	if (error == 0) {
		describe_machine(&writer, machine);
		error = writer.error ? writer.error : fdt_finish(writer.tree);
	}
	if (error != 0) {
		say("cannot make the device tree: %s", fdt_strerror(error));
		free(writer.tree);
		return NULL;
	}
	return writer.tree;
}

/* 0 or a libfdt error. Version 16 is the first whose nodes have their names alone; libfdt trips over what older ones
 * have. */
static int check_tree(const void *data, size_t size)
{
	int error = size < sizeof(struct fdt_header) ? -FDT_ERR_TRUNCATED : fdt_check_header(data);
	if (error == 0 && fdt_version(data) < 16)
		error = -FDT_ERR_BADVERSION;
	return error != 0 ? error : fdt_check_full(data, size);
}

/* A copy in the newest version of the format, which libfdt can check whole: older ones do not tell the size of their
 * structure, nor keep to that of their strings. 0 or a libfdt error. */
static int copy_tree(const void *data, size_t size, void **copy)
{
	enum { HEADER_GROWTH = 64 };
	int error = check_tree(data, size);
	if (error != 0)
		return error;
	int room = (int)fdt_totalsize(data) + HEADER_GROWTH;
	*copy = malloc((size_t)room);
	if (!*copy)
		return -FDT_ERR_NOSPACE;
	error = fdt_open_into(data, *copy, room);
	if (error == 0)
		error = fdt_pack(*copy);
	return error != 0 ? error : fdt_check_full(*copy, fdt_totalsize(*copy));
}

void *devtree_from_file(const void *data, size_t size, const char *path)
{
	void *tree = NULL;
	int error = copy_tree(data, size, &tree);
	if (error == 0)
		return tree;
	free(tree);
	say("%s: is not a usable device tree: %s", path, fdt_strerror(error));
	return NULL;
}

/* Names, values and a margin for structure. */
size_t devtree_room(const struct devtree_boot *boot)
{
	size_t room = 4096 + (boot->framebuffer.size != 0 ? 1024 : 0) + boot->module_count * 512 +
	              boot->zone_count * 1024;
	if (boot->bootargs)
		room += strlen(boot->bootargs);
	for (size_t i = 0; i < boot->module_count; i++)
		if (boot->modules[i].bootargs)
			room += strlen(boot->modules[i].bootargs);
	for (size_t i = 0; i < boot->zone_count; i++)
		if (boot->zones[i].name)
			room += strlen(boot->zones[i].name);
	return room;
}

/* The shape is QEMU's, to the spelling of the unit address ("module@0x..."). */
static int add_module(void *tree, int chosen, const struct devtree_module *module)
{
	static const char kernel[] = "multiboot,module\0multiboot,kernel";
	static const char ramdisk[] = "multiboot,module\0multiboot,ramdisk";
	char name[64];
	snprintf(name, sizeof(name), "module@0x%08" PRIx64, module->address);
	int node = fdt_add_subnode(tree, chosen, name);
	if (node < 0)
		return node;
	fdt64_t reg[2] = {cpu_to_fdt64(module->address), cpu_to_fdt64(module->size)};
	int error = module->ramdisk ? fdt_setprop(tree, node, "compatible", ramdisk, sizeof(ramdisk))
	                            : fdt_setprop(tree, node, "compatible", kernel, sizeof(kernel));
	if (error == 0)
		error = fdt_setprop(tree, node, "reg", reg, sizeof(reg));
	if (error == 0 && module->bootargs)
		error = fdt_setprop_string(tree, node, "bootargs", module->bootargs);
	return error;
}

static int set_hart_list(void *tree, int node, uint64_t harts)
{
	fdt32_t list[64];
	int count = 0;
	for (unsigned hart = 0; hart < HARTS_MAX; hart++)
		if (harts >> hart & 1)
			list[count++] = cpu_to_fdt32(hart);
	return fdt_setprop(tree, node, "cpus", list, count * (int)sizeof(list[0]));
}

static int add_zone(void *tree, int chosen, const struct devtree_zone *zone)
{
	char name[64];
	snprintf(name, sizeof(name), "zone@%" PRIx64, zone->kernel);
	int node = fdt_add_subnode(tree, chosen, name);
	if (node < 0)
		return node;
	int error = fdt_setprop_string(tree, node, "compatible", "rvsim,zone");
	if (error == 0)
		error = fdt_setprop_u64(tree, node, "kernel", zone->kernel);
	if (error == 0 && zone->initrd)
		error = fdt_setprop_u64(tree, node, "initrd", zone->initrd);
	if (error == 0 && zone->vcpus)
		error = fdt_setprop_u32(tree, node, "vcpus", zone->vcpus);
	if (error == 0 && zone->memory)
		error = fdt_setprop_u64(tree, node, "memory", zone->memory);
	if (error == 0 && zone->cpus)
		error = set_hart_list(tree, node, zone->cpus);
	if (error == 0 && zone->name)
		error = fdt_setprop_string(tree, node, "zone-name", zone->name);
	return error;
}

static int find_chosen(void *tree)
{
	int chosen = fdt_path_offset(tree, "/chosen");
	return chosen == -FDT_ERR_NOTFOUND ? fdt_add_subnode(tree, 0, "chosen") : chosen;
}

/* As simple-framebuffer's binding wants it: addresses in the node are the machine's. */
static int use_root_addresses(void *tree, int chosen)
{
	int error = fdt_setprop_u32(tree, chosen, "#address-cells", 2);
	if (error == 0)
		error = fdt_setprop_u32(tree, chosen, "#size-cells", 2);
	return error == 0 ? fdt_setprop(tree, chosen, "ranges", NULL, 0) : error;
}

static int add_framebuffer(void *tree, int chosen, const struct devtree_framebuffer *framebuffer)
{
	char name[64];
	fdt64_t reg[2] = {cpu_to_fdt64(framebuffer->address), cpu_to_fdt64(framebuffer->size)};
	snprintf(name, sizeof(name), "framebuffer@%" PRIx64, framebuffer->address);
	int node = fdt_add_subnode(tree, chosen, name);
	if (node < 0)
		return node;
	int error = fdt_setprop_string(tree, node, "compatible", "simple-framebuffer");
	if (error == 0)
		error = fdt_setprop(tree, node, "reg", reg, sizeof(reg));
	if (error == 0)
		error = fdt_setprop_u32(tree, node, "width", framebuffer->width);
	if (error == 0)
		error = fdt_setprop_u32(tree, node, "height", framebuffer->height);
	if (error == 0)
		error = fdt_setprop_u32(tree, node, "stride", framebuffer->stride);
	return error == 0 ? fdt_setprop_string(tree, node, "format", "x8r8g8b8") : error;
}

/* Nobody else's memory. */
static int reserve_framebuffer(void *tree, const struct devtree_framebuffer *framebuffer)
{
	char name[64];
	fdt64_t reg[2] = {cpu_to_fdt64(framebuffer->address), cpu_to_fdt64(framebuffer->size)};
	int node = fdt_path_offset(tree, "/reserved-memory");
	if (node == -FDT_ERR_NOTFOUND)
		node = fdt_add_subnode(tree, 0, "reserved-memory");
	int error = node < 0 ? node : use_root_addresses(tree, node);
	if (error != 0)
		return error;
	snprintf(name, sizeof(name), "framebuffer@%" PRIx64, framebuffer->address);
	node = fdt_add_subnode(tree, node, name);
	if (node < 0)
		return node;
	error = fdt_setprop(tree, node, "reg", reg, sizeof(reg));
	return error == 0 ? fdt_setprop(tree, node, "no-map", NULL, 0) : error;
}

/* 0 or a libfdt error. Properties first: adding nodes to /chosen does not move /chosen itself. */
static int add_boot(void *tree, const struct devtree_boot *boot)
{
	int chosen = find_chosen(tree);
	int error = chosen < 0 ? chosen : 0;
	if (error == 0 && boot->bootargs)
		error = fdt_setprop_string(tree, chosen, "bootargs", boot->bootargs);
	if (error == 0 && boot->initrd_start != boot->initrd_end) {
		error = fdt_setprop_u64(tree, chosen, "linux,initrd-start", boot->initrd_start);
		if (error == 0)
			error = fdt_setprop_u64(tree, chosen, "linux,initrd-end", boot->initrd_end);
	}
	bool shown = boot->framebuffer.size != 0;
	if (error == 0 && shown)
		error = use_root_addresses(tree, chosen);
	/* libfdt puts a new node before its elder sisters: from the last to the first, so that readers see them in
	 * order */
	for (size_t i = boot->zone_count; i-- > 0 && error == 0;)
		error = add_zone(tree, chosen, &boot->zones[i]);
	for (size_t i = boot->module_count; i-- > 0 && error == 0;)
		error = add_module(tree, chosen, &boot->modules[i]);
	if (error == 0 && shown)
		error = add_framebuffer(tree, chosen, &boot->framebuffer);
	return error == 0 && shown ? reserve_framebuffer(tree, &boot->framebuffer) : error;
}

int devtree_add_boot(void **tree, const struct devtree_boot *boot)
{
	size_t size = fdt_totalsize(*tree) + devtree_room(boot);
	void *bigger = malloc(size);
	if (!bigger) {
		say("out of memory for the device tree");
		return -1;
	}
	int error = fdt_open_into(*tree, bigger, (int)size);
	if (error == 0)
		error = add_boot(bigger, boot);
	if (error == 0)
		error = fdt_pack(bigger);
	if (error != 0) {
		say("cannot write /chosen into the device tree: %s", fdt_strerror(error));
		free(bigger);
		return -1;
	}
	free(*tree);
	*tree = bigger;
	return 0;
}

size_t devtree_bytes(const void *tree) { return fdt_totalsize(tree); }
