/* Instruction traces: what the reader computes again is what happened, which a second run tells that is made step by
 * step. */
#include "random_world.h"
#include <sys/stat.h>
#include <unistd.h>
#include "temporary.h"
#include "trace/chunk.h"
#include "trace/format.h"

/* Where a hart was before an instruction. */
struct before {
	uint64_t pc, cycle, retired, x[32], f[32];
	enum mode mode;
	uint32_t word;
};

static struct before look(const struct hart *hart, uint64_t pc, enum mode mode)
{
	struct before before = {.pc = pc, .cycle = hart->cycle, .retired = hart->retired, .mode = mode};
	memcpy(before.x, hart->x, sizeof before.x);
	memcpy(before.f, hart->f, sizeof before.f);
	bus_peek(hart->bus, pc, &before.word, sizeof before.word);
	if ((before.word & 3) != 3)
		before.word &= 0xffff;
	return before;
}

/* The insn and mem events of a file, each hart's by themselves. */
struct story {
	struct trace_event *events;
	size_t count, at;
};

static void read_stories(const char *path, struct story *stories, unsigned harts)
{
	enum { MOST = 100000 };
	char error[160];
	struct trace_reader *reader = trace_reader_open(path, error, sizeof error);
	struct trace_event event;
	enum trace_status status;
	uint64_t hash;
	cr_assert_not_null(reader, "%s", error);
	for (unsigned i = 0; i < harts; i++)
		stories[i] = (struct story){.events = calloc(MOST, sizeof event)};
	while ((status = trace_reader_next(reader, &event)) == TRACE_READ_EVENT) {
		struct story *story = &stories[event.hart];
		if (event.type == TRACE_INSN || event.type == TRACE_MEM)
			story->events[story->count++] = event;
		cr_assert_lt(story->count, MOST);
	}
	cr_assert_eq(status, TRACE_READ_END, "%s", trace_reader_error(reader));
	cr_assert(trace_reader_hash(reader, &hash));
	trace_reader_close(reader);
}

static const struct trace_event *next(struct story *story, enum trace_type type, uint64_t retired)
{
	cr_assert_lt(story->at, story->count, "instruction %d has no event", (int)retired);
	cr_assert_eq(story->events[story->at].type, type, "instruction %d", (int)retired);
	return &story->events[story->at++];
}

static uint64_t peek(const struct hart *hart, uint64_t pa, unsigned size)
{
	uint64_t value = 0;
	bus_peek(hart->bus, pa, &value, size < 8 ? size : 8);
	return value;
}

static uint64_t low_bytes(uint64_t value, unsigned size) { return size < 8 ? value & ((UINT64_C(1) << 8 * size) - 1) : value; }

static void expect_access(const struct hart *hart, const struct before *before, const struct trace_event *event)
{
	enum { LOAD = 0x03, FLOAD = 0x07, STORE = 0x23, FSTORE = 0x27, AMO = 0x2f };
	uint32_t word = before->word, opcode = word & 0x7f;
	unsigned rs1 = word >> 15 & 31, rs2 = word >> 20 & 31, size = 1u << (word >> 12 & (opcode == AMO ? 7 : 3));
	bool load = opcode == LOAD || opcode == FLOAD, store = opcode == STORE || opcode == FSTORE;
	int64_t imm = load ? (int32_t)word >> 20 : store ? (int32_t)(word & 0xfe000000) >> 20 | (int)(word >> 7 & 31) : 0;
	if (opcode != AMO && !load && !store) {
		cr_assert_eq(event->flags & (TRACE_LOADS | TRACE_STORES), 0, "%08x", word);
		return;
	}
	bool conditional = opcode == AMO && word >> 27 == 3, reserve = opcode == AMO && word >> 27 == 2;
	cr_assert_eq(event->value[1], before->x[rs1] + (uint64_t)imm);
	cr_assert_eq(!!(event->flags & TRACE_LOADS), load || (opcode == AMO && !conditional), "%08x", word);
	if (conditional && event->from && hart->x[event->from]) {
		cr_assert_eq(event->flags & TRACE_STORES, 0, "%08x stored nothing", word);
		return;
	}
	if (opcode == AMO && word >> 27 == 5 && !(event->flags & TRACE_STORES)) { /* not what was expected, or there again */
		uint64_t old = event->from ? hart->x[event->from] : peek(hart, event->value[1], size);
		cr_assert(low_bytes(old ^ before->x[event->from], size) || size > 8, "%08x", word);
		return;
	}
	cr_assert_eq(!!(event->flags & TRACE_STORES), store || (opcode == AMO && !reserve), "%08x", word);
	if (!(event->flags & TRACE_STORES))
		return;
	if (opcode != AMO || conditional)
		cr_assert_eq(event->value[2], opcode == FSTORE ? before->f[rs2] : before->x[rs2]);
	if (!conditional || !hart->x[word >> 7 & 31])
		cr_assert_eq(low_bytes(event->value[2], size), peek(hart, event->value[1], size), "%08x", word);
}

