/* The device tree: what an operating system and a hypervisor look for in it. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include "dev/devices.h"
#include "isa/isa.h"
#include "machine/devtree.h"

static void *tree_of(unsigned harts)
{
	struct isa isa = isa_default();
	struct platform platform = { .hart_count = harts };
	struct hart_options options = { 0 };
	struct board board = { .platform = &platform, .options = &options, .isa = &isa };
	struct devtree_machine machine = {
		.board = &board, .dram_base = 0x80000000, .dram_size = UINT64_C(5) << 30, .seed = 7,
	};
	void *tree = devtree_describe(&machine);
	cr_assert_not_null(tree);
	cr_assert_eq(fdt_check_full(tree, devtree_bytes(tree)), 0);
	return tree;
}

static int node(const void *tree, const char *path)
{
	int offset = fdt_path_offset(tree, path);
	cr_assert_geq(offset, 0, "%s", path);
	return offset;
}

static const char *text(const void *tree, const char *path, const char *name)
{
	const char *value = fdt_getprop(tree, node(tree, path), name, NULL);
	cr_assert_not_null(value, "%s %s", path, name);
	return value;
}

static uint64_t number(const void *tree, const char *path, const char *name, unsigned index)
{
	int length;
	const uint8_t *value = fdt_getprop(tree, node(tree, path), name, &length);
	cr_assert_not_null(value, "%s %s", path, name);
	cr_assert_geq(length, (int)(4 * (index + 1)));
	return fdt32_ld((const fdt32_t *)(value + 4 * index));
}

static uint64_t wide(const void *tree, const char *path, const char *name, unsigned index)
{
	return number(tree, path, name, 2 * index) << 32 | number(tree, path, name, 2 * index + 1);
}

Test(devtree, memory_and_devices)
{
	void *tree = tree_of(2);
	cr_expect_eq(wide(tree, "/memory@80000000", "reg", 0), 0x80000000);
	cr_expect_eq(wide(tree, "/memory@80000000", "reg", 1), UINT64_C(5) << 30);
	cr_expect_eq(wide(tree, "/soc/serial@10000000", "reg", 0), 0x10000000);
	cr_expect_str_eq(text(tree, "/soc/serial@10000000", "compatible"), "ns16550a");
	cr_expect_eq(number(tree, "/soc/serial@10000000", "interrupts", 0), 10);
	cr_expect_str_eq(text(tree, "/chosen", "stdout-path"), "/soc/serial@10000000");
	cr_expect_eq(number(tree, "/cpus", "timebase-frequency", 0), 10000000);
	uint32_t test = (uint32_t)number(tree, "/poweroff", "regmap", 0);
	cr_expect_eq(fdt_node_offset_by_phandle(tree, test), node(tree, "/soc/test@100000"));
	cr_expect_eq(number(tree, "/poweroff", "value", 0), 0x5555);
	cr_expect_eq(number(tree, "/reboot", "value", 0), 0x7777);
	cr_expect_eq(fdt_node_offset_by_compatible(tree, -1, "google,goldfish-rtc"), node(tree, "/soc/rtc@101000"));
	free(tree);
}

Test(devtree, interrupts_of_every_hart)
{
	void *tree = tree_of(64);
	static const struct { const char *path; uint32_t first, second; } controllers[] = {
		{ "/soc/plic@c000000", 11, 9 }, { "/soc/clint@2000000", 3, 7 },
	};
	for (unsigned i = 0; i < 2; i++) {
		int length;
		fdt_getprop(tree, node(tree, controllers[i].path), "interrupts-extended", &length);
		cr_expect_eq(length, 64 * 16);
		for (unsigned hart = 0; hart < 64; hart++) {
			char path[64];
			snprintf(path, sizeof(path), "/cpus/cpu@%x/interrupt-controller", hart);
			uint32_t phandle = fdt_get_phandle(tree, node(tree, path));
			cr_expect_eq(number(tree, controllers[i].path, "interrupts-extended", 4 * hart), phandle);
			cr_expect_eq(number(tree, controllers[i].path, "interrupts-extended", 4 * hart + 2), phandle);
			cr_expect_eq(number(tree, controllers[i].path, "interrupts-extended", 4 * hart + 1), controllers[i].first);
			cr_expect_eq(number(tree, controllers[i].path, "interrupts-extended", 4 * hart + 3), controllers[i].second);
		}
	}
	cr_expect_eq(number(tree, "/cpus/cpu@3f", "reg", 0), 63);
	free(tree);
}

static bool in_list(const void *tree, const char *name)
{
	return fdt_stringlist_search(tree, node(tree, "/cpus/cpu@0"), "riscv,isa-extensions", name) >= 0;
}

Test(devtree, isa_follows_the_harts)
{
	struct isa isa;
	char reason[64];
	cr_assert_eq(isa_parse("-h,-d,-sstc,-sv39,-zicbom", &isa, reason, sizeof(reason)), 0);
	struct platform platform = { .hart_count = 1 };
	struct hart_options options = { 0 };
	struct board board = { .platform = &platform, .options = &options, .isa = &isa };
	struct devtree_machine machine = { .board = &board, .dram_base = 0x80000000, .dram_size = 1 << 20 };
	void *tree = devtree_describe(&machine);
	cr_assert_not_null(tree);
	cr_expect_eq(strncmp(text(tree, "/cpus/cpu@0", "riscv,isa"), "rv64imafc_", 10), 0);
	cr_expect_null(strstr(text(tree, "/cpus/cpu@0", "riscv,isa"), "sstc"));
	cr_expect(in_list(tree, "f") && !in_list(tree, "d") && !in_list(tree, "sstc") && !in_list(tree, "shgatpa"));
	cr_expect_null(fdt_getprop(tree, node(tree, "/cpus/cpu@0"), "riscv,cbom-block-size", NULL));
	cr_expect_str_eq(text(tree, "/cpus/cpu@0", "mmu-type"), "riscv,none");
	free(tree);
}

Test(devtree, isa_as_a_list)
{
	void *tree = tree_of(1);
	cr_expect_str_eq(text(tree, "/cpus/cpu@0", "riscv,isa-base"), "rv64i");
	cr_expect_leq(strlen(text(tree, "/cpus/cpu@0", "riscv,isa")), 250);
	int length, count = fdt_stringlist_count(tree, node(tree, "/cpus/cpu@0"), "riscv,isa-extensions");
	char joined[2048] = "rv64", whole[2048];
	struct isa isa = isa_default();
	for (int i = 0; i < count; i++) {
		const char *name = fdt_stringlist_get(tree, node(tree, "/cpus/cpu@0"), "riscv,isa-extensions", i, &length);
		snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s%s", length > 1 ? "_" : "", name);
	}
	isa_string(&isa, whole, sizeof(whole));
	cr_expect_str_eq(joined, whole);
	cr_expect(in_list(tree, "i") && in_list(tree, "h") && in_list(tree, "zaamo") && in_list(tree, "shgatpa"));
	cr_expect(!in_list(tree, "s") && !in_list(tree, "u") && !in_list(tree, ""));
	static const char *const blocks[] = { "riscv,cbom-block-size", "riscv,cbop-block-size", "riscv,cboz-block-size" };
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(number(tree, "/cpus/cpu@0", blocks[i], 0), 64);
	free(tree);
}

/* What SBI's PMU extension is told: selectors of cycles and instructions, and the counters for them. */
Test(devtree, performance_counters)
{
	struct isa isa = isa_default();
	struct platform platform = { .hart_count = 1 };
	struct hart_options options = { .hpm_counters = 4 };
	struct board board = { .platform = &platform, .options = &options, .isa = &isa };
	struct devtree_machine machine = { .board = &board, .dram_base = 0x80000000, .dram_size = 1 << 20 };
	void *tree = devtree_describe(&machine);
	cr_assert_not_null(tree);
	static const uint32_t selectors[] = { 1, 0, 1, 2, 0, 2 }, counters[] = { 1, 1, 0x79, 2, 2, 0x7c };
	for (unsigned i = 0; i < 6; i++) {
		cr_expect_eq(number(tree, "/pmu", "riscv,event-to-mhpmevent", i), selectors[i]);
		cr_expect_eq(number(tree, "/pmu", "riscv,event-to-mhpmcounters", i), counters[i]);
	}
	cr_expect_eq(number(tree, "/pmu", "riscv,raw-event-to-mhpmcounters", 4), 0x78);
	free(tree);
	isa_remove(&isa, EXT_Zihpm);
	tree = devtree_describe(&machine);
	cr_expect_lt(fdt_path_offset(tree, "/pmu"), 0);
	free(tree);
}

