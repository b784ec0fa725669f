/* QEMU's options that let a GDB client in. */
#ifndef QEMU_GDB_H
#define QEMU_GDB_H

#include "cli/row.h"

option_handler
    qemu_gdb; /* -s, -gdb tcp:[HOST]:PORT|unix:PATH|none[,harts=threads|inferiors][,server=on][,wait=off]; the last counts */

#endif
