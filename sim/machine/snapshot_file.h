/*
 * A snapshot as a file: what --save writes and --load reads, for another process to go on from.
 *
 * A file is "rvsim-state" and a zero byte, the format's version (u32, 1); how many bytes the state has (u64) and
 * their XXH3 (u64); how many disks there are (u64) and of each the XXH3 of what its file holds (u64); then one zstd frame: the state
 * (base/state.h). All numbers are little-endian.
 */
#ifndef SNAPSHOT_FILE_H
#define SNAPSHOT_FILE_H

struct machine;

/* The machine has stopped where it could go on: at a limit, a match, a difference from a golden file, a signal or because the user left.
 * 0, or -1 after a line on stderr: it has come to its end (unless the configuration wants none then), or the file cannot be written. */
int snapshot_write(const struct machine *machine, const char *path);

/* Into a machine that was just built. 0, or -1 after a line on stderr: it is no snapshot, is damaged, or of another machine, programs or
 * disks; then the machine is only good for machine_free. */
int snapshot_read(struct machine *machine, const char *path);

#endif
