/* What the firmware configuration device tells of the machine: QEMU's keys and files, and those of -fw_cfg. */
#ifndef FIRMWARE_ITEMS_H
#define FIRMWARE_ITEMS_H

struct boot;
struct machine;

/* After boot_load. 0, or -1 after a line. */
int firmware_items_fill(struct boot *boot, struct machine *machine);

#endif