Test(devtree, phandles_are_unique)
{
	void *tree = tree_of(3);
	uint32_t seen[64];
	unsigned count = 0;
	for (int at = fdt_next_node(tree, -1, NULL); at >= 0; at = fdt_next_node(tree, at, NULL)) {
		uint32_t phandle = fdt_get_phandle(tree, at);
		for (unsigned i = 0; i < count && phandle; i++)
			cr_expect_neq(seen[i], phandle);
		if (phandle)
			seen[count++] = phandle;
	}
	cr_expect_eq(count, 2 + 2 * 3);
	free(tree);
}

Test(devtree, what_is_booted)
{
	void *tree = tree_of(4);
	struct devtree_module modules[2] = {
		{ .address = 0x84000000, .size = 0x1234, .bootargs = "console=ttyS0" },
		{ .address = 0x90000000, .size = 0x5000, .ramdisk = true },
	};
	struct devtree_zone zones[2] = {
		{ .kernel = 0x84000000, .initrd = 0x90000000, .vcpus = 2, .memory = 64 << 20, .cpus = 0xb, .name = "alpha" },
		{ .kernel = 0x88000000, .vcpus = 1 },
	};
	struct devtree_boot boot = {
		.bootargs = "root=/dev/vda", .initrd_start = 0x88200000, .initrd_end = 0x88300000, .modules = modules,
		.module_count = 2, .zones = zones, .zone_count = 2,
	};
	size_t before = devtree_bytes(tree), room = devtree_room(&boot);
	cr_assert_eq(devtree_add_boot(&tree, &boot), 0);
	cr_expect_leq(devtree_bytes(tree), before + room);
	cr_assert_eq(fdt_check_full(tree, devtree_bytes(tree)), 0);
	cr_expect_str_eq(text(tree, "/chosen", "bootargs"), "root=/dev/vda");
	cr_expect_eq(wide(tree, "/chosen", "linux,initrd-start", 0), 0x88200000);
	cr_expect_eq(wide(tree, "/chosen", "linux,initrd-end", 0), 0x88300000);

	const char *kernel = "/chosen/module@0x84000000", *ramdisk = "/chosen/module@0x90000000";
	cr_expect_eq(wide(tree, kernel, "reg", 0), 0x84000000);
	cr_expect_eq(wide(tree, kernel, "reg", 1), 0x1234);
	cr_expect_str_eq(text(tree, kernel, "bootargs"), "console=ttyS0");
	cr_expect_eq(fdt_node_check_compatible(tree, node(tree, kernel), "multiboot,kernel"), 0);
	cr_expect_eq(fdt_node_check_compatible(tree, node(tree, kernel), "multiboot,module"), 0);
	cr_expect_eq(fdt_node_check_compatible(tree, node(tree, ramdisk), "multiboot,ramdisk"), 0);
	cr_expect_null(fdt_getprop(tree, node(tree, ramdisk), "bootargs", NULL));

	const char *zone = "/chosen/zone@84000000";
	cr_expect_eq(wide(tree, zone, "kernel", 0), 0x84000000);
	cr_expect_eq(wide(tree, zone, "initrd", 0), 0x90000000);
	cr_expect_eq(number(tree, zone, "vcpus", 0), 2);
	cr_expect_eq(wide(tree, zone, "memory", 0), 64 << 20);
	static const uint32_t harts[3] = { 0, 1, 3 };
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(number(tree, zone, "cpus", i), harts[i]);
	cr_expect_str_eq(text(tree, zone, "zone-name"), "alpha");
	static const char *const absent[] = { "initrd", "memory", "cpus", "zone-name" };
	for (unsigned i = 0; i < 4; i++)
		cr_expect_null(fdt_getprop(tree, node(tree, "/chosen/zone@88000000"), absent[i], NULL), "%s", absent[i]);
	free(tree);
}

