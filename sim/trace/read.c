/* Reads trace files: format.h. Input is not trusted: any bytes give events up to where they stop making sense. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/say.h"
#include "trace/chunk.h"
#include "trace/format.h"
#include "trace/read_names.h"

_Static_assert((int)CHUNK_CONTENT > (int)TRACE_SPLIT_MAX && (int)CHUNK_CONTENT > TRACE_RECORD_MAX + TRACE_NAME_MAX &&
                   (int)CHUNK_CONTENT > (int)TRACE_RUN_MAX && (int)CHUNK_CONTENT > (int)TRACE_TEXT_MAX,
               "every record fits");

struct trace_reader {
	FILE *file;
	ZSTD_DCtx *zstd;
	struct trace_header header;
	struct trace_codec codec;
	uint64_t events, stored, hash; /* stored: as the writer counts them */
	bool has_hash, ended;
	struct trace_sizes sizes, before; /* before: without the chunk that is being read */
	bool last; /* chunk has been read */
	enum trace_status over; /* TRACE_READ_EVENT until the reader has stopped */
	struct trace_end ends[TRACE_HARTS_MAX];
	struct reader_split {
		bool fresh;
		struct split split;
		struct split_symbol symbols[SPLIT_SYMBOLS_MAX];
	} *splits[TRACE_HARTS_MAX]; /* NULL: the hart had none yet */
	struct reader_latency {
		bool fresh;
		struct trace_latency latency;
	} latencies[TRACE_HARTS_MAX];
	struct reader_run {
		struct trace_run run;
		unsigned at; /* the next instruction */
		uint64_t values[TRACE_VALUES_MAX];
		const uint64_t *next; /* of them */
		struct trace_event event; /* the second of the instruction before; `held`: there is one */
		bool held;
	} run;
	struct reader_names names;
	char *config; /* trace_reader_config */
	size_t config_size, config_capacity;
	char error[160];
	size_t used, size, capacity, in_capacity;
	uint8_t *buffer; /* the content of one chunk */
	uint8_t *in;     /* its frame */
};

static enum trace_status __attribute__((format(printf, 2, 3))) corrupt(struct trace_reader *reader, const char *format,
                                                                       ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reader->error, sizeof(reader->error), format, arguments);
	va_end(arguments);
	reader->over = TRACE_READ_CORRUPT;
	return TRACE_READ_CORRUPT;
}

/* The file ends where another chunk, or more of one, should be. */
static bool truncated(struct trace_reader *reader)
{
	if (ferror(reader->file))
		corrupt(reader, "read error: %s", strerror(errno));
	else if (reader->over == TRACE_READ_EVENT)
		reader->over = TRACE_READ_TRUNCATED;
	return false;
}

static bool damaged(struct trace_reader *reader, const char *what)
{
	corrupt(reader, "damaged: %s of chunk %llu, at byte %llu, is not what was written", what,
	        (unsigned long long)reader->sizes.chunks, (unsigned long long)reader->sizes.bytes);
	return false;
}

/* Reads the next chunk's frame into `in`, and makes sure that it is what was written. False: it is not, or there is
 * none; `over` says which. */
static bool read_chunk(struct trace_reader *reader, struct chunk_head *head)
{
	uint8_t bytes[CHUNK_HEAD];
	size_t size = fread(bytes, 1, sizeof bytes, reader->file);
	if (reader->last && size) {
		corrupt(reader, "bytes after the last chunk");
		return false;
	}
	if (size < sizeof bytes)
		return chunk_begins(bytes, size) ? truncated(reader) : damaged(reader, "the head");
	if (!chunk_get_head(bytes, head) || head->number != reader->sizes.chunks)
		return damaged(reader, "the head");
	if (ARRAY_RESERVE(reader->in, 0, head->size, &reader->in_capacity)) {
		corrupt(reader, "no memory");
		return false;
	}
	if (fread(reader->in, 1, head->size, reader->file) < head->size)
		return truncated(reader);
	if (chunk_crc(reader->in, head->size) != head->crc)
		return damaged(reader, "the content");
	reader->sizes.chunks++;
	reader->sizes.bytes += CHUNK_HEAD + head->size;
	reader->last = head->last;
	return true;
}

