#include "machine/devtree.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/limits.h"
#include "base/say.h"

enum { UART_CLOCK_HZ = 3686400, TREE_SIZE = 64 * 1024, HART_ROOM = 1024 };

/* Interrupt numbers at a hart's own controller. */
enum { HART_MSI = 3, HART_MTI = 7, HART_SEI = 9, HART_MEI = 11 };

static uint32_t cpu_phandle(unsigned hart) { return 3 + 2 * hart; }
static uint32_t intc_phandle(unsigned hart) { return 4 + 2 * hart; }
enum { PLIC_PHANDLE = 1, FINISHER_PHANDLE = 2 };

/* libfdt's sequential writer keeps no error: the first one stays here and stops all that follows. */
struct writer {
	void *tree;
	int error;
};

static void note_error(struct writer *writer, int error)
{
	if (writer->error == 0)
		writer->error = error;
}

static void begin(struct writer *writer, const char *name) { note_error(writer, fdt_begin_node(writer->tree, name)); }
static void end(struct writer *writer) { note_error(writer, fdt_end_node(writer->tree)); }

static void put_string(struct writer *writer, const char *name, const char *value)
{
	note_error(writer, fdt_property_string(writer->tree, name, value));
}

static void put_u32(struct writer *writer, const char *name, uint32_t value)
{
	note_error(writer, fdt_property_u32(writer->tree, name, value));
}

static void put_bytes(struct writer *writer, const char *name, const void *bytes, size_t size)
{
	note_error(writer, fdt_property(writer->tree, name, bytes, (int)size));
}

/* reg with two cells of address and two of size */
static void put_reg(struct writer *writer, uint64_t base, uint64_t size)
{
	fdt64_t cells[2] = { cpu_to_fdt64(base), cpu_to_fdt64(size) };
	put_bytes(writer, "reg", cells, sizeof(cells));
}

static void put_cells(struct writer *writer, uint32_t address_cells, uint32_t size_cells)
{
	put_u32(writer, "#address-cells", address_cells);
	put_u32(writer, "#size-cells", size_cells);
}

static void begin_at(struct writer *writer, const char *name, uint64_t base, uint64_t size)
{
	char text[64];
	snprintf(text, sizeof(text), "%s@%" PRIx64, name, base);
	begin(writer, text);
	put_reg(writer, base, size);
}

/* The largest mode: an operating system may use the smaller ones too. */
static const char *mmu_type(const struct isa *isa)
{
	return isa_has(isa, EXT_Sv57) ? "riscv,sv57" : isa_has(isa, EXT_Sv48) ? "riscv,sv48"
	     : isa_has(isa, EXT_Sv39) ? "riscv,sv39" : "riscv,none";
}

static void describe_hart(struct writer *writer, unsigned hart, const char *isa, const char *mmu)
{
	char name[32];
	snprintf(name, sizeof(name), "cpu@%x", hart);
	begin(writer, name);
	put_u32(writer, "phandle", cpu_phandle(hart));
	put_string(writer, "device_type", "cpu");
	put_u32(writer, "reg", hart);
	put_string(writer, "status", "okay");
	put_string(writer, "compatible", "riscv");
	put_string(writer, "riscv,isa", isa);
	put_string(writer, "mmu-type", mmu);
	begin(writer, "interrupt-controller");
	put_u32(writer, "#interrupt-cells", 1);
	put_bytes(writer, "interrupt-controller", NULL, 0);
	put_string(writer, "compatible", "riscv,cpu-intc");
	put_u32(writer, "phandle", intc_phandle(hart));
	end(writer);
	end(writer);
}

static void describe_harts(struct writer *writer, const struct devtree_machine *machine)
{
	char isa[1024];
	isa_string(machine->isa, isa, sizeof(isa));
	begin(writer, "cpus");
	put_cells(writer, 1, 0);
	put_u32(writer, "timebase-frequency", TIMEBASE_HZ);
	for (unsigned hart = 0; hart < machine->hart_count; hart++)
		describe_hart(writer, hart, isa, mmu_type(machine->isa));
	begin(writer, "cpu-map");
	begin(writer, "cluster0");
	for (unsigned hart = 0; hart < machine->hart_count; hart++) {
		char name[32];
		snprintf(name, sizeof(name), "core%u", hart);
		begin(writer, name);
		put_u32(writer, "cpu", cpu_phandle(hart));
		end(writer);
	}
	end(writer);
	end(writer);
	end(writer);
}

/* interrupts-extended: two interrupts of every hart. */
static void put_hart_interrupts(struct writer *writer, unsigned hart_count, uint32_t first, uint32_t second)
{
	fdt32_t cells[64 * 4];
	for (unsigned hart = 0; hart < hart_count; hart++) {
		cells[4 * hart] = cells[4 * hart + 2] = cpu_to_fdt32(intc_phandle(hart));
		cells[4 * hart + 1] = cpu_to_fdt32(first);
		cells[4 * hart + 3] = cpu_to_fdt32(second);
	}
	put_bytes(writer, "interrupts-extended", cells, hart_count * 4 * sizeof(cells[0]));
}

static void put_plic_interrupt(struct writer *writer, uint32_t source)
{
	put_u32(writer, "interrupts", source);
	put_u32(writer, "interrupt-parent", PLIC_PHANDLE);
}

