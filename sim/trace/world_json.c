/* World-switch statistics as JSON: world_json.h. */
#include <stdlib.h>
#include "trace/world_json.h"

void world_json_modes(struct json *json, const struct world *world, unsigned hart, const struct world_now *now)
{
	struct world_modes modes = world_modes(world, hart, now->cycle, now->retired);
	json_open(json, "modes", '{');
	for (enum mode mode = 0; mode < MODE_COUNT; mode++) {
		json_open(json, mode_name(mode), '{');
		json_u64(json, "cycles", modes.cycles[mode]);
		json_u64(json, "instructions", modes.instructions[mode]);
		json_close(json, '}');
	}
	json_close(json, '}');
}

void world_json_hart(struct json *json, const struct world *world, unsigned hart, const struct world_now *now)
{
	unsigned id = hart;
	uint64_t cycle = now->cycle, retired = now->retired;
#define HART_STAT(key, kind, value) json_##kind(json, key, value);
#include "trace/stats.def"
	world_json_modes(json, world, hart, now);
}

static void write_causes(struct json *json, const struct world *world, int vmid)
{
	size_t count;
	struct world_exits *rows = world_exits(world, vmid, &count);
	json_open(json, "causes", '[');
	for (size_t i = 0; i < count; i++) {
		const struct world_exits *row = &rows[i];
		struct tally_summary cycles = tally_summary(&row->cycles);
		json_open(json, NULL, '{');
#define EXIT_STAT(key, kind, value) json_##kind(json, key, value);
#include "trace/stats.def"
		json_close(json, '}');
	}
	json_close(json, ']');
	world_exits_free(rows, count);
}

void world_json_switches(struct json *json, const struct world *world)
{
	uint64_t entries = 0, exits = 0;
	for (unsigned i = 0; i < world->hart_count; i++) {
		entries += world->harts[i].entries;
		exits += world->harts[i].exits;
	}
	json_open(json, "world_switches", '{');
	json_u64(json, "entries", entries);
	json_u64(json, "exits", exits);
	write_causes(json, world, WORLD_ALL);
	json_close(json, '}');
}

void world_json_zones(struct json *json, const struct world *world, const struct world_now *now)
{
	size_t count;
	struct world_zone *zones = world_zones(world, now, &count);
	json_open(json, "zones", '[');
	for (size_t i = 0; i < count; i++) {
		const struct world_zone *zone = &zones[i];
		json_open(json, NULL, '{');
#define ZONE_STAT(key, kind, value) json_##kind(json, key, value);
#include "trace/stats.def"
		write_causes(json, world, (int)zone->vmid);
		json_close(json, '}');
	}
	json_close(json, ']');
	free(zones);
}
