/* Snapshots: all that a run has put into a machine, as bytes. Whoever restores one builds the same machine first. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "base/state.h"
#include "machine/machine.h"

/* Between slices, or in a slice that has paused (sched_step); the machine is running. False: no memory. */
bool snapshot_save(const struct machine *machine, struct state_writer *writer);

/* Into a machine that machine_init has built from the same configuration and files, whatever it has done since. What
 * follows is what would have followed in the saved one: the same cycles, statistics and trace hash. False: refused,
 * reader->reason says why, and the machine is only good for machine_free. */
bool snapshot_restore(struct machine *machine, struct state_reader *reader);

#endif
