/*
 * State of parts as bytes, so that a machine can be taken apart and put together again: what snapshots are made of.
 *
 * A part has two functions, X_save(const struct X *, struct state_writer *) and X_restore(struct X *, struct
 * state_reader *), which handle the same fields in the same order, between state_begin and state_end of its section. A
 * section has the part's name and version: a part that comes to hold something else raises its version, and refuses
 * what it does not know. Only what runs have put there is saved: what a configuration decides is built by whoever
 * restores, and what can be computed (translations, filters) is empty afterwards.
 *
 * With a store (base/state_store.h) pages of memory and the like are kept there, beside the bytes: such a snapshot is for the process that made it,
 * and what the host has done since is still there. Without one the bytes are all there is, and may go to another process.
 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state_chunk;
struct state_store;

/* Grows as needed. All zero: empty. */
struct state_writer {
	uint8_t *bytes;
	size_t size, capacity;
	size_t section; /* where the open one began */
	bool failed;    /* no memory: what follows is not written */
	struct state_store *store; /* NULL: everything is in `bytes` */
	struct state_chunk **chunks; /* in the order in which they were written */
	size_t chunk_count, chunk_capacity;
};

/* The first thing that does not fit is told in `reason`, and nothing is read any more: what is asked for is zero. */
struct state_reader {
	const uint8_t *bytes;
	size_t size, at;
	size_t section_end;
	bool failed;
	bool stored; /* written with a store */
	struct state_chunk *const *chunks;
	size_t chunk_count, chunk_at;
	char reason[160];
};

/* Of what was written, which must stay as it is meanwhile. */
struct state_reader state_reader_of(const struct state_writer *writer);
/* Also lets go of its chunks. */
void state_writer_free(struct state_writer *writer);

/* Sections do not nest. */
void state_write_begin(struct state_writer *writer, const char *name, uint32_t version);
void state_write_end(struct state_writer *writer);
void state_write(struct state_writer *writer, const void *bytes, size_t size);
void state_write_u64(struct state_writer *writer, uint64_t value);
/* A page or the like: with a store, kept once however often it is written. Read as a whole, by state_read_large. */
void state_write_large(struct state_writer *writer, const void *bytes, size_t size);

/* The next section must be this one, of this version. False: reader->failed. */
bool state_read_begin(struct state_reader *reader, const char *name, uint32_t version);
/* All of it must have been read. */
bool state_read_end(struct state_reader *reader);
/* The next section, of whatever version, is nobody's here. Without state_read_large in it. */
bool state_read_over(struct state_reader *reader, const char *name);
bool state_read(struct state_reader *reader, void *bytes, size_t size);
bool state_read_large(struct state_reader *reader, void *bytes, size_t size);
uint64_t state_read_u64(struct state_reader *reader);
/* Can the next piece have so many bytes? To be asked before there is room for many. False: reader->failed. */
bool state_read_possible(struct state_reader *reader, uint64_t size);
/* At most `limit`, or it does not fit. */
uint64_t state_read_limited(struct state_reader *reader, uint64_t limit);

/* A part refuses what it has read: "NAME: REASON". Always false. */
bool state_refuse(struct state_reader *reader, const char *reason);

/* Whole members of one type, by name, on both sides. */
#define STATE_WRITE(writer, member) state_write(writer, &(member), sizeof(member))
#define STATE_READ(reader, member) state_read(reader, &(member), sizeof(member))

#endif
