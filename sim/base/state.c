#include "base/state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/state_store.h"

/* A section: name, version, bytes that follow. */
enum { NAME_SIZE = 24 };

struct section_header {
	char name[NAME_SIZE];
	uint32_t version, reserved;
	uint64_t size;
};

/* ---- writing ---- */

void state_writer_free(struct state_writer *writer)
{
	for (size_t i = 0; i < writer->chunk_count; i++)
		state_store_release(writer->store, writer->chunks[i]);
	free(writer->chunks);
	free(writer->bytes);
	*writer = (struct state_writer){0};
}

static bool room_for_chunk(struct state_writer *writer)
{
	if (writer->chunk_count < writer->chunk_capacity)
		return true;
	size_t capacity = 2 * writer->chunk_capacity + 64;
	struct state_chunk **grown = realloc(writer->chunks, capacity * sizeof(struct state_chunk *));
	if (!grown)
		return false;
	writer->chunks = grown;
	writer->chunk_capacity = capacity;
	return true;
}

static void write_chunk(struct state_writer *writer, const void *bytes, size_t size)
{
	struct state_chunk *chunk = room_for_chunk(writer) ? state_store_hold(writer->store, bytes, size) : NULL;
	if (chunk)
		writer->chunks[writer->chunk_count++] = chunk;
	else
		writer->failed = true;
}

void state_write(struct state_writer *writer, const void *bytes, size_t size)
{
	if (writer->failed || size == 0)
		return;
	if (size > writer->capacity - writer->size) {
		size_t capacity = 2 * writer->capacity + size + 4096;
		uint8_t *grown = realloc(writer->bytes, capacity);
		if (!grown) {
			writer->failed = true;
			return;
		}
		writer->bytes = grown;
		writer->capacity = capacity;
	}
	memcpy(writer->bytes + writer->size, bytes, size);
	writer->size += size;
}

void state_write_large(struct state_writer *writer, const void *bytes, size_t size)
{
	if (!writer->store)
		state_write(writer, bytes, size);
	else if (!writer->failed)
		write_chunk(writer, bytes, size);
}

void state_write_u64(struct state_writer *writer, uint64_t value) { state_write(writer, &value, sizeof value); }

void state_write_begin(struct state_writer *writer, const char *name, uint32_t version)
{
	struct section_header header = {.version = version};
	assert(strlen(name) < NAME_SIZE);
	memcpy(header.name, name, strlen(name));
	writer->section = writer->size;
	state_write(writer, &header, sizeof header);
}

void state_write_end(struct state_writer *writer)
{
	uint64_t size = writer->size - writer->section - sizeof(struct section_header);
	if (!writer->failed)
		memcpy(writer->bytes + writer->section + offsetof(struct section_header, size), &size, sizeof size);
}

/* ---- reading ---- */

struct state_reader state_reader_of(const struct state_writer *writer)
{
	return (struct state_reader){
	    .bytes = writer->bytes,
	    .size = writer->size,
	    .stored = writer->store != NULL,
	    .chunks = writer->chunks,
	    .chunk_count = writer->chunk_count,
	};
}

bool state_refuse(struct state_reader *reader, const char *reason)
{
	if (!reader->failed)
		snprintf(reader->reason, sizeof reader->reason, "%s", reason);
	reader->failed = true;
	return false;
}

/* Its version. */
static bool read_header(struct state_reader *reader, const char *name, uint32_t *version)
{
	struct section_header header = {0};
	char reason[sizeof reader->reason];
	reader->section_end = reader->size;
	if (!state_read(reader, &header, sizeof header))
		return false;
	header.name[NAME_SIZE - 1] = '\0';
	if (strcmp(header.name, name) != 0) {
		snprintf(reason, sizeof reason, "%s expected, not %s", name, header.name);
		return state_refuse(reader, reason);
	}
	if (header.size > reader->size - reader->at)
		return state_refuse(reader, "cut short");
	*version = header.version;
	reader->section_end = reader->at + header.size;
	return true;
}

bool state_read_begin(struct state_reader *reader, const char *name, uint32_t version)
{
	uint32_t found;
	char reason[sizeof reader->reason];
	if (!read_header(reader, name, &found))
		return false;
	if (found == version)
		return true;
	snprintf(reason, sizeof reason, "%s: version %u, not %u", name, found, version);
	return state_refuse(reader, reason);
}

bool state_read_over(struct state_reader *reader, const char *name)
{
	uint32_t version;
	if (!read_header(reader, name, &version))
		return false;
	reader->at = reader->section_end;
	return true;
}

bool state_read_end(struct state_reader *reader)
{
	return !reader->failed &&
	       (reader->at == reader->section_end || state_refuse(reader, "a section is longer than its part"));
}

bool state_read_possible(struct state_reader *reader, uint64_t size)
{
	return !reader->failed && (size <= reader->section_end - reader->at || state_refuse(reader, "cut short"));
}

bool state_read(struct state_reader *reader, void *bytes, size_t size)
{
	if (!state_read_possible(reader, size)) {
		memset(bytes, 0, size);
		return false;
	}
	memcpy(bytes, reader->bytes + reader->at, size);
	reader->at += size;
	return true;
}

bool state_read_large(struct state_reader *reader, void *bytes, size_t size)
{
	if (!reader->stored)
		return state_read(reader, bytes, size);
	if (reader->failed)
		return false;
	if (reader->chunk_at == reader->chunk_count || state_chunk_size(reader->chunks[reader->chunk_at]) != size)
		return state_refuse(reader, "cut short");
	memcpy(bytes, state_chunk_bytes(reader->chunks[reader->chunk_at++]), size);
	return true;
}

uint64_t state_read_u64(struct state_reader *reader)
{
	uint64_t value;
	state_read(reader, &value, sizeof value);
	return value;
}

uint64_t state_read_limited(struct state_reader *reader, uint64_t limit)
{
	uint64_t value = state_read_u64(reader);
	if (value <= limit)
		return value;
	state_refuse(reader, "a number is out of range");
	return 0;
}
