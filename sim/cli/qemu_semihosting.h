/* -semihosting and -semihosting-config. */
#ifndef QEMU_SEMIHOSTING_H
#define QEMU_SEMIHOSTING_H

#include "cli/row.h"

option_handler qemu_semihosting;        /* -semihosting */
option_handler
    qemu_semihosting_config; /* enable=on|off[,target=native|auto][,userspace=on|off][,chardev=ID][,arg=TEXT]... */

/* When everything is said: without arg= the kernel's name and the words of -append are what the program was called by. 0, or -1
 * after a line. */
int qemu_semihosting_settle(struct options *options);

#endif
