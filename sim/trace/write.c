/* Writes trace files: format.h. Errors are kept until the close: a full disk must not stop a simulation. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/output_file.h"
#include "base/say.h"
#include "trace/chunk.h"
#include "trace/format.h"

/* LEVEL: what instructions load is often random, and higher levels spend most of their time on that. */
enum { LEVEL = -3, FLUSH_FIRST = 64 };

struct trace_writer {
	FILE *file;
	char *path;
	const char *failure; /* the first thing that went wrong */
	ZSTD_CCtx *zstd;
	struct trace_codec codec;
	uint64_t events;
	uint64_t records;    /* of events, not of runs */
	uint64_t next_flush; /* in records: after 64, 128, 256... and then every TRACE_FLUSH_EVENTS */
	uint32_t chunks;
	size_t pending_size;
	uint8_t pending[CHUNK_CONTENT]; /* coded: the next chunk's */
	uint8_t out[CHUNK_MAX];
};

/* What is pending becomes a chunk. */
static void put_chunk(struct trace_writer *writer, bool last)
{
	size_t size = chunk_put(writer->zstd, writer->chunks++, last, writer->pending, writer->pending_size,
	                        writer->out);
	writer->pending_size = 0;
	if (writer->failure)
		return;
	if (ZSTD_isError(size))
		writer->failure = ZSTD_getErrorName(size);
	else if (fwrite(writer->out, 1, size, writer->file) != size)
		writer->failure = strerror(errno);
}

static uint8_t *reserve_bytes(struct trace_writer *writer, size_t size)
{
	if (writer->pending_size + size > sizeof writer->pending)
		put_chunk(writer, false);
	return writer->pending + writer->pending_size;
}

static void put_integer(uint8_t *out, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		out[i] = (uint8_t)(value >> 8 * i);
}

static void put_header(struct trace_writer *writer, const struct trace_header *header)
{
	uint8_t *out = reserve_bytes(writer, TRACE_HEADER_SIZE);
	static const uint8_t magic[] = {'r', 'v', 't', 'r', 'a', 'c', 'e', '\n'};
	memcpy(out, magic, sizeof(magic));
	put_integer(out + 8, TRACE_VERSION, 4);
	put_integer(out + 12, header->hart_count, 4);
	put_integer(out + 16, header->config_hash, 8);
	put_integer(out + 24, header->seed, 8);
	put_integer(out + 32, header->events, 4);
	put_integer(out + 36, 0, 4);
	writer->pending_size += TRACE_HEADER_SIZE;
	trace_writer_flush(writer);
}

static void writer_free(struct trace_writer *writer)
{
	trace_codec_free(&writer->codec);
	ZSTD_freeCCtx(writer->zstd);
	free(writer->path);
	free(writer);
}

/* Everything but the file. NULL: no memory. */
static struct trace_writer *writer_new(const char *path, const struct trace_header *header)
{
	struct trace_writer *writer = calloc(1, sizeof(*writer));
	if (!writer)
		return NULL;
	writer->path = strdup(path);
	writer->zstd = ZSTD_createCCtx();
	int failed = trace_codec_init(&writer->codec, header->hart_count);
	if (writer->path && writer->zstd && !failed &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, LEVEL)))
		return writer;
	writer_free(writer);
	return NULL;
}

struct trace_writer *trace_writer_open(const char *path, const struct trace_header *header)
{
	struct trace_writer *writer = writer_new(path, header);
	if (!writer) {
		say("%s: no memory for the trace", path);
		return NULL;
	}
	writer->file = output_open(path);
	if (!writer->file) {
		say("%s: %s", path, strerror(errno));
		writer_free(writer);
		return NULL;
	}
	put_header(writer, header);
	return writer;
}

void trace_writer_event(struct trace_writer *writer, const struct trace_event *event)
{
	uint8_t *out = reserve_bytes(writer, TRACE_RECORD_MAX);
	writer->pending_size += trace_encode(&writer->codec, event, out);
	writer->events++;
	if (++writer->records >= writer->next_flush)
		trace_writer_flush(writer);
}

uint32_t trace_writer_text(struct trace_writer *writer, const struct trace_text *text)
{
	bool fresh;
	uint32_t number = trace_runs_number(&writer->codec.runs, text, &fresh);
	if (!number && !writer->failure)
		writer->failure = "no room for more blocks of code";
	if (!fresh)
		return number;
	uint8_t *out = reserve_bytes(writer, 1 + TRACE_TEXT_MAX);
	*out = TRACE_KIND_TEXT;
	writer->pending_size += 1 + trace_put_text(text, out + 1);
	return number;
}

void trace_writer_notes(struct trace_writer *writer, struct trace_notes *notes, unsigned hart, uint64_t retired)
{
	bool all;
	do {
		uint8_t *start = reserve_bytes(writer, TRACE_RUN_MAX), *out = start;
		all = trace_encode_notes(&writer->codec, notes, hart, retired, &out,
		                         writer->pending + sizeof writer->pending, &writer->events);
		writer->pending_size += (size_t)(out - start);
	} while (!all);
}

void trace_writer_pause(struct trace_writer *writer)
{
	for (unsigned i = 0; i < writer->codec.hart_count; i++)
		writer->codec.runs.harts[i].known = false;
}

