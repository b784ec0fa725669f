/* The trace: hash, file format, reader, texts. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "hart/trap.h"
#include "temporary.h"
#include "trace/chunk.h"
#include "trace/format.h"
#include "base/json.h"
#include "trace/spike.h"
#include "trace/text.h"
#include "trace/trace.h"

enum { HARTS = 3 };

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 20 ^ *state << 30;
}

/* An event with every member that its row names set, and no other. */
static struct trace_event random_event(uint64_t *state)
{
	struct trace_event event = {
		.type = (uint8_t)(next_random(state) % TRACE_TYPES),
		.hart = (uint8_t)(next_random(state) % HARTS),
		.mode = (uint8_t)(next_random(state) % MODE_COUNT),
		.cycle = next_random(state) % 100000,
		.retired = next_random(state) % 100000,
		.pc = 0x80000000 + next_random(state) % 4096 * 2,
	};
	unsigned sources = trace_rows[event.type].sources;
	if (sources & 1u << SOURCE_FROM)
		event.from = (uint8_t)(next_random(state) % MODE_COUNT);
	if (sources & 1u << SOURCE_FLAGS)
		event.flags = (uint8_t)next_random(state);
	if (sources & 1u << SOURCE_WORD)
		event.word = (uint32_t)next_random(state);
	for (unsigned i = 0; i < 4; i++)
		if (sources & 1u << (SOURCE_VALUE0 + i))
			event.value[i] = next_random(state) % 3 ? next_random(state) & 0xff : next_random(state) * 31;
	if (event.type == TRACE_WORLD && event.pc & 2)
		event.value[0] = TRACE_RETURN;
	return event;
}

static void expect_same(const struct trace_event *a, const struct trace_event *b)
{
	cr_assert_eq(a->type, b->type);
	cr_assert_eq(a->hart, b->hart);
	cr_assert_eq(a->mode, b->mode);
	cr_assert_eq(a->from, b->from);
	cr_assert_eq(a->flags, b->flags);
	cr_assert_eq(a->word, b->word);
	cr_assert_eq(a->cycle, b->cycle);
	cr_assert_eq(a->retired, b->retired);
	cr_assert_eq(a->pc, b->pc);
	for (unsigned i = 0; i < 4; i++)
		cr_assert_eq(a->value[i], b->value[i], "value %u of type %u", i, a->type);
}

static const struct trace_header header = { TRACE_VERSION, HARTS, 0x1122334455667788, 42, (1u << TRACE_TYPES) - 1 };

static void write_file(const char *path, unsigned count, bool flush_each)
{
	struct trace_writer *writer = trace_writer_open(path, &header);
	cr_assert_not_null(writer);
	struct trace_symbol symbols[] = {
		{ "main", 0x80001000, 0x100, 0 }, { "_start", 0x80000000, 0, 0 }, { "alias", 0x80001000, 0x100, 0 },
		{ "guest_main", 0x80001000, 0x10, 2 },
	};
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		trace_writer_symbol(writer, &symbols[i]);
	uint64_t state = 1;
	for (unsigned i = 0; i < count; i++) {
		struct trace_event event = random_event(&state);
		trace_writer_event(writer, &event);
		if (flush_each && i % 16 == 0)
			trace_writer_flush(writer);
	}
	struct trace_end end = { true, MODE_HS, 123456, 7890 };
	trace_writer_end(writer, 1, &end);
	trace_writer_hash(writer, 0xfeedfacecafebeef);
	cr_assert_eq(trace_writer_close(writer), 0);
}

/* Reads all events, each of which has to be the one written; returns how many. */
static unsigned read_prefix(struct trace_reader *reader, enum trace_status *status)
{
	uint64_t state = 1;
	unsigned count = 0;
	struct trace_event event;
	while ((*status = trace_reader_next(reader, &event)) == TRACE_READ_EVENT) {
		struct trace_event expected = random_event(&state);
		expect_same(&event, &expected);
		count++;
	}
	cr_assert_eq(trace_reader_next(reader, &event), *status);
	cr_assert_eq(trace_reader_events(reader), count);
	return count;
}