static void describe_controllers(struct writer *writer, unsigned hart_count)
{
	static const char plic[] = "sifive,plic-1.0.0\0riscv,plic0", clint[] = "sifive,clint0\0riscv,clint0";
	begin_at(writer, "plic", PLIC_BASE, PLIC_SIZE);
	put_u32(writer, "phandle", PLIC_PHANDLE);
	put_u32(writer, "riscv,ndev", PLIC_SOURCES);
	put_hart_interrupts(writer, hart_count, HART_MEI, HART_SEI);
	put_bytes(writer, "interrupt-controller", NULL, 0);
	put_bytes(writer, "compatible", plic, sizeof(plic));
	put_u32(writer, "#address-cells", 0);
	put_u32(writer, "#interrupt-cells", 1);
	end(writer);

	begin_at(writer, "clint", CLINT_BASE, CLINT_SIZE);
	put_hart_interrupts(writer, hart_count, HART_MSI, HART_MTI);
	put_bytes(writer, "compatible", clint, sizeof(clint));
	end(writer);
}

static void describe_soc(struct writer *writer, const struct devtree_machine *machine)
{
	static const char finisher[] = "sifive,test1\0sifive,test0\0syscon";
	begin(writer, "soc");
	put_cells(writer, 2, 2);
	put_string(writer, "compatible", "simple-bus");
	put_bytes(writer, "ranges", NULL, 0);

	begin_at(writer, "rtc", RTC_BASE, RTC_SIZE);
	put_plic_interrupt(writer, RTC_IRQ);
	put_string(writer, "compatible", "google,goldfish-rtc");
	end(writer);

	begin_at(writer, "serial", UART_BASE, UART_SIZE);
	put_plic_interrupt(writer, UART_IRQ);
	put_u32(writer, "clock-frequency", UART_CLOCK_HZ);
	put_string(writer, "compatible", "ns16550a");
	end(writer);

	begin_at(writer, "test", FINISHER_BASE, FINISHER_SIZE);
	put_u32(writer, "phandle", FINISHER_PHANDLE);
	put_bytes(writer, "compatible", finisher, sizeof(finisher));
	end(writer);

	if (isa_has(machine->isa, EXT_Smrnmi)) {
		begin_at(writer, "nmi", NMI_BASE, NMI_SIZE);
		put_string(writer, "compatible", "rvsim,nmi");
		end(writer);
	}

	describe_controllers(writer, machine->hart_count);
	end(writer);
}

/* Power-off and reset by a write to the finisher. */
static void describe_syscon(struct writer *writer, const char *name, const char *compatible, uint32_t value)
{
	begin(writer, name);
	put_u32(writer, "value", value);
	put_u32(writer, "offset", 0);
	put_u32(writer, "regmap", FINISHER_PHANDLE);
	put_string(writer, "compatible", compatible);
	end(writer);
}

/* 256 bits for the kernel's random generator, the same for the same --seed (splitmix64). */
static void put_rng_seed(struct writer *writer, uint64_t seed)
{
	fdt64_t words[4];
	for (unsigned i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		words[i] = cpu_to_fdt64(z ^ z >> 31);
	}
	put_bytes(writer, "rng-seed", words, sizeof(words));
}

static void describe_machine(struct writer *writer, const struct devtree_machine *machine)
{
	note_error(writer, fdt_finish_reservemap(writer->tree));
	begin(writer, "");
	put_cells(writer, 2, 2);
	put_string(writer, "compatible", "riscv-virtio");
	put_string(writer, "model", "riscv-virtio,rvsim");

	begin(writer, "chosen");
	put_string(writer, "stdout-path", "/soc/serial@10000000");
	put_rng_seed(writer, machine->seed);
	end(writer);
	describe_syscon(writer, "poweroff", "syscon-poweroff", 0x5555);
	describe_syscon(writer, "reboot", "syscon-reboot", 0x7777);

	begin_at(writer, "memory", machine->dram_base, machine->dram_size);
	put_string(writer, "device_type", "memory");
	end(writer);
	describe_harts(writer, machine);
	describe_soc(writer, machine);
	end(writer);
	note_error(writer, fdt_finish(writer->tree));
}

void *devtree_describe(const struct devtree_machine *machine)
{
	size_t size = TREE_SIZE + machine->hart_count * HART_ROOM;
	struct writer writer = { .tree = malloc(size) };
	if (!writer.tree) {
		say("out of memory for the device tree");
		return NULL;
	}
	note_error(&writer, fdt_create(writer.tree, (int)size));
	describe_machine(&writer, machine);
	if (writer.error != 0) {
		say("cannot make the device tree: %s", fdt_strerror(writer.error));
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
	size_t room = 4096 + boot->module_count * 512 + boot->zone_count * 1024;
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
	fdt64_t reg[2] = { cpu_to_fdt64(module->address), cpu_to_fdt64(module->size) };
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
	/* libfdt puts a new node before its elder sisters: from the last to the first, so that readers see them in
	 * order */
	for (size_t i = boot->zone_count; i-- > 0 && error == 0;)
		error = add_zone(tree, chosen, &boot->zones[i]);
	for (size_t i = boot->module_count; i-- > 0 && error == 0;)
		error = add_module(tree, chosen, &boot->modules[i]);
	return error;
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

size_t devtree_bytes(const void *tree)
{
	return fdt_totalsize(tree);
}
