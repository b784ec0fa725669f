/* Reads trace files: format.h. Input is not trusted: any bytes give events up to where they stop making sense. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include "base/array.h"
#include "base/say.h"
#include "trace/format.h"

/* Decompressed bytes are kept from the first one not consumed; the longest record fits several times. */
enum { BUFFER_SIZE = 1 << 16, RECORD_LIMIT = 1 << 14 };
_Static_assert((int)RECORD_LIMIT > (int)TRACE_SPLIT_MAX && (int)RECORD_LIMIT > TRACE_RECORD_MAX + TRACE_NAME_MAX &&
                   (int)RECORD_LIMIT > (int)TRACE_RUN_MAX && (int)RECORD_LIMIT > (int)TRACE_TEXT_MAX,
               "every record fits");

struct symbol {
	uint64_t address, size;
	size_t order; /* place in the file */
	unsigned scope;
	char *name;
};

struct trace_reader {
	FILE *file;
	ZSTD_DCtx *zstd;
	struct trace_header header;
	struct trace_codec codec;
	uint64_t events, hash;
	bool has_hash, ended;
	bool dry;             /* the stream gives no more bytes */
	bool frame_done;      /* because it ended as a zstd frame does */
	enum trace_status over; /* TRACE_READ_EVENT until the reader has stopped */
	struct trace_end ends[TRACE_HARTS_MAX];
	struct reader_split {
		bool fresh;
		struct split split;
		struct split_symbol symbols[SPLIT_SYMBOLS_MAX];
	} *splits[TRACE_HARTS_MAX]; /* NULL: the hart had none yet */
	struct reader_run {
		struct trace_run run;
		unsigned at; /* the next instruction */
		uint64_t values[TRACE_VALUES_MAX];
		const uint64_t *next; /* of them */
		struct trace_event event; /* the second of the instruction before; `held`: there is one */
		bool held;
	} run;
	struct symbol *symbols;
	size_t symbol_count, symbol_capacity, symbol_bytes;
	bool sorted;
	unsigned guest_scope; /* the one guest scope, 0: none, UINT_MAX: several */
	char error[160];
	size_t in_used, in_size, in_capacity;
	uint8_t *in;
	size_t used, size;
	uint8_t buffer[BUFFER_SIZE];
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

/* Refill the compressed input. False at the end of the file. */
static bool refill(struct trace_reader *reader)
{
	reader->in_used = 0;
	reader->in_size = fread(reader->in, 1, reader->in_capacity, reader->file);
	if (!reader->in_size && ferror(reader->file))
		corrupt(reader, "read error: %s", strerror(errno));
	return reader->in_size > 0;
}

/* Decompress some more. What zstd refuses ends the stream like the end of the file does, but with an error. */
static void more(struct trace_reader *reader)
{
	memmove(reader->buffer, reader->buffer + reader->used, reader->size - reader->used);
	reader->size -= reader->used;
	reader->used = 0;
	size_t before = reader->size;
	while (reader->size == before && !reader->dry) {
		ZSTD_inBuffer in = {reader->in, reader->in_size, reader->in_used};
		ZSTD_outBuffer out = {reader->buffer, BUFFER_SIZE, reader->size};
		/* zstd may hold back output that did not fit before: ask it even when there is no input. */
		size_t left = ZSTD_decompressStream(reader->zstd, &out, &in);
		reader->in_used = in.pos;
		reader->size = out.pos;
		if (ZSTD_isError(left)) {
			corrupt(reader, "%s", ZSTD_getErrorName(left));
			reader->dry = true;
		} else if (!left) {
			reader->dry = reader->frame_done = true;
		} else if (reader->size == before && in.pos == in.size && !refill(reader)) {
			reader->dry = true;
		}
	}
}

/* At least `size` bytes to look at, or all there are. */
static size_t take_look(struct trace_reader *reader, size_t size)
{
	while (reader->size - reader->used < size && !reader->dry)
		more(reader);
	return reader->size - reader->used;
}

static uint64_t get_integer(const uint8_t *in, unsigned size)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)in[i] << 8 * i;
	return value;
}

