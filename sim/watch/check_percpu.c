/* --check percpu: whose per-CPU slot tp points to while HS-mode runs. */
#include <inttypes.h>
#include <stdlib.h>
#include "base/bus.h"
#include "base/say.h"
#include "base/symbols.h"
#include "watch/check_state.h"

/* ---- what the firmware says of itself ---- */

/* Slots that end, the first of them in DRAM: symbols may have any value. */
static bool is_percpu_array(const struct check *check)
{
	uint64_t size;
	return check->slot_size && !__builtin_mul_overflow(check->slot_size, check->percpu_max, &size) &&
	       bus_is_dram(check->config.bus, check->percpu_base, check->slot_size);
}

static int find_symbols(struct check *check)
{
	const struct symbols *symbols = check->config.symbols;
	check->has_percpu = symbols_lookup(symbols, "percpu_base", &check->percpu_base, NULL, NULL) &&
	                    symbols_lookup(symbols, "percpu_slot_size", &check->slot_size, NULL, NULL) &&
	                    symbols_lookup(symbols, "percpu_max", &check->percpu_max, NULL, NULL) &&
	                    is_percpu_array(check);
	if (!symbols_lookup(symbols, "__world_switch_start", &check->switch_start, NULL, NULL) ||
	    !symbols_lookup(symbols, "__world_switch_end", &check->switch_end, NULL, NULL))
		check->switch_start = check->switch_end = 0;
	if (check->config.kinds & CHECK_PERCPU && !check->has_percpu) {
		say("%s: --check percpu needs the symbols percpu_base, percpu_slot_size and percpu_max, of an array in DRAM",
		    check->config.firmware ? check->config.firmware : "firmware");
		return -1;
	}
	return 0;
}

static bool in_world_switch(const struct check *check, uint64_t pc)
{
	return pc >= check->switch_start && pc < check->switch_end;
}

/* The table is in order of (module, address) as far as symbols name bytes: so is what it leaves. */
static int find_functions(struct check *check)
{
	const struct symbol *symbol;
	size_t count = 0;
	for (size_t i = 0; (symbol = symbols_at(check->config.symbols, i)) != NULL; i++)
		count += symbol->module == 0 && symbol->is_function;
	check->functions = malloc((count + 1) * sizeof(*check->functions));
	if (!check->functions)
		return -1;
	for (size_t i = 0; (symbol = symbols_at(check->config.symbols, i)) != NULL; i++)
		if (symbol->module == 0 && symbol->is_function && symbol->size &&
		    !in_world_switch(check, symbol->address))
			check->functions[check->function_count++] = symbol->address;
	return 0;
}

int check_percpu_init(struct check *check)
{
	if (find_symbols(check))
		return -1;
	if (check->config.kinds & CHECK_PERCPU && find_functions(check))
		return say("no memory for --check");
	return 0;
}

void check_percpu_free(struct check *check) { free(check->functions); }

/* ---- slots ---- */

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
void check_percpu_tp(struct check *check, struct hart *hart, const struct trace_event *event)
{
	uint64_t own;
	if (!(check->config.kinds & CHECK_PERCPU) || event->mode != MODE_HS || !check_own_slot(check, hart, &own) ||
	    in_world_switch(check, event->pc))
		return;
	struct check_hart *state = &check->harts[hart->id];
	if (event->value[0] == own)
		state->armed = true;
	else if (state->armed && in_other_slot(check, hart, event->value[0]))
		check_violation(check, "percpu", hart, MODE_HS, event->pc,
		                "tp set to 0x%" PRIx64 ", the slot of hart %" PRIu64, event->value[0],
		                slot_index(check, event->value[0]));
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
		check_violation(check, "percpu", hart, MODE_HS, hart->pc,
		                "tp is 0x%" PRIx64 ", the slot of hart %" PRIu64, tp, slot_index(check, tp));
	else if (check->harts[hart->id].armed)
		check_violation(check, "percpu", hart, MODE_HS, hart->pc,
		                "tp is 0x%" PRIx64 ", not this hart's slot 0x%" PRIx64, tp, own);
}

/* HS-mode calls M-mode and goes on behind the call, or where it was interrupted; or M-mode makes it take a trap. Any
 * other way back is a fresh start of the hart (hart_start), with tp yet to be set. */
void check_percpu_resumed(struct check *check, const struct hart *hart, const struct trace_event *event)
{
	struct check_hart *state = &check->harts[hart->id];
	bool goes_on = event->pc == state->call_pc || event->pc == state->call_pc + 4 ||
	               event->pc == state->call_pc + 2 || event->pc == (hart->csr.stvec & ~UINT64_C(3));
	if (!goes_on)
		state->armed = false;
}
