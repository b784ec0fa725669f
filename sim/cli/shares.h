/* QEMU's options that share a folder of the host's: -fsdev, and -virtfs, which is that and its device. */
#ifndef SHARES_H
#define SHARES_H

#include "cli/row.h"

option_handler shares_fsdev, shares_virtfs;

/* When all options have been read: devices find their folders. 0, or -1 after a line. */
int shares_settle(struct options *options);

#endif
