/* --stats: stats.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dev/console.h"
#include "hart/mmu.h"
#include "machine/config_json.h"
#include "machine/machine.h"
#include "base/output_file.h"
#include "base/say.h"
#include "base/symbols.h"
#include "base/version.h"
#include "timing/model.h"
#include "machine/stats.h"
#include "trace/trace.h"
#include "trace/world_json.h"

static const char *const event_keys[] = {
#define MODEL_EVENT(number, id, key, ...) [number] = key,
#include "isa/events.def"
};

static void write_engine(struct json *json, const struct mmu_stats *engine)
{
	json_open(json, "engine", '{');
#define ENGINE_STAT(key, kind, value, ...) json_##kind(json, key, value);
#include "machine/stats.def"
	json_close(json, '}');
}

static void write_count(struct json *json, enum event_number number, const uint64_t *count)
{
	if (count)
		json_u64(json, event_keys[number], *count);
}

/* A core without TLBs, caches, branch prediction or stalls has nothing to count there: the objects are empty. */
static void write_model(struct json *json, const struct model *model)
{
#define WRITE(id) write_count(json, EVENT_##id, model ? &model->counts.id : NULL);
	json_open(json, "tlb", '{');
#define TLB_EVENT(id, ...) WRITE(id)
#include "machine/stats.def"
	json_close(json, '}');
	json_open(json, "stalls", '{');
#define STALL_EVENT(id, ...) WRITE(id)
#include "machine/stats.def"
	json_close(json, '}');
	json_open(json, "cache", '{');
#define CACHE_EVENT(id, ...) WRITE(id)
#include "machine/stats.def"
	json_close(json, '}');
	json_open(json, "branch", '{');
#define BRANCH_EVENT(id, ...) WRITE(id)
#include "machine/stats.def"
	json_close(json, '}');
#undef WRITE
}

static void write_hart(struct json *json, const struct machine *machine, unsigned i, const struct world_now *now)
{
	json_open(json, NULL, '{');
	world_json_hart(json, trace_world(machine->trace), i, now);
	write_model(json, machine->harts[i].model ? machine->harts[i].model : machine->harts[i].parked);
	write_engine(json, mmu_stats(&machine->harts[i]));
	json_close(json, '}');
}

static const char *find_name(void *symbols, enum mode mode, unsigned guest, uint64_t address, uint64_t *offset)
{
	(void)mode; /* functions of splits are the firmware's */
	(void)guest;
	return symbols_find(symbols, address, offset);
}

static void write_all(struct json *json, const struct machine *machine, const struct world_now *now,
                      double host_seconds)
{
	uint64_t cycles = 0, instructions = 0, hash = trace_hash(machine->trace, machine->harts, machine->hart_count);
	uint64_t input_hash, input_bytes = console_given(machine->console, &input_hash);
	struct trace_names names = {find_name, machine->symbols};
	for (unsigned i = 0; i < machine->hart_count; i++) {
		cycles = now[i].cycle > cycles ? now[i].cycle : cycles;
		instructions += now[i].retired;
	}
	json_open(json, NULL, '{');
	json_string(json, "version", RVSIM_VERSION);
	config_json(json, machine);
#define RUN_STAT(key, kind, value, ...) json_##kind(json, key, value);
#include "machine/stats.def"
	json_open(json, "harts", '[');
	for (unsigned i = 0; i < machine->hart_count; i++)
		write_hart(json, machine, i, &now[i]);
	json_close(json, ']');
	world_json_switches(json, trace_world(machine->trace), &names);
	world_json_zones(json, trace_world(machine->trace), now, &names);
	json_close(json, '}');
}

int stats_write(const char *path, const struct machine *machine, double host_seconds)
{
	struct world_now *now = calloc(machine->hart_count, sizeof(*now));
	FILE *out = now ? output_open(path) : NULL;
	if (!out) {
		say("%s: %s", path, strerror(errno));
		free(now);
		return -1;
	}
	for (unsigned i = 0; i < machine->hart_count; i++)
		now[i] = (struct world_now){machine->harts[i].now, machine->harts[i].retired};
	struct json json = {.out = out};
	write_all(&json, machine, now, host_seconds);
	free(now);
	bool failed = ferror(out);
	if (fclose(out) || failed) {
		say("%s: could not be written whole", path);
		return -1;
	}
	return 0;
}