static char *slurp(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *data = malloc(1 << 22);
	cr_assert(file && data);
	*size = fread(data, 1, 1 << 22, file);
	fclose(file);
	return data;
}

static void spill(const char *path, const char *data, size_t size)
{
	FILE *file = fopen(path, "wb");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(data, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
}

Test(test_trace, rows_have_the_types_of_the_contract)
{
	static const char *const names[] = { "insn", "trap", "world", "csr", "tp", "tlb", "mem", "dev", "irq", "console" };
	cr_assert_eq(TRACE_TYPES, sizeof(names) / sizeof(names[0]));
	for (unsigned i = 0; i < TRACE_TYPES; i++)
		cr_assert_str_eq(trace_rows[i].name, names[i]);
	cr_assert_eq(TRACE_DEFAULT, 1u << TRACE_WORLD | 1u << TRACE_TRAP | 1u << TRACE_TP | 1u << TRACE_IRQ);
}

Test(test_trace, events_are_parsed)
{
	uint32_t set = 0;
	cr_assert_eq(trace_parse_events("world,tp", &set), 0);
	cr_assert_eq(set, 1u << TRACE_WORLD | 1u << TRACE_TP);
	cr_assert_eq(trace_parse_events("default,insn", &set), 0);
	cr_assert_eq(set, TRACE_DEFAULT | 1u << TRACE_INSN);
	cr_assert_eq(trace_parse_events("all", &set), 0);
	cr_assert_eq(set, (1u << TRACE_TYPES) - 1);
	static const char *const wrong[] = { "", "worl", "world,", ",world", "world,,tp", "world tp" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_eq(trace_parse_events(wrong[i], &set), -1, "%s", wrong[i]);
}

Test(test_trace, varints_keep_every_value)
{
	uint8_t bytes[16];
	for (unsigned shift = 0; shift < 64; shift++) {
		for (int delta = -1; delta <= 1; delta++) {
			uint64_t value = (UINT64_C(1) << shift) + (uint64_t)delta, back = 0;
			size_t size = trace_put_varint(bytes, value);
			cr_assert_leq(size, 10);
			cr_assert_eq(trace_get_varint(bytes, size, &back), size);
			cr_assert_eq(back, value);
			for (size_t cut = 0; cut < size; cut++)
				cr_assert_eq(trace_get_varint(bytes, cut, &back), 0);
		}
	}
	memset(bytes, 0xff, sizeof(bytes));
	uint64_t value;
	cr_assert_eq(trace_get_varint(bytes, sizeof(bytes), &value), SIZE_MAX);
}

Test(test_trace, a_file_gives_back_what_was_written)
{
	char path[TEMPORARY_PATH];
	enum trace_status status;
	temporary(path);
	write_file(path, 20000, false);
	char error[160];
	struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
	cr_assert_not_null(reader, "%s", error);
	const struct trace_header *read = trace_reader_header(reader);
	cr_assert_eq(read->hart_count, HARTS);
	cr_assert_eq(read->config_hash, header.config_hash);
	cr_assert_eq(read->seed, header.seed);
	cr_assert_eq(read->events, header.events);
	cr_assert_eq(read_prefix(reader, &status), 20000);
	cr_assert_eq(status, TRACE_READ_END);
	uint64_t hash;
	cr_assert(trace_reader_hash(reader, &hash));
	cr_assert_eq(hash, 0xfeedfacecafebeef);
	cr_assert(!trace_reader_end(reader, 0)->known);
	cr_assert_eq(trace_reader_end(reader, 1)->cycle, 123456);
	cr_assert_eq(trace_reader_end(reader, 1)->retired, 7890);
	trace_reader_close(reader);
}

/* A file of a few kilobytes can hold this many. */
Test(test_trace, symbols_have_bounded_room)
{
	enum { COUNT = 40000 };
	char path[TEMPORARY_PATH], error[160], name[TRACE_NAME_MAX];
	struct trace_event event;
	temporary(path);
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	struct trace_writer *writer = trace_writer_open(path, &header);
	for (unsigned i = 0; i < COUNT; i++)
		trace_writer_symbol(writer, &(struct trace_symbol){ name, i, 1, 0 });
	cr_assert_eq(trace_writer_close(writer), 0);
	struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_CORRUPT);
	trace_reader_close(reader);
}

Test(test_trace, symbols_are_found_by_mode)
{
	char path[TEMPORARY_PATH], error[160];
	enum trace_status status;
	uint64_t offset = 99;
	temporary(path);
	write_file(path, 10, false);
	struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
	cr_assert_not_null(reader);
	read_prefix(reader, &status);
	cr_assert_str_eq(trace_reader_symbol(reader, MODE_HS, 0, 0x80001010, &offset), "alias");
	cr_assert_eq(offset, 0x10);
	cr_assert_str_eq(trace_reader_symbol(reader, MODE_M, 0, 0x80000ffe, &offset), "_start");
	cr_assert_eq(offset, 0xffe);
	cr_assert_null(trace_reader_symbol(reader, MODE_M, 0, 0x80001100, &offset));
	cr_assert_null(trace_reader_symbol(reader, MODE_M, 0, 0x7fffffff, &offset));
	cr_assert_str_eq(trace_reader_symbol(reader, MODE_VS, 0, 0x80001008, &offset), "guest_main");
	cr_assert_null(trace_reader_symbol(reader, MODE_VU, 0, 0x80001010, &offset));
	trace_reader_close(reader);
}

Test(test_trace, a_file_cut_anywhere_gives_a_prefix, .timeout = 120)
{
	char path[TEMPORARY_PATH], error[160];
	enum { EVENTS = 200 };
	size_t size;
	unsigned before = 0;
	temporary(path);
	write_file(path, EVENTS, true);
	char *data = slurp(path, &size);
	for (size_t cut = 0; cut < size; cut++) {
		enum trace_status status;
		spill(path, data, cut);
		struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
		if (!reader) {
			cr_assert_eq(before, 0, "opened when shorter, but not at %zu", cut);
			continue;
		}
		unsigned count = read_prefix(reader, &status);
		cr_assert_geq(count, before, "at %zu", cut);
		if (status == TRACE_READ_END)
			cr_assert_eq(count, EVENTS);
		else
			cr_assert_eq(status, TRACE_READ_TRUNCATED, "at %zu", cut);
		before = count;
		trace_reader_close(reader);
	}
	cr_assert_geq(before, EVENTS - 16); /* all but those behind the last flush */
	free(data);
}

Test(test_trace, every_flipped_bit_is_noticed, .timeout = 120)
{
	char path[TEMPORARY_PATH], error[160];
	size_t size;
	temporary(path);
	write_file(path, 100, true);
	char *data = slurp(path, &size);
	for (size_t i = 0; i < 8 * size; i++) {
		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
		spill(path, data, size);
		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
		struct trace_event event;
		struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
		enum trace_status status = TRACE_READ_CORRUPT;
		while (reader && (status = trace_reader_next(reader, &event)) == TRACE_READ_EVENT)
			cr_assert(event.type < TRACE_TYPES && event.hart < HARTS && event.mode < MODE_COUNT);
		cr_assert_eq(status, TRACE_READ_CORRUPT, "bit %zu", i);
		cr_assert_neq(reader ? trace_reader_error(reader)[0] : error[0], '\0');
		trace_reader_close(reader);
	}
	free(data);
}

Test(test_trace, random_bytes_are_no_records, .timeout = 60)
{
	uint8_t bytes[TRACE_RECORD_MAX];
	uint64_t state = 7;
	struct trace_codec codec;
	cr_assert_eq(trace_codec_init(&codec, HARTS), 0);
	for (unsigned i = 0; i < 200000; i++) {
		size_t size = next_random(&state) % sizeof(bytes);
		for (size_t j = 0; j < size; j++)
			bytes[j] = (uint8_t)next_random(&state);
		struct trace_event event;
		size_t used = trace_decode(&codec, bytes, size, &event);
		cr_assert(used == SIZE_MAX || used <= size);
		if (used && used != SIZE_MAX)
			cr_assert(event.hart < HARTS && event.type < TRACE_TYPES && event.mode < MODE_COUNT);
	}
	trace_codec_free(&codec);
}

Test(test_trace, what_is_no_trace_file_says_so)
{
	char path[TEMPORARY_PATH], error[160];
	temporary(path);
	spill(path, "not a trace file at all, but long enough for a header", 50);
	cr_assert_null(trace_reader_open(path, error, sizeof(error)));
	cr_assert_not_null(strstr(error, "not a trace file"));
	spill(path, "", 0);
	cr_assert_null(trace_reader_open(path, error, sizeof(error)));
	cr_assert_null(trace_reader_open("/nonexistent", error, sizeof(error)));
	cr_assert_str_eq(error, "No such file or directory");
}

/* What is left of a file is looked at too if nobody wants its events. */
Test(test_trace, damage_behind_what_was_read_is_noticed, .timeout = 120)
{
	char path[TEMPORARY_PATH], error[160];
	struct trace_event event;
	size_t size;
	temporary(path);
	write_file(path, 100, true);
	char *data = slurp(path, &size);
	struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_EVENT);
	cr_assert_eq(trace_reader_check_rest(reader), TRACE_READ_END);
	trace_reader_close(reader);
	for (size_t i = size / 2; i < size; i++) {
		data[i] = (char)(data[i] ^ 1);
		spill(path, data, size);
		data[i] = (char)(data[i] ^ 1);
		reader = trace_reader_open(path, error, sizeof(error));
		cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_EVENT);
		cr_assert_eq(trace_reader_check_rest(reader), TRACE_READ_CORRUPT, "byte %zu", i);
		trace_reader_close(reader);
	}
	data[size] = 'x';
	spill(path, data, size + 1);
	reader = trace_reader_open(path, error, sizeof(error));
	cr_assert_eq(trace_reader_check_rest(reader), TRACE_READ_CORRUPT);
	trace_reader_close(reader);
	spill(path, data, size - 1);
	reader = trace_reader_open(path, error, sizeof(error));
	cr_assert_eq(trace_reader_check_rest(reader), TRACE_READ_TRUNCATED);
	trace_reader_close(reader);
	free(data);
}

