/* --check: the entrance, and the per-CPU invariant. check.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/symbols.h"
#include "base/say.h"
#include "watch/check_state.h"

static const struct { const char *name; uint32_t kind; } kind_names[] = {
	{ "percpu", CHECK_PERCPU },
	{ "worldswitch", CHECK_WORLDSWITCH },
	{ "isolation", CHECK_ISOLATION },
	{ "all", CHECK_PERCPU | CHECK_WORLDSWITCH | CHECK_ISOLATION },
};

int check_parse(const char *list, uint32_t *kinds)
{
	uint32_t set = 0;
	do {
		size_t length = strcspn(list, ",");
		uint32_t found = 0;
		for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++)
			if (strlen(kind_names[i].name) == length && !memcmp(kind_names[i].name, list, length))
				found = kind_names[i].kind;
		if (!found)
			return -1;
		set |= found;
		list += length;
	} while (*list++ == ',');
	*kinds = set;
	return 0;
}

static void symbol_text(const struct check *check, enum mode mode, uint64_t pc, char *text, size_t size)
{
	uint64_t offset = 0;
	unsigned module;
	const struct symbols *symbols = check->machine->symbols;
	const char *name =
	    mode_virt(mode) ? symbols_find_guest(symbols, pc, &offset, &module) : symbols_find(symbols, pc, &offset);
	if (name)
		snprintf(text, size, " <%.32s+0x%" PRIx64 ">", name, offset);
	else
		text[0] = '\0';
}

void check_violation(struct check *check, const char *kind, const struct hart *hart, enum mode mode, uint64_t pc,
                     const char *format, ...)
{
	char what[96], symbol[64], message[sizeof(check->machine->stop_message)];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	symbol_text(check, mode, pc, symbol, sizeof(symbol));
	/* A message too long for its place loses its end. */
	int length = snprintf(message, sizeof(message), "check %s: hart %u cycle %" PRIu64 " pc 0x%" PRIx64 "%s: ", kind,
	                      hart->id, hart->now, pc, symbol);
	if (length > 0 && (size_t)length < sizeof(message))
		strncat(message, what, sizeof(message) - 1 - (size_t)length);
	machine_stop(check->machine, STOP_CHECK, 0, message);
	check->machine->harts[hart->id].effects |= EFFECT_YIELD;
}

/* ---- building ---- */

/* Slots that end, the first of them in DRAM: symbols may have any value. */
static bool is_percpu_array(const struct check *check)
{
	uint64_t size;
	return check->slot_size && !__builtin_mul_overflow(check->slot_size, check->percpu_max, &size) &&
	       bus_is_dram(&check->machine->bus, check->percpu_base, check->slot_size);
}

static int find_percpu(struct check *check)
{
	const struct symbols *symbols = check->machine->symbols;
	check->has_percpu = symbols_lookup(symbols, "percpu_base", &check->percpu_base, NULL, NULL) &&
	                    symbols_lookup(symbols, "percpu_slot_size", &check->slot_size, NULL, NULL) &&
	                    symbols_lookup(symbols, "percpu_max", &check->percpu_max, NULL, NULL) && is_percpu_array(check);
	if (!symbols_lookup(symbols, "__world_switch_start", &check->switch_start, NULL, NULL) ||
	    !symbols_lookup(symbols, "__world_switch_end", &check->switch_end, NULL, NULL))
		check->switch_start = check->switch_end = 0;
	if (check->kinds & CHECK_PERCPU && !check->has_percpu) {
		say("%s: --check percpu needs the symbols percpu_base, percpu_slot_size and percpu_max, of an array in DRAM",
		    check->machine->config->bios ? check->machine->config->bios : "firmware");
		return -1;
	}
	return 0;
}

static bool in_world_switch(const struct check *check, uint64_t pc)
{
	return pc >= check->switch_start && pc < check->switch_end;
}

/* The table is in order of (module, address): so is what it leaves. */
static int find_functions(struct check *check)
{
	const struct symbol *symbol;
	size_t count = 0;
	for (size_t i = 0; (symbol = symbols_at(check->machine->symbols, i)) != NULL; i++)
		count += symbol->module == 0 && symbol->is_function;
	check->functions = malloc((count + 1) * sizeof(*check->functions));
	if (!check->functions)
		return -1;
	for (size_t i = 0; (symbol = symbols_at(check->machine->symbols, i)) != NULL; i++)
		if (symbol->module == 0 && symbol->is_function && !in_world_switch(check, symbol->address))
			check->functions[check->function_count++] = symbol->address;
	return 0;
}

static void check_event(struct observer *observer, struct hart *hart, const struct trace_event *event);

