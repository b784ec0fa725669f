/* Commands that let the machine run. Whatever they do, order and cycles are those of a run without a debugger. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "debug/commands.h"
#include "debug/debugger.h"
#include "debug/display.h"
#include "debug/left.h"
#include "debug/locate.h"
#include "debug/points.h"
#include "debug/returned.h"
#include "debug/stack.h"
#include "debug/step_line.h"
#include "debug/travel.h"
#include "debug/switches.h"
#include "dev/console.h"
#include "isa/insn.h"
#include "machine/sched.h"

void debug_observe(struct observer *observer, struct hart *hart, const struct trace_event *event)
{
	struct debugger *debugger = (struct debugger *)observer;
	left_hear(debugger, hart, event);
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
	if (event->type == TRACE_WORLD && event->value[0] == TRACE_RESET)
		debugger->traps[event->hart].valid = false;
	if (event->type == TRACE_WORLD)
		debugger->saw_world |= event->hart == debugger->hart;
	if (event->type == TRACE_CONSOLE && !debugger->travelling && !debugger->searching)
		debug_hear(debugger, (uint8_t)event->value[0]);
	switches_event(debugger, hart, event);
	points_event(debugger, event);
}

bool debug_report_stop(struct debugger *debugger)
{
	struct machine *machine = debugger->machine;
	if (debugger->to_obey && strncmp(debugger->to_obey, "silent\n", strlen("silent\n")) == 0 &&
	    machine->stop == RUNNING)
		return true;
	if (debugger->out == stderr && console_in_line(machine->console, STDERR_FILENO))
		fputc('\n', debugger->out);
	if (debugger->stopped)
		fprintf(debugger->out, "%s\n", debugger->reason);
	if (debugger->stopped && debugger->at_switch)
		switches_print(debugger, debugger->hart);
	if (machine->stop != RUNNING)
		fprintf(debugger->out, "the machine has stopped%s%s\n", *machine->stop_message ? ": " : "",
		        machine->stop_message);
	debug_print_place(debugger, current(debugger));
	display_all(debugger);
	return true;
}

bool debug_is_over(struct debugger *debugger)
{
	if (debugger->machine->stop == RUNNING)
		return false;
	complain(debugger, "the machine has stopped%s%s", *debugger->machine->stop_message ? ": " : "",
	         debugger->machine->stop_message);
	return true;
}

static bool runs_on(const struct debugger *debugger)
{
	return debugger->machine->stop == RUNNING && !debugger->stopped && !debugger->aimed;
}

/* One step of the machine, or one slice; *moved: the hart that made the step, if one did. How much work that was, in what makes up
 * a look at the user. */
static unsigned make_move(struct debugger *debugger, bool slice, struct hart **moved)
{
	enum { LOOK = 1 << 12, SLICES_PER_LOOK = 256, CYCLES_PER_LOOK = 1 << 19 };
	struct machine *machine = debugger->machine;
	*moved = NULL;
	if (slice)
		return LOOK / SLICES_PER_LOOK + (unsigned)(sched_slice(machine) / (CYCLES_PER_LOOK / LOOK));
	*moved = sched_step(machine);
	if (*moved && !machine->engine.pause.now)
		points_stepped(debugger, *moved);
	return 1;
}

/* The terminal is the guest's meanwhile. */
static bool run_armed(struct debugger *debugger, bool slices, const struct aim *aim, done_function *done, void *context)
{
	enum { WORK_PER_LOOK = 1 << 12 };
	struct machine *machine = debugger->machine;
	unsigned work = 0;
	bool over = false;
	machine->wants_debugger = false;
	console_raw(machine->console, true);
	points_arm(debugger, aim);
	debugger->passed[debugger->hart] = hart_steps(current(debugger));
	travel_resume(debugger);
	while (!over && !machine->wants_debugger && (work < WORK_PER_LOOK || !debug_interrupted(debugger))) {
		struct hart *moved;
		work = work < WORK_PER_LOOK ? work : 0;
		work += make_move(debugger, slices, &moved);
		travel_attend(debugger);
		over = debugger->aimed || (runs_on(debugger) && (moved || slices) && done(debugger, moved, context));
		if (!over && !runs_on(debugger))
			break;
	}
	points_disarm(debugger);
	if (over && !debugger->stopped)
		points_arrived(debugger, current(debugger));
	console_raw(machine->console, false);
	console_flush(machine->console);
	return over;
}

