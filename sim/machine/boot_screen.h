/* The framebuffer of -device simple-framebuffer: where it lies in memory. */
#ifndef BOOT_SCREEN_H
#define BOOT_SCREEN_H

#include "machine/boot.h"
#include "machine/devtree.h"

/* When what has a given place is loaded: claims its memory, adds its screen to the machine's, and fills in what the device tree says
 * of it. No-op if there is none. 0, or -1 after a line. */
int boot_place_framebuffer(struct boot *boot, struct machine *machine, struct devtree_framebuffer *framebuffer);

#endif
