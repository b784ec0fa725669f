/* Splits world switches: meter.h. */
#include "watch/meter.h"
#include <assert.h>
#include <stdlib.h>
#include "base/bus.h"
#include "base/state.h"
#include "base/symbols.h"
#include "timing/shadow.h"
#include "trace/split.h"
#include "trace/trace.h"

enum { PLACES = 1024, NO_FUNCTION = 0 };

struct function {
	uint64_t address;
	uint64_t cycles; /* in the open switch */
};

struct meter {
	const struct symbols *symbols;
	uint64_t start;                    /* the trap's cycle */
	uint64_t last;                     /* cycle up to which all is accounted for */
	uint64_t wait;
	struct causes late;                /* why fetch was late before what comes next */
	uint64_t time[SHADOW_LEVELS];      /* since the trap, without the waiting */
	size_t vector, latest;             /* functions: the trap's target, and the last one that ran */
	struct function *functions;        /* seen so far, NO_FUNCTION first */
	size_t *order;                     /* their indices by address */
	size_t function_count, function_capacity;
	struct split_symbol *list;         /* as many */
	struct place {                     /* by pc; pc 1: none */
		uint64_t pc, reach;        /* from pc to reach all is of the function */
		size_t function;
	} places[PLACES];
};

/* ---- life ---- */

static void forget_functions(struct meter *meter)
{
	meter->function_count = 1;
	meter->order[0] = NO_FUNCTION;
	for (unsigned i = 0; i < PLACES; i++)
		meter->places[i].pc = 1;
}

int meter_init(struct hart *hart, const struct symbols *symbols)
{
	struct meter *meter = calloc(1, sizeof *meter);
	hart->meter = meter;
	if (!meter)
		return -1;
	meter->symbols = symbols;
	meter->function_capacity = 64;
	meter->function_count = 1;
	meter->functions = calloc(meter->function_capacity, sizeof *meter->functions);
	meter->order = calloc(meter->function_capacity, sizeof *meter->order);
	meter->list = calloc(meter->function_capacity, sizeof *meter->list);
	if (!meter->functions || !meter->order || !meter->list)
		return -1;
	forget_functions(meter);
	meter->functions[NO_FUNCTION].address = SPLIT_NOWHERE;
	if (hart->model && !hart->model->shadow)
		hart->model->shadow = shadow_new(hart->model->timing);
	return !hart->model || hart->model->shadow ? 0 : -1;
}

void meter_free(struct hart *hart)
{
	if (!hart->meter)
		return;
	free(hart->meter->functions);
	free(hart->meter->order);
	free(hart->meter->list);
	free(hart->meter);
	hart->meter = NULL;
	hart->metering = false;
}

/* ---- functions ---- */

/* Twice the room; -1: no memory. */
static int grow_functions(struct meter *meter)
{
	size_t capacity = 2 * meter->function_capacity;
	struct function *functions = realloc(meter->functions, capacity * sizeof *functions);
	if (functions)
		meter->functions = functions;
	size_t *order = realloc(meter->order, capacity * sizeof *order);
	if (order)
		meter->order = order;
	struct split_symbol *list = realloc(meter->list, capacity * sizeof *list);
	if (list)
		meter->list = list;
	if (!functions || !order || !list)
		return -1;
	meter->function_capacity = capacity;
	return 0;
}

/* NO_FUNCTION also when there is no memory. */
static size_t new_function(struct meter *meter, uint64_t address)
{
	size_t number = meter->function_count, at = number;
	if (number == meter->function_capacity && grow_functions(meter))
		return NO_FUNCTION;
	meter->functions[number] = (struct function){.address = address};
	for (; at && meter->functions[meter->order[at - 1]].address > address; at--)
		meter->order[at] = meter->order[at - 1];
	meter->order[at] = number;
	meter->function_count++;
	return number;
}

static size_t look_up(struct meter *meter, uint64_t pc)
{
	uint64_t offset;
	if (!symbols_find(meter->symbols, pc, &offset))
		return NO_FUNCTION;
	for (size_t i = 1; i < meter->function_count; i++)
		if (meter->functions[i].address == pc - offset)
			return i;
	return new_function(meter, pc - offset);
}

static struct place *place_at(struct meter *meter, uint64_t pc)
{
	struct place *place = &meter->places[(pc >> 1) % PLACES];
	if (place->pc != pc)
		*place = (struct place){pc, pc, look_up(meter, pc)};
	return place;
}

static size_t function_at(struct meter *meter, uint64_t pc) { return place_at(meter, pc)->function; }

static unsigned length_of(const struct hart *hart, unsigned index, uint64_t pc)
{
	const struct code_block *code = hart->code;
	if (hart->model)
		return uop_length(&code->uops[index]);
	const uint8_t *bytes = bus_fetch(hart->bus, code->pa + (pc - code->pc), 2);
	return bytes && (bytes[0] & 3) == 3 ? 4 : 2;
}

