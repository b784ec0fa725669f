#include "profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "isa/insn.h"
#include "trace/run.h"

const char *const profile_costs[COSTS] = {"Cycles", "Instructions", "Traps", "TlbFills"};

enum {
	DEPTH_MAX = 256, /* frames of a stack; deeper calls count as their caller's */
	NODES_MAX = 1 << 20,
	CACHE = 1 << 14, /* functions by pc */
	REG_RA = 1,
	REG_T0 = 5,
	STACKS_MAX = 16, /* of a hart: M, HS and U, and two for each guest that ran there last */
};

/* What an instruction does to the stack. */
enum flow { FLOW_NONE, FLOW_CALL, FLOW_RETURN, FLOW_TRAP_RETURN };

struct frame {
	size_t node;
	uint64_t back; /* where it returns to */
	bool of_trap;
};

struct stack {
	bool used;
	uint8_t mode;
	uint16_t guest;
	unsigned depth;
	struct frame frames[DEPTH_MAX];
};

struct runner { /* a hart */
	struct stack stacks[STACKS_MAX], *stack;
	unsigned oldest;
	size_t node; /* that its cycles go to; 0: whatever comes next */
	uint64_t since;
	enum flow flow; /* of its last instruction */
	uint64_t next; /* behind it */
	bool trapped;
	uint8_t from; /* mode it trapped from */
};

struct reading {
	struct export *export;
	struct profile *profile;
	struct runner *runners;
	bool counts; /* the event is shown: those before only say where it begins */
	struct cached {
		uint64_t pc;
		uint32_t guest, mode;
		size_t function;
		uint32_t word;
		enum flow flow;
		uint8_t length;
		bool known;
	} *cache;
};

/* ---- functions ---- */

static size_t add_function(struct reading *reading, const char *name, const char *space)
{
	struct profile *profile = reading->profile;
	for (size_t i = profile->function_count; i-- > 0;)
		if (strcmp(profile->functions[i].name, name) == 0 && strcmp(profile->functions[i].space, space) == 0)
			return i;
	if (ARRAY_RESERVE(profile->functions, profile->function_count, 1, &profile->function_capacity) != 0) {
		profile->failed = true;
		return 0;
	}
	profile->functions[profile->function_count] = (struct profile_function){strdup(name), strdup(space)};
	profile->failed |= !profile->functions[profile->function_count].name ||
	                   !profile->functions[profile->function_count].space;
	return profile->function_count++;
}

/* Of code without a name, by its page. */
static size_t find_function(struct reading *reading, const struct trace_event *event)
{
	enum { PAGE = 4096 };
	char space[160] = "hypervisor", name[32];
	struct trace_reader *reader = reading->export->input.reader;
	uint64_t offset;
	const char *symbol = trace_reader_symbol(reader, (enum mode)event->mode, event->guest, event->pc, &offset);
	if (mode_virt((enum mode)event->mode)) {
		const char *guest = event->guest ? trace_reader_guest(reader, event->guest) : "";
		snprintf(space, sizeof space, "%s %s", *guest ? "guest" : "a guest", guest);
		if (!*guest)
			space[strlen("a guest")] = '\0';
	}
	snprintf(name, sizeof name, "0x%" PRIx64 "...", event->pc & ~(uint64_t)(PAGE - 1));
	return add_function(reading, symbol ? symbol : name, space);
}

static bool is_link(unsigned reg) { return reg == REG_RA || reg == REG_T0; }

static enum flow flow_of(const struct insn *insn)
{
	uint8_t class = insn_rows[insn->semantics].class;
	if (class == CLASS_JAL || class == CLASS_JALR) {
		if (is_link(insn->rd))
			return FLOW_CALL;
		return class == CLASS_JALR && is_link(insn->rs1) ? FLOW_RETURN : FLOW_NONE;
	}
	bool xret = insn->semantics == INSN_sret || insn->semantics == INSN_mret || insn->semantics == INSN_mnret;
	return xret ? FLOW_TRAP_RETURN : FLOW_NONE;
}

