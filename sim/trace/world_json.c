/* World-switch statistics as JSON: world_json.h. */
#include <stdlib.h>
#include "trace/world_json.h"

const char *split_symbol_name(const struct trace_names *names, uint64_t address)
{
	uint64_t offset;
	return address == SPLIT_NOWHERE ? NULL : names->find(names->context, MODE_HS, 0, address, &offset);
}

void world_json_modes(struct json *json, const struct world *world, unsigned hart, const struct world_now *now)
{
	const struct world_modes in_each = world_modes(world, hart, now->cycle, now->retired), *modes = &in_each;
	json_open(json, "modes", '{');
	for (enum mode mode = 0; mode < MODE_COUNT; mode++) {
		json_open(json, mode_name(mode), '{');
#define MODE_STAT(key, kind, value, ...) json_##kind(json, key, value);
#include "trace/world.def"
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void write_interrupts(struct json *json, const struct latencies *latencies)
{
	json_open(json, "interrupts", '[');
	for (size_t i = 0; i < latencies->count; i++) {
		const struct latency_row *row = &latencies->rows[i];
		struct tally_summary waited = tally_summary(&row->waited);
		json_open(json, NULL, '{');
#define INTERRUPT_STAT(key, kind, value, ...) json_##kind(json, key, value);
#include "trace/world.def"
		json_close(json, '}');
	}
	json_close(json, ']');
}

void world_json_hart(struct json *json, const struct world *world, unsigned hart, const struct world_now *now)
{
	unsigned id = hart;
	uint64_t cycle = now->cycle, retired = now->retired;
#define HART_STAT(key, kind, value, ...) json_##kind(json, key, value);
#include "trace/world.def"
	world_json_modes(json, world, hart, now);
	write_interrupts(json, &world->harts[hart].latencies);
}

static void write_parts(struct json *json, const char *key, const uint64_t parts[SPLIT_PARTS])
{
	json_open(json, key, '{');
	for (unsigned i = 0; i < SPLIT_PARTS; i++)
		json_u64(json, split_keys[i], parts[i]);
	json_close(json, '}');
}

/* Of one exit as long as each of the quantiles. */
static void write_examples(struct json *json, const struct split_sum *sum, const struct tally_summary *cycles)
{
	const struct {
		const char *key;
		uint64_t cycles;
	} at[] = {
	    {"min", cycles->min},
	    {"median", cycles->median},
	    {"p99", cycles->p99},
	    {"max", cycles->max},
	};
	json_open(json, "split_at", '{');
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		const struct split_example *example = split_sum_example(sum, at[i].cycles);
		if (example)
			write_parts(json, at[i].key, example->parts);
	}
	json_close(json, '}');
}

static void json_symbols(struct json *json, const struct split_sum *sum, const struct trace_names *names)
{
	struct split_symbol *ranked = split_sum_ranked(sum);
	json_open(json, "symbols", '[');
	for (size_t i = 0; ranked && i < sum->symbol_count; i++) {
		json_open(json, NULL, '{');
		json_string(json, "symbol", split_symbol_name(names, ranked[i].address));
		json_u64(json, "cycles", ranked[i].cycles);
		json_close(json, '}');
	}
	json_close(json, ']');
	free(ranked);
}

static void write_causes(struct json *json, const struct world *world, int vmid, const struct trace_names *names)
{
	size_t count;
	struct world_exits *rows = world_exits(world, vmid, &count);
	json_open(json, "causes", '[');
	for (size_t i = 0; i < count; i++) {
		const struct world_exits *row = &rows[i];
		struct tally_summary cycles = tally_summary(&row->cycles);
		json_open(json, NULL, '{');
#define EXIT_STAT(key, kind, value, ...) json_##kind(json, key, value);
#include "trace/world.def"
		if (row->split.exits == cycles.count) {
			write_parts(json, "split", row->split.parts);
			write_examples(json, &row->split, &cycles);
			json_symbols(json, &row->split, names);
		}
		json_close(json, '}');
	}
	json_close(json, ']');
	world_exits_free(rows, count);
}

void world_json_switches(struct json *json, const struct world *world, const struct trace_names *names)
{
	uint64_t entries = 0, exits = 0;
	for (unsigned i = 0; i < world->hart_count; i++) {
		entries += world->harts[i].entries;
		exits += world->harts[i].exits;
	}
	json_open(json, "world_switches", '{');
#define SWITCH_STAT(key, kind, value, ...) json_##kind(json, key, value);
#include "trace/world.def"
	write_causes(json, world, WORLD_ALL, names);
	json_close(json, '}');
}

void world_json_zones(struct json *json, const struct world *world, const struct world_now *now,
                      const struct trace_names *names)
{
	size_t count;
	struct world_zone *zones = world_zones(world, now, &count);
	json_open(json, "zones", '[');
	for (size_t i = 0; i < count; i++) {
		const struct world_zone *zone = &zones[i];
		json_open(json, NULL, '{');
#define ZONE_STAT(key, kind, value, ...) json_##kind(json, key, value);
#include "trace/world.def"
		write_causes(json, world, (int)zone->vmid, names);
		json_close(json, '}');
	}
	json_close(json, ']');
	free(zones);
}