void trace_writer_registers(struct trace_writer *writer, unsigned hart, const struct trace_registers *registers,
                            bool check)
{
	struct run_place *place = &writer->codec.runs.harts[hart];
	if (check && !place->known)
		return;
	place->known = true;
	uint8_t *out = reserve_bytes(writer, 1 + TRACE_REGISTERS_MAX);
	*out = TRACE_KIND_REGISTERS;
	writer->pending_size += 1 + trace_put_registers(hart, registers, check, out + 1);
}

void trace_writer_config(struct trace_writer *writer, const char *text)
{
	for (size_t left = strlen(text), length; left; text += length, left -= length) {
		length = left < TRACE_NAME_MAX ? left : TRACE_NAME_MAX;
		uint8_t *start = reserve_bytes(writer, TRACE_RECORD_MAX + length), *out = start;
		*out++ = TRACE_KIND_CONFIG;
		out += trace_put_varint(out, length);
		memcpy(out, text, length);
		writer->pending_size += (size_t)(out + length - start);
	}
}

void trace_writer_guest(struct trace_writer *writer, uint64_t hgatp, unsigned scope, const char *name)
{
	size_t length = strnlen(name, TRACE_NAME_MAX);
	if (scope >= TRACE_SCOPES)
		return;
	uint8_t *start = reserve_bytes(writer, TRACE_RECORD_MAX + length), *out = start;
	*out++ = TRACE_KIND_GUEST;
	out += trace_put_varint(out, hgatp);
	out += trace_put_varint(out, scope);
	out += trace_put_varint(out, length);
	memcpy(out, name, length);
	writer->pending_size += (size_t)(out + length - start);
}

void trace_writer_symbol(struct trace_writer *writer, const struct trace_symbol *symbol)
{
	if (symbol->scope >= TRACE_SCOPES)
		return;
	size_t length = strnlen(symbol->name, TRACE_NAME_MAX);
	uint8_t *start = reserve_bytes(writer, TRACE_RECORD_MAX + length), *out = start;
	*out++ = TRACE_KIND_SYMBOL;
	out += trace_put_varint(out, symbol->scope);
	out += trace_put_varint(out, symbol->address);
	out += trace_put_varint(out, symbol->size);
	out += trace_put_varint(out, length);
	memcpy(out, symbol->name, length);
	writer->pending_size += (size_t)(out + length - start);
}

void trace_writer_split(struct trace_writer *writer, unsigned hart, const struct split *split)
{
	uint8_t *start = reserve_bytes(writer, TRACE_SPLIT_MAX), *out = start;
	uint64_t before = 0;
	*out++ = TRACE_KIND_SPLIT;
	*out++ = (uint8_t)hart;
	out += trace_put_varint(out, SPLIT_PARTS);
	for (unsigned i = 0; i < SPLIT_PARTS; i++)
		out += trace_put_varint(out, split->parts[i]);
	out += trace_put_varint(out, split->symbol_count);
	for (size_t i = 0; i < split->symbol_count; i++) {
		out += trace_put_varint(out, split->symbols[i].address - before);
		out += trace_put_varint(out, split->symbols[i].cycles);
		before = split->symbols[i].address;
	}
	writer->pending_size += (size_t)(out - start);
}

void trace_writer_latency(struct trace_writer *writer, unsigned hart, const struct trace_latency *latency)
{
	uint8_t *start = reserve_bytes(writer, TRACE_RECORD_MAX), *out = start;
	*out++ = TRACE_KIND_LATENCY;
	*out++ = (uint8_t)hart;
	out += trace_put_varint(out, latency->waited);
	out += trace_put_varint(out, latency->masked);
	writer->pending_size += (size_t)(out - start);
}

void trace_writer_end(struct trace_writer *writer, unsigned hart, const struct trace_end *end)
{
	uint8_t *start = reserve_bytes(writer, TRACE_RECORD_MAX), *out = start;
	*out++ = TRACE_KIND_HART;
	*out++ = (uint8_t)hart;
	*out++ = end->mode;
	out += trace_put_varint(out, end->cycle);
	out += trace_put_varint(out, end->retired);
	writer->pending_size += (size_t)(out - start);
}

void trace_writer_hash(struct trace_writer *writer, uint64_t hash)
{
	uint8_t *out = reserve_bytes(writer, TRACE_RECORD_MAX);
	*out = TRACE_KIND_HASH;
	put_integer(out + 1, hash, 8);
	writer->pending_size += 9;
}

void trace_writer_flush(struct trace_writer *writer)
{
	uint64_t step = writer->records < FLUSH_FIRST ? FLUSH_FIRST : writer->records;
	writer->next_flush = writer->records + (step < TRACE_FLUSH_EVENTS ? step : TRACE_FLUSH_EVENTS);
	if (writer->pending_size)
		put_chunk(writer, false);
	if (fflush(writer->file) && !writer->failure)
		writer->failure = strerror(errno);
}

int trace_writer_close(struct trace_writer *writer)
{
	uint8_t *out = reserve_bytes(writer, TRACE_RECORD_MAX);
	*out = TRACE_KIND_END;
	writer->pending_size += 1 + trace_put_varint(out + 1, writer->events);
	put_chunk(writer, true);
	if (fclose(writer->file) && !writer->failure)
		writer->failure = strerror(errno);
	if (writer->failure)
		say("%s: the trace is not whole: %s", writer->path, writer->failure);
	int result = writer->failure ? -1 : 0;
	writer_free(writer);
	return result;
}
