/* Who runs next, until when: lowest cycle first, ties by hart id, up to a quantum ahead of the next hart. */
#ifndef SCHED_H
#define SCHED_H

#include "machine/machine.h"

/* No slice is longer than so many cycles, so that limits and the host's clock are looked at now and then. Part of the
 * definition of the interleaving: it must not depend on anything but the configuration. */
enum { SLICE_MAX = 1 << 20 };

/* Run until machine->stop is set. */
void sched_run(struct machine *machine);

/* Some slices, a few milliseconds of the host, and what machine_attend does. */
void sched_burst(struct machine *machine);

/* Run one slice, or the events that come before the next one. Returns the cycles the slice took. */
uint64_t sched_slice(struct machine *machine);

/* Run the one step of a hart (exec_step) or the events that sched_run would run next; returns the hart that moved, or NULL if
 * an event was run or nothing can run any more (then machine->stop is set). Stepping changes nothing about the
 * order. */
struct hart *sched_step(struct machine *machine);

/* Between slices or between a slice's instructions: the hart does not run any more, or runs again. Time has gone on
 * meanwhile. While any is held, a machine in which nothing can run is not over. */
void sched_hold(struct machine *machine, struct hart *hart, bool held);

#endif