/* Of the block's instructions from `first` to before `end`, those of one function; moves *pc past them. */
static unsigned stretch(const struct hart *hart, unsigned first, unsigned end, uint64_t *pc)
{
	const struct code_block *code = hart->code;
	struct meter *meter = hart->meter;
	const struct place *place = place_at(meter, *pc);
	size_t function = meter->latest = place->function;
	uint64_t last = code->pc + code->bytes - 2;
	if (place->reach >= last)
		return end - first;
	if (function_at(meter, last) == function) {
		place_at(meter, *pc)->reach = last;
		return end - first;
	}
	unsigned next = first;
	while (next < end && function_at(meter, *pc) == function)
		*pc += length_of(hart, next++, *pc);
	return next - first;
}

/* ---- state ---- */

enum { STATE_VERSION = 2 };

void meter_save(const struct hart *hart, struct state_writer *writer)
{
	const struct meter *meter = hart->meter;
	const uint64_t words[] = {
	    hart->metering, meter->start, meter->last, meter->wait, meter->vector, meter->latest, meter->function_count,
	};
	state_write_begin(writer, "meter", STATE_VERSION);
	STATE_WRITE(writer, words);
	STATE_WRITE(writer, meter->time);
	state_write(writer, meter->functions, meter->function_count * sizeof *meter->functions);
	state_write_end(writer);
}

/* Their numbers stay what they were. */
static void restore_functions(struct meter *meter, uint64_t count, struct state_reader *reader)
{
	struct function function;
	if (count < 1)
		state_refuse(reader, "meter: no functions");
	for (uint64_t i = 0; i < count && STATE_READ(reader, function); i++) {
		if ((function.address == SPLIT_NOWHERE) != (i == NO_FUNCTION))
			state_refuse(reader, "meter: code of no function is a function");
		else if (i && new_function(meter, function.address) != i)
			state_refuse(reader, "meter: no memory");
		else
			meter->functions[i].cycles = function.cycles;
	}
	for (size_t i = 1; i < meter->function_count; i++)
		if (meter->functions[meter->order[i]].address == meter->functions[meter->order[i - 1]].address)
			state_refuse(reader, "meter: a function is there twice");
}

bool meter_restore(struct hart *hart, struct state_reader *reader)
{
	struct meter *meter = hart->meter;
	uint64_t words[7] = {0};
	if (!state_read_begin(reader, "meter", STATE_VERSION))
		return false;
	STATE_READ(reader, words);
	STATE_READ(reader, meter->time);
	forget_functions(meter);
	restore_functions(meter, words[6], reader);
	if (words[0] > true || words[4] >= meter->function_count || words[5] >= meter->function_count)
		state_refuse(reader, "meter: a number is out of range");
	if (!state_read_end(reader))
		return false;
	hart->metering = words[0];
	meter->start = words[1];
	meter->last = words[2];
	meter->wait = words[3];
	meter->vector = words[4];
	meter->latest = words[5];
	return true;
}

/* ---- time ---- */

static void run_timed(struct hart *hart, struct shadow_run *run)
{
	struct meter *meter = hart->meter;
	uint64_t before = meter->time[SHADOW_INSN];
	run->fetch = meter->late;
	meter->late = (struct causes){0};
	shadow_run(hart->model->shadow, run, meter->time);
	meter->functions[meter->latest].cycles += meter->time[SHADOW_INSN] - before;
}

static void run_untimed(struct meter *meter, unsigned count)
{
	for (unsigned level = 0; level < SHADOW_LEVELS; level++)
		meter->time[level] += count;
	meter->functions[meter->latest].cycles += count;
}

/* Did the block's last instruction that ran, the last of `count`, jump? */
static bool jumped(const struct hart *hart, const struct meter_run *run, unsigned count)
{
	uint64_t next = run->code->pc;
	for (unsigned i = 0; run->settled.stall.flow == FLOW_WRONG && i < count; i++)
		next += length_of(hart, i, next);
	return hart->pc != next;
}

void meter_ran(struct hart *hart, const struct meter_run *ran)
{
	struct meter *meter = hart->meter;
	const struct code_block *code = ran->code;
	unsigned retired = (unsigned)(hart->insns - ran->insns), count = retired + (hart->model && hart->trap.pending),
		 length;
	uint64_t pc = code->pc;
	meter->wait += ran->start - meter->last;
	meter->last = hart->cycle;
	for (unsigned first = 0; first < count; first += length) {
		length = stretch(hart, first, count, &pc);
		if (!hart->model) {
			run_untimed(meter, length);
			continue;
		}
		struct shadow_run run = {.uops = code->uops + first, .count = length, .lasting = code->lasting};
		if (first + length == count) {
			run.settled = ran->settled;
			run.jumped = jumped(hart, ran, count);
		}
		run_timed(hart, &run);
	}
}

void meter_fetched(struct hart *hart, const struct causes *late)
{
	struct causes *sum = &hart->meter->late;
	sum->icache = (uint16_t)(sum->icache + late->icache);
	sum->first = (uint16_t)(sum->first + late->first);
	sum->second = (uint16_t)(sum->second + late->second);
	sum->fence = (uint16_t)(sum->fence + late->fence);
}

