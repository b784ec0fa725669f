/*
 * Recordings of host input: what --record writes and --replay reads.
 *
 * A file is "rvsim-input", a zero byte and the format's version (u32, 2); then records. All numbers are little-endian:
 *
 *   u64 cycle      at which the guest asked for input and got this
 *   u64 polls      how often it had asked in vain since the record before
 *   u32 kind       enum recording_kind
 *   u32 size       of the bytes that follow; not 0 for RECORD_BYTES, 0 for RECORD_STOP and RECORD_BREAK
 *   u8[size]       the bytes
 *   u64 checksum   FNV-1a of everything in the file before it
 *
 * A recording without RECORD_STOP at its end is of a run that was killed.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum recording_kind {
	RECORD_BYTES, /* bytes arrived */
	RECORD_LAST,  /* bytes arrived, maybe none, and no more will */
	RECORD_STOP,  /* the run ended; cycle is that of the last time it asked */
	RECORD_BREAK, /* a break was sent (not in version 1) */
};

struct record {
	uint64_t cycle, polls;
	enum recording_kind kind;
	const uint8_t *bytes;
	uint32_t size;
};

/* Reading. */
struct recording {
	const char *path;
	uint8_t *file;
	struct record *records;
	size_t count;
};

/* 0, or -1 after a line on stderr: the file cannot be read, or is damaged. recording_free in both cases. */
int recording_read(struct recording *recording, const char *path);
void recording_free(struct recording *recording);

/* Writing. NULL after a line on stderr. */
struct recorder;
struct recorder *recorder_open(const char *path);
/* Each record reaches the file at once. What fails is told by recorder_close. */
void recorder_add(struct recorder *recorder, const struct record *record);
/* 0, or -1 after a line on stderr: not all could be written. NULL is allowed. */
int recorder_close(struct recorder *recorder);

#endif