static void expect_refused(const char *path, const char *reason)
{
	char error[160];
	cr_assert_null(trace_reader_open(path, error, sizeof(error)));
	cr_assert_not_null(strstr(error, reason), "%s", error);
}

/* This version is read; others are refused with the reason. Those before 5 were a zstd frame and no more. */
Test(test_trace, versions)
{
	char path[TEMPORARY_PATH], error[160];
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	uint8_t *packed = malloc(CHUNK_MAX);
	temporary(path);
	for (uint8_t version = 0; version <= TRACE_VERSION + 1; version++) {
		uint8_t plain[TRACE_HEADER_SIZE + 2] = "rvtrace\n";
		plain[8] = version;
		plain[12] = 1;
		plain[TRACE_HEADER_SIZE] = TRACE_KIND_END;
		size_t size = ZSTD_compress(packed, CHUNK_MAX, plain, sizeof(plain), 1);
		cr_assert(!ZSTD_isError(size));
		spill(path, (char *)packed, size);
		expect_refused(path, "before 5 had no checksums");
		size = chunk_put(zstd, 0, true, plain, sizeof(plain), packed);
		cr_assert(!ZSTD_isError(size));
		spill(path, (char *)packed, size);
		if (version < TRACE_VERSION_OLDEST || version > TRACE_VERSION) {
			expect_refused(path, "version is not 6 or 7");
			continue;
		}
		struct trace_event event;
		struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
		cr_assert_not_null(reader, "%s", error);
		cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_END);
		trace_reader_close(reader);
	}
	ZSTD_freeCCtx(zstd);
	free(packed);
	unlink(path);
}

