/*
 * Recordings of host input: what --record writes and --replay reads.
 *
 * A file is "rvsim-input", a zero byte and the format's version (u32, 4); then records. All numbers are little-endian:
 *
 *   u64 cycle      at which the guest asked for input and got this, or a frame came from a network
 *   u64 polls      how often it had asked in vain since the stream's record before; of a network: a hash of what was sent until then;
 *                  of the user: how many looks there had been
 *   u16 kind       enum recording_kind
 *   u16 stream     what it came in by: enum input_stream; versions 1 and 2 have the console alone, 3 has no user's
 *   u32 size       of the bytes that follow; not 0 for RECORD_BYTES, 0 for RECORD_STOP and RECORD_BREAK
 *   u8[size]       the bytes
 *   u64 checksum   FNV-1a of everything in the file before it
 *
 * A frame is a record; of a user, what one look found is (struct user_event of user_input.h). Every stream of the run ends with its RECORD_STOP: without, the run was killed.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum input_stream {
	INPUT_CONSOLE,
	INPUT_NETWORK, /* and on: one for each network, in their order */
	INPUT_USER = INPUT_NETWORK + 8, /* keyboard, pointer and touch screen, where there are such devices */
	INPUT_STREAMS,
};

enum recording_kind {
	RECORD_BYTES, /* bytes arrived */
	RECORD_LAST,  /* bytes arrived, maybe none, and no more will */
	RECORD_STOP,  /* the run ended; cycle is that of the last time it asked */
	RECORD_BREAK, /* a break was sent (not in version 1) */
};

struct record {
	uint64_t cycle, polls;
	enum recording_kind kind;
	unsigned stream;
	const uint8_t *bytes;
	uint32_t size;
	bool anytime; /* kept, of a future that was forgotten: whenever the guest asks, it is there */
};

/* Reading. */
struct recorded_stream {
	struct record *records;
	size_t count;
};

struct recording {
	const char *path;
	uint8_t *file;
	struct recorded_stream streams[INPUT_STREAMS];
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

/* Why there is no going on. */
enum input_trouble {
	INPUT_OTHER_RUN, /* the recording does not fit */
	INPUT_RUN_OUT,   /* the recorded run ended here */
	INPUT_TOO_LONG,  /* more than can be kept */
	INPUT_NO_MEMORY,
};

/* What a run has of both: --replay and --record. All zero: neither. */
struct input_log {
	bool replaying;
	bool
	    kept; /* what comes is kept in `recording`, so that it can come again when the machine has been taken back */
	struct recording recording;
	struct recorder *recorder; /* NULL: nothing is recorded */
};

/* Something came: it is recorded, and kept, where that is asked for. False: no memory to keep it. */
bool input_log_add(struct input_log *log, const struct record *record);
/* Those of a stream from number `from` on, which were kept, will not come. Of the console's, bytes come `anytime`. */
void input_log_forget(struct input_log *log, unsigned stream, size_t from);

/* The recording of a run with so many networks, and keyboards and the like or not; `path` NULL: none. 0, or -1 after a line on stderr.
 * input_log_free in both cases. */
int input_log_replay(struct input_log *log, const char *path, unsigned networks, bool user);
/* `path` NULL: not asked for. 0, or -1 after a line on stderr. */
int input_log_record(struct input_log *log, const char *path);
/* Every stream has written its RECORD_STOP. 0, or -1 after a line on stderr: not all could be written. */
int input_log_finish(struct input_log *log);
void input_log_free(struct input_log *log);

#endif