/* NULL, or why this is no trace file. */
static const char *get_header(struct trace_reader *reader)
{
	size_t size = take_look(reader, TRACE_HEADER_SIZE);
	const uint8_t *in = reader->buffer;
	if (size >= 8 && memcmp(in, "rvtrace\n", 8) != 0)
		return "not a trace file: wrong magic";
	if (reader->over == TRACE_READ_CORRUPT && size < TRACE_HEADER_SIZE)
		return "not a trace file: no zstd stream";
	if (size < TRACE_HEADER_SIZE)
		return "not a trace file, or cut off inside the header";
	reader->header = (struct trace_header){
	    .version = (uint32_t)get_integer(in + 8, 4),
	    .hart_count = (uint32_t)get_integer(in + 12, 4),
	    .config_hash = get_integer(in + 16, 8),
	    .seed = get_integer(in + 24, 8),
	    .events = (uint32_t)get_integer(in + 32, 4),
	};
	if (reader->header.version < 1 || reader->header.version > TRACE_VERSION)
		return "trace format version is not 1 to 4, those this program reads";
	if (!reader->header.hart_count || reader->header.hart_count > TRACE_HARTS_MAX)
		return "hart count in the header is out of range";
	reader->used = TRACE_HEADER_SIZE;
	return trace_codec_init(&reader->codec, reader->header.hart_count) ? "no memory" : NULL;
}

static const char *reader_start(struct trace_reader *reader, const char *path)
{
	reader->in_capacity = ZSTD_DStreamInSize();
	reader->in = malloc(reader->in_capacity);
	reader->zstd = ZSTD_createDCtx();
	if (!reader->in || !reader->zstd)
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
	for (size_t i = 0; i < reader->symbol_count; i++)
		free(reader->symbols[i].name);
	free(reader->symbols);
	for (unsigned i = 0; i < TRACE_HARTS_MAX; i++)
		free(reader->splits[i]);
	trace_codec_free(&reader->codec);
	ZSTD_freeDCtx(reader->zstd);
	if (reader->file)
		fclose(reader->file);
	free(reader->in);
	free(reader);
}

/* False: no memory, or more of them than any program has: a small file can unfold to any number. */
static bool take_symbol(struct trace_reader *reader, const struct symbol *symbol, const uint8_t *name, size_t length)
{
	enum { ROOM = 1 << 27 }; /* bytes */
	reader->symbol_bytes += sizeof *symbol + length + 1;
	if (reader->symbol_bytes > ROOM)
		return false;
	if (ARRAY_RESERVE(reader->symbols, reader->symbol_count, 1, &reader->symbol_capacity))
		return false;
	struct symbol *place = &reader->symbols[reader->symbol_count];
	*place = *symbol;
	place->order = reader->symbol_count;
	place->name = strndup((const char *)name, length);
	if (!place->name)
		return false;
	say_plain(place->name);
	reader->symbol_count++;
	reader->sorted = false;
	if (symbol->scope && reader->guest_scope != symbol->scope)
		reader->guest_scope = reader->guest_scope ? UINT32_MAX : symbol->scope;
	return true;
}

/* The parsers of records below return bytes consumed, 0 when cut off, SIZE_MAX when wrong; like trace_decode. */
static size_t get_varints(const uint8_t *in, size_t size, uint64_t *values, unsigned count)
{
	size_t used = 0;
	for (unsigned i = 0; i < count; i++) {
		size_t length = trace_get_varint(in + used, size - used, &values[i]);
		if (length == 0 || length == SIZE_MAX)
			return length;
		used += length;
	}
	return used;
}

