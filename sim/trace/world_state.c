/* World-switch statistics, saved and restored: world.h. */
#include <stdlib.h>
#include <string.h>
#include "trace/world.h"

enum { STATE_VERSION = 2, VMID_MAX = 0x3fff };

static void save_split(const struct split *split, struct state_writer *writer)
{
	state_write_u64(writer, split->cycles);
	STATE_WRITE(writer, split->parts);
	state_write_u64(writer, split->symbol_count);
	state_write(writer, split->symbols, split->symbol_count * sizeof(*split->symbols));
}

static void save_rows(const struct world_hart *hart, struct state_writer *writer)
{
	state_write_u64(writer, hart->exits_count);
	for (size_t i = 0; i < hart->exits_count; i++) {
		const struct world_exits *row = &hart->exits_by[i];
		const uint64_t words[] = {row->cause, row->vmid, row->count};
		STATE_WRITE(writer, words);
		tally_save(&row->cycles, writer);
		split_sum_save(&row->split, writer);
	}
	state_write_u64(writer, hart->zone_count);
	for (size_t i = 0; i < hart->zone_count; i++) {
		const struct world_zone *zone = &hart->zones[i];
		const uint64_t words[] = {zone->vmid, zone->entries, zone->exits, zone->cycles, zone->instructions};
		STATE_WRITE(writer, words);
	}
}

void world_save(const struct world *world, struct state_writer *writer)
{
	state_write_begin(writer, "world", STATE_VERSION);
	state_write_u64(writer, world->hart_count);
	state_write_u64(writer, world->lost);
	for (unsigned i = 0; i < world->hart_count; i++) {
		const struct world_hart *hart = &world->harts[i];
		const uint64_t words[] = {
		    hart->mode,  hart->vmid,       hart->cycle,   hart->retired,  hart->entries,
		    hart->exits, hart->exit_cycle, hart->outside, hart->exit_row,
		};
		STATE_WRITE(writer, words);
		STATE_WRITE(writer, hart->cycles);
		STATE_WRITE(writer, hart->instructions);
		save_split(&hart->split, writer);
		save_rows(hart, writer);
		latency_save(&hart->latencies, writer);
	}
	state_write_end(writer);
}

/* ---- restoring ---- */

static void *new_array(uint64_t count, size_t element, struct state_reader *reader)
{
	/* An element is saved as several bytes: where fewer are left, so many cannot follow. */
	if (count > reader->size - reader->at) {
		state_refuse(reader, "world: cut short");
		return NULL;
	}
	void *array = calloc(count ? count : 1, element);
	if (!array)
		state_refuse(reader, "world: no memory");
	return array;
}

static void restore_split(struct world_hart *hart, struct state_reader *reader)
{
	struct split *split = &hart->split;
	split->cycles = state_read_u64(reader);
	STATE_READ(reader, split->parts);
	split->symbol_count = state_read_limited(reader, SPLIT_SYMBOLS_MAX);
	hart->split_symbols = calloc(SPLIT_SYMBOLS_MAX, sizeof(*hart->split_symbols));
	split->symbols = hart->split_symbols;
	if (hart->split_symbols)
		state_read(reader, hart->split_symbols, split->symbol_count * sizeof(*hart->split_symbols));
	else
		state_refuse(reader, "world: no memory");
}

static void restore_exits(struct world_hart *hart, struct state_reader *reader)
{
	uint64_t count = state_read_u64(reader);
	hart->exits_by = new_array(count, sizeof(*hart->exits_by), reader);
	if (!hart->exits_by)
		return;
	hart->exits_capacity = count;
	while (hart->exits_count < count && !reader->failed) {
		struct world_exits *row = &hart->exits_by[hart->exits_count++];
		row->cause = state_read_u64(reader);
		row->vmid = (unsigned)state_read_limited(reader, VMID_MAX);
		row->count = state_read_u64(reader);
		tally_restore(&row->cycles, reader);
		split_sum_restore(&row->split, reader);
	}
}

static void restore_zones(struct world_hart *hart, struct state_reader *reader)
{
	uint64_t count = state_read_u64(reader);
	hart->zones = new_array(count, sizeof(*hart->zones), reader);
	if (!hart->zones)
		return;
	hart->zone_capacity = count;
	while (hart->zone_count < count && !reader->failed) {
		struct world_zone *zone = &hart->zones[hart->zone_count++];
		zone->vmid = (unsigned)state_read_limited(reader, VMID_MAX);
		zone->entries = state_read_u64(reader);
		zone->exits = state_read_u64(reader);
		zone->cycles = state_read_u64(reader);
		zone->instructions = state_read_u64(reader);
	}
}

static void restore_hart(struct world_hart *hart, struct state_reader *reader)
{
	world_clear(hart);
	hart->mode = (enum mode)state_read_limited(reader, MODE_COUNT - 1);
	hart->vmid = (unsigned)state_read_limited(reader, VMID_MAX);
	hart->cycle = state_read_u64(reader);
	hart->retired = state_read_u64(reader);
	hart->entries = state_read_u64(reader);
	hart->exits = state_read_u64(reader);
	hart->exit_cycle = state_read_u64(reader);
	hart->outside = state_read_limited(reader, true);
	hart->exit_row = state_read_u64(reader);
	STATE_READ(reader, hart->cycles);
	STATE_READ(reader, hart->instructions);
	restore_split(hart, reader);
	restore_exits(hart, reader);
	restore_zones(hart, reader);
	latency_restore(&hart->latencies, reader);
	if (hart->outside && hart->exit_row >= hart->exits_count)
		state_refuse(reader, "world: an open exit is in no row");
}

bool world_restore(struct world *world, struct state_reader *reader)
{
	if (!state_read_begin(reader, "world", STATE_VERSION))
		return false;
	if (state_read_u64(reader) != world->hart_count && !reader->failed)
		return state_refuse(reader, "world: another number of harts");
	world->lost = state_read_u64(reader);
	for (unsigned i = 0; i < world->hart_count && !reader->failed; i++)
		restore_hart(&world->harts[i], reader);
	return state_read_end(reader);
}