struct check *check_new(uint32_t kinds, struct machine *machine)
{
	struct check *check = calloc(1, sizeof(*check));
	if (!check) {
		say("no memory for --check");
		return NULL;
	}
	check->kinds = kinds;
	check->machine = machine;
	check->observer = (struct observer){.event = check_event, .wanted = 1u << TRACE_TP | 1u << TRACE_WORLD, .strict = true};
	if (find_percpu(check)) {
		check_free(check);
		return NULL;
	}
	if ((kinds & CHECK_PERCPU && find_functions(check)) || (kinds & CHECK_ISOLATION && check_isolation_init(check))) {
		say("no memory for --check");
		check_free(check);
		return NULL;
	}
	return check;
}

void check_free(struct check *check)
{
	if (!check)
		return;
	check_switch_free(check);
	check_isolation_free(check);
	free(check->functions);
	free(check);
}

/* ---- percpu ---- */

bool check_own_slot(const struct check *check, const struct hart *hart, uint64_t *slot)
{
	*slot = check->percpu_base + hart->id * check->slot_size;
	return check->has_percpu && hart->id < check->percpu_max;
}

static bool in_other_slot(const struct check *check, const struct hart *hart, uint64_t value)
{
	uint64_t index = (value - check->percpu_base) / check->slot_size;
	return value >= check->percpu_base && index < check->percpu_max && index != hart->id;
}

static uint64_t slot_index(const struct check *check, uint64_t value)
{
	return (value - check->percpu_base) / check->slot_size;
}

/* Start-up code may put a slot's address together in tp itself, by way of other values: until tp was right once, only
 * what is there when a function begins counts. */
static void tp_written(struct check *check, const struct hart *hart, const struct trace_event *event)
{
	uint64_t own;
	if (event->mode != MODE_HS || !check_own_slot(check, hart, &own) || in_world_switch(check, event->pc))
		return;
	struct check_hart *state = &check->harts[hart->id];
	if (event->value[0] == own)
		state->armed = true;
	else if (state->armed && in_other_slot(check, hart, event->value[0]))
		check_violation(check, "percpu", hart, MODE_HS, event->pc, "tp set to 0x%" PRIx64 ", the slot of hart %" PRIu64,
		                event->value[0], slot_index(check, event->value[0]));
}

bool check_is_function(const struct check *check, uint64_t pc)
{
	size_t low = 0, high = check->function_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (check->functions[middle] < pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low < check->function_count && check->functions[low] == pc;
}

void check_function(struct check *check, struct hart *hart)
{
	uint64_t own, tp = hart->x[4];
	if (!check_own_slot(check, hart, &own) || tp == own)
		return;
	if (in_other_slot(check, hart, tp))
		check_violation(check, "percpu", hart, MODE_HS, hart->pc, "tp is 0x%" PRIx64 ", the slot of hart %" PRIu64, tp,
		                slot_index(check, tp));
	else if (check->harts[hart->id].armed)
		check_violation(check, "percpu", hart, MODE_HS, hart->pc, "tp is 0x%" PRIx64 ", not this hart's slot 0x%" PRIx64,
		                tp, own);
}

/* HS-mode calls M-mode and goes on behind the call, or where it was interrupted; or M-mode makes it take a trap. Any
 * other way back is a fresh start of the hart (hart_start), with tp yet to be set. */
static void hs_resumed(struct check *check, const struct hart *hart, const struct trace_event *event)
{
	struct check_hart *state = &check->harts[hart->id];
	bool goes_on = event->pc == state->call_pc || event->pc == state->call_pc + 4 || event->pc == state->call_pc + 2 ||
	               event->pc == (hart->csr.stvec & ~UINT64_C(3));
	if (!goes_on)
		state->armed = false;
}

static void world_changed(struct check *check, const struct hart *hart, const struct trace_event *event)
{
	bool from_guest = mode_virt((enum mode)event->from), to_guest = mode_virt((enum mode)event->mode);
	if (event->from == MODE_HS && event->mode == MODE_M)
		check->harts[hart->id].call_pc = hart->csr.mepc;
	if (event->from == MODE_M && event->mode == MODE_HS)
		hs_resumed(check, hart, event);
	if (from_guest && !to_guest) {
		check_switch_exit(check, hart, event);
		check_isolation_exit(check, hart);
	}
	if (!from_guest && to_guest) {
		check_switch_entry(check, hart, event);
		check_isolation_entry(check, hart, event);
	}
}

static void check_event(struct observer *observer, struct hart *hart, const struct trace_event *event)
{
	struct check *check = (struct check *)observer;
	if (hart->id >= HARTS_MAX)
		return;
	if (event->type == TRACE_TP && check->kinds & CHECK_PERCPU)
		tp_written(check, hart, event);
	else if (event->type == TRACE_WORLD)
		world_changed(check, hart, event);
}