static void expect_registers(const struct hart *hart, const struct before *before, const struct trace_event *event)
{
	bool pair = (before->word & 0xf800707f) == insn_rows[INSN_amocas_q].match;
	for (unsigned i = 1; i < 32; i++)
		if (hart->x[i] != before->x[i] && !(pair && i == event->from + 1u))
			cr_assert(event->flags & TRACE_RD && event->from == i, "%08x writes x%u", before->word, i);
	if (event->flags & TRACE_RD)
		cr_assert_eq(event->value[0], hart->x[event->from], "%08x", before->word);
	for (unsigned i = 0; i < 32; i++)
		if (hart->f[i] != before->f[i])
			cr_assert(event->flags & TRACE_FRD && event->from == i && event->value[0] == hart->f[i], "%08x", before->word);
}

/* CSR instructions are told when they commit, and the next may have issued before that. */
enum { SYSTEM = 0x73 };

static void expect_told(const struct hart *hart, const struct before *before, struct story *story, bool timed)
{
	const struct trace_event *event = next(story, TRACE_INSN, before->retired);
	struct before handler;
	if (hart->csr.mcause >> 63 && hart->csr.mepc == before->pc && event->pc != before->pc) { /* an interrupt came first */
		handler = look(hart, (hart->csr.mtvec & ~UINT64_C(3)) + 4 * (hart->csr.mcause & 63), MODE_M);
		memcpy(handler.x, before->x, sizeof handler.x);
		memcpy(handler.f, before->f, sizeof handler.f);
		handler.cycle = before->cycle, handler.retired = before->retired;
		before = &handler;
		timed = true;
	}
	cr_assert_eq(event->retired, before->retired);
	cr_assert_eq(event->pc, before->pc, "pc %lx, told %lx", (long)before->pc, (long)event->pc);
	cr_assert_eq(event->mode, before->mode);
	cr_assert_eq(event->word, before->word);
	uint64_t latest = (before->word & 0x7f) == SYSTEM ? UINT64_MAX : hart->cycle;
	cr_assert(timed ? event->cycle >= before->cycle && event->cycle <= latest : event->cycle == before->cycle,
	          "%08x: cycle %d, of %d to %d", before->word, (int)event->cycle, (int)before->cycle, (int)latest);
	expect_registers(hart, before, event);
	expect_access(hart, before, event);
	if (!(event->flags & (TRACE_LOADS | TRACE_STORES)))
		return;
	const struct trace_event *access = next(story, TRACE_MEM, before->retired);
	bool store = event->flags & TRACE_STORES;
	cr_assert_eq(access->value[0], event->value[1]);
	cr_assert_eq(access->value[1], event->value[store ? 2 : 0]);
	cr_assert_eq(access->value[2], UINT64_C(1) << (event->flags >> 4) | (unsigned)store << 8);
	cr_assert(access->retired == event->retired && access->cycle == event->cycle && access->pc == event->pc);
}

enum { MOST_HARTS = 5 };

