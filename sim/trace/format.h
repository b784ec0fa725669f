/*
 * The trace file, format version 7. Files of version 6 are read: they have no guests. Earlier ones are refused; those up
 * to 4 had no checksums, 5 no latencies.
 *
 * A file is chunks (chunk.h), each with its own checksums. The writer ends a chunk and hands it to the operating system
 * at least every TRACE_FLUSH_EVENTS records of events, more often at first, and whenever trace_flush is called (once a
 * second): so what a killed process leaves is the file up to there, and a reader treats a missing tail as the end, with
 * a note. A record stands in one chunk. What the chunks hold, one after the other, is a header and records.
 *
 * Header, TRACE_HEADER_SIZE bytes, integers little-endian:
 *
 *	offset size
 *	0      8    magic "rvtrace\n"
 *	8      4    format version
 *	12     4    hart count, 1..256
 *	16     8    configuration hash: files of one configuration have the same
 *	24     8    seed
 *	32     4    event mask: bit n set when events of type n (the n-th row of trace_event.def) were to be recorded
 *	36     4    zero
 *
 * A varint is unsigned LEB128: 7 bits a byte, low ones first, bit 7 set when more follow; at most 10 bytes. A delta is
 * the difference to a prediction modulo 2^64, zigzag coded ((d << 1) ^ (d >> 63), arithmetic shift), as a varint.
 *
 * A record starts with a tag byte: bits 0..4 kind; bit 5 hart follows; bit 6 mode follows; bit 7 zero. Where bit 7 is
 * set it is a run.
 *
 * Kind 0..21, an event of that type:
 *	[hart]    one byte, if bit 5: else the hart of the event or run before (first: 0)
 *	[mode]    one byte (enum mode), if bit 6: else the mode of this hart's event before (first: M)
 *	cycle     delta to the cycle of this hart's event before
 *	retired   delta to its retired count
 *	pc        delta to its pc, plus its length (2 or 4) when that was an insn event
 *	fields    those the row names, in this order: from, flags: a byte each; word: 4 bytes little-endian;
 *	          value[0..3]: delta to the same value of this hart's event before of the same type
 * All predictions start at 0. Members of an event that its row does not name are 0.
 *
 * Kind 24, SYMBOL:  scope varint (0: firmware, n: n-th guest), address varint, size varint, length varint, name bytes.
 *                   Before the first event, but for files opened in mid-run. Of several at one address the last is
 *                   the one to show.
 * Kind 22, GUEST:   hgatp varint, scope varint, length varint, name bytes. hgatp 0: there is such a guest, called so;
 *                   before the first event. Else code with V=1 under this hgatp is its, up to a reset of the machine.
 * Kind 25, HART:    hart byte, mode byte, cycle varint, retired varint: where the hart stood at the end.
 * Kind 26, HASH:    the trace hash, 8 bytes little-endian.
 * Kind 27, END:     number of events varint, stores-conditional that failed counted as accesses. The last record of a file that was closed; what follows is an error.
 *
 * Runs are how instructions and their accesses to memory are stored (run.h). After a run its hart's next event is
 * predicted from its mode, its cycle (the block's start) and retired count.
 *
 * Run, tag bit 7: instructions of a block that retired one after the other. Of what the flags leave out, block to cycle
 * are as they were when a run of the block of the hart's run before, to the same end, was last followed by another:
 *	[hart]    one byte, if bit 5: else the hart of the event or run before
 *	[block]   varint, if bit 0: its number
 *	[from]    byte, if bit 1: the first instruction
 *	[end]     byte, if bit 2: one after the last
 *	[cycle]   varint, if bit 3: zigzag difference of two numbers of cycles, from the start of the block before to
 *	          that of this: the true one less the one expected
 *	[retired] delta, if bit 4, to the count after the hart's run before
 *	values    in the order of the instructions that have some (trace_noted): a nibble each, low one first, for the
 *	          number of bytes; then the bytes, little-endian: the zigzag difference to the last value at this place
 *	          of this block
 * What is expected is kept in a table of GUESSES entries (run_state.h, guess_after), which all harts share: blocks that
 * meet in one are expected to go where the other went.
 *
 * Kind 29, TEXT:    pc varint, mode byte, tells byte (enum trace_tells), count byte (1..64), and for each instruction:
 *                   2 or 4 bytes, its cycle from the block's start as delta to the one before. Blocks are numbered
 *                   from 1; more than TEXTS_ROOM (run.c) instructions are an error.
 * Kind 30, REGISTERS: hart byte, byte (0: this is what they hold, 1: they do, by what was read), mask of 8 bytes (bit n:
 *                   x[n] is not 0; bit 32 + n: f[n]), 8 bytes for each that is not 0. The first of a hart stands before
 *                   its first run.
 * Kind 31, CONFIG:  length varint, bytes. How the run was made: JSON, in as many of these as it takes; before the symbols.
 * Kind 28, SPLIT:   hart byte, number of parts varint, that many varints, number of symbols varint, for each: address
 *                   as the difference to the one before (varint, the first from 0; ascending), cycles varint. What the
 *                   cycles of the VM exit went to that the hart's next world event ends: split.def.
 * Kind 23, LATENCY: hart byte, cycles waited varint, those of them masked varint, no more: of the interrupt that is the
 *                   hart's next trap event.
 */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "trace/run.h"