/* The next chunk's records; false: there are none. */
static bool next_chunk(struct trace_reader *reader)
{
	struct chunk_head head;
	reader->before = reader->sizes;
	if (!read_chunk(reader, &head))
		return false;
	unsigned long long room = ZSTD_getFrameContentSize(reader->in, head.size);
	if (room > CHUNK_CONTENT || ARRAY_RESERVE(reader->buffer, 0, room + 1, &reader->capacity)) {
		corrupt(reader, "chunk %u holds more than a chunk can", head.number);
		return false;
	}
	size_t size = ZSTD_decompressDCtx(reader->zstd, reader->buffer, room, reader->in, head.size);
	if (ZSTD_isError(size)) {
		corrupt(reader, "%s", ZSTD_getErrorName(size));
		return false;
	}
	reader->used = 0;
	reader->size = size;
	reader->sizes.content += size;
	return true;
}

/* Nothing may come after the last chunk. */
static void expect_end(struct trace_reader *reader)
{
	struct chunk_head head;
	if (!read_chunk(reader, &head) && reader->over == TRACE_READ_TRUNCATED)
		reader->over = TRACE_READ_END;
}

static uint64_t get_integer(const uint8_t *in, unsigned size)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)in[i] << 8 * i;
	return value;
}

/* Why the file has no first chunk. Traces before version 5 were a zstd frame and no more. */
static const char *no_chunk(struct trace_reader *reader)
{
	static const uint8_t zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
	uint8_t bytes[sizeof zstd_magic] = {0};
	size_t size = fseek(reader->file, 0, SEEK_SET) == 0 ? fread(bytes, 1, sizeof bytes, reader->file) : 0;
	if (size == sizeof bytes && !memcmp(bytes, zstd_magic, size))
		return "not a trace file of version 6: those before 5 had no checksums and are not read, record it again";
	if (!reader->sizes.chunks && reader->over == TRACE_READ_CORRUPT && !chunk_begins(bytes, size))
		return "not a trace file: wrong magic";
	return reader->over == TRACE_READ_CORRUPT ? reader->error : "not a trace file, or cut off inside the header";
}

/* NULL, or why this is no trace file. */
static const char *get_header(struct trace_reader *reader)
{
	if (!next_chunk(reader))
		return no_chunk(reader);
	const uint8_t *in = reader->buffer;
	if (reader->size < TRACE_HEADER_SIZE || memcmp(in, "rvtrace\n", 8) != 0)
		return "not a trace file: no header";
	reader->header = (struct trace_header){
	    .version = (uint32_t)get_integer(in + 8, 4),
	    .hart_count = (uint32_t)get_integer(in + 12, 4),
	    .config_hash = get_integer(in + 16, 8),
	    .seed = get_integer(in + 24, 8),
	    .events = (uint32_t)get_integer(in + 32, 4),
	};
	if (reader->header.version < TRACE_VERSION_OLDEST || reader->header.version > TRACE_VERSION)
		return "trace format version is not 6 or 7, those this program reads";
	if (!reader->header.hart_count || reader->header.hart_count > TRACE_HARTS_MAX)
		return "hart count in the header is out of range";
	reader->used = TRACE_HEADER_SIZE;
	return trace_codec_init(&reader->codec, reader->header.hart_count) ||
	               reader_names_init(&reader->names, reader->header.hart_count)
	           ? "no memory"
	           : NULL;
}

static const char *reader_start(struct trace_reader *reader, const char *path)
{
	reader->zstd = ZSTD_createDCtx();
	if (!reader->zstd)
		return "no memory";
	reader->file = fopen(path, "rb");
	return reader->file ? get_header(reader) : strerror(errno);
}

struct trace_reader *trace_reader_open(const char *path, char *error, size_t size)
{
	struct trace_reader *reader = calloc(1, sizeof(*reader));
	const char *reason = reader ? reader_start(reader, path) : "no memory";
	if (!reason)
		return reader;
	snprintf(error, size, "%s", reason);
	trace_reader_close(reader);
	return NULL;
}

