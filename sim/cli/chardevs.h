/* QEMU's -chardev, and the ports of virtio serial devices that use one: -device virtconsole, virtserialport. */
#ifndef CHARDEVS_H
#define CHARDEVS_H

#include "cli/row.h"

option_handler chardevs_chardev;

/* -device MODEL,list: a port of the serial device in the line before. 0, or -1 after a line. */
int chardevs_port(struct options *options, const char *model, char *list);
bool chardevs_is_port(const char *model);

/* When all options have been read: ports find what they use, and standard input and output their one owner. 0, or -1 after a line. */
int chardevs_settle(struct options *options);

#endif
