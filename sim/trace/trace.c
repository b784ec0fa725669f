/* The event stream's hub: hash, world-switch statistics, file. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "trace/counts.h"
#include "trace/format.h"
#include "base/say.h"
#include "base/symbols.h"
#include "base/words.h"
#include "trace/trace.h"
#include "trace/world.h"

struct trace {
	struct observer observer;
	uint32_t recorded; /* types that go to the file while it is on */
	struct trace_writer *writer;
	struct trace_header header;
	uint64_t *hash; /* one a hart: its default events so far */
	struct world world;
	const char *config; /* NULL: none was given */
	const struct symbols *symbols;
	struct hart *noting;
	bool recording;
	bool muted; /* what happens is in the file already */
	struct counts *counts; /* NULL: nobody wants a profile */
};

/* Words of an event as hashed: type, hart's members; cycle; retired; pc; values. */
enum { LANES = 8 };

/* One multiplier a lane; any odd numbers with half their bits set do. */
static const uint64_t lane_keys[LANES] = {
    UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xc2b2ae3d27d4eb4f), UINT64_C(0x165667b19e3779f9),
    UINT64_C(0xd6e8feb86659fd93), UINT64_C(0xa0761d6478bd642f), UINT64_C(0xe7037ed1a0b428db),
    UINT64_C(0x8ebc6af09c88c6e3), UINT64_C(0x589965cc75374cc3),
};

/* Bijective, and every input bit changes about half of the output bits (the finalizer of MurmurHash3). */
static uint64_t mix(uint64_t value)
{
	value ^= value >> 33;
	value *= UINT64_C(0xff51afd7ed558ccd);
	value ^= value >> 33;
	value *= UINT64_C(0xc4ceb9fe1a85ec53);
	return value ^ value >> 33;
}

