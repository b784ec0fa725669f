/* The parts of the statistics that come from the event stream, as JSON: shared by --stats and rvtrace stat. */
#ifndef WORLD_JSON_H
#define WORLD_JSON_H

#include "base/json.h"
#include "trace/text.h"
#include "trace/world.h"

/* Of a function that a split names; NULL: none. */
const char *split_symbol_name(const struct trace_names *names, uint64_t address);

/* "modes": {"M": {"cycles", "instructions"}, "HS", "U", "VS", "VU"} of a hart that now stands at `now`. */
void world_json_modes(struct json *json, const struct world *world, unsigned hart, const struct world_now *now);
/* "hart", "cycles", "instructions", "modes" and "interrupts" of the open object. */
void world_json_hart(struct json *json, const struct world *world, unsigned hart, const struct world_now *now);
/* "world_switches": {...}, "zones": [...]. now: one a hart; names: of the firmware's functions. */
void world_json_switches(struct json *json, const struct world *world, const struct trace_names *names);
void world_json_zones(struct json *json, const struct world *world, const struct world_now *now,
                      const struct trace_names *names);

#endif