bool debug_run_until(struct debugger *debugger, bool slices, done_function *done, void *context)
{
	return run_armed(debugger, slices && !points_by_step(debugger), NULL, done, context);
}

static bool step_until(struct debugger *debugger, done_function *done, void *context)
{
	return run_armed(debugger, false, NULL, done, context);
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

static bool done_never(struct debugger *debugger, const struct hart *moved, void *context)
{
	(void)debugger;
	(void)moved;
	(void)context;
	return false;
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

/* How often; `command` is for the complaint. */
static bool parse_count(struct debugger *debugger, const char *command, const char *text, uint64_t *count)
{
	if (!expression_all(debugger, text, count))
		return false;
	if (*count == 0)
		return complain(debugger, "%s 0 is no step", command);
	return *count <= INT64_MAX ||
	       complain(debugger, "%s: %s is no number of steps (reverse-%s goes back)", command, text, command);
}

struct place {
	uint64_t sp;
	enum mode mode; /* MODE_COUNT: any */
	struct debug_place named; /* until: by the name that was given */
	bool deeper_counts; /* next: code below a call or in a trap handler does not count */
};

/* In the same mode, and not in a deeper frame? */
static bool is_at_place(const struct debugger *debugger, const struct hart *hart, const void *context)
{
	const struct place *place = context;
	return (place->mode == MODE_COUNT || hart->mode == place->mode) &&
	       debug_is_there(debugger, hart, &place->named) && (!place->deeper_counts || hart->x[2] >= place->sp);
}

/* Until the current hart is about to run the instruction at pc, at such a place. */
static bool run_to_place(struct debugger *debugger, uint64_t pc, const struct place *place)
{
	struct aim aim = {debugger->hart, pc, is_at_place, place};
	return run_armed(debugger, !points_by_step(debugger), &aim, done_never, NULL);
}

/* Functions that the line calls are run through, where they are to be. */
static bool to_next_line(struct debugger *debugger, struct line_step *step)
{
	while (step_until(debugger, line_step_done, step)) {
		struct hart *hart = current(debugger);
		struct place back = {hart->x[2], hart->mode, {0}, true};
		if (!step->called)
			return true;
		if (debugger->stopped || !run_to_place(debugger, hart->x[1], &back) || debugger->stopped)
			return false;
		if (line_step_done(debugger, hart, step))
			return true;
	}
	return false;
}

/* `step line` and `next line`: as many times to where another line begins. */
static bool step_lines(struct debugger *debugger, const char *args, bool over)
{
	uint64_t count = 1;
	struct line_step step;
	if ((*args && !parse_count(debugger, over ? "next" : "step", args, &count)) || debug_is_over(debugger))
		return false;
	do
		line_step_begin(debugger, over, &step);
	while (to_next_line(debugger, &step) && !debugger->stopped && --count);
	return debug_report_stop(debugger);
}

COMMAND(cmd_step, 10, "step", "s", "[N] [hart H|all] | line [N] | world | trap",
        "run N instructions of the hart; or to another line of source; or until it changes world, or traps")
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
		} else if (word_is(word, length, "line")) {
			return step_lines(debugger, args, false);
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
			bool ok = copy && parse_count(debugger, "step", copy, &count);
			free(copy);
			if (!ok)
				return false;
		}
	}
	if (debug_is_over(debugger))
		return false;
	step_until(debugger, done, &count);
	return debug_report_stop(debugger);
}