#include "trace/split.h"
#include "trace/trace.h"
#include "base/varint.h"

enum {
	TRACE_VERSION = 7,
	TRACE_VERSION_OLDEST = 6, /* that is read */
	TRACE_SCOPES = 4096, /* of symbols; those of higher ones are left out */
	TRACE_HEADER_SIZE = 40,
	TRACE_FLUSH_EVENTS = 4096,
	TRACE_HARTS_MAX = 256,
	TRACE_RECORD_MAX = 96, /* bytes of the longest event record, and more */
	TRACE_NAME_MAX = 4096, /* bytes of a symbol's name; longer ones are cut. Of a piece of the configuration. */
	TRACE_CONFIG_MAX = 1 << 20, /* bytes of all of it: more is not what a writer wrote */
	TRACE_SPLIT_MAX = 10 * (3 + SPLIT_PARTS + 2 * SPLIT_SYMBOLS_MAX), /* bytes of a split, and more */
};

enum trace_kind {
	TRACE_KIND_GUEST = 22,
	TRACE_KIND_LATENCY,
	TRACE_KIND_SYMBOL,
	TRACE_KIND_HART,
	TRACE_KIND_HASH,
	TRACE_KIND_END,
	TRACE_KIND_SPLIT,
	TRACE_KIND_TEXT,
	TRACE_KIND_REGISTERS,
	TRACE_KIND_CONFIG
};

/* Rows of trace_event.def. */
enum trace_source {
	SOURCE_FROM,
	SOURCE_FLAGS,
	SOURCE_WORD,
	SOURCE_VALUE0,
	SOURCE_VALUE1,
	SOURCE_VALUE2,
	SOURCE_VALUE3
};
enum trace_field_format {
	PRINT_HEX,
	PRINT_DEC,
	PRINT_ADDRESS,
	PRINT_MODE,
	PRINT_CAUSE,
	PRINT_REGISTER,
	PRINT_CSR,
	PRINT_WORD,
	PRINT_SIZE,
	PRINT_BYTE,
	PRINT_FLAGS,
	PRINT_GIVEN,
	PRINT_TRUTH,
	PRINT_WHAT,
	PRINT_UNIT,
	PRINT_STAGE,
	PRINT_ACCESS,
	PRINT_PAGE
};
enum { TRACE_FIELDS_MAX = 16 };
struct trace_row {
	const char *name;
	uint8_t on;
	uint8_t sources; /* bit set of enum trace_source */
	uint8_t field_count;
	struct trace_field {
		const char *name;
		uint8_t source, format;
		uint8_t low, width; /* bits of the source */
	} fields[TRACE_FIELDS_MAX];
};
extern const struct trace_row trace_rows[TRACE_TYPES];

uint64_t trace_field_value(const struct trace_event *event, const struct trace_field *field);

/* Predictions of one stream; writer's and reader's move alike. */
struct trace_codec {
	uint8_t hart;
	struct trace_prediction {
		uint64_t cycle, retired, pc;
		uint8_t mode;
		uint64_t value[TRACE_TYPES][4];
	} *harts;
	unsigned hart_count;
	struct trace_runs runs;
};
int trace_codec_init(struct trace_codec *codec, unsigned hart_count); /* 0, or -1: no memory */
void trace_codec_free(struct trace_codec *codec);
/* Bytes written to `out`, at most TRACE_RECORD_MAX. */
size_t trace_encode(struct trace_codec *codec, const struct trace_event *event, uint8_t *out);
/* Bytes consumed; 0: the record goes on past `size`, nothing changed; SIZE_MAX: not a record of this format. */
size_t trace_decode(struct trace_codec *codec, const uint8_t *in, size_t size, struct trace_event *event);

/* Likewise runs: trace_put_notes. A run that is read has its values in `values`, at most TRACE_VALUES_MAX of them. */
bool trace_encode_notes(struct trace_codec *codec, struct trace_notes *notes, unsigned hart, uint64_t retired,
                        uint8_t **out, const uint8_t *limit, uint64_t *events);
size_t trace_decode_run(struct trace_codec *codec, const uint8_t *in, size_t size, struct trace_run *run,
                        uint64_t *values);

/* What stands before an event, behind the hart's number; `symbols`: SPLIT_SYMBOLS_MAX of them. Results as of
 * trace_decode, but that something may have changed. */
size_t trace_get_split(const uint8_t *in, size_t size, struct split *split, struct split_symbol *symbols);
size_t trace_get_latency(const uint8_t *in, size_t size, struct trace_latency *latency);

struct trace_header {
	uint32_t version, hart_count;
	uint64_t config_hash, seed;
	uint32_t events;
};

/* Where a hart stood at the end. */
struct trace_end {
	bool known;
	uint8_t mode;
	uint64_t cycle, retired;
};

