/* --check percpu: whose per-CPU slot tp points to while HS-mode runs. */
#include <inttypes.h>
#include <stdlib.h>
#include "base/bus.h"
#include "base/say.h"
#include "base/symbols.h"
#include "watch/check_state.h"

/* ---- what the firmware says of itself ---- */

/* Slots that end, the first of them in DRAM: symbols may have any value. */
static bool is_percpu_array(const struct bus *bus, const struct percpu_array *array)
{
	uint64_t size;
	return array->size && array->count && !__builtin_mul_overflow(array->size, array->count, &size) &&
	       bus_is_dram(bus, array->base, array->size);
}

static bool place_of(const struct symbols *symbols, const char *text, uint64_t *address)
{
	char *end;
	if (symbols_lookup(symbols, text, address, NULL, NULL))
		return true;
	*address = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && *end == '\0';
}

bool check_find_percpu(const struct percpu_config *config, const struct symbols *symbols, const struct bus *bus,
                       struct percpu_array *array)
{
	bool found;
	if (config->base) {
		*array = (struct percpu_array){.size = config->size, .count = config->count};
		found = place_of(symbols, config->base, &array->base);
	} else {
		found = symbols_lookup(symbols, "percpu_base", &array->base, NULL, NULL) &&
		        symbols_lookup(symbols, "percpu_slot_size", &array->size, NULL, NULL) &&
		        symbols_lookup(symbols, "percpu_max", &array->count, NULL, NULL);
	}
	return found && is_percpu_array(bus, array);
}

static int find_symbols(struct check *check)
{
	const struct check_config *config = &check->config;
	const struct symbols *symbols = config->symbols;
	check->has_percpu = check_find_percpu(&config->percpu, symbols, config->bus, &check->percpu);
	if (!symbols_lookup(symbols, "__world_switch_start", &check->switch_start, NULL, NULL) ||
	    !symbols_lookup(symbols, "__world_switch_end", &check->switch_end, NULL, NULL))
		check->switch_start = check->switch_end = 0;
	if (config->percpu.base && !check->has_percpu)
		return say("--percpu base=%s: neither a symbol nor an address, or slots that are not in DRAM",
		           config->percpu.base);
	if (config->kinds & CHECK_PERCPU && !check->has_percpu)
		return say(
		    "%s: --check percpu needs --percpu base=,size=, or the symbols percpu_base, percpu_slot_size and "
		    "percpu_max, of an array in DRAM",
		    config->firmware ? config->firmware : "firmware");
	return 0;
}

static bool in_world_switch(const struct check *check, uint64_t pc)
{
	return pc >= check->switch_start && pc < check->switch_end;
}

static bool is_host_function(const struct check *check, const struct symbol *symbol)
{
	return symbol->is_function && symbol->size && !in_world_switch(check, symbol->address) &&
	       symbols_module(check->config.symbols, symbol->module).space == SPACE_HOST;
}