Test(test_trace, a_short_run_that_is_killed_leaves_half_its_events_at_least)
{
	char path[TEMPORARY_PATH], error[160];
	temporary(path);
	for (unsigned events = 64; events < 5000; events = events * 3 / 2) {
		enum trace_status status;
		uint64_t state = 1;
		struct trace_writer *writer = trace_writer_open(path, &header);
		for (unsigned i = 0; i < events; i++) {
			struct trace_event event = random_event(&state);
			trace_writer_event(writer, &event);
		}
		struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
		cr_assert_geq(read_prefix(reader, &status), events / 2);
		trace_reader_close(reader);
		trace_writer_close(writer);
	}
}

Test(test_trace, what_was_written_before_a_kill_is_readable)
{
	char path[TEMPORARY_PATH], error[160];
	enum trace_status status;
	uint64_t state = 1;
	temporary(path);
	struct trace_writer *writer = trace_writer_open(path, &header);
	for (unsigned i = 0; i < 2 * TRACE_FLUSH_EVENTS + 5; i++) {
		struct trace_event event = random_event(&state);
		trace_writer_event(writer, &event);
	}
	/* Not closed: another process would see this much after a SIGKILL. */
	struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
	cr_assert_not_null(reader);
	cr_assert_eq(read_prefix(reader, &status), 2 * TRACE_FLUSH_EVENTS);
	cr_assert_eq(status, TRACE_READ_TRUNCATED);
	trace_reader_close(reader);
	trace_writer_close(writer);
}

