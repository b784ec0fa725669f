/* Ports of virtio serial devices: -device virtconsole, virtserialport. */
#ifndef PORTS_H
#define PORTS_H

#include "cli/row.h"

bool ports_is_port(const char *model);
/* -device MODEL,list: a port of a serial device that stands before it. 0, or -1 after a line. */
int ports_add(struct options *options, const char *model, char *list);

/* When all options have been read, and -serial has been settled: ports find their back ends, and the console its one owner. 0, or -1 after
 * a line. */
int ports_settle(struct options *options);

#endif
