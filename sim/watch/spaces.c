#include "watch/spaces.h"

#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/bus.h"
#include "base/state.h"
#include "base/symbols.h"
#include "hart/mmu.h"
#include "trace/trace.h"

/* What a guest's file puts into one page, or a part of it. */
struct chunk {
	uint64_t gpa; /* flat: from the entry */
	uint32_t size;
	bool flat;
	uint64_t sum; /* of the bytes */
};

/* The file of one guest. */
struct program {
	struct chunk *chunks;
	size_t count, capacity;
	bool has_entry;
	uint64_t entry;
};

/* An hgatp that guests have run under. */
struct seen {
	uint64_t hgatp, entries;
};

struct spaces {
	struct observer observer; /* first */
	struct symbols *symbols;
	struct trace *trace;
	struct program *programs; /* by space */
	size_t program_count, program_capacity;
	struct seen *seen;
	size_t seen_count, seen_capacity;
};

static void spaces_observe(struct observer *observer, struct hart *hart, const struct trace_event *event);

struct spaces *spaces_new(struct symbols *symbols)
{
	struct spaces *spaces = calloc(1, sizeof(*spaces));
	if (!spaces)
		return NULL;
	spaces->observer = (struct observer){.event = spaces_observe, .wanted = 1u << TRACE_WORLD};
	spaces->symbols = symbols;
	return spaces;
}

void spaces_free(struct spaces *spaces)
{
	if (!spaces)
		return;
	for (size_t i = 0; i < spaces->program_count; i++)
		free(spaces->programs[i].chunks);
	free(spaces->programs);
	free(spaces->seen);
	free(spaces);
}

void spaces_trace(struct spaces *spaces, struct trace *trace) { spaces->trace = trace; }

/* ---- programs ---- */

static struct program *program_of(struct spaces *spaces, unsigned space)
{
	while (spaces->program_count <= space) {
		if (ARRAY_RESERVE(spaces->programs, spaces->program_count, 1, &spaces->program_capacity))
			return NULL;
		spaces->programs[spaces->program_count++] = (struct program){0};
	}
	return &spaces->programs[space];
}

int spaces_entry(struct spaces *spaces, unsigned space, uint64_t gpa)
{
	struct program *program = program_of(spaces, space);
	if (!program)
		return -1;
	program->has_entry = true;
	program->entry = gpa;
	return 0;
}

static uint64_t sum_of(const uint8_t *bytes, size_t size)
{
	uint64_t sum = size, word;
	for (; size >= sizeof(word); size -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		sum ^= sum >> 29;
	}
	for (; size; size--)
		sum = (sum ^ *bytes++) * UINT64_C(0x100000001b3);
	return sum;
}

int spaces_piece(struct spaces *spaces, unsigned space, bool flat, uint64_t gpa, const uint8_t *bytes, size_t size)
{
	struct program *program = program_of(spaces, space);
	while (program && size) {
		size_t part = PAGE_SIZE - gpa % PAGE_SIZE;
		part = part < size ? part : size;
		if (ARRAY_RESERVE(program->chunks, program->count, 1, &program->capacity))
			return -1;
		program->chunks[program->count++] = (struct chunk){gpa, (uint32_t)part, flat, sum_of(bytes, part)};
		gpa += part;
		bytes += part;
		size -= part;
	}
	return program ? 0 : -1;
}

static bool same_program(const struct program *a, const struct program *b)
{
	bool same = a->count == b->count;
	for (size_t i = 0; same && i < a->count; i++)
		same = a->chunks[i].gpa == b->chunks[i].gpa && a->chunks[i].sum == b->chunks[i].sum &&
		       a->chunks[i].flat == b->chunks[i].flat;
	return same;
}

/* ---- looking ---- */

static bool read_guest(struct hart *hart, uint64_t hgatp, uint64_t gpa, uint8_t *bytes, size_t size)
{
	while (size) {
		struct guest_page page;
		size_t part = PAGE_SIZE - gpa % PAGE_SIZE;
		part = part < size ? part : size;
		if (!mmu_guest_page(hart, hgatp, gpa, &page) || !bus_peek(hart->bus, page.pa, bytes, (unsigned)part))
			return false;
		gpa += part;
		bytes += part;
		size -= part;
	}
	return true;
}

/* How many chunks are there as the file has them, less those that are not; 0 or less: it is not this program. Pages that
 * are not mapped tell nothing. */
static long likeness(const struct program *program, struct hart *hart, uint64_t hgatp, uint64_t entry)
{
	enum { ONE_IN = 8 }; /* so many may differ: data that the guest has written */
	size_t same = 0, different = 0;
	uint8_t bytes[PAGE_SIZE];
	for (size_t i = 0; i < program->count; i++) {
		const struct chunk *chunk = &program->chunks[i];
		if (!read_guest(hart, hgatp, chunk->gpa + (chunk->flat ? entry : 0), bytes, chunk->size))
			continue;
		bool equal = sum_of(bytes, chunk->size) == chunk->sum;
		same += equal;
		different += !equal;
	}
	return different * ONE_IN > same ? 0 : (long)same - (long)different;
}

/* Of guests that are as likely: which is it to be? Higher is better. */
static unsigned preference(const struct spaces *spaces, unsigned space, uint64_t hgatp)
{
	enum { VMID_LOW = 44 };
	const struct symbol_binding *binding;
	unsigned vmid = (unsigned)(hgatp >> VMID_LOW) & 0x3fff;
	bool taken = false;
	for (size_t i = 0; (binding = symbols_binding(spaces->symbols, i)) != NULL; i++) {
		if (binding->space == space && binding->hgatp == hgatp)
			return 4;
		if (binding->space == space && vmid != 0 && binding->hgatp >> VMID_LOW == hgatp >> VMID_LOW)
			return 3;
		taken |= binding->space == space;
	}
	return taken ? 0 : vmid == space ? 2 : 1;
}