COMMAND(cmd_next, 20, "next", "n", "[N] | line [N]", "like step, but runs called functions and traps through")
{
	uint64_t count = 1;
	size_t length;
	const char *rest = args, *word = next_word(&rest, &length);
	if (word_is(word, length, "line"))
		return step_lines(debugger, rest, true);
	if (*args && !parse_count(debugger, "next", args, &count))
		return false;
	if (debug_is_over(debugger))
		return false;
	while (count-- && !debugger->machine->stop) {
		struct hart *hart = current(debugger);
		uint32_t word;
		struct insn insn = {0};
		if (debug_fetch(hart, hart->pc, &word))
			insn = decode(&hart->isa, word);
		uint8_t class = insn_rows[insn.semantics].class;
		bool call = (class == CLASS_JAL || class == CLASS_JALR) && insn.rd == 1;
		struct place after = {hart->x[2], hart->mode, {0}, true};
		debugger->saw_trap = false;
		uint64_t one = 1;
		bool over = call || insn.semantics == INSN_ecall;
		if (!(over ? run_to_place(debugger, hart->pc + insn.length, &after)
		           : step_until(debugger, done_count, &one)) ||
		    debugger->stopped)
			break;
	}
	return debug_report_stop(debugger);
}

COMMAND(cmd_finish, 30, "finish", "fin", "", "run until the current function returns")
{
	(void)args;
	if (debug_is_over(debugger))
		return false;
	struct hart *hart = current(debugger);
	struct place place = {hart->x[2], hart->mode, {0}, true};
	uint64_t pc = hart->x[1];
	struct type type;
	bool typed = returned_type(debugger, &type);
	stack_return(debugger, hart, &pc, &place.sp); /* else by ra, which a function that calls none still has */
	bool returned = run_to_place(debugger, pc, &place);
	debug_report_stop(debugger);
	if (typed && returned)
		returned_print(debugger, &type);
	return true;
}

COMMAND(cmd_until, 40, "until", "u", "LOC", "run until the hart reaches LOC")
{
	struct place place = {.mode = MODE_COUNT};
	struct locations locations;
	bool good = locate(debugger, &args, &locations) && (!*args || complain(debugger, "what is `%s'?", args));
	uint64_t pc = good ? locations.addresses[0] : 0;
	place.named = locations.place;
	locations_free(&locations);
	if (!good || debug_is_over(debugger))
		return false;
	run_to_place(debugger, pc, &place);
	return debug_report_stop(debugger);
}

static bool done_near_cycle(struct debugger *debugger, const struct hart *moved, void *context)
{
	(void)moved;
	return current(debugger)->cycle + SLICE_MAX >= *(const uint64_t *)context;
}

static bool done_cycle(struct debugger *debugger, const struct hart *moved, void *context)
{
	(void)moved;
	return current(debugger)->cycle >= *(const uint64_t *)context;
}

/* By slices while none can go too far. */
static void run_to_cycle(struct debugger *debugger, uint64_t cycle)
{
	if (done_near_cycle(debugger, NULL, &cycle) ||
	    (debug_run_until(debugger, true, done_near_cycle, &cycle) && !debugger->stopped))
		step_until(debugger, done_cycle, &cycle);
}

COMMAND(cmd_continue, 50, "continue", "c", "[CYCLES]", "run until something stops it, or for CYCLES cycles")
{
	if (debug_is_over(debugger))
		return false;
	debugger->stopped = false;
	if (*args) {
		uint64_t cycles;
		if (!expression_all(debugger, args, &cycles))
			return false;
		if (cycles > INT64_MAX)
			return complain(debugger, "continue: %s is no number of cycles", args);
		cycles += current(debugger)->cycle;
		run_to_cycle(debugger, cycles);
	} else {
		debug_run_until(debugger, true, done_never, NULL);
	}
	return debug_report_stop(debugger);
}
