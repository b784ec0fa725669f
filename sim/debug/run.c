/* Commands that let the machine run. Whatever they do, order and cycles are those of a run without a debugger. */
#include <stdlib.h>
#include <string.h>
#include "debug/commands.h"
#include "debug/debugger.h"
#include "isa/insn.h"
#include "machine/sched.h"

void debug_observe(struct observer *observer, struct hart *hart, const struct trace_event *event)
{
	struct debugger *debugger = (struct debugger *)observer;
	if (event->type == TRACE_TRAP) {
		debugger->traps[event->hart] = (struct last_trap){
		    .valid = true,
		    .route = trap_route(hart, &hart->trap), /* which is about to be taken */
		    .pc = event->pc,
		    .tval = event->value[1],
		    .tval2 = event->value[2],
		    .tinst = event->value[3],
		    .cycle = event->cycle,
		    .hidden = event->flags,
		};
		debugger->saw_trap |= event->hart == debugger->hart;
	}
	if (event->type == TRACE_WORLD)
		debugger->saw_world |= event->hart == debugger->hart;
	points_event(debugger, event);
}

/* One step of the machine. False when something wants the prompt back. */
static bool step_once(struct debugger *debugger, struct hart **moved)
{
	debugger->stopped = false;
	*moved = sched_step(debugger->machine);
	if (*moved)
		points_check(debugger, *moved);
	return !debugger->stopped && debugger->machine->stop == RUNNING;
}

/* Say where we are after a run and why it ended. */
static bool report_stop(struct debugger *debugger)
{
	struct machine *machine = debugger->machine;
	if (debugger->stopped)
		fprintf(debugger->out, "%s\n", debugger->reason);
	if (machine->stop != RUNNING)
		fprintf(debugger->out, "the machine has stopped%s%s\n", *machine->stop_message ? ": " : "",
		        machine->stop_message);
	debug_print_place(debugger, current(debugger));
	return true;
}

static bool refuse_if_stopped(struct debugger *debugger)
{
	if (debugger->machine->stop == RUNNING)
		return false;
	complain(debugger, "the machine has stopped%s%s", *debugger->machine->stop_message ? ": " : "",
	         debugger->machine->stop_message);
	return true;
}

/* Step until `done` says so (then true), something stops us, or the user interrupts. */
typedef bool done_function(struct debugger *debugger, const struct hart *moved, void *context);

static bool step_until(struct debugger *debugger, done_function *done, void *context)
{
	struct hart *moved;
	for (unsigned i = 0; step_once(debugger, &moved); i++) {
		if (moved && done(debugger, moved, context))
			return true;
		if (i % 4096 == 0 && debug_interrupted(debugger))
			return false;
	}
	return false;
}

static bool done_count(struct debugger *debugger, const struct hart *moved, void *context)
{
	uint64_t *left = context;
	return moved == current(debugger) && --*left == 0;
}

static bool done_count_all(struct debugger *debugger, const struct hart *moved, void *context)
{
	uint64_t *left = context;
	(void)debugger;
	(void)moved;
	return --*left == 0;
}

static bool done_world(struct debugger *debugger, const struct hart *moved, void *context)
{
	(void)moved;
	(void)context;
	return debugger->saw_world;
}

static bool done_trap(struct debugger *debugger, const struct hart *moved, void *context)
{
	(void)moved;
	(void)context;
	return debugger->saw_trap;
}

bool cmd_step(struct debugger *debugger, const char *args)
{
	uint64_t count = 1;
	done_function *done = done_count;
	size_t length;
	debugger->saw_world = debugger->saw_trap = false;
	while (*args) {
		const char *word = next_word(&args, &length);
		if (word_is(word, length, "world")) {
			done = done_world;
		} else if (word_is(word, length, "trap")) {
			done = done_trap;
		} else if (word_is(word, length, "hart")) {
			uint64_t number;
			if (strcmp(args, "all") == 0) {
				done = done_count_all;
			} else {
				if (!expression_all(debugger, args, &number))
					return false;
				if (number >= debugger->machine->hart_count)
					return complain(debugger, "no hart %llu", (unsigned long long)number);
				debugger->hart = (unsigned)number;
			}
			break;
		} else {
			char *copy = strndup(word, length);
			bool ok = copy && expression_all(debugger, copy, &count);
			free(copy);
			if (!ok)
				return false;
			if (count == 0)
				return complain(debugger, "step 0 is no step");
		}
	}
	if (refuse_if_stopped(debugger))
		return false;
	step_until(debugger, done, &count);
	return report_stop(debugger);
}

struct place {
	uint64_t pc, sp;
	enum mode mode;     /* MODE_COUNT: any */
	bool deeper_counts; /* next: code below a call or in a trap handler does not count */
};

/* Back at a pc in the same mode, and not in a deeper frame. */
static bool done_place(struct debugger *debugger, const struct hart *moved, void *context)
{
	const struct place *place = context;
	return moved == current(debugger) && moved->pc == place->pc &&
	       (place->mode == MODE_COUNT || moved->mode == place->mode) &&
	       (!place->deeper_counts || moved->x[2] >= place->sp);
}

bool cmd_next(struct debugger *debugger, const char *args)
{
	uint64_t count = 1;
	if (*args && !expression_all(debugger, args, &count))
		return false;
	if (refuse_if_stopped(debugger))
		return false;
	while (count-- && !debugger->machine->stop) {
		struct hart *hart = current(debugger);
		uint32_t word;
		struct insn insn = {0};
		if (debug_fetch(hart, hart->pc, &word))
			insn = decode(&hart->isa, word);
		uint8_t class = insn_rows[insn.semantics].class;
		bool call = (class == CLASS_JAL || class == CLASS_JALR) && insn.rd == 1;
		struct place after = {hart->pc + insn.length, hart->x[2], hart->mode, true};
		debugger->saw_trap = false;
		uint64_t one = 1;
		bool over = call || insn.semantics == INSN_ecall;
		if (!(over ? step_until(debugger, done_place, &after) : step_until(debugger, done_count, &one)))
			break;
	}
	return report_stop(debugger);
}

bool cmd_finish(struct debugger *debugger, const char *args)
{
	(void)args;
	if (refuse_if_stopped(debugger))
		return false;
	struct hart *hart = current(debugger);
	struct place place = {hart->x[1], hart->x[2], hart->mode, true};
	step_until(debugger, done_place, &place);
	return report_stop(debugger);
}

bool cmd_until(struct debugger *debugger, const char *args)
{
	struct place place = {.mode = MODE_COUNT};
	if (!expression_all(debugger, args, &place.pc) || refuse_if_stopped(debugger))
		return false;
	step_until(debugger, done_place, &place);
	return report_stop(debugger);
}

static bool done_cycle(struct debugger *debugger, const struct hart *moved, void *context)
{
	(void)moved;
	return current(debugger)->cycle >= *(const uint64_t *)context;
}

bool cmd_continue(struct debugger *debugger, const char *args)
{
	struct machine *machine = debugger->machine;
	if (refuse_if_stopped(debugger))
		return false;
	debugger->stopped = false;
	if (*args) {
		uint64_t cycles;
		if (!expression_all(debugger, args, &cycles))
			return false;
		cycles += current(debugger)->cycle;
		step_until(debugger, done_cycle, &cycles);
	} else if (points_active(debugger)) {
		uint64_t never = 0;
		step_until(debugger, done_count_all, &never);
	} else {
		while (machine->stop == RUNNING && !debug_interrupted(debugger))
			sched_slice(machine);
	}
	return report_stop(debugger);
}