enum { TOLD = TRACE_DEFAULT | 1u << TRACE_INSN | 1u << TRACE_MEM };

static void write_trace(uint64_t seed, unsigned harts, const char *preset, unsigned block_ops, const char *path, uint32_t told)
{
	struct engine_world *world = random_world(seed, harts, path, told);
	engine_world_time(world, preset);
	world->machine.engine.options.block_ops = block_ops;
	world->machine.engine.options.flush_always = block_ops == 2;
	sched_run(&world->machine);
	trace_finish(world->machine.trace, world->machine.harts, harts);
	engine_world_free(world);
}

static void trace_is_what_happened(uint64_t seed, unsigned harts, const char *preset, unsigned block_ops)
{
	char path[TEMPORARY_PATH];
	struct story stories[MOST_HARTS];
	int file = temporary(path);
	write_trace(seed, harts, preset, block_ops, path, TOLD | 1u << TRACE_CSR);
	read_stories(path, stories, harts);
	struct engine_world *world = random_world(seed, harts, NULL, 0);
	struct machine *machine = &world->machine;
	engine_world_time(world, preset);
	uint64_t insns = 0;
	while (machine->stop == RUNNING) {
		struct before before[MOST_HARTS];
		for (unsigned i = 0; i < harts; i++)
			before[i] = look(&machine->harts[i], machine->harts[i].pc, machine->harts[i].mode);
		sched_step(machine);
		for (unsigned i = 0; i < harts; i++)
			if (machine->harts[i].retired != before[i].retired)
				expect_told(&machine->harts[i], &before[i], &stories[i], strcmp(preset, "ideal") != 0), insns++;
	}
	for (unsigned i = 0; i < harts; i++) {
		cr_assert_eq(stories[i].at, stories[i].count, "events of instructions that there were not");
		free(stories[i].events);
	}
	cr_assert_gt(insns, 300);
	engine_world_free(world);
	close(file);
}

Test(note, one_hart_is_told_as_it_ran)
{
	for (uint64_t seed = 0; seed < 12; seed++)
		trace_is_what_happened(seed, 1, "ideal", 64);
}

Test(note, several_harts_are_told_as_they_ran)
{
	for (uint64_t seed = 100; seed < 108; seed++)
		trace_is_what_happened(seed, 2 + seed % 4, "ideal", 64);
}

Test(note, blocks_of_any_length_are_told)
{
	for (unsigned ops = 1; ops < 5; ops++)
		trace_is_what_happened(ops, 2, ops & 1 ? "ideal" : "cva6", ops);
}

Test(note, runs_with_a_model_are_told)
{
	static const char *const presets[] = {"cva6", "rocket", "u74"};
	for (uint64_t seed = 0; seed < 9; seed++)
		trace_is_what_happened(seed, 1 + seed % 3, presets[seed / 3], 64);
}

/* ---- files that are damaged ---- */

/* The records of a file, without compression. */
static uint8_t *records(int file, size_t *size)
{
	enum { ROOM = 1 << 22 };
	struct stat status;
	cr_assert_eq(fstat(file, &status), 0);
	void *packed = malloc((size_t)status.st_size);
	uint8_t *plain = malloc(ROOM);
	cr_assert_eq(pread(file, packed, (size_t)status.st_size, 0), status.st_size);
	ZSTD_DCtx *context = ZSTD_createDCtx(); /* of several frames, with others between them that are skipped */
	ZSTD_inBuffer in = {packed, (size_t)status.st_size, 0};
	ZSTD_outBuffer out = {plain, ROOM, 0};
	while (in.pos < in.size)
		cr_assert(!ZSTD_isError(ZSTD_decompressStream(context, &out, &in)));
	ZSTD_freeDCtx(context);
	free(packed);
	*size = out.pos;
	return plain;
}