void meter_interrupted(struct hart *hart)
{
	struct meter *meter = hart->meter;
	meter->wait += hart->cycle - meter->last;
	meter->last = hart->cycle;
	if (!hart->model)
		return;
	struct uop uop = {.kind = UOP_NONE, .place = (uint8_t)(hart->pc >> 1 & 0x7f)};
	struct shadow_run run = {.uops = &uop, .count = 1, .settled.stall.trap = 1};
	run_timed(hart, &run);
}

/* ---- a switch ---- */

static void begin_shadow(struct hart *hart)
{
	if (!hart->model)
		return;
	hart->meter->late = (struct causes){0};
	shadow_begin(hart->model->shadow, &hart->model->states.list[hart->pipeline_state]);
}

void meter_switched(struct hart *hart) { begin_shadow(hart); }

void meter_drop(struct hart *hart)
{
	struct meter *meter = hart->meter;
	hart->metering = false;
	for (size_t i = 0; i < meter->function_count; i++)
		meter->functions[i].cycles = 0;
}

static void open_switch(struct hart *hart, uint64_t taken)
{
	struct meter *meter = hart->meter;
	hart->metering = true;
	meter->start = taken;
	meter->wait = 0;
	meter->time[SHADOW_INSN] = 0;
	for (unsigned level = SHADOW_TRAP; level < SHADOW_LEVELS; level++)
		meter->time[level] = hart->cycle - taken;
	meter->vector = meter->latest = function_at(meter, hart->pc);
	begin_shadow(hart);
}

void meter_trapped(struct hart *hart, enum mode from, uint64_t taken)
{
	struct meter *meter = hart->meter;
	if (mode_virt(from) && !mode_virt(hart->mode))
		open_switch(hart, taken);
	else if (hart->metering && !hart->model)
		for (unsigned level = SHADOW_TRAP; level < SHADOW_LEVELS; level++)
			meter->time[level] += hart->cycle - meter->last;
	meter->last = hart->cycle;
}

/* Make the parts of what each level took: the last one took all there was. */
static void add_up(const struct meter *meter, struct split *split)
{
	static const enum split_part part_of[SHADOW_LEVELS] = {
	    [SHADOW_INSN] = SPLIT_HANDLER,  [SHADOW_TRAP] = SPLIT_TRAP,     [SHADOW_FENCE] = SPLIT_FENCE,
	    [SHADOW_BRANCH] = SPLIT_BRANCH, [SHADOW_ICACHE] = SPLIT_ICACHE, [SHADOW_DCACHE] = SPLIT_DCACHE,
	    [SHADOW_DEVICE] = SPLIT_DEVICE, [SHADOW_FIRST] = SPLIT_WALK_VS, [SHADOW_SECOND] = SPLIT_WALK_G,
	};
	uint64_t busy = split->cycles - meter->wait, below = 0;
	assert(meter->time[SHADOW_SECOND] == busy);
	split->parts[SPLIT_WAIT] = meter->wait;
	for (unsigned level = 0; level < SHADOW_LEVELS; level++) {
		/* More of the past may make an instruction faster (two that now share a cycle): no part is negative */
		uint64_t time = meter->time[level] < below  ? below
		                : meter->time[level] > busy ? busy
		                                            : meter->time[level];
		split->parts[part_of[level]] = time - below;
		below = time;
	}
}

/* The handler's part so far is all instructions: list them by function, and give the switch code its own. */
static void list_functions(struct meter *meter, struct split *split)
{
	uint64_t *handler = &split->parts[SPLIT_HANDLER], left = *handler;
	for (size_t i = 0; i < meter->function_count; i++) {
		struct function *function = &meter->functions[i];
		if (function->cycles > left)
			function->cycles = left;
		left -= function->cycles;
	}
	split->parts[SPLIT_SWITCH] = meter->functions[meter->vector].cycles;
	if (meter->latest != meter->vector)
		split->parts[SPLIT_SWITCH] += meter->functions[meter->latest].cycles;
	*handler -= split->parts[SPLIT_SWITCH];
	for (size_t i = 0; i < meter->function_count; i++) {
		struct function *function = &meter->functions[meter->order[i]];
		if (function->cycles)
			meter->list[split->symbol_count++] = (struct split_symbol){function->address, function->cycles};
		function->cycles = 0;
	}
	split->symbols = meter->list;
	while (split->symbol_count > SPLIT_SYMBOLS_MAX) { /* nobody reads that far */
		meter->list[SPLIT_SYMBOLS_MAX - 1].address = SPLIT_NOWHERE;
		meter->list[SPLIT_SYMBOLS_MAX - 1].cycles += meter->list[--split->symbol_count].cycles;
	}
}

void meter_returned(struct hart *hart)
{
	struct meter *meter = hart->meter;
	struct split split = {.cycles = hart->now - meter->start};
	if (!mode_virt(hart->mode))
		return;
	meter->wait += hart->cycle - meter->last;
	hart->metering = false;
	add_up(meter, &split);
	list_functions(meter, &split);
	trace_split(hart->trace, hart->id, &split);
}
