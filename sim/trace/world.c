/* World-switch statistics: world.h. */
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "hart/trap.h"
#include "trace/world.h"

enum { VMID_LOW = 44, VMID_MASK = 0x3fff };

int world_init(struct world *world, unsigned hart_count)
{
	world->harts = calloc(hart_count, sizeof(*world->harts));
	world->hart_count = hart_count;
	world->lost = 0;
	return world->harts ? 0 : -1;
}

void world_clear(struct world_hart *hart)
{
	world_exits_free(hart->exits_by, hart->exits_count);
	free(hart->split_symbols);
	latency_free(&hart->latencies);
	free(hart->zones);
	*hart = (struct world_hart){0};
}

void world_free(struct world *world)
{
	for (unsigned i = 0; i < world->hart_count && world->harts; i++)
		world_clear(&world->harts[i]);
	free(world->harts);
	world->harts = NULL;
}

/* Rows are few (zones times causes that happen) and neighbours come in runs: a search from the last hit would gain
 * nothing measurable. SIZE_MAX: no memory. */
static size_t exits_row(struct world_exits **rows, size_t *count, size_t *capacity, uint64_t cause, unsigned vmid)
{
	for (size_t i = 0; i < *count; i++)
		if ((*rows)[i].cause == cause && (*rows)[i].vmid == vmid)
			return i;
	if (ARRAY_RESERVE(*rows, *count, 1, capacity))
		return SIZE_MAX;
	(*rows)[*count] = (struct world_exits){.cause = cause, .vmid = vmid};
	return (*count)++;
}

static struct world_zone *zone_row(struct world_zone **rows, size_t *count, size_t *capacity, unsigned vmid)
{
	for (size_t i = 0; i < *count; i++)
		if ((*rows)[i].vmid == vmid)
			return &(*rows)[i];
	if (ARRAY_RESERVE(*rows, *count, 1, capacity))
		return NULL;
	(*rows)[*count] = (struct world_zone){.vmid = vmid};
	return &(*rows)[(*count)++];
}

static struct world_zone *hart_zone(struct world *world, struct world_hart *hart, unsigned vmid)
{
	struct world_zone *zone = zone_row(&hart->zones, &hart->zone_count, &hart->zone_capacity, vmid);
	if (!zone)
		world->lost++;
	return zone;
}

/* Give the time since the last world event to the mode that was on. */
static void account(struct world *world, struct world_hart *hart, const struct trace_event *event)
{
	uint64_t cycles = event->cycle - hart->cycle, instructions = event->retired - hart->retired;
	enum mode mode = (enum mode)event->from;
	hart->cycles[mode] += cycles;
	hart->instructions[mode] += instructions;
	hart->cycle = event->cycle;
	hart->retired = event->retired;
	if (mode_virt(mode)) {
		struct world_zone *zone = hart_zone(world, hart, hart->vmid);
		if (zone) {
			zone->cycles += cycles;
			zone->instructions += instructions;
		}
	}
}

static void count_exit(struct world *world, struct world_hart *hart, const struct trace_event *event)
{
	struct world_zone *zone = hart_zone(world, hart, hart->vmid);
	size_t row = exits_row(&hart->exits_by, &hart->exits_count, &hart->exits_capacity, event->value[0], hart->vmid);
	hart->exits++;
	if (zone)
		zone->exits++;
	hart->outside = row != SIZE_MAX;
	if (row == SIZE_MAX) {
		world->lost++;
		return;
	}
	hart->exits_by[row].count++;
	hart->exit_row = row;
	hart->split.cycles = 0;
	hart->exit_cycle = event->cycle;
}

static void count_entry(struct world *world, struct world_hart *hart, const struct trace_event *event)
{
	struct world_zone *zone = hart_zone(world, hart, hart->vmid);
	hart->entries++;
	if (zone)
		zone->entries++;
	if (hart->outside) {
		struct world_exits *row = &hart->exits_by[hart->exit_row];
		uint64_t cycles = event->cycle - hart->exit_cycle;
		tally_add(&row->cycles, cycles, 1);
		if (cycles && hart->split.cycles == cycles)
			split_sum_add(&row->split, &hart->split);
	}
	hart->outside = false;
}

void world_event(struct world *world, const struct trace_event *event)
{
	if (event->hart >= world->hart_count)
		return;
	struct world_hart *hart = &world->harts[event->hart];
	if (event->type == TRACE_TRAP)
		latency_event(&hart->latencies, event);
	if (event->type != TRACE_WORLD)
		return;
	bool from_guest = mode_virt((enum mode)event->from), to_guest = mode_virt((enum mode)event->mode);
	account(world, hart, event);
	hart->outside &= event->value[0] != TRACE_RESET;
	hart->mode = (enum mode)event->mode;
	hart->vmid = (unsigned)(event->value[2] >> VMID_LOW) & VMID_MASK;
	if (from_guest && !to_guest && event->value[0] != TRACE_RESET)
		count_exit(world, hart, event);
	if (!from_guest && to_guest)
		count_entry(world, hart, event);
}