static const struct cached *look_up(struct reading *reading, const struct trace_event *event)
{
	struct cached *cached =
	    &reading->cache[(event->pc >> 1 ^ event->pc >> 15 ^ event->guest * UINT64_C(977)) % CACHE];
	if (cached->known && cached->pc == event->pc && cached->mode == event->mode && cached->guest == event->guest &&
	    cached->word == event->word)
		return cached;
	struct insn insn = trace_decode_insn(event->word);
	*cached = (struct cached){
	    .pc = event->pc,
	    .guest = event->guest,
	    .mode = event->mode,
	    .function = find_function(reading, event),
	    .word = event->word,
	    .flow = flow_of(&insn),
	    .length = (event->word & 3) == 3 ? 4 : 2,
	    .known = true,
	};
	return cached;
}

/* ---- the tree ---- */

static size_t child_of(struct profile *profile, size_t parent, size_t function)
{
	size_t *link = &profile->nodes[parent].first;
	for (size_t i = *link; i; i = profile->nodes[i].next)
		if (profile->nodes[i].function == function)
			return i;
	if (profile->node_count == NODES_MAX ||
	    ARRAY_RESERVE(profile->nodes, profile->node_count, 1, &profile->node_capacity) != 0) {
		profile->failed |= profile->node_count != NODES_MAX;
		return parent;
	}
	size_t first = profile->nodes[parent].first;
	profile->nodes[profile->node_count] = (struct profile_node){
	    .function = function, .parent = parent, .next = first};
	profile->nodes[parent].first = profile->node_count;
	return profile->node_count++;
}

static struct frame *top_of(struct stack *stack) { return &stack->frames[stack->depth - 1]; }

/* The function at the top; 0: there is none. */
static size_t node_of_top(const struct stack *stack, unsigned below)
{
	return stack->depth > below ? stack->frames[stack->depth - 1 - below].node : 0;
}

static void push(struct reading *reading, struct stack *stack, size_t function, uint64_t back, bool of_trap)
{
	struct profile *profile = reading->profile;
	if (stack->depth == DEPTH_MAX) /* a program that changes its stacks has long left these */
		stack->depth = 0;
	size_t node = child_of(profile, node_of_top(stack, 0), function);
	profile->nodes[node].calls += reading->counts && (!of_trap || stack->depth == 0);
	stack->frames[stack->depth++] = (struct frame){node, back, of_trap};
}

/* Also out of a trap's handler: hypervisors return from the function that entered the guest. */
static void pop_to(struct stack *stack, uint64_t pc)
{
	for (unsigned depth = stack->depth; depth-- > 0;)
		if (!stack->frames[depth].of_trap && stack->frames[depth].back == pc) {
			stack->depth = depth;
			return;
		}
}

static void pop_trap(struct stack *stack)
{
	unsigned depth = stack->depth;
	while (depth > 0 && !stack->frames[depth - 1].of_trap)
		depth--;
	if (depth > 0)
		stack->depth = depth - 1;
}

static struct stack *stack_for(struct runner *runner, const struct trace_event *event)
{
	uint8_t mode = event->mode;
	for (unsigned i = 0; i < STACKS_MAX; i++) {
		struct stack *stack = &runner->stacks[i];
		if (stack->used && stack->mode == mode && stack->guest == event->guest)
			return stack;
	}
	struct stack *stack = &runner->stacks[runner->oldest++ % STACKS_MAX];
	*stack = (struct stack){.used = true, .mode = mode, .guest = event->guest};
	return stack;
}

/* ---- events ---- */

/* A trap can be told at a later cycle than the next instruction: that one took no time then. */
static void charge(struct profile *profile, struct runner *runner, size_t node, uint64_t cycle)
{
	if (!node || cycle <= runner->since)
		return;
	profile->nodes[node].self[COST_CYCLES] += cycle - runner->since;
	runner->since = cycle;
}

/* The instruction before has led here: the stack follows. */
static void arrive(struct reading *reading, struct runner *runner, const struct trace_event *event, size_t function)
{
	struct stack *stack = runner->stack;
	bool other = !stack || stack->mode != event->mode || stack->guest != event->guest;
	if (other && stack && runner->flow == FLOW_TRAP_RETURN)
		pop_trap(stack);
	if (other)
		stack = runner->stack = stack_for(runner, event);
	if (runner->trapped)
		push(reading, stack, function, 0, true);
	else if (!other && runner->flow == FLOW_CALL && event->pc != runner->next)
		push(reading, stack, function, runner->next, false);
	else if (!other && runner->flow == FLOW_RETURN)
		pop_to(stack, event->pc);
	else if (!other && runner->flow == FLOW_TRAP_RETURN)
		pop_trap(stack);
	runner->trapped = false;
	if (stack->depth == 0)
		push(reading, stack, function, 0, false);
	else if (reading->profile->nodes[top_of(stack)->node].function !=
	         function) /* a jump, or code that runs on into it */
		top_of(stack)->node = child_of(reading->profile, node_of_top(stack, 1), function);
}

