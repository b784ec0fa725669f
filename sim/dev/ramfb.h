/*
 * QEMU's ramfb: the guest's firmware writes into fw_cfg's file etc/ramfb where in its memory a picture is, and it is shown. Its state is that
 * file, and the memory.
 */
#ifndef RAMFB_H
#define RAMFB_H

#include "dev/fw_cfg.h"
#include "dev/screen.h"

struct bus;

struct ramfb {
	struct screen screen;
	const struct fw_cfg *fw_cfg;
	const struct bus *bus;
};

/* Adds its file, and its screen. `id` may be NULL. All lives as long as the screens do. 0, or -1 after a line. */
int ramfb_add(struct ramfb *ramfb, const char *id, struct fw_cfg *fw_cfg, const struct bus *bus,
              struct screens *screens);

#endif
