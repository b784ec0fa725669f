/* -dtb FILE: any bytes become a device tree with what is to be booted in it, or are refused in one line. */
#include <libfdt.h>
#include "machine/devtree.h"
#include "fuzz.h"

enum { MODULES = 3, ZONES = 2, EXTRA = 8 };

/* The last bytes say what is added. */
static struct devtree_boot boot_of(const uint8_t *data, size_t size, struct devtree_module *modules,
                                   struct devtree_zone *zones)
{
	struct source source = source_of(data + size - EXTRA, EXTRA);
	struct devtree_boot boot = { .modules = modules, .zones = zones };
	if (source_one_in(&source, 2))
		boot.bootargs = source_one_in(&source, 2) ? "console=ttyS0" : "";
	if (source_one_in(&source, 2)) {
		boot.initrd_start = source_take(&source, 4);
		boot.initrd_end = boot.initrd_start + source_take(&source, 1);
	}
	boot.module_count = source_below(&source, MODULES + 1);
	boot.zone_count = source_below(&source, ZONES + 1);
	for (unsigned i = 0; i < MODULES; i++)
		modules[i] = (struct devtree_module){ .address = source_take(&source, 8) + i * 4096, .size = 4096,
		                                      .bootargs = i == 1 ? "one two" : NULL, .ramdisk = i == 2 };
	for (unsigned i = 0; i < ZONES; i++)
		zones[i] = (struct devtree_zone){ .kernel = modules[i].address, .initrd = modules[2].address, .vcpus = i,
		                                  .memory = UINT64_C(1) << 26, .cpus = source_take(&source, 8),
		                                  .name = i ? NULL : "zone" };
	return boot;
}

/* The tree says what was put into it, and kept to the room that place_tree gave it. */
static void check_result(const void *tree, size_t before, const struct devtree_boot *boot)
{
	size_t after = devtree_bytes(tree);
	int error = fdt_check_full(tree, after);
	REQUIRE(error == 0, "the result is no tree: %s", fdt_strerror(error));
	REQUIRE(after <= before + devtree_room(boot), "%zu bytes became %zu", before, after);
	int chosen = fdt_path_offset(tree, "/chosen");
	REQUIRE(chosen >= 0, "no /chosen");
	const char *bootargs = fdt_getprop(tree, chosen, "bootargs", NULL);
	REQUIRE(!boot->bootargs || (bootargs && strcmp(bootargs, boot->bootargs) == 0), "bootargs are lost");
	for (size_t i = 0; i < boot->module_count; i++) {
		char name[64];
		snprintf(name, sizeof(name), "module@0x%08llx", (unsigned long long)boot->modules[i].address);
		REQUIRE(fdt_subnode_offset(tree, chosen, name) >= 0, "%s is lost", name);
	}
}

static void add(void **tree, const uint8_t *data, size_t size)
{
	struct devtree_module modules[MODULES];
	struct devtree_zone zones[ZONES];
	struct devtree_boot boot = boot_of(data, size, modules, zones);
	struct capture capture;
	size_t before = devtree_bytes(*tree);
	capture_begin(&capture, &stderr);
	int result = devtree_add_boot(tree, &boot);
	capture_end(&capture);
	require_one_line(&capture, result != 0);
	free(capture.text);
	if (result == 0)
		check_result(*tree, before, &boot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < EXTRA)
		return 0;
	size_t bytes = size - EXTRA;
	uint8_t *start = malloc(bytes ? bytes : 1); /* just this size: a read behind it is seen */
	REQUIRE(start, "no memory");
	memcpy(start, data, bytes);
	struct capture capture;
	capture_begin(&capture, &stderr);
	void *tree = devtree_from_file(start, bytes, "input");
	capture_end(&capture);
	require_one_line(&capture, tree == NULL);
	free(capture.text);
	free(start);
	if (tree)
		add(&tree, data, size);
	free(tree);
	return 0;
}