/* ---- hash ---- */

static struct hart *final_harts(void)
{
	struct hart *harts = calloc(HARTS, sizeof(*harts));
	cr_assert_not_null(harts);
	return harts;
}

/* The hash of 500 random events, with member `change` of event 250 changed if there is such a member; `by_hart` emits
 * hart after hart. */
static uint64_t hash_of(const char *path, uint32_t events, bool by_hart, int change)
{
	struct trace *trace = trace_open(path, events, HARTS, 1, 2);
	struct hart *harts = final_harts();
	cr_assert_not_null(trace);
	for (unsigned round = 0; round < (by_hart ? HARTS : 1); round++) {
		uint64_t state = 3;
		for (unsigned i = 0; i < 500; i++) {
			struct trace_event event = random_event(&state);
			if (i == 250)
				event.type = TRACE_TRAP;
			uint64_t *members[] = { &event.cycle, &event.retired, &event.pc, &event.value[0], &event.value[1],
			                        &event.value[2], &event.value[3] };
			if (i == 250 && change >= 0)
				*members[change / 64] ^= UINT64_C(1) << change % 64;
			if (!by_hart || event.hart == round)
				trace_emit(trace, &event);
		}
	}
	uint64_t hash = trace_hash(trace, harts, HARTS);
	trace_finish(trace, harts, HARTS);
	cr_assert_eq(trace_close(trace), 0);
	free(harts);
	return hash;
}

Test(test_trace, the_hash_does_not_know_about_the_file)
{
	char path[TEMPORARY_PATH];
	temporary(path);
	uint64_t hash = hash_of(NULL, 0, false, -1);
	cr_assert_eq(hash, hash_of(NULL, (1u << TRACE_TYPES) - 1, false, -1));
	cr_assert_eq(hash, hash_of(path, (1u << TRACE_TYPES) - 1, false, -1));
	cr_assert_eq(hash, hash_of(path, 1u << TRACE_INSN, false, -1));
}

Test(test_trace, the_hash_does_not_know_how_harts_interleave)
{
	cr_assert_eq(hash_of(NULL, 0, false, -1), hash_of(NULL, 0, true, -1));
}

Test(test_trace, every_bit_of_an_event_is_in_the_hash)
{
	uint64_t hash = hash_of(NULL, 0, false, -1);
	for (int bit = 0; bit < 7 * 64; bit++)
		cr_assert_neq(hash, hash_of(NULL, 0, false, bit), "bit %d", bit);
}

Test(test_trace, top_bits_of_two_members_do_not_cancel)
{
	struct trace_event event = { .type = TRACE_TRAP, .value = { 1, 2, 3, 4 } };
	struct hart *harts = final_harts();
	struct trace *a = trace_open(NULL, 0, HARTS, 1, 2), *b = trace_open(NULL, 0, HARTS, 1, 2);
	trace_emit(a, &event);
	event.value[0] ^= UINT64_C(1) << 63;
	event.value[1] ^= UINT64_C(1) << 63;
	trace_emit(b, &event);
	cr_assert_neq(trace_hash(a, harts, HARTS), trace_hash(b, harts, HARTS));
	trace_close(a);
	trace_close(b);
	free(harts);
}

