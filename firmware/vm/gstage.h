/*
 * G-stage translation: Sv39x4 tables from guest-physical to physical addresses.
 *
 * Only RAM is mapped. Everything else a guest touches faults, and is a device or the guest's end.
 * Tables are written at boot only; harts read them without a lock.
 */
#ifndef FIRMWARE_VM_GSTAGE_H
#define FIRMWARE_VM_GSTAGE_H

#include <stdbool.h>
#include <stdint.h>

struct gstage {
	uint64_t *root; /* four pages: the extra two address bits of Sv39x4 */
	uint16_t vmid;
};

/* False if there is no memory for the root. */
bool gstage_init(struct gstage *gstage, uint16_t vmid);

/* Maps a page or a block (size says which) with all rights. False if there is no memory for a table. */
bool gstage_map(struct gstage *gstage, uint64_t gpa, uint64_t address, uint64_t size);

/* The physical address behind gpa, and how many bytes follow it in one piece; 0 if gpa is not mapped. */
uint64_t gstage_translate(const struct gstage *gstage, uint64_t gpa, uint64_t *piece);

/* The value of hgatp that installs this table. */
uint64_t gstage_hgatp(const struct gstage *gstage);

#endif