struct trace_writer;
/* NULL with a line on stderr. */
struct trace_writer *trace_writer_open(const char *path, const struct trace_header *header);
void trace_writer_event(struct trace_writer *writer, const struct trace_event *event);
/* Its number, for runs; 0: no memory or room, which is said at the close. */
uint32_t trace_writer_text(struct trace_writer *writer, const struct trace_text *text);
void trace_writer_notes(struct trace_writer *writer, struct trace_notes *notes, unsigned hart, uint64_t retired);
void trace_writer_registers(struct trace_writer *writer, unsigned hart, const struct trace_registers *registers,
                            bool check);
/* Instructions follow that nobody is told of: what registers hold must be told again. */
void trace_writer_pause(struct trace_writer *writer);
void trace_writer_split(struct trace_writer *writer, unsigned hart, const struct split *split);
void trace_writer_latency(struct trace_writer *writer, unsigned hart, const struct trace_latency *latency);
void trace_writer_config(struct trace_writer *writer, const char *text);
struct trace_symbol {
	const char *name;
	uint64_t address, size; /* size 0: up to the next symbol */
	unsigned scope; /* 0: the firmware (V=0 modes); n: the n-th guest (V=1) */
};
void trace_writer_symbol(struct trace_writer *writer, const struct trace_symbol *symbol);
void trace_writer_guest(struct trace_writer *writer, uint64_t hgatp, unsigned scope, const char *name);
void trace_writer_end(struct trace_writer *writer, unsigned hart, const struct trace_end *end);
void trace_writer_hash(struct trace_writer *writer, uint64_t hash);
void trace_writer_flush(struct trace_writer *writer);
/* 0, or -1 with a line on stderr when anything could not be written */
int trace_writer_close(struct trace_writer *writer);

enum trace_status {
	TRACE_READ_EVENT,
	TRACE_READ_END,       /* the END record was there and the count is right */
	TRACE_READ_TRUNCATED, /* the file stops in mid-stream: its writer was killed */
	TRACE_READ_CORRUPT,   /* not what a writer wrote; trace_reader_error says what */
};

/* What has been read of a file. */
struct trace_sizes {
	uint64_t chunks, bytes, content; /* content: bytes decompressed */
};

struct trace_reader;
/* NULL with a reason (one line, no file name) in `error` when the file or its header cannot be read. */
struct trace_reader *trace_reader_open(const char *path, char *error, size_t size);
const struct trace_header *trace_reader_header(const struct trace_reader *reader);
enum trace_status trace_reader_next(struct trace_reader *reader, struct trace_event *event);
/* Nobody wants the events that are left: only whether what is left of the file is as it was written. */
enum trace_status trace_reader_check_rest(struct trace_reader *reader);
const char *trace_reader_error(const struct trace_reader *reader);
uint64_t trace_reader_events(const struct trace_reader *reader); /* read so far */
const struct trace_sizes *trace_reader_sizes(const struct trace_reader *reader);
const struct trace_end *trace_reader_end(const struct trace_reader *reader, unsigned hart);
bool trace_reader_hash(const struct trace_reader *reader, uint64_t *hash); /* false: the file has none */
const char *trace_reader_config(const struct trace_reader *reader); /* read so far: JSON; "": the file has none */
/* The split of a hart's exit that was read before the event that trace_reader_next gave last; NULL if none was, or it
 * has been asked for already. Valid until the next trace_reader_next. */
const struct split *trace_reader_split(struct trace_reader *reader, unsigned hart);
/* Likewise how long the interrupt has waited that a trap event of the hart tells of: ask at each of them. */
const struct trace_latency *trace_reader_latency(struct trace_reader *reader, unsigned hart);
/* Name of the symbol that holds `address` as a pc in `mode`, and how far in; NULL if none. With V=1 it is one of the
 * n-th guest (struct trace_event); of 0 a name that all of them give. */
const char *trace_reader_symbol(struct trace_reader *reader, enum mode mode, unsigned guest, uint64_t address,
                                uint64_t *offset);
/* What the n-th guest is called, as far as was read; "": nothing. */
const char *trace_reader_guest(const struct trace_reader *reader, unsigned guest);
/* The hart's 64 registers (run.h) after the event that trace_reader_next gave last, if that was an instruction of it. */
const uint64_t *trace_reader_registers(const struct trace_reader *reader, unsigned hart);
/* The instruction at `pc` in blocks of code of this mode, the latest of them. False: none is known. */
bool trace_reader_insn(const struct trace_reader *reader, enum mode mode, uint64_t pc, uint32_t *word);
/* A place to come back to, where the reader is, but in the middle of a run. NULL: it is there, or no memory. */
struct trace_mark;
struct trace_mark *trace_reader_mark(const struct trace_reader *reader);
/* 0, or -1: the file cannot be read there. */
int trace_reader_back(struct trace_reader *reader, const struct trace_mark *mark);
void trace_mark_free(struct trace_mark *mark);
void trace_reader_close(struct trace_reader *reader);

#endif