Test(test_trace, order_and_hart_are_in_the_hash)
{
	struct trace_event one = { .type = TRACE_TP, .value = { 1 } }, two = { .type = TRACE_TP, .value = { 2 } };
	struct trace_event other = { .type = TRACE_TP, .hart = 1, .value = { 2 } };
	const struct trace_event *scripts[][2] = { { &one, &two }, { &two, &one }, { &one, &other } };
	struct hart *harts = final_harts();
	uint64_t hashes[3];
	for (unsigned i = 0; i < 3; i++) {
		struct trace *trace = trace_open(NULL, 0, HARTS, 1, 2);
		trace_emit(trace, scripts[i][0]);
		trace_emit(trace, scripts[i][1]);
		hashes[i] = trace_hash(trace, harts, HARTS);
		trace_close(trace);
	}
	cr_assert(hashes[0] != hashes[1] && hashes[1] != hashes[2] && hashes[0] != hashes[2]);
	free(harts);
}

Test(test_trace, the_final_state_is_in_the_hash)
{
	struct trace *trace = trace_open(NULL, 0, HARTS, 1, 2);
	struct hart *harts = final_harts();
	uint64_t hash = trace_hash(trace, harts, HARTS);
	uint64_t *members[] = { &harts[2].x[31], &harts[2].f[0], &harts[1].pc, &harts[0].now, &harts[0].retired,
	                        &harts[1].csr.mepc, &harts[1].csr.vsatp };
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		*members[i] = 1;
		cr_assert_neq(hash, trace_hash(trace, harts, HARTS), "member %zu", i);
		*members[i] = 0;
	}
	harts[1].mode = MODE_VU;
	cr_assert_neq(hash, trace_hash(trace, harts, HARTS));
	harts[1].mode = MODE_M;
	harts[0].x[0] = harts[0].x[32] = harts[0].cycle = 5; /* no architectural state */
	cr_assert_eq(hash, trace_hash(trace, harts, HARTS));
	trace_close(trace);
	free(harts);
}

Test(test_trace, wants_follows_recording)
{
	char path[TEMPORARY_PATH];
	temporary(path);
	struct trace *trace = trace_open(NULL, 1u << TRACE_INSN, HARTS, 1, 2);
	cr_assert(trace_wants(trace, TRACE_WORLD));
	cr_assert(!trace_wants(trace, TRACE_INSN));
	cr_assert_eq(trace_record(trace, true, path, 0), 0);
	cr_assert(trace_wants(trace, TRACE_INSN));
	struct trace_event event = { .type = TRACE_INSN, .word = 0x13, .pc = 0x1000 };
	trace_emit(trace, &event);
	cr_assert_eq(trace_record(trace, false, NULL, 0), 0);
	cr_assert(!trace_wants(trace, TRACE_INSN));
	trace_emit(trace, &event);
	cr_assert_eq(trace_record(trace, true, NULL, 0), 0);
	event.pc = 0x1004;
	trace_emit(trace, &event);
	cr_assert_eq(trace_close(trace), 0);
	cr_assert(!trace_wants(NULL, TRACE_WORLD));
	char error[160];
	struct trace_reader *reader = trace_reader_open(path, error, sizeof(error));
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_EVENT);
	cr_assert_eq(event.pc, 0x1000);
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_EVENT);
	cr_assert_eq(event.pc, 0x1004);
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_END);
	trace_reader_close(reader);
}

/* ---- texts ---- */

static void expect_spike(const struct trace_event *event, const struct trace_event *csr, const char *expected)
{
	char *text = NULL;
	size_t size;
	struct spike *spike = calloc(1, sizeof *spike);
	cr_assert_not_null(spike);
	spike->out = open_memstream(&text, &size);
	if (csr)
		spike_event(spike, csr, NULL);
	spike_event(spike, event, NULL);
	fclose(spike->out);
	free(spike);
	cr_assert_str_eq(text, expected);
	free(text);
}