static void take_insn(struct reading *reading, const struct trace_event *event)
{
	struct profile *profile = reading->profile;
	struct runner *runner = &reading->runners[event->hart];
	const struct cached *cached = look_up(reading, event);
	struct stack *stack = runner->stack;
	bool moved = runner->trapped || runner->flow != FLOW_NONE || !stack || stack->mode != event->mode ||
	             stack->guest != event->guest || profile->nodes[top_of(stack)->node].function != cached->function;
	charge(profile, runner, runner->node, event->cycle);
	if (moved)
		arrive(reading, runner, event, cached->function);
	size_t node = top_of(runner->stack)->node;
	charge(profile, runner, node, event->cycle); /* a trap's, that led here */
	runner->node = node;
	profile->nodes[node].self[COST_INSTRUCTIONS] += reading->counts;
	runner->flow = cached->flow;
	runner->next = event->pc + cached->length;
}

static size_t arrive_by_trap(struct reading *reading, struct runner *runner, const struct trace_event *event)
{
	arrive(reading, runner, event, find_function(reading, event));
	return top_of(runner->stack)->node;
}

static void take_event(struct reading *reading, const struct trace_event *event)
{
	struct profile *profile = reading->profile;
	struct runner *runner = &reading->runners[event->hart];
	if (event->type == TRACE_INSN) {
		take_insn(reading, event);
	} else if (event->type == TRACE_TRAP) {
		charge(profile, runner, runner->node, event->cycle);
		if (runner->flow == FLOW_CALL ||
		    runner->flow == FLOW_RETURN) /* what it led to did not come to retire */
			runner->node = arrive_by_trap(reading, runner, event);
		profile->nodes[runner->node].self[COST_TRAPS] += reading->counts;
		runner->node = 0;
		runner->trapped = true;
		runner->flow = FLOW_NONE;
	} else if (event->type == TRACE_TLB && (event->flags >> TRACE_TLB_WHAT & 3) == TLB_FILL) {
		profile->nodes[runner->node].self[COST_TLB] += reading->counts;
	}
}

static void read_profile(struct reading *reading)
{
	struct trace_reader *reader = reading->export->input.reader;
	struct trace_event event;
	const struct export *export = reading->export;
	while (input_next(&reading->export->input, &event)) {
		if (event.cycle > export->to || (export->hart >= 0 && export->hart != event.hart))
			continue;
		reading->counts = event.cycle >= export->from;
		take_event(reading, &event);
	}
	for (unsigned i = 0; i < trace_reader_header(reader)->hart_count; i++) {
		const struct trace_end *end = trace_reader_end(reader, i);
		if (end->known && export_shows(reading->export, i, end->cycle, end->cycle))
			charge(reading->profile, &reading->runners[i], reading->runners[i].node, end->cycle);
	}
}

int profile_read(struct export *export, struct profile *profile)
{
	const struct trace_header *header = trace_reader_header(export->input.reader);
	struct reading reading = {
	    .export = export,
	    .profile = profile,
	    .runners = calloc(header->hart_count, sizeof *reading.runners),
	    .cache = calloc(CACHE, sizeof *reading.cache),
	};
	*profile = (struct profile){.has_tlb = header->events >> TRACE_TLB & 1};
	bool good = reading.runners && reading.cache &&
	            ARRAY_RESERVE(profile->nodes, profile->node_count, 1, &profile->node_capacity) == 0;
	if (good) {
		profile->nodes[profile->node_count++] = (struct profile_node){0};
		for (unsigned i = 0; i < header->hart_count; i++)
			reading.runners[i].since = export->from;
		read_profile(&reading);
	}
	free(reading.runners);
	free(reading.cache);
	if (good && !profile->failed)
		return 0;
	profile_free(profile);
	return trouble(export->input.path, "no memory");
}

void profile_free(struct profile *profile)
{
	for (size_t i = 0; i < profile->function_count; i++) {
		free((char *)(uintptr_t)profile->functions[i].name);
		free((char *)(uintptr_t)profile->functions[i].space);
	}
	free(profile->functions);
	free(profile->nodes);
	*profile = (struct profile){0};
}
