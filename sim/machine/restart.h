/* A reset of the whole machine, asked for by what runs in it. */
#ifndef RESTART_H
#define RESTART_H

#include "machine/machine.h"

/*
 * Begin anew, where machine->reset_asked and no hart is inside a slice. What was loaded lies in memory again; harts,
 * devices, caches and TLBs are as at power-on, and all harts begin at one cycle, that of
 * the next tick of mtime after the one that was furthest. What
 * the simulation is measured by goes on: cycles, instructions, statistics, the trace (which hears of it), limits, the
 * console and its input, break points; and so does memory that nothing was loaded into, and the calendar.
 */
void machine_restart(struct machine *machine);

#endif
