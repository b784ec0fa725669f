/* --stats help: every number of --stats, by the tables that write them. */
#include "machine/stats.h"

#include "isa/events.h"

static void put_row(FILE *out, const char *object, const char *key, const char *unit, const char *level,
                    const char *whose, const char *meaning)
{
	fprintf(out, "| `%s%s` | %s | %s | %s | %s |\n", object, key, unit, level, whose, meaning);
}

static const struct {
	const char *key, *unit;
} events[] = {
#define MODEL_EVENT(number, id, key, unit, ...) [number] = {key, unit},
#include "isa/events.def"
};

static const struct {
	const char *key, *meaning;
} parts[] = {
#define SPLIT(id, key, title, meaning) {key, meaning},
#include "trace/split.def"
#undef SPLIT
};

static void put_event(FILE *out, const char *object, unsigned number, const char *level, const char *meaning)
{
	put_row(out, object, events[number].key, events[number].unit, level, "this hart", meaning);
}

static void list_run(FILE *out)
{
#define RUN_STAT(key, kind, value, ...) put_row(out, "", key, __VA_ARGS__);
#include "machine/stats.def"
}

static void list_harts(FILE *out)
{
#define HART_STAT(key, kind, value, ...) put_row(out, "harts[].", key, __VA_ARGS__);
#include "trace/world.def"
#define MODE_STAT(key, kind, value, ...) put_row(out, "harts[].modes.MODE.", key, __VA_ARGS__);
#include "trace/world.def"
#define INTERRUPT_STAT(key, kind, value, ...) put_row(out, "harts[].interrupts[].", key, __VA_ARGS__);
#include "trace/world.def"
#define TLB_EVENT(id, ...) put_event(out, "harts[].tlb.", EVENT_##id, __VA_ARGS__);
#include "machine/stats.def"
#define STALL_EVENT(id, ...) put_event(out, "harts[].stalls.", EVENT_##id, __VA_ARGS__);
#include "machine/stats.def"
#define CACHE_EVENT(id, ...) put_event(out, "harts[].cache.", EVENT_##id, __VA_ARGS__);
#include "machine/stats.def"
#define BRANCH_EVENT(id, ...) put_event(out, "harts[].branch.", EVENT_##id, __VA_ARGS__);
#include "machine/stats.def"
#define ENGINE_STAT(key, kind, value, ...) put_row(out, "harts[].engine.", key, __VA_ARGS__);
#include "machine/stats.def"
}

/* Zones have the same causes as all of them together. */
static void list_switches(FILE *out)
{
#define SWITCH_STAT(key, kind, value, ...) put_row(out, "world_switches.", key, __VA_ARGS__);
#include "trace/world.def"
#define EXIT_STAT(key, kind, value, ...) put_row(out, "world_switches.causes[].", key, __VA_ARGS__);
#include "trace/world.def"
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		put_row(out, "world_switches.causes[].split.", parts[i].key, "cycles", "", "exits", parts[i].meaning);
	put_row(out, "world_switches.causes[].", "split_at.WHICH.PART", "cycles", "", "one exit",
	        "the split of an exit as long as min, median, p99, max");
	put_row(out, "world_switches.causes[].", "symbols[].symbol", "text", "", "exits",
	        "a function; null: code without a name");
	put_row(out, "world_switches.causes[].", "symbols[].cycles", "cycles", "", "exits",
	        "its part of split.switch and split.handler");
#define ZONE_STAT(key, kind, value, ...) put_row(out, "zones[].", key, __VA_ARGS__);
#include "trace/world.def"
	put_row(out, "zones[].", "causes[]", "", "", "this VMID", "as world_switches.causes[]");
}

static void list_config(FILE *out)
{
	put_row(out, "", "version", "text", "", "rvsim", "of rvsim");
	put_row(
	    out, "config.", "command[]", "text", "", "option",
	    "the arguments that make this run again: all but where results go (--stats, --trace, --signature, --record, --quiet)");
#define CONFIG_STAT(key, kind, value, ...) put_row(out, "config.", key, __VA_ARGS__);
#include "machine/stats.def"
#define GUEST_STAT(key, kind, value, ...) put_row(out, "config.guests[].", key, __VA_ARGS__);
#include "machine/stats.def"
#define FILE_STAT(key, kind, value, ...) put_row(out, "config.files[].", key, __VA_ARGS__);
#include "machine/stats.def"
	put_row(out, "config.set.", "PARAM", "", "", "option", "each parameter of --set help, as it was in this run");
}

void stats_list(FILE *out)
{
	fputs("| number | unit | level | whose | what |\n| --- | --- | --- | --- | --- |\n", out);
	list_config(out);
	list_run(out);
	list_harts(out);
	list_switches(out);
}