void world_latency(struct world *world, unsigned hart, const struct trace_latency *latency)
{
	latency_told(&world->harts[hart].latencies, latency);
}

void world_split(struct world *world, unsigned number, const struct split *split)
{
	struct world_hart *hart = &world->harts[number];
	if (!hart->outside)
		return;
	if (!hart->split_symbols)
		hart->split_symbols = calloc(SPLIT_SYMBOLS_MAX, sizeof(*hart->split_symbols));
	if (!hart->split_symbols) {
		world->lost++;
		return;
	}
	hart->split = *split;
	hart->split.symbols = memcpy(hart->split_symbols, split->symbols,
	                             split->symbol_count * sizeof(*split->symbols));
}

struct world_modes world_modes(const struct world *world, unsigned hart, uint64_t cycle, uint64_t retired)
{
	const struct world_hart *place = &world->harts[hart];
	struct world_modes modes;
	memcpy(modes.cycles, place->cycles, sizeof(modes.cycles));
	memcpy(modes.instructions, place->instructions, sizeof(modes.instructions));
	modes.cycles[place->mode] += cycle - place->cycle;
	modes.instructions[place->mode] += retired - place->retired;
	return modes;
}

static int compare_exits(const void *a, const void *b)
{
	uint64_t x = ((const struct world_exits *)a)->cause, y = ((const struct world_exits *)b)->cause;
	return x < y ? -1 : x > y;
}

struct world_exits *world_exits(const struct world *world, int vmid, size_t *count)
{
	struct world_exits *rows = NULL;
	size_t capacity = 0;
	*count = 0;
	for (unsigned i = 0; i < world->hart_count; i++) {
		const struct world_hart *hart = &world->harts[i];
		for (size_t j = 0; j < hart->exits_count; j++) {
			const struct world_exits *from = &hart->exits_by[j];
			if (vmid != WORLD_ALL && from->vmid != (unsigned)vmid)
				continue;
			size_t row = exits_row(&rows, count, &capacity, from->cause,
			                       vmid == WORLD_ALL ? 0 : from->vmid);
			if (row == SIZE_MAX)
				continue;
			rows[row].count += from->count;
			tally_merge(&rows[row].cycles, &from->cycles);
			split_sum_merge(&rows[row].split, &from->split);
		}
	}
	if (*count)
		qsort(rows, *count, sizeof(*rows), compare_exits);
	return rows;
}

void world_exits_free(struct world_exits *exits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		tally_free(&exits[i].cycles);
		split_sum_free(&exits[i].split);
	}
	free(exits);
}

static int compare_zones(const void *a, const void *b)
{
	unsigned x = ((const struct world_zone *)a)->vmid, y = ((const struct world_zone *)b)->vmid;
	return x < y ? -1 : x > y;
}

static void merge_zones(struct world_zone **rows, size_t *count, size_t *capacity, const struct world_hart *hart,
                        const struct world_now *now)
{
	for (size_t i = 0; i < hart->zone_count; i++) {
		const struct world_zone *from = &hart->zones[i];
		struct world_zone *zone = zone_row(rows, count, capacity, from->vmid);
		if (!zone)
			continue;
		zone->entries += from->entries;
		zone->exits += from->exits;
		zone->cycles += from->cycles;
		zone->instructions += from->instructions;
		if (now && mode_virt(hart->mode) && hart->vmid == from->vmid) {
			zone->cycles += now->cycle - hart->cycle;
			zone->instructions += now->retired - hart->retired;
		}
	}
}

struct world_zone *world_zones(const struct world *world, const struct world_now *harts_now, size_t *count)
{
	struct world_zone *rows = NULL;
	size_t capacity = 0;
	*count = 0;
	for (unsigned i = 0; i < world->hart_count; i++)
		merge_zones(&rows, count, &capacity, &world->harts[i], harts_now ? &harts_now[i] : NULL);
	if (*count)
		qsort(rows, *count, sizeof(*rows), compare_zones);
	return rows;
}

const char *world_cause_name(uint64_t cause)
{
	if (cause == TRACE_RESET)
		return "reset";
	return cause == TRACE_RETURN ? "return" : cause_name(cause >> 63, (unsigned)(cause & 0xff));
}