Test(test_trace, spike_lines_are_exact)
{
	struct trace_event event = { .type = TRACE_INSN, .flags = TRACE_RD, .from = 5, .word = 0x297, .pc = 0x80000000,
	                             .value = { 0x80000000 } };
	expect_spike(&event, NULL, "core   0: 3 0x0000000080000000 (0x00000297) x5  0x0000000080000000\n");
	event = (struct trace_event){ .hart = 12, .mode = MODE_VS, .flags = TRACE_RD | TRACE_LOADS | 3 << 4, .from = 10,
	                              .word = 0x6108, .pc = 0x80000002, .value = { 0x55, 0x80002000 } };
	expect_spike(&event, NULL, "core  12: 1 0x0000000080000002 (0x6108) x10 0x0000000000000055 mem 0x0000000080002000\n");
	event = (struct trace_event){ .mode = MODE_VU, .flags = TRACE_STORES | 1 << 4, .word = 0x00b51023, .pc = 4,
	                              .value = { 0, 0x80002000, UINT64_C(0x123456789) } };
	expect_spike(&event, NULL, "core   0: 0 0x0000000000000004 (0x00b51023) mem 0x0000000080002000 0x6789\n");
	event = (struct trace_event){ .flags = TRACE_FRD | TRACE_LOADS | 2 << 4, .from = 0, .word = 0x52007, .pc = 4,
	                              .value = { UINT64_C(0xffffffff3f800000), 0x80002000 } };
	expect_spike(&event, NULL,
	             "core   0: 3 0x0000000000000004 (0x00052007) f0  0xffffffff3f800000 mem 0x0000000080002000\n");
	event = (struct trace_event){ .flags = TRACE_RD | TRACE_LOADS | TRACE_STORES | 3 << 4, .from = 6, .word = 0x00b5332f,
	                              .pc = 8, .value = { 1, 0x80002000, 2 } };
	expect_spike(&event, NULL, "core   0: 3 0x0000000000000008 (0x00b5332f) x6  0x0000000000000001 "
	                           "mem 0x0000000080002000 mem 0x0000000080002000 0x0000000000000002\n");
	struct trace_event csr = { .type = TRACE_CSR, .pc = 8, .value = { 0x305, 0x80000010 } };
	event = (struct trace_event){ .word = 0x30529073, .pc = 8 };
	expect_spike(&event, &csr, "core   0: 3 0x0000000000000008 (0x30529073) c773_mtvec 0x0000000080000010\n");
}

static const char *some_name(void *context, enum mode mode, unsigned guest, uint64_t address, uint64_t *offset)
{
	(void)context;
	(void)mode;
	(void)guest;
	*offset = address - 0x1000;
	return address >= 0x1000 ? "here" : NULL;
}

Test(test_trace, golden_lines_hold_no_addresses)
{
	const struct trace_names names = { some_name, NULL };
	struct trace_event event = { .type = TRACE_WORLD, .hart = 1, .mode = MODE_HS, .from = MODE_VS, .cycle = 77,
	                             .pc = 0x1234, .value = { CAUSE_ECALL_VS, 0x5678, 0x9abc } };
	char *text = NULL, expected[160];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	trace_print_golden(out, &event, &names);
	event.type = TRACE_TP;
	trace_print_golden(out, &event, &names);
	fclose(out);
	snprintf(expected, sizeof(expected), "1 world VS -> HS here cause=\"%s\"\n1 tp HS here\n",
	         cause_name(false, CAUSE_ECALL_VS));
	cr_assert_str_eq(text, expected);
	free(text);
}

Test(test_trace, json_is_well_formed)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json json = { .out = out };
	json_open(&json, NULL, '{');
	json_string(&json, "a\"b", "c\\d\n");
	json_string(&json, "null", NULL);
	json_open(&json, "list", '[');
	json_u64(&json, NULL, UINT64_MAX);
	json_hex(&json, NULL, 0x1f);
	json_close(&json, ']');
	json_open(&json, "empty", '{');
	json_close(&json, '}');
	json_close(&json, '}');
	fclose(out);
	cr_assert_str_eq(text, "{\n  \"a\\\"b\": \"c\\\\d\\u000a\",\n  \"null\": null,\n  \"list\": [\n    18446744073709551615,\n"
	                       "    \"0x000000000000001f\"\n  ],\n  \"empty\": {}\n}\n");
	free(text);
}