void trace_reader_close(struct trace_reader *reader)
{
	if (!reader)
		return;
	reader_names_free(&reader->names);
	free(reader->config);
	for (unsigned i = 0; i < TRACE_HARTS_MAX; i++)
		free(reader->splits[i]);
	trace_codec_free(&reader->codec);
	ZSTD_freeDCtx(reader->zstd);
	if (reader->file)
		fclose(reader->file);
	free(reader->buffer);
	free(reader->in);
	free(reader);
}

/* The parsers of records below return bytes consumed, 0 when cut off, SIZE_MAX when wrong; like trace_decode. */
static size_t get_config(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	uint64_t length;
	size_t used = trace_get_varints(in, size, &length, 1);
	if (used == 0 || used == SIZE_MAX)
		return used;
	if (length > TRACE_NAME_MAX || reader->config_size + length > TRACE_CONFIG_MAX)
		return SIZE_MAX;
	if (length > size - used)
		return 0;
	if (memchr(in + used, '\0', length) ||
	    ARRAY_RESERVE(reader->config, reader->config_size, length + 1, &reader->config_capacity))
		return SIZE_MAX;
	memcpy(reader->config + reader->config_size, in + used, length);
	reader->config_size += length;
	reader->config[reader->config_size] = '\0';
	return used + length;
}

static size_t get_end(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	if (size < 2)
		return 0;
	uint64_t values[2]; /* cycle, retired */
	size_t used = trace_get_varints(in + 2, size - 2, values, 2);
	if (used == 0 || used == SIZE_MAX)
		return used;
	if (in[0] >= reader->header.hart_count || in[1] >= MODE_COUNT)
		return SIZE_MAX;
	reader->ends[in[0]] = (struct trace_end){true, in[1], values[0], values[1]};
	return 2 + used;
}

static size_t get_hash(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	if (size < 8)
		return 0;
	reader->hash = get_integer(in, 8);
	reader->has_hash = true;
	return 8;
}

static size_t get_count(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	uint64_t count = 0;
	size_t used = trace_get_varint(in, size, &count);
	if (used == 0 || used == SIZE_MAX)
		return used;
	reader->ended = true;
	return count == reader->stored ? used : SIZE_MAX;
}

static size_t get_split(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	if (size < 1)
		return 0;
	if (in[0] >= reader->header.hart_count)
		return SIZE_MAX;
	struct reader_split **place = &reader->splits[in[0]];
	if (!*place)
		*place = calloc(1, sizeof(**place));
	if (!*place)
		return SIZE_MAX;
	size_t used = trace_get_split(in + 1, size - 1, &(*place)->split, (*place)->symbols);
	(*place)->fresh = used != 0 && used != SIZE_MAX;
	return (*place)->fresh ? 1 + used : used;
}

static size_t get_latency(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	if (size < 1)
		return 0;
	if (in[0] >= reader->header.hart_count)
		return SIZE_MAX;
	struct reader_latency *place = &reader->latencies[in[0]];
	size_t used = trace_get_latency(in + 1, size - 1, &place->latency);
	place->fresh = used != 0 && used != SIZE_MAX;
	return place->fresh ? 1 + used : used;
}

static size_t get_registers(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	bool differs = false;
	size_t used = trace_get_registers(&reader->codec.runs, in, size, &differs);
	if (differs)
		corrupt(reader, "registers of hart %u are not what its instructions made them, before event %llu",
		        in[0], (unsigned long long)reader->events);
	return used;
}

/* A record that is no event. */
static size_t get_other(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	size_t used;
	switch (in[0]) {
	case TRACE_KIND_SYMBOL: used = reader_names_symbol(&reader->names, in + 1, size - 1); break;
	case TRACE_KIND_GUEST: used = reader_names_guest(&reader->names, in + 1, size - 1); break;
	case TRACE_KIND_CONFIG: used = get_config(reader, in + 1, size - 1); break;
	case TRACE_KIND_HART: used = get_end(reader, in + 1, size - 1); break;
	case TRACE_KIND_HASH: used = get_hash(reader, in + 1, size - 1); break;
	case TRACE_KIND_SPLIT: used = get_split(reader, in + 1, size - 1); break;
	case TRACE_KIND_LATENCY: used = get_latency(reader, in + 1, size - 1); break;
	case TRACE_KIND_TEXT: used = trace_get_text(&reader->codec.runs, in + 1, size - 1); break;
	case TRACE_KIND_REGISTERS: used = get_registers(reader, in + 1, size - 1); break;
	case TRACE_KIND_END: used = get_count(reader, in + 1, size - 1); break;
	default: return SIZE_MAX;
	}
	return used == 0 || used == SIZE_MAX ? used : used + 1;
}