/* The guest whose file lies there; SPACE_UNKNOWN: none of them, or it cannot be told. */
static unsigned recognise(const struct spaces *spaces, struct hart *hart, uint64_t hgatp, uint64_t entry)
{
	unsigned best = SPACE_UNKNOWN;
	long best_likeness = 0;
	bool doubtful = false;
	for (unsigned i = 0; i < spaces->program_count; i++) {
		long like = likeness(&spaces->programs[i], hart, hgatp, entry);
		if (like <= 0 || like < best_likeness)
			continue;
		bool tie = like == best_likeness;
		if (tie && !same_program(&spaces->programs[i], &spaces->programs[best])) {
			doubtful = true;
			continue;
		}
		doubtful &= tie;
		if (!tie || preference(spaces, i, hgatp) > preference(spaces, best, hgatp))
			best = i;
		best_likeness = like;
	}
	return doubtful ? SPACE_UNKNOWN : best;
}

static bool is_entry(const struct spaces *spaces, uint64_t pc)
{
	for (size_t i = 0; i < spaces->program_count; i++)
		if (spaces->programs[i].has_entry && spaces->programs[i].entry == pc)
			return true;
	return false;
}

static struct seen *find_seen(struct spaces *spaces, uint64_t hgatp)
{
	for (size_t i = 0; i < spaces->seen_count; i++)
		if (spaces->seen[i].hgatp == hgatp)
			return &spaces->seen[i];
	if (ARRAY_RESERVE(spaces->seen, spaces->seen_count, 1, &spaces->seen_capacity))
		return NULL;
	spaces->seen[spaces->seen_count] = (struct seen){hgatp, 0};
	return &spaces->seen[spaces->seen_count++];
}

static void look_at_entry(struct spaces *spaces, struct hart *hart, uint64_t hgatp, uint64_t pc)
{
	struct seen *seen = find_seen(spaces, hgatp);
	if (!seen)
		return;
	seen->entries++;
	unsigned known = symbols_space_of(spaces->symbols, hgatp);
	bool turn = known == SPACE_UNKNOWN && (seen->entries & (seen->entries - 1)) == 0;
	if (!turn && !is_entry(spaces, pc))
		return;
	unsigned space = recognise(spaces, hart, hgatp, pc);
	if (space == SPACE_UNKNOWN || space == known || symbols_bind(spaces->symbols, hgatp, space) != 0)
		return;
	if (spaces->trace)
		trace_guest(spaces->trace, hgatp, space);
}

static void spaces_observe(struct observer *observer, struct hart *hart, const struct trace_event *event)
{
	struct spaces *spaces = (struct spaces *)observer;
	if (event->type != TRACE_WORLD)
		return;
	if (event->value[0] == TRACE_RESET) {
		symbols_unbind(spaces->symbols);
		spaces->seen_count = 0;
	} else if (!mode_virt((enum mode)event->from) && mode_virt((enum mode)event->mode) &&
	           event->value[2] >> hgatp_MODE_LOW) {
		look_at_entry(spaces, hart, event->value[2], event->pc);
	}
}

/* ---- state ---- */

enum { SPACES_VERSION = 1 };

void spaces_save(const struct spaces *spaces, struct state_writer *writer)
{
	const struct symbol_binding *binding;
	size_t count = 0;
	state_write_begin(writer, "spaces", SPACES_VERSION);
	state_write_u64(writer, spaces->seen_count);
	state_write(writer, spaces->seen, spaces->seen_count * sizeof(*spaces->seen));
	while (symbols_binding(spaces->symbols, count))
		count++;
	state_write_u64(writer, count);
	for (size_t i = 0; (binding = symbols_binding(spaces->symbols, i)) != NULL; i++) {
		state_write_u64(writer, binding->hgatp);
		state_write_u64(writer, binding->space);
	}
	state_write_end(writer);
}

static bool restore_seen(struct spaces *spaces, struct state_reader *reader)
{
	uint64_t count = state_read_u64(reader);
	spaces->seen_count = 0;
	for (uint64_t i = 0; i < count && !reader->failed; i++) {
		struct seen seen = {0};
		state_read(reader, &seen, sizeof(seen));
		struct seen *place = find_seen(spaces, seen.hgatp);
		if (!place)
			return state_refuse(reader, "spaces: no memory");
		*place = seen;
	}
	return !reader->failed;
}

bool spaces_restore(struct spaces *spaces, struct state_reader *reader)
{
	if (!state_read_begin(reader, "spaces", SPACES_VERSION) || !restore_seen(spaces, reader))
		return false;
	uint64_t count = state_read_u64(reader);
	symbols_unbind(spaces->symbols);
	for (uint64_t i = 0; i < count && !reader->failed; i++) {
		uint64_t hgatp = state_read_u64(reader), space = state_read_u64(reader);
		if (space >= symbols_spaces(spaces->symbols))
			return state_refuse(reader, "spaces: no such guest");
		if (symbols_bind(spaces->symbols, hgatp, (unsigned)space) != 0)
			return state_refuse(reader, "spaces: no memory");
		if (spaces->trace)
			trace_guest(spaces->trace, hgatp, (unsigned)space);
	}
	return state_read_end(reader);
}
