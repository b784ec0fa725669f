/*
 * A raw disk image: the host's side of block devices and flash banks. Without `snapshot` what is written is in the file at once.
 * With it the file is only read: what is written stays in memory, and is gone when the machine is.
 *
 * The file is locked as long as it is open: by one that may write it, or by any number that only read.
 */
#ifndef HOST_DISK_H
#define HOST_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state_writer;
struct state_reader;

struct disk_config {
	const char *id;   /* what devices call it; NULL: nothing */
	const char *path;
	bool read_only;
	bool snapshot;
	bool locked;      /* two runs may not write it at once. Off: nobody is kept from anything */
};

struct host_disk;

/* NULL after a line on stderr: it cannot be opened or locked, or is no raw image. */
struct host_disk *host_disk_open(const struct disk_config *config);
/* NULL is allowed. */
void host_disk_close(struct host_disk *disk);

uint64_t host_disk_size(const struct host_disk *disk); /* bytes: a multiple of 512 */
bool host_disk_read_only(const struct host_disk *disk);

/* Bytes [at, at+size), which must be inside. False: the host could not; what it says was told once. A write that fails may have
 * written a part. */
bool host_disk_read(struct host_disk *disk, uint64_t at, void *bytes, size_t size);
bool host_disk_write(struct host_disk *disk, uint64_t at, const void *bytes, size_t size);
/* All that was written is on the host's disk. */
bool host_disk_flush(struct host_disk *disk);
/* They read as zeros from now on; where the host's file system can, they take no room there. */
bool host_disk_zero(struct host_disk *disk, uint64_t at, uint64_t size);

/* A hash of all that the file holds. False: the host could not read it. */
bool host_disk_digest(struct host_disk *disk, uint64_t *digest);

/* From now on it is kept what the file held before it was written, so that it can be restored to what it was. */
void host_disk_keep(struct host_disk *disk);
/* What was written after this moment, when it was here before, will not be. */
void host_disk_forget(struct host_disk *disk);

/* A part of its device's section: what a snapshot has in memory. What is in the file is the file's, unless it is kept and the
 * state is of this process (state.h): then it holds again what it held. */
void host_disk_save(const struct host_disk *disk, struct state_writer *writer);
bool host_disk_restore(struct host_disk *disk, struct state_reader *reader);

#endif
