/* QEMU's options that name disk images: -drive, -blockdev, -hda and their like, -pflash, -snapshot. */
#ifndef DISKS_H
#define DISKS_H

#include "cli/row.h"

option_handler disks_drive, disks_blockdev, disks_legacy, disks_pflash, disks_snapshot;

/* The disk that a device calls `id`, as its index. False: there is none. */
bool disks_find(const struct config *config, const char *id, unsigned *index);

/* When all options have been read. 0, or -1 after a line. */
int disks_settle(struct options *options);

#endif