/* Full product folded: not linear, so that changes in two lanes do not cancel out. */
static uint64_t lane(uint64_t value, unsigned i)
{
	unsigned __int128 product = (unsigned __int128)(value ^ lane_keys[(i + 3) % LANES]) * lane_keys[i];
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t word_if(unsigned sources, unsigned source, uint64_t value) { return sources >> source & 1 ? value : 0; }

/* The lanes are independent multiplications; only the last mix waits for the hart's hash before, and being bijective in
 * it never forgets. */
static uint64_t hash_event(uint64_t hash, const struct trace_event *event)
{
	unsigned sources = trace_rows[event->type].sources;
	uint64_t small = event->type | (uint64_t)event->mode << 8 | word_if(sources, SOURCE_FROM, event->from) << 16 |
	                 word_if(sources, SOURCE_FLAGS, event->flags) << 24 |
	                 word_if(sources, SOURCE_WORD, event->word) << 32;
	uint64_t sum = lane(small, 0) + lane(event->cycle, 1) + lane(event->retired, 2) + lane(event->pc, 3);
	for (unsigned i = 0; i < 4; i++)
		sum += lane(word_if(sources, SOURCE_VALUE0 + i, event->value[i]), 4 + i);
	return mix(hash + sum);
}

/* Adds one word to a hash. */
static uint64_t hash_word(uint64_t hash, uint64_t word) { return mix((hash ^ word) * lane_keys[0] + lane_keys[1]); }

static bool writes(const struct trace *trace) { return trace->recording && !trace->muted; }

/* Instructions too? */
static bool writes_runs(const struct trace *trace)
{
	return writes(trace) && trace->recorded & (1u << TRACE_INSN | 1u << TRACE_MEM);
}

static bool is_counting(const struct trace *trace) { return trace->counts && !trace->muted; }

static void update_wanted(struct trace *trace)
{
	trace->observer.wanted = TRACE_DEFAULT | (trace->recording ? trace->recorded : 0);
	if (trace->counts)
		trace->observer.wanted |= 1u << TRACE_INSN;
}

static void write_file_symbols(struct trace *trace)
{
	const struct symbol *symbol;
	const struct symbol_binding *binding;
	/* from the first of size 0 on they are numbers: a file would take them for places */
	for (size_t i = 0; (symbol = symbols_at(trace->symbols, i)) != NULL && symbol->size; i++) {
		struct symbol_module module = symbols_module(trace->symbols, symbol->module);
		struct trace_symbol record = {symbol->name, symbol->address, symbol->size, module.space};
		/* which user program runs is not to be read from events */
		if (module.asid == ASID_ANY)
			trace_writer_symbol(trace->writer, &record);
	}
	for (unsigned i = 1; i < symbols_spaces(trace->symbols); i++)
		if (symbols_is_guest(trace->symbols, i))
			trace_writer_guest(trace->writer, 0, i, symbols_space_name(trace->symbols, i));
	for (size_t i = 0; (binding = symbols_binding(trace->symbols, i)) != NULL; i++)
		trace_writer_guest(trace->writer, binding->hgatp, binding->space, "");
}

static int start_file(struct trace *trace, const char *path)
{
	trace->header.events = trace->recorded;
	trace->writer = trace_writer_open(path, &trace->header);
	if (!trace->writer)
		return -1;
	if (trace->config)
		trace_writer_config(trace->writer, trace->config);
	write_file_symbols(trace);
	return 0;
}

static void trace_free(struct trace *trace)
{
	world_free(&trace->world);
	counts_free(trace->counts);
	free(trace->hash);
	free(trace);
}

static void observe(struct observer *observer, struct hart *hart __attribute__((unused)),
                    const struct trace_event *event)
{
	trace_emit((struct trace *)observer, event);
}

struct trace *trace_open(const char *path, uint32_t events, unsigned hart_count, uint64_t config_hash, uint64_t seed)
{
	assert(hart_count > 0 && hart_count <= TRACE_HARTS_MAX);
	struct trace *trace = calloc(1, sizeof(*trace));
	uint64_t *hash = calloc(hart_count, sizeof(*hash));
	if (!trace || !hash || world_init(&trace->world, hart_count)) {
		say("no memory for the trace");
		free(hash);
		free(trace);
		return NULL;
	}
	trace->hash = hash;
	trace->header = (struct trace_header){TRACE_VERSION, hart_count, config_hash, seed, events};
	trace->recorded = events;
	trace->observer.event = observe;
	for (unsigned i = 0; i < hart_count; i++)
		hash[i] = mix(i + 1);
	if (path && start_file(trace, path)) {
		trace_free(trace);
		return NULL;
	}
	trace->recording = path != NULL;
	update_wanted(trace);
	return trace;
}

int trace_parse_events(const char *list, uint32_t *events)
{
	static const struct word words[] = {
#define EVENT(id, name, on, fields) {name, 1u << TRACE_##id},
#include "base/trace_event.def"
#undef EVENT
	    {"all", (1u << TRACE_TYPES) - 1},
	    {"default", TRACE_DEFAULT},
	};
	return words_parse(list, words, sizeof words / sizeof words[0], events);
}

void trace_emit(struct trace *trace, const struct trace_event *event)
{
	assert(event->type < TRACE_TYPES && event->hart < trace->header.hart_count);
	if (TRACE_DEFAULT >> event->type & 1)
		trace->hash[event->hart] = hash_event(trace->hash[event->hart], event);
	if (event->type == TRACE_WORLD || event->type == TRACE_TRAP)
		world_event(&trace->world, event);
	bool written = writes(trace) && trace->recorded >> event->type & 1;
	bool counted = event->type == TRACE_WORLD && is_counting(trace);
	if (trace->noting && (written || counted))
		trace_tell(trace, trace->noting, trace->noting->retired);
	if (written)
		trace_writer_event(trace->writer, event);
	if (counted)
		counts_world(trace->counts, trace->symbols, event);
}

void trace_noting(struct trace *trace, struct hart *hart) { trace->noting = hart; }

uint32_t trace_text(struct trace *trace, struct trace_text *text)
{
	text->tells = (trace->recorded >> TRACE_INSN & 1 ? TELLS_INSN : 0) |
	              (trace->recorded >> TRACE_MEM & 1 ? TELLS_MEM : 0);
	uint32_t number = writes_runs(trace) ? trace_writer_text(trace->writer, text) : 0;
	bool no_room = writes_runs(trace) && !number; /* the file must not meet a number of ours */
	return trace->counts && !no_room ? counts_text(trace->counts, number, text) : number;
}

void trace_tell(struct trace *trace, const struct hart *hart, uint64_t retired)
{
	if (is_counting(trace))
		counts_notes(trace->counts, hart->id, hart->notes);
	if (writes_runs(trace))
		trace_writer_notes(trace->writer, hart->notes, hart->id, retired);
	else
		trace_forget_notes(hart->notes);
}

void trace_registers(struct trace *trace, const struct hart *hart, bool check)
{
	struct trace_registers registers;
	if (!writes_runs(trace))
		return;
	memcpy(registers.value, hart->x, 32 * sizeof hart->x[0]);
	memcpy(registers.value + 32, hart->f, 32 * sizeof hart->f[0]);
	trace_writer_registers(trace->writer, hart->id, &registers, check);
}

void trace_split(struct trace *trace, unsigned hart, const struct split *split)
{
	world_split(&trace->world, hart, split);
	if (writes(trace) && trace->recorded >> TRACE_WORLD & 1)
		trace_writer_split(trace->writer, hart, split);
}

void trace_latency(struct trace *trace, unsigned hart, const struct trace_latency *latency)
{
	world_latency(&trace->world, hart, latency);
	if (writes(trace) && trace->recorded >> TRACE_TRAP & 1)
		trace_writer_latency(trace->writer, hart, latency);
}

void trace_config(struct trace *trace, const char *text)
{
	trace->config = text;
	if (trace->writer)
		trace_writer_config(trace->writer, text);
}

void trace_symbols(struct trace *trace, const struct symbols *symbols)
{
	trace->symbols = symbols;
	if (trace->writer)
		write_file_symbols(trace);
}

void trace_guest(struct trace *trace, uint64_t hgatp, unsigned guest)
{
	if (trace->writer)
		trace_writer_guest(trace->writer, hgatp, guest, "");
}

int trace_record(struct trace *trace, bool on, const char *path, uint32_t events)
{
	if (events)
		trace->recorded = events;
	if (on && !trace->writer) {
		if (!path) {
			say("no trace file is open");
			return -1;
		}
		if (start_file(trace, path))
			return -1;
	}
	if (trace->writer)
		trace_writer_pause(trace->writer);
	trace->recording = on;
	update_wanted(trace);
	if (!on)
		trace_flush(trace);
	return 0;
}

bool trace_mute(struct trace *trace, bool muted)
{
	bool changed = trace->muted != muted && trace->recording;
	trace->muted = muted;
	if (changed && muted)
		trace_writer_pause(trace->writer);
	return changed;
}

static uint64_t hash_hart(uint64_t hash, const struct hart *hart)
{
	for (unsigned i = 1; i < 32; i++)
		hash = hash_word(hash, hart->x[i]);
	for (unsigned i = 0; i < 32; i++)
		hash = hash_word(hash, hart->f[i]);
	for (size_t i = 0; i < sizeof(hart->csr) / sizeof(uint64_t); i++) {
		uint64_t csr;
		memcpy(&csr, (const char *)&hart->csr + i * sizeof(csr), sizeof(csr));
		hash = hash_word(hash, csr);
	}
	hash = hash_word(hash, hart->pc);
	hash = hash_word(hash, hart->mode);
	hash = hash_word(hash, hart->now);
	return hash_word(hash, hart->retired);
}

uint64_t trace_hash(const struct trace *trace, const struct hart *harts, unsigned hart_count)
{
	assert(hart_count <= trace->header.hart_count);
	uint64_t hash = mix(hart_count);
	for (unsigned i = 0; i < hart_count; i++) {
		hash = hash_word(hash, trace->hash[i]);
		hash = hash_hart(hash, &harts[i]);
	}
	return hash;
}

enum { STATE_VERSION = 1 };

void trace_save(const struct trace *trace, struct state_writer *writer)
{
	state_write_begin(writer, "trace", STATE_VERSION);
	state_write_u64(writer, trace->header.hart_count);
	state_write(writer, trace->hash, trace->header.hart_count * sizeof(*trace->hash));
	state_write_end(writer);
	world_save(&trace->world, writer);
}

bool trace_restore(struct trace *trace, struct state_reader *reader)
{
	if (!state_read_begin(reader, "trace", STATE_VERSION))
		return false;
	if (state_read_u64(reader) != trace->header.hart_count && !reader->failed)
		return state_refuse(reader, "trace: another number of harts");
	state_read(reader, trace->hash, trace->header.hart_count * sizeof(*trace->hash));
	return state_read_end(reader) && world_restore(&trace->world, reader);
}

const struct world *trace_world(const struct trace *trace) { return &trace->world; }

void trace_finish(struct trace *trace, const struct hart *harts, unsigned hart_count)
{
	for (unsigned i = 0; trace->counts && i < hart_count; i++)
		counts_finish(trace->counts, i, harts[i].now, harts[i].retired);
	if (!trace->writer)
		return;
	for (unsigned i = 0; i < hart_count; i++) {
		if (writes_runs(trace))
			trace_registers(trace, &harts[i], true);
		struct trace_end end = {true, (uint8_t)harts[i].mode, harts[i].now, harts[i].retired};
		trace_writer_end(trace->writer, i, &end);
	}
	trace_writer_hash(trace->writer, trace_hash(trace, harts, hart_count));
}

int trace_count(struct trace *trace)
{
	trace->counts = counts_new(trace->header.hart_count);
	update_wanted(trace);
	return trace->counts ? 0 : -1;
}

int trace_write_counts(const struct trace *trace, const char *path)
{
	return counts_write(trace->counts, trace->symbols, path);
}

void trace_flush(struct trace *trace)
{
	if (trace->writer)
		trace_writer_flush(trace->writer);
}

int trace_close(struct trace *trace)
{
	if (!trace)
		return 0;
	int result = trace->writer ? trace_writer_close(trace->writer) : 0;
	trace_free(trace);
	return result;
}