static size_t get_symbol(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	uint64_t values[4]; /* scope, address, size, length of the name */
	size_t used = get_varints(in, size, values, 4);
	if (used == 0 || used == SIZE_MAX)
		return used;
	if (values[3] > TRACE_NAME_MAX || values[0] >= UINT32_MAX)
		return SIZE_MAX;
	if (values[3] > size - used)
		return 0;
	struct symbol symbol = {.address = values[1], .size = values[2], .scope = (unsigned)values[0]};
	if (!take_symbol(reader, &symbol, in + used, values[3]))
		return SIZE_MAX;
	return used + values[3];
}

static size_t get_end(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	if (size < 2)
		return 0;
	uint64_t values[2]; /* cycle, retired */
	size_t used = get_varints(in + 2, size - 2, values, 2);
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
	return count == reader->events ? used : SIZE_MAX;
}

static size_t get_split_symbols(struct reader_split *place, const uint8_t *in, size_t size)
{
	uint64_t count, values[2], address = 0; /* difference of addresses, cycles */
	size_t used = get_varints(in, size, &count, 1), length;
	if (used == 0 || used == SIZE_MAX)
		return used;
	if (count > SPLIT_SYMBOLS_MAX)
		return SIZE_MAX;
	for (uint64_t i = 0; i < count; i++, used += length) {
		length = get_varints(in + used, size - used, values, 2);
		if (length == 0 || length == SIZE_MAX)
			return length;
		if (values[0] > UINT64_MAX - address || (i && !values[0]))
			return SIZE_MAX; /* not ascending */
		address += values[0];
		place->symbols[i] = (struct split_symbol){address, values[1]};
	}
	place->split.symbol_count = count;
	place->split.symbols = place->symbols;
	return used;
}

/* A split says the same thing twice or thrice over: it must agree with itself. */
static bool adds_up(struct split *split)
{
	uint64_t instructions = 0;
	split->cycles = 0;
	for (unsigned i = 0; i < SPLIT_PARTS; i++)
		split->cycles += split->parts[i];
	for (size_t i = 0; i < split->symbol_count; i++)
		instructions += split->symbols[i].cycles;
	return instructions == split->parts[SPLIT_SWITCH] + split->parts[SPLIT_HANDLER];
}

static size_t get_split(struct trace_reader *reader, const uint8_t *in, size_t size)
{
	uint64_t parts;
	if (size < 1)
		return 0;
	if (in[0] >= reader->header.hart_count)
		return SIZE_MAX;
	struct reader_split **place = &reader->splits[in[0]];
	if (!*place)
		*place = calloc(1, sizeof(**place));
	if (!*place)
		return SIZE_MAX;
	(*place)->fresh = false;
	size_t used = get_varints(in + 1, size - 1, &parts, 1), total = 1 + used;
	if (used == 0 || used == SIZE_MAX || parts != SPLIT_PARTS)
		return used ? SIZE_MAX : 0;
	used = get_varints(in + total, size - total, (*place)->split.parts, SPLIT_PARTS);
	if (used == 0 || used == SIZE_MAX)
		return used;
	total += used;
	used = get_split_symbols(*place, in + total, size - total);
	if (used == 0 || used == SIZE_MAX)
		return used;
	if (!adds_up(&(*place)->split))
		return SIZE_MAX;
	(*place)->fresh = true;
	return total + used;
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
	case TRACE_KIND_SYMBOL: used = get_symbol(reader, in + 1, size - 1); break;
	case TRACE_KIND_HART: used = get_end(reader, in + 1, size - 1); break;
	case TRACE_KIND_HASH: used = get_hash(reader, in + 1, size - 1); break;
	case TRACE_KIND_SPLIT: used = get_split(reader, in + 1, size - 1); break;
	case TRACE_KIND_TEXT: used = trace_get_text(&reader->codec.runs, in + 1, size - 1); break;
	case TRACE_KIND_REGISTERS: used = get_registers(reader, in + 1, size - 1); break;
	case TRACE_KIND_END: used = get_count(reader, in + 1, size - 1); break;
	default: return SIZE_MAX;
	}
	return used == 0 || used == SIZE_MAX ? used : used + 1;
}

