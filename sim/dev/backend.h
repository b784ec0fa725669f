/*
 * What the host lends to devices (QEMU calls them back ends), as the command line asks for it: disks so far. The machine opens
 * them before it builds devices, which only use them.
 */
#ifndef BACKEND_H
#define BACKEND_H

#include "dev/host_disk.h"

struct backend_config {
	struct disk_config *disks;
	unsigned disk_count;
};

struct backends {
	struct host_disk **disks;
	unsigned disk_count;
};

/* 0, or -1 after a line on stderr; backends_close in both cases. */
int backends_open(struct backends *backends, const struct backend_config *config);
void backends_close(struct backends *backends);

#endif
