/* QEMU's options about how a run goes and what is told of it. */
#ifndef QEMU_RUN_H
#define QEMU_RUN_H

#include "cli/row.h"

option_handler qemu_rtc;    /* [base=utc|localtime|DATE][,clock=host|rt|vm][,driftfix=none|slew] */
option_handler qemu_icount; /* [shift=]N|auto[,align=][,sleep=] */
option_handler qemu_log;    /* -d LIST */
option_handler qemu_action; /* reboot=reset|shutdown,shutdown=poweroff|pause,panic=,watchdog= */
option_handler qemu_numa;   /* one node, which all harts and memory are in */

#endif