static enum trace_status read_records(const char *path, int file, const uint8_t *plain, size_t size, uint64_t *events)
{
	char error[160];
	void *packed = malloc(CHUNK_MAX);
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t used = chunk_put(context, 0, true, plain, size, packed);
	ZSTD_freeCCtx(context);
	cr_assert(!ZSTD_isError(used) && ftruncate(file, 0) == 0 && pwrite(file, packed, used, 0) == (ssize_t)used);
	free(packed);
	struct trace_reader *reader = trace_reader_open(path, error, sizeof error);
	struct trace_event event;
	enum trace_status status = TRACE_READ_CORRUPT;
	while (reader && (status = trace_reader_next(reader, &event)) == TRACE_READ_EVENT)
		cr_assert(event.type < TRACE_TYPES && event.hart < 2 && event.mode < MODE_COUNT);
	cr_assert(!reader || status != TRACE_READ_CORRUPT || trace_reader_error(reader)[0]);
	*events = reader ? trace_reader_events(reader) : 0;
	trace_reader_close(reader);
	return status;
}

/* Most damage makes values wrong that the registers, which are told again at the end, do not agree with. */
Test(note, damaged_records_are_found_or_harmless)
{
	enum { TRIES = 400 };
	char path[TEMPORARY_PATH];
	int file = temporary(path);
	unsigned found = 0;
	size_t size;
	uint64_t events, whole;
	struct random random = {99};
	write_trace(3, 2, "ideal", 64, path, TOLD); /* no register has what csr events tell */
	uint8_t *plain = records(file, &size);
	cr_assert_eq(read_records(path, file, plain, size, &whole), TRACE_READ_END);
	for (unsigned i = 0; i < TRIES; i++) {
		uint8_t *byte = &plain[TRACE_HEADER_SIZE + draw(&random, size - TRACE_HEADER_SIZE)], before = *byte;
		*byte = (uint8_t)(before ^ (1 + draw(&random, 255)));
		found += read_records(path, file, plain, size, &events) == TRACE_READ_CORRUPT;
		*byte = before;
	}
	cr_assert_gt(found, TRIES * 2 / 3, "found %u of %u", found, TRIES);
	for (size_t cut = TRACE_HEADER_SIZE; cut < size; cut += 1 + size / 50) {
		cr_assert_eq(read_records(path, file, plain, cut, &events), TRACE_READ_CORRUPT, "a frame that ends too early");
		cr_assert_leq(events, whole);
	}
	free(plain);
	close(file);
}

/* A small file can unfold to any number of texts. */
Test(note, code_has_bounded_room)
{
	enum { ROOM = 1000, MOST = ROOM };
	struct trace_text_insn insns[] = {{.word = nop()}, {.word = nop(), .prefix = 1}};
	struct trace_text text = {.tells = TELLS_INSN, .count = 2, .insns = insns};
	struct trace_runs written, read;
	uint8_t record[TRACE_TEXT_MAX];
	bool fresh;
	cr_assert(trace_runs_init(&written, 1) == 0 && trace_runs_init(&read, 1) == 0);
	cr_assert_gt(written.room, 1 << 24);
	written.room = read.room = ROOM;
	for (; text.pc < MOST && trace_runs_number(&written, &text, &fresh); text.pc++) {
		size_t size = trace_put_text(&text, record);
		cr_assert(fresh);
		cr_assert_eq(trace_get_text(&read, record, size), size);
	}
	cr_assert(text.pc > ROOM / 10 && text.pc < ROOM / 2, "%d texts", (int)text.pc);
	cr_assert_eq(trace_get_text(&read, record, trace_put_text(&text, record)), SIZE_MAX);
	cr_assert_eq(written.code_count, text.pc);
	text.pc = 0; /* known already */
	cr_assert_eq(trace_runs_number(&written, &text, &fresh), 1);
	trace_runs_free(&written);
	trace_runs_free(&read);
}

