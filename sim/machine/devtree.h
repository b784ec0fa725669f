/* The machine's device tree, made by libfdt in the shape of QEMU's virt machine. */
#ifndef DEVTREE_H
#define DEVTREE_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

struct board;

/* A file staged in memory for the hypervisor, as QEMU's guest-loader tells of it. */
struct devtree_module {
	uint64_t address, size;
	const char *bootargs; /* may be NULL */
	bool ramdisk;
};

/* What the user said about a guest beyond its files; absent keys are 0 or NULL. */
struct devtree_zone {
	uint64_t kernel; /* address of its kernel module */
	uint64_t initrd; /* address of its ramdisk module */
	unsigned vcpus;
	uint64_t memory;
	uint64_t cpus; /* bit set of hart ids */
	const char *name;
};

struct devtree_machine {
	const struct board *board; /* harts and devices */
	uint64_t dram_base, dram_size;
	uint64_t seed;
};

/* Memory that is shown; size 0: none. */
struct devtree_framebuffer {
	uint64_t address, size;
	uint32_t width, height, stride; /* stride in bytes */
};

struct devtree_boot {
	const char *bootargs;              /* may be NULL */
	uint64_t initrd_start, initrd_end; /* equal: none */
	const struct devtree_module *modules;
	size_t module_count;
	const struct devtree_zone *zones;
	size_t zone_count;
	struct devtree_framebuffer framebuffer;
};

/* A malloc'ed tree of devtree_bytes(); NULL after a line on stderr. */
void *devtree_describe(const struct devtree_machine *machine);
/* A copy of a tree from a file (`size` bytes), checked in full. NULL after a line that names `path`. */
void *devtree_from_file(const void *data, size_t size, const char *path);
/* No tree grows by more than this in devtree_add_boot, whatever the addresses. */
size_t devtree_room(const struct devtree_boot *boot);
/* Write what is to be booted into /chosen. *tree may move. 0, or -1 after a line. */
int devtree_add_boot(void **tree, const struct devtree_boot *boot);
size_t devtree_bytes(const void *tree);

#endif
