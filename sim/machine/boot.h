/* What a machine starts with: files in DRAM, the device tree, and the boot ROM that hands over to the firmware. */
#ifndef BOOT_H
#define BOOT_H

#include "machine/machine.h"
#include "machine/loader.h"

struct boot {
	struct layout layout;
	struct file firmware, kernel, initrd, dtb;
	uint64_t entry;        /* where harts go from the ROM */
	uint64_t hart_starts;  /* bit set: these begin elsewhere, at machine->start_pc */
	uint64_t kernel_entry; /* for OpenSBI's fw_dynamic; 0: none */
	bool flashed;          /* that is in flash, where a loader finds the kernel by fw_cfg */
	uint64_t initrd_start, initrd_size;
	uint64_t dtb_address;
	void *tree;
	uint64_t content_hash; /* of every byte that was loaded */
	struct file_identity *files; /* each that was opened, once; file_room of them would fit */
	size_t file_count, file_room;
};

/* Load everything config names into machine->bus, fill machine->symbols and machine->start_pc, and write
 * config->dump_dtb. machine->bus and machine->board must be there. 0, or -1 after one line on stderr; boot_free in both cases. */
int boot_load(struct boot *boot, struct machine *machine);
void boot_free(struct boot *boot);

/* Do harts begin in flash? What is in bank 0 takes the firmware's place; that is QEMU 7.2's rule. With -M pflash0=, which came later,
 * it does so only if there is no firmware, and runs behind it otherwise. */
bool boot_begins_in_flash(const struct config *config);

enum { BOOT_ROM_BYTES = 88 };
/* The ROM's bytes: a0 = mhartid, a1 = device tree, a2 = OpenSBI's dynamic information, and on to boot->entry. */
void boot_rom(const struct boot *boot, uint8_t bytes[BOOT_ROM_BYTES]);

#endif