Test(note, registers_that_differ_are_told)
{
	char path[TEMPORARY_PATH], error[160];
	int file = temporary(path);
	struct engine_world *world = engine_world_new(1, path, 1u << TRACE_INSN);
	struct trace_event event;
	PROGRAM(world, CODE, nop(), nop());
	exec_run(world->machine.harts, 2, UINT64_MAX);
	world->machine.harts->x[7]++;
	trace_finish(world->machine.trace, world->machine.harts, 1);
	engine_world_free(world);
	struct trace_reader *reader = trace_reader_open(path, error, sizeof error);
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_EVENT);
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_EVENT);
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_CORRUPT);
	cr_assert_str_eq(trace_reader_error(reader), "registers of hart 0 are not what its instructions made them, before event 2");
	trace_reader_close(reader);
	close(file);
}

/* Also long before the end: registers are told from time to time. */
Test(note, registers_are_told_from_time_to_time)
{
	enum { ALL = 400000, LATEST = 200000 };
	char path[TEMPORARY_PATH], error[160];
	int file = temporary(path);
	struct engine_world *world = engine_world_new(1, path, 1u << TRACE_INSN);
	struct hart *hart = world->machine.harts;
	struct trace_event event;
	PROGRAM(world, CODE, nop(), insn_j(0, -4));
	exec_run(hart, 1000, UINT64_MAX);
	hart->x[7]++;
	exec_run(hart, ALL, UINT64_MAX);
	hart->x[7]--; /* so that the end is right again */
	trace_finish(world->machine.trace, hart, 1);
	engine_world_free(world);
	struct trace_reader *reader = trace_reader_open(path, error, sizeof error);
	unsigned read = 0;
	while (read < ALL && trace_reader_next(reader, &event) == TRACE_READ_EVENT)
		read++;
	cr_expect(read > 1000 && read < LATEST, "noticed behind event %u", read);
	cr_expect(strstr(trace_reader_error(reader), "registers of hart 0 are not what its instructions made them"), "%s",
	          trace_reader_error(reader));
	trace_reader_close(reader);
	close(file);
}

/* What happens while nothing is recorded changes registers all the same. */
Test(note, recording_can_be_switched_off_and_on)
{
	char path[TEMPORARY_PATH], error[160];
	int file = temporary(path);
	struct engine_world *world = engine_world_new(1, path, 1u << TRACE_INSN);
	struct hart *hart = world->machine.harts;
	struct trace_event event;
	PROGRAM(world, CODE, insn_i(INSN_addi, 5, 5, 1), insn_j(0, -4));
	for (unsigned i = 0; i < 5; i++) {
		cr_assert_eq(trace_record(world->machine.trace, i % 2 == 0, NULL, 0), 0);
		exec_set_tracing(hart, i % 2 == 0);
		exec_run(hart, hart->cycle + (i < 4 ? 10 : 0), UINT64_MAX);
	}
	trace_finish(world->machine.trace, hart, 1);
	engine_world_free(world);
	struct trace_reader *reader = trace_reader_open(path, error, sizeof error);
	for (unsigned i = 0; i < 20; i++) {
		cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_EVENT, "%s", trace_reader_error(reader));
		unsigned insn = i + (i < 10 ? 0 : 10);
		cr_assert_eq(event.retired, insn);
		cr_assert(insn % 2 || (event.flags == TRACE_RD && event.value[0] == insn / 2 + 1));
	}
	cr_assert_eq(trace_reader_next(reader, &event), TRACE_READ_END, "%s", trace_reader_error(reader));
	trace_reader_close(reader);
	close(file);
}

/* Whoever asks for notes that nobody records gets none. */
Test(note, notes_without_a_file_are_forgotten)
{
	struct engine_world *world = engine_world_new(1, NULL, 0);
	struct hart *hart = world->machine.harts;
	PROGRAM(world, CODE, insn_i(INSN_ld, 5, 0, 0), insn_j(0, -4));
	hart->csr.mtvec = CODE;
	exec_set_tracing(hart, true);
	exec_run(hart, 10000, UINT64_MAX);
	cr_assert_leq(hart->notes->run_count, 1);
	cr_assert_eq(hart->notes->value_count, 0);
	engine_world_free(world);
}
