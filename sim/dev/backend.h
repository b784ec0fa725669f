/*
 * What the host lends to devices (QEMU calls them back ends), as the command line asks for it: disks and networks. The machine
 * opens them before it builds devices, which only use them.
 */
#ifndef BACKEND_H
#define BACKEND_H

#include "dev/host_disk.h"
#include "dev/network.h"

struct backend_config {
	struct disk_config *disks;
	unsigned disk_count;
	struct network_config *networks;
	unsigned network_count; /* at most NETWORKS_MAX */
};

struct backends {
	struct host_disk **disks;
	unsigned disk_count;
	struct network *networks[NETWORKS_MAX];
	unsigned network_count;
};

/* 0, or -1 after a line on stderr; backends_close in both cases. */
int backends_open(struct backends *backends, const struct backend_config *config, const struct network_host *host);
/* The run has ended: network_finish. */
void backends_finish(struct backends *backends);
/* network_unasked of all. */
uint64_t backends_unasked(const struct backends *backends);
void backends_close(struct backends *backends);

#endif