/* There are no more records. */
static enum trace_status stop(struct trace_reader *reader)
{
	if (reader->over == TRACE_READ_EVENT && !reader->ended)
		return corrupt(reader, "the last chunk has no end record");
	if (reader->over == TRACE_READ_EVENT)
		expect_end(reader);
	return reader->over;
}

/* The next record is at hand; false: there is none. */
static bool more_records(struct trace_reader *reader)
{
	while (reader->used == reader->size)
		if (reader->last || !next_chunk(reader))
			return false;
	return true;
}

/* The next event of the run; false: it is over. */
static bool next_of_run(struct trace_reader *reader, struct trace_event *event)
{
	struct reader_run *run = &reader->run;
	while (!run->held && run->at < run->run.end) {
		struct trace_event events[2];
		unsigned count = trace_run_step(&reader->codec.runs, &run->run, run->at++, &run->next, events);
		if (!count)
			continue;
		run->held = count > 1;
		run->event = events[1];
		*event = events[0];
		return true;
	}
	if (run->held)
		*event = run->event;
	bool held = run->held;
	run->held = false;
	return held;
}

static size_t get_run(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	struct reader_run *run = &reader->run;
	size_t used = trace_decode_run(&reader->codec, in, size, &run->run, run->values);
	run->next = run->values;
	bool got = used != 0 && used != SIZE_MAX;
	run->at = got ? run->run.from : (run->run.end = 0);
	reader->stored += got ? trace_run_events(&reader->codec.runs, &run->run) : 0;
	return used;
}

enum trace_status trace_reader_next(struct trace_reader *reader, struct trace_event *event)
{
	while (reader->over == TRACE_READ_EVENT) {
		if (next_of_run(reader, event)) {
			reader_names_event(&reader->names, event);
			reader->events++;
			return TRACE_READ_EVENT;
		}
		if (!more_records(reader))
			return stop(reader);
		const uint8_t *in = reader->buffer + reader->used;
		size_t size = reader->size - reader->used;
		bool is_run = in[0] & TAG_RUN, is_event = !is_run && (in[0] & 0x1f) < TRACE_KIND_GUEST;
		size_t used = reader->ended ? SIZE_MAX
		              : is_run      ? get_run(reader, in, size)
		              : is_event    ? trace_decode(&reader->codec, in, size, event)
		                            : get_other(reader, in, size);
		if (used == 0 || used == SIZE_MAX) {
			if (reader->over == TRACE_READ_EVENT) /* else it is known what is wrong */
				corrupt(reader, "not a valid record after event %llu",
				        (unsigned long long)reader->events);
			break;
		}
		reader->used += used;
		if (is_event) {
			reader_names_event(&reader->names, event);
			reader->stored++;
			reader->events++;
			return TRACE_READ_EVENT;
		}
	}
	return reader->over;
}

enum trace_status trace_reader_check_rest(struct trace_reader *reader)
{
	struct chunk_head head;
	while (reader->over == TRACE_READ_EVENT && !reader->last)
		read_chunk(reader, &head);
	if (reader->over == TRACE_READ_EVENT)
		expect_end(reader);
	return reader->over;
}

const struct trace_header *trace_reader_header(const struct trace_reader *reader) { return &reader->header; }
const char *trace_reader_config(const struct trace_reader *reader) { return reader->config ? reader->config : ""; }
const char *trace_reader_error(const struct trace_reader *reader) { return reader->error; }
uint64_t trace_reader_events(const struct trace_reader *reader) { return reader->events; }
const struct trace_sizes *trace_reader_sizes(const struct trace_reader *reader) { return &reader->sizes; }

const uint64_t *trace_reader_registers(const struct trace_reader *reader, unsigned hart)
{
	return reader->codec.runs.harts[hart].registers.value;
}