/* A reader that walks /chosen meets guests in the order of the command line. */
Test(devtree, modules_keep_their_order)
{
	void *tree = tree_of(1);
	struct devtree_module modules[3] = { { .address = 0x90000000 }, { .address = 0x84000000 }, { .address = 0x88000000 } };
	struct devtree_boot boot = { .modules = modules, .module_count = 3 };
	cr_assert_eq(devtree_add_boot(&tree, &boot), 0);
	unsigned index = 0;
	int child;
	fdt_for_each_subnode(child, tree, node(tree, "/chosen")) {
		char expected[64];
		snprintf(expected, sizeof(expected), "module@0x%08x", (unsigned)modules[index++].address);
		cr_expect_str_eq(fdt_get_name(tree, child, NULL), expected);
	}
	cr_expect_eq(index, 3);
	free(tree);
}

Test(devtree, trees_from_files)
{
	cr_redirect_stderr();
	void *tree = tree_of(1);
	size_t size = devtree_bytes(tree);
	void *copy = devtree_from_file(tree, size, "good.dtb");
	cr_assert_not_null(copy);
	struct devtree_boot boot = { .bootargs = "x" };
	cr_expect_eq(devtree_add_boot(&copy, &boot), 0);
	free(copy);
	for (size_t less = 0; less < size; less += 7)
		cr_expect_null(devtree_from_file(tree, less, "short.dtb"), "%zu", less);
	for (size_t at = 0; at < size; at += 13) {
		uint8_t *bad = malloc(size);
		memcpy(bad, tree, size);
		bad[at] ^= 0xff;
		copy = devtree_from_file(bad, size, "bad.dtb"); /* may be harmless; must not crash, nor what follows */
		if (copy)
			devtree_add_boot(&copy, &boot);
		free(copy);
		free(bad);
	}
	free(tree);
}
