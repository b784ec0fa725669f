/* Where the console is, in QEMU's words: -serial, -chardev, -mon. */
#ifndef QEMU_CONSOLE_H
#define QEMU_CONSOLE_H

#include "cli/row.h"

option_handler qemu_serial;  /* stdio, file:F, pty, null, none, mon:..., chardev:ID */
option_handler qemu_chardev; /* stdio|file|pty|null,id=ID[,path=F][,mux=on][,signal=off] */
option_handler qemu_mon;     /* [chardev=]ID[,mode=readline] */

/* When everything is said: names of chardevs mean what they were given for, and the first -serial that is not none is the UART's, as
 * in QEMU 7.2. 0, or -1 after a line. */
int qemu_console_settle(struct options *options);

#endif