static int by_address_of_function(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

static int find_functions(struct check *check)
{
	const struct symbol *symbol;
	size_t count = 0;
	for (size_t i = 0; (symbol = symbols_at(check->config.symbols, i)) != NULL; i++)
		count += is_host_function(check, symbol);
	check->functions = malloc((count + 1) * sizeof(*check->functions));
	if (!check->functions)
		return -1;
	for (size_t i = 0; (symbol = symbols_at(check->config.symbols, i)) != NULL; i++)
		if (is_host_function(check, symbol))
			check->functions[check->function_count++] = symbol->address;
	qsort(check->functions, count, sizeof(*check->functions), by_address_of_function);
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
	*slot = check->percpu.base + hart->id * check->percpu.size;
	return check->has_percpu && hart->id < check->percpu.count;
}

static uint64_t slot_index(const struct check *check, uint64_t value)
{
	return (value - check->percpu.base) / check->percpu.size;
}

static bool in_other_slot(const struct check *check, const struct hart *hart, uint64_t value)
{
	uint64_t index = slot_index(check, value);
	return value >= check->percpu.base && index < check->percpu.count && index != hart->id;
}

/* Is this hart's tp looked at? Then *own is what it has to be. */
static bool is_checked(const struct check *check, const struct hart *hart, uint64_t *own)
{
	return check->config.kinds & CHECK_PERCPU && check_own_slot(check, hart, own);
}

/* tp is right: from now on it has to be. */
static void arm(struct check_hart *state)
{
	state->armed = state->was_armed = state->own_seen = true;
	state->given = false;
}

/* Start-up code may put a slot's address together in tp itself, by way of other values: until tp was right once, only
 * what is there when a function begins counts. */
void check_percpu_tp(struct check *check, struct hart *hart, const struct trace_event *event)
{
	uint64_t own;
	if (!is_checked(check, hart, &own) || event->mode != MODE_HS || in_world_switch(check, event->pc))
		return;
	struct check_hart *state = &check->harts[hart->id];
	if (event->value[0] == own)
		arm(state);
	else if (state->given)
		state->armed = state->given = false;
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

bool check_wants_tp(const struct check *check, uint64_t pc)
{
	return check->config.kinds & CHECK_PERCPU && !in_world_switch(check, pc);
}

static void report_tp(struct check *check, struct hart *hart, uint64_t pc, uint64_t tp, uint64_t own)
{
	check_violation(check, "percpu", hart, MODE_HS, pc, "tp is 0x%" PRIx64 ", not this hart's slot 0x%" PRIx64, tp,
	                own);
}

void check_function(struct check *check, struct hart *hart)
{
	struct check_hart *state = &check->harts[hart->id];
	uint64_t own, tp = hart->x[4];
	if (!is_checked(check, hart, &own))
		return;
	state->ran = true;
	if (tp == own)
		arm(state);
	else if (!check_is_function(check, hart->pc)) {
		/* By way of some pointer of its own: but not of the guest's. */
		if (state->armed && tp == state->guest_tp)
			report_tp(check, hart, hart->pc, tp, own);
	} else if (in_other_slot(check, hart, tp))
		check_violation(check, "percpu", hart, MODE_HS, hart->pc,
		                "tp is 0x%" PRIx64 ", the slot of hart %" PRIu64, tp, slot_index(check, tp));
	else if (state->armed)
		report_tp(check, hart, hart->pc, tp, own);
}

/* ---- other worlds ---- */

void check_percpu_calls(struct check *check, struct hart *hart, const struct trace_event *event)
{
	struct check_hart *state = &check->harts[hart->id];
	uint64_t own, tp = hart->x[4];
	state->call_pc = hart->csr.mepc;
	if (!is_checked(check, hart, &own))
		return;
	if (tp == own)
		arm(state);
	else if (state->armed && tp == state->guest_tp && event->value[0] == CAUSE_ECALL_HS)
		report_tp(check, hart, state->call_pc, tp, own);
}

/* HS-mode calls M-mode and goes on behind the call, or where it was interrupted; or M-mode makes it take a trap. Any
 * other way back is a fresh start of the hart (hart_start), with tp yet to be set, if M-mode has not set it. */
void check_percpu_resumed(struct check *check, const struct hart *hart, const struct trace_event *event)
{
	struct check_hart *state = &check->harts[hart->id];
	uint64_t own;
	bool goes_on = event->pc == state->call_pc || event->pc == state->call_pc + 4 ||
	               event->pc == state->call_pc + 2 || event->pc == (hart->csr.stvec & ~UINT64_C(3));
	if (!goes_on)
		state->armed = state->given = false;
	if (!state->armed && is_checked(check, hart, &own) && hart->x[4] == own)
		state->armed = state->given = true;
}

void check_percpu_exit(struct check *check, const struct hart *hart, const struct trace_event *event)
{
	struct check_hart *state = &check->harts[hart->id];
	uint64_t own;
	if (!is_checked(check, hart, &own))
		return;
	state->guest_tp = hart->x[4];
	state->own_seen = hart->x[4] == own;
	state->handler = event->mode == MODE_HS ? event->pc : 0;
}

/* Where it is not known which code has the guest's tp, the hypervisor has its own at least once between an exit and the
 * next entry. */
void check_percpu_entry(struct check *check, struct hart *hart)
{
	struct check_hart *state = &check->harts[hart->id];
	uint64_t own;
	if (!is_checked(check, hart, &own))
		return;
	state->ran = true;
	state->was_armed |= state->given;
	state->given = false;
	if (state->armed && !state->own_seen && state->handler && check->switch_start == check->switch_end)
		check_violation(check, "percpu", hart, MODE_HS, state->handler,
		                "back in the guest, and tp never was this hart's slot 0x%" PRIx64, own);
}

void check_percpu_finish(const struct check *check)
{
	if (check->violated || !(check->config.kinds & CHECK_PERCPU))
		return;
	for (unsigned i = 0; i < HARTS_MAX; i++)
		if (check->harts[i].ran && !check->harts[i].was_armed)
			say("--check percpu: could not arm on hart %u: HS-mode ran, but tp never was its slot 0x%" PRIx64
			    " there: nothing was checked",
			    i, check->percpu.base + i * check->percpu.size);
}