/* Nothing is left, or only part of a record. */
static enum trace_status stop(struct trace_reader *reader, size_t left)
{
	if (reader->over == TRACE_READ_CORRUPT)
		return TRACE_READ_CORRUPT;
	if (reader->ended && left)
		return corrupt(reader, "bytes after the end record");
	if (reader->frame_done && !reader->ended)
		return corrupt(reader, "the stream ends without an end record");
	/* The END record but not zstd's own end: nothing is missing but a checksum's worth of bytes. */
	reader->over = reader->ended ? TRACE_READ_END : TRACE_READ_TRUNCATED;
	return reader->over;
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
	run->at = used == 0 || used == SIZE_MAX ? run->run.end = 0 : run->run.from;
	return used;
}

enum trace_status trace_reader_next(struct trace_reader *reader, struct trace_event *event)
{
	if (reader->over != TRACE_READ_EVENT && !(reader->over == TRACE_READ_CORRUPT && reader->size > reader->used))
		return reader->over;
	for (;;) {
		if (next_of_run(reader, event)) {
			reader->events++;
			return TRACE_READ_EVENT;
		}
		size_t size = take_look(reader, RECORD_LIMIT);
		const uint8_t *in = reader->buffer + reader->used;
		if (!size || reader->ended)
			return stop(reader, size);
		bool is_run = in[0] & TAG_RUN, is_event = !is_run && (in[0] & 0x1f) < TRACE_KIND_SYMBOL;
		size_t used = is_run     ? get_run(reader, in, size)
		              : is_event ? trace_decode(&reader->codec, in, size, event)
		                         : get_other(reader, in, size);
		if (used == 0 && reader->dry) {
			reader->used = reader->size;
			return stop(reader, size);
		}
		if (used == 0 || used == SIZE_MAX) {
			reader->used = reader->size;
			if (reader->over != TRACE_READ_CORRUPT) /* else it is known what is wrong */
				corrupt(reader, "not a valid record after event %llu",
				        (unsigned long long)reader->events);
			return TRACE_READ_CORRUPT;
		}
		reader->used += used;
		if (is_event) {
			reader->events++;
			return TRACE_READ_EVENT;
		}
	}
}

const struct trace_header *trace_reader_header(const struct trace_reader *reader) { return &reader->header; }
const char *trace_reader_error(const struct trace_reader *reader) { return reader->error; }
uint64_t trace_reader_events(const struct trace_reader *reader) { return reader->events; }

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

/* By scope, address, place in the file. */
static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;
	if (x->scope != y->scope)
		return x->scope < y->scope ? -1 : 1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The last symbol of the scope at or below the address. */
static const struct symbol *find_symbol(const struct trace_reader *reader, unsigned scope, uint64_t address)
{
	size_t low = 0, high = reader->symbol_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct symbol *symbol = &reader->symbols[middle];
		if (symbol->scope < scope || (symbol->scope == scope && symbol->address <= address))
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || reader->symbols[low - 1].scope != scope)
		return NULL;
	const struct symbol *found = &reader->symbols[low - 1];
	return !found->size || address - found->address < found->size ? found : NULL;
}

const char *trace_reader_symbol(struct trace_reader *reader, enum mode mode, uint64_t address, uint64_t *offset)
{
	if (mode_virt(mode) && reader->guest_scope == UINT32_MAX)
		return NULL;
	if (!reader->sorted && reader->symbol_count)
		qsort(reader->symbols, reader->symbol_count, sizeof(*reader->symbols), compare_symbols);
	reader->sorted = true;
	const struct symbol *symbol = find_symbol(reader, mode_virt(mode) ? reader->guest_scope : 0, address);
	if (!symbol)
		return NULL;
	*offset = address - symbol->address;
	return symbol->name;
}