bool trace_reader_insn(const struct trace_reader *reader, enum mode mode, uint64_t pc, uint32_t *word)
{
	return trace_runs_insn(&reader->codec.runs, (uint8_t)mode, pc, word);
}

const struct trace_end *trace_reader_end(const struct trace_reader *reader, unsigned hart)
{
	return &reader->ends[hart];
}

bool trace_reader_hash(const struct trace_reader *reader, uint64_t *hash)
{
	*hash = reader->hash;
	return reader->has_hash;
}

const struct split *trace_reader_split(struct trace_reader *reader, unsigned hart)
{
	struct reader_split *place = reader->splits[hart];
	if (!place || !place->fresh)
		return NULL;
	place->fresh = false;
	return &place->split;
}

const struct trace_latency *trace_reader_latency(struct trace_reader *reader, unsigned hart)
{
	struct reader_latency *place = &reader->latencies[hart];
	bool fresh = place->fresh;
	place->fresh = false;
	return fresh ? &place->latency : NULL;
}

const char *trace_reader_symbol(struct trace_reader *reader, enum mode mode, unsigned guest, uint64_t address,
                                uint64_t *offset)
{
	return reader_names_find(&reader->names, mode, guest, address, offset);
}

const char *trace_reader_guest(const struct trace_reader *reader, unsigned guest)
{
	return reader_names_of_guest(&reader->names, guest);
}

/* ---- marks ---- */

struct trace_mark {
	struct trace_sizes before; /* its chunk */
	size_t used;               /* of that */
	uint64_t events, stored;
	uint8_t hart;
	struct trace_runs_kept *runs;
	struct trace_prediction *harts;
	uint64_t *hgatp;
};

void trace_mark_free(struct trace_mark *mark)
{
	if (!mark)
		return;
	trace_runs_drop(mark->runs);
	free(mark->harts);
	free(mark->hgatp);
	free(mark);
}

struct trace_mark *trace_reader_mark(const struct trace_reader *reader)
{
	bool between = !reader->run.held && reader->run.at >= reader->run.run.end;
	struct trace_mark *mark = between && reader->over == TRACE_READ_EVENT ? calloc(1, sizeof(*mark)) : NULL;
	size_t harts = reader->header.hart_count;
	if (!mark)
		return NULL;
	mark->before = reader->before;
	mark->used = reader->used;
	mark->events = reader->events;
	mark->stored = reader->stored;
	mark->hart = reader->codec.hart;
	mark->runs = trace_runs_keep(&reader->codec.runs);
	mark->harts = malloc(harts * sizeof(*mark->harts));
	mark->hgatp = malloc(harts * sizeof(*mark->hgatp));
	if (!mark->runs || !mark->harts || !mark->hgatp) {
		trace_mark_free(mark);
		return NULL;
	}
	memcpy(mark->harts, reader->codec.harts, harts * sizeof(*mark->harts));
	memcpy(mark->hgatp, reader->names.hgatp, harts * sizeof(*mark->hgatp));
	return mark;
}

int trace_reader_back(struct trace_reader *reader, const struct trace_mark *mark)
{
	size_t harts = reader->header.hart_count;
	if (fseeko(reader->file, (off_t)mark->before.bytes, SEEK_SET) != 0)
		return -1;
	reader->sizes = mark->before;
	reader->over = TRACE_READ_EVENT;
	reader->ended = reader->last = false;
	if (!next_chunk(reader))
		return -1;
	reader->used = mark->used;
	reader->events = mark->events;
	reader->stored = mark->stored;
	reader->codec.hart = mark->hart;
	reader->run.held = false;
	reader->run.at = reader->run.run.end;
	trace_runs_back(&reader->codec.runs, mark->runs);
	memcpy(reader->codec.harts, mark->harts, harts * sizeof(*mark->harts));
	memcpy(reader->names.hgatp, mark->hgatp, harts * sizeof(*mark->hgatp));
	for (size_t i = 0; i < harts; i++) {
		reader->latencies[i].fresh = false;
		if (reader->splits[i])
			reader->splits[i]->fresh = false;
	}
	return 0;
}
