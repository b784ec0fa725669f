/*
 * The run as a client has it.
 *
 * All-stop: the machine stands or it moves, all harts in the order of a run without a client; a step of one hart lets the
 * others go as far as they come meanwhile. Nothing is held up, so nothing of the run changes.
 *
 * Non-stop: harts that the client has stopped are held while others run, which the run can see: it is what the client
 * asked for.
 */
#include <stdlib.h>
#include <string.h>
#include "debug/gdb/gdb_stub.h"
#include "debug/points.h"
#include "debug/travel.h"
#include "machine/sched.h"

static struct hart *hart_of(const struct gdb *gdb, unsigned hart) { return &gdb->machine->harts[hart]; }

bool gdb_moves(const struct gdb *gdb)
{
	if (gdb->machine->stop != RUNNING || gdb->ended)
		return false;
	if (!gdb->attached || gdb->left)
		return !gdb->waits;
	if (!gdb->non_stop)
		return gdb->running;
	for (unsigned i = 0; i < gdb->machine->hart_count; i++)
		if (gdb->harts[i].wish != HART_STOPS)
			return true;
	return false;
}

static void hold_harts(struct gdb *gdb)
{
	for (unsigned i = 0; i < gdb->machine->hart_count; i++)
		sched_hold(gdb->machine, hart_of(gdb, i),
		           gdb->attached && !gdb->left && gdb->non_stop && gdb->harts[i].wish == HART_STOPS);
}

static void stop_all(struct gdb *gdb, enum gdb_stop_kind kind)
{
	for (unsigned i = 0; i < gdb->machine->hart_count; i++)
		gdb->harts[i] = (struct gdb_hart){.stop = {kind, i, 0}};
	gdb->running = false;
}

void gdb_take_over(struct gdb *gdb)
{
	gdb->attached = true;
	gdb->left = false;
	stop_all(gdb, GDB_STOPPED);
	memset(gdb->processes, 0, sizeof gdb->processes);
	gdb->processes[0] = true; /* of harts=inferiors the others too, when the client attaches to them */
}

void gdb_let_go(struct gdb *gdb)
{
	gdb->attached = gdb->waits = gdb->telling = gdb->non_stop = false;
	gdb->over |= gdb->ended;
	gdb->space = GDB_SPACE_HART;
	gdb_points_clear(gdb);
	hold_harts(gdb);
}

/* ---- telling of stops ---- */

static void put_reason(struct gdb *gdb, const struct gdb_stop *stop)
{
	static const char *const reasons[] = {
	    [GDB_BREAK] = "swbreak:;",   [GDB_HARD_BREAK] = "hwbreak:;", [GDB_WATCH] = "watch",
	    [GDB_READ_WATCH] = "rwatch", [GDB_ACCESS_WATCH] = "awatch",  [GDB_HISTORY_BEGINS] = "replaylog:begin;",
	};
	bool watch = stop->kind == GDB_WATCH || stop->kind == GDB_READ_WATCH || stop->kind == GDB_ACCESS_WATCH;
	if (stop->kind >= sizeof reasons / sizeof reasons[0] || !reasons[stop->kind])
		return;
	if ((stop->kind == GDB_BREAK && !gdb->knows_swbreak) || (stop->kind == GDB_HARD_BREAK && !gdb->knows_hwbreak))
		return;
	gdb_put(gdb, "%s", reasons[stop->kind]);
	if (watch)
		gdb_put(gdb, ":%llx;", (unsigned long long)stop->address);
}

/* Why the hart has stopped, and registers that are asked for first anyway. */
static void put_stop(struct gdb *gdb, const struct gdb_stop *stop)
{
	static const uint8_t registers[] = {2, 8, GDB_REG_PC};
	enum { SIGNAL_NONE = 0, SIGNAL_INT = 2, SIGNAL_TRAP = 5 };
	unsigned number = stop->kind == GDB_INTERRUPTED                ? SIGNAL_INT
	                  : stop->kind == GDB_STOPPED && gdb->non_stop ? SIGNAL_NONE
	                                                               : SIGNAL_TRAP;
	uint8_t bytes[8];
	gdb_put(gdb, "T%02xthread:", number);
	gdb_put_thread(gdb, stop->hart);
	gdb_put(gdb, ";core:%x;", stop->hart);
	put_reason(gdb, stop);
	for (unsigned i = 0; i < sizeof registers; i++) {
		gdb_put(gdb, "%02x:", registers[i]);
		gdb_put_hex(gdb, bytes, gdb_register_bytes(hart_of(gdb, stop->hart), registers[i], bytes));
		gdb_put(gdb, ";");
	}
}

/* The exit status that rvsim is about to have; a signal is told as one. */
static void put_end(struct gdb *gdb)
{
	static const uint8_t status[] = {
	    [STOP_PASS] = 0,   [STOP_MATCHED] = 0, [STOP_RESET] = 0, [STOP_DEBUG] = 0, [STOP_QUIT] = 0,
	    [STOP_FAIL] = 1,   [STOP_IDLE] = 1,    [STOP_INPUT] = 2, [STOP_LIMIT] = 3, [STOP_CHECK] = 4,
	    [STOP_GOLDEN] = 7, [STOP_FAULT] = 5,   [STOP_SIGNAL] = 0};
	const struct machine *machine = gdb->machine;
	unsigned process = 0;
	while (process < HARTS_MAX - 1 && !gdb->processes[process])
		process++;
	if (machine->stop == STOP_SIGNAL)
		gdb_put(gdb, "X%02x", machine->exit_code);
	else
		gdb_put(gdb, "W%02x", status[machine->stop]);
	if (gdb->multiprocess)
		gdb_put(gdb, ";process:%x", process + 1);
	gdb->processes[process] = false;
	gdb->ended = true;
}

/* Text on the client's console. */
static void show_text(struct gdb *gdb, const char *text)
{
	if (gdb->non_stop || !*text)
		return;
	gdb_begin_answer(gdb);
	gdb_put(gdb, "O");
	gdb_put_hex(gdb, text, strlen(text));
	gdb_put_hex(gdb, "\n", 1);
	gdb_send_answer(gdb);
}

/* Non-stop: one stop at a time is told; the client asks for the next. */
static struct gdb_hart *next_to_tell(const struct gdb *gdb)
{
	for (unsigned i = 0; i < gdb->machine->hart_count; i++)
		if (gdb->harts[i].waits_to_tell && gdb_has_hart(gdb, i))
			return &gdb->harts[i];
	return NULL;
}

void gdb_notify(struct gdb *gdb)
{
	struct gdb_hart *next = next_to_tell(gdb);
	bool end = gdb->machine->stop != RUNNING && !gdb->ended;
	if (gdb->telling || (!next && !end))
		return;
	gdb_begin_answer(gdb);
	gdb_put(gdb, "Stop:");
	if (next)
		put_stop(gdb, &next->stop);
	else
		put_end(gdb);
	gdb_notify_answer(gdb);
	if (next)
		next->waits_to_tell = false;
	gdb->telling = true;
}

/* vStopped */
void gdb_tell_next(struct gdb *gdb, struct gdb_args args)
{
	struct gdb_hart *next = gdb->told_first ? NULL : next_to_tell(gdb);
	(void)args;
	gdb->told_first = false;
	gdb->telling = next != NULL;
	if (!next) {
		gdb_put(gdb, "OK");
		return;
	}
	next->waits_to_tell = false;
	put_stop(gdb, &next->stop);
}

/* ? */
void gdb_ask_stop(struct gdb *gdb, struct gdb_args args)
{
	struct gdb_stop stop = {GDB_STOPPED, gdb->general, 0};
	if (gdb->ended || gdb->left) {
		gdb_put(gdb, "W00");
	} else if (gdb->machine->stop != RUNNING) {
		put_end(gdb);
	} else if (gdb->non_stop) {
		for (unsigned i = 0; i < gdb->machine->hart_count; i++)
			gdb->harts[i].waits_to_tell = gdb->harts[i].wish == HART_STOPS;
		gdb->told_first = false;
		gdb_tell_next(gdb, args);
		gdb->told_first = gdb->telling;
	} else {
		put_stop(gdb, &stop);
	}
}

static void stop_hart(struct gdb *gdb, const struct gdb_stop *stop)
{
	gdb->harts[stop->hart] = (struct gdb_hart){.waits_to_tell = true, .stop = *stop};
	hold_harts(gdb);
}

/* The machine has paused, or ended. */
static void report(struct gdb *gdb)
{
	if (gdb->non_stop) {
		if (gdb->stopped)
			stop_hart(gdb, &gdb->stop);
		gdb_notify(gdb);
		return;
	}
	bool ended = gdb->machine->stop != RUNNING;
	show_text(gdb, ended ? gdb->machine->stop_message : gdb->stop.kind == GDB_POINT ? gdb->debugger->reason : "");
	stop_all(gdb, GDB_STOPPED);
	gdb_begin_answer(gdb);
	if (ended) {
		put_end(gdb);
	} else {
		gdb->general = gdb->continuing = gdb->stop.hart;
		put_stop(gdb, &gdb->stop);
	}
	gdb_send_answer(gdb);
}

void gdb_stopped_at(struct gdb *gdb, struct gdb_stop stop)
{
	gdb->general = gdb->continuing = stop.hart;
	put_stop(gdb, &stop);
}

void gdb_interrupt(struct gdb *gdb)
{
	if (!gdb->attached || gdb->non_stop || !gdb->running)
		return;
	gdb->stopped = true;
	gdb->stop = (struct gdb_stop){GDB_INTERRUPTED, gdb->general, 0};
	report(gdb);
}

/* vCtrlC, of non-stop clients: one hart that runs is stopped. */
void gdb_stop_asked(struct gdb *gdb, struct gdb_args args)
{
	unsigned hart = gdb->general;
	(void)args;
	for (unsigned i = 0; i < gdb->machine->hart_count && gdb->harts[hart].wish == HART_STOPS; i++)
		hart = i;
	if (gdb->harts[hart].wish != HART_STOPS)
		stop_hart(gdb, &(struct gdb_stop){GDB_INTERRUPTED, hart, 0});
	gdb_put(gdb, "OK");
}

/* QNonStop:0|1 */
void gdb_set_non_stop(struct gdb *gdb, struct gdb_args args)
{
	bool on = gdb_take(&args, '1');
	if ((!on && !gdb_take(&args, '0')) || args.at != args.end) {
		gdb_put_error(gdb, 1, "0 or 1");
		return;
	}
	gdb->non_stop = on;
	if (on)
		travel_stop(gdb->debugger); /* held harts are no past that could be run again */
	stop_all(gdb, GDB_STOPPED);
	hold_harts(gdb);
	gdb_put(gdb, "OK");
}

/* ---- letting it run ---- */

static void set_going(struct gdb *gdb, bool alone)
{
	gdb->running = true;
	gdb->deferred = true;
	gdb_points_arm(gdb, alone);
}

/* One that has ended can only be told so again. */
static bool tells_end(struct gdb *gdb)
{
	if (gdb->machine->stop == RUNNING && !gdb->ended)
		return false;
	put_end(gdb);
	return true;
}

/* c, s, C SIGNAL, S SIGNAL [ADDRESS] */
static void resume_at(struct gdb *gdb, struct gdb_args args, int wish)
{
	uint64_t address;
	if (tells_end(gdb))
		return;
	if (args.at != args.end && gdb_take_hex(&args, &address) && gdb_may_change(gdb))
		hart_of(gdb, gdb->continuing)->pc = address;
	for (unsigned i = 0; i < gdb->machine->hart_count; i++)
		gdb->harts[i].wish = HART_RUNS;
	gdb->harts[gdb->continuing].wish = wish;
	set_going(gdb, false);
}

void gdb_continue_at(struct gdb *gdb, struct gdb_args args) { resume_at(gdb, args, HART_RUNS); }
void gdb_step_at(struct gdb *gdb, struct gdb_args args) { resume_at(gdb, args, HART_STEPS); }

void gdb_resume_help(struct gdb *gdb, struct gdb_args args)
{
	(void)args;
	gdb_put(gdb, "vCont;c;C;s;S;t;r");
}

struct action {
	char kind; /* c, s, t, r */
	uint64_t low, high;
	bool given; /* for some harts; else for those that no other action is for */
	struct gdb_harts harts;
};

static bool take_wish(struct gdb *gdb, struct gdb_args *args, struct action *action)
{
	uint64_t signal;
	*action = (struct action){.harts = {0, gdb->machine->hart_count - 1}};
	if (args->at == args->end)
		return false;
	action->kind = *args->at++;
	if (action->kind == 'C' || action->kind == 'S') {
		if (!gdb_take_hex(args, &signal))
			return false;
		action->kind = action->kind == 'C' ? 'c' : 's';
	}
	if (action->kind == 'r' &&
	    (!gdb_take_hex(args, &action->low) || !gdb_take(args, ',') || !gdb_take_hex(args, &action->high)))
		return false;
	action->given = gdb_take(args, ':');
	return strchr("cstr", action->kind) && (!action->given || gdb_take_thread(gdb, args, &action->harts));
}

static void apply_action(struct gdb *gdb, unsigned hart, const struct action *action)
{
	static const char kinds[] = {
	    [HART_STOPS] = 't', [HART_RUNS] = 'c', [HART_STEPS] = 's', [HART_STEPS_IN_RANGE] = 'r'};
	struct gdb_hart *one = &gdb->harts[hart];
	unsigned wish = (unsigned)((const char *)memchr(kinds, action->kind, sizeof kinds) - kinds);
	if (gdb->non_stop && (wish == HART_STOPS) == (one->wish == HART_STOPS))
		return; /* it does already */
	if (wish == HART_STOPS)
		stop_hart(gdb, &(struct gdb_stop){GDB_STOPPED, hart, 0});
	else if (!one->waits_to_tell)
		*one = (struct gdb_hart){.wish = wish, .low = action->low, .high = action->high};
}

/* The first action that is for a hart is the hart's; one without threads is for what is left. */
static void apply_actions(struct gdb *gdb, const struct action *actions, unsigned count)
{
	for (unsigned hart = 0; hart < gdb->machine->hart_count; hart++)
		for (unsigned i = 0; i < count; i++)
			if (hart >= actions[i].harts.first && hart <= actions[i].harts.last) {
				apply_action(gdb, hart, &actions[i]);
				break;
			}
}

/* vCont;ACTION[:THREAD]... */
void gdb_resume(struct gdb *gdb, struct gdb_args args)
{
	enum { ACTIONS_MAX = 2 * HARTS_MAX };
	struct action actions[ACTIONS_MAX];
	unsigned count = 0, stopped = 0;
	bool good = true;
	if (tells_end(gdb))
		return;
	for (; good && gdb_take(&args, ';') && count < ACTIONS_MAX; count += good)
		good = take_wish(gdb, &args, &actions[count]) && (gdb->non_stop || actions[count].kind != 't');
	if (!good || args.at != args.end || count == 0) {
		gdb_put_error(gdb, 1, "vCont;ACTION[:THREAD]... with c, s, r, C, S; in non-stop mode t");
		return;
	}
	if (!gdb->non_stop)
		stop_all(gdb, GDB_STOPPED);
	apply_actions(gdb, actions, count);
	for (unsigned i = 0; i < gdb->machine->hart_count; i++)
		stopped += gdb->harts[i].wish == HART_STOPS;
	if (!gdb->non_stop) {
		set_going(gdb, stopped != 0);
		return;
	}
	hold_harts(gdb);
	gdb_points_arm(gdb, false);
	gdb_put(gdb, "OK");
}

/* ---- the machine moves ---- */

static bool any_steps(const struct gdb *gdb)
{
	for (unsigned i = 0; gdb->attached && i < gdb->machine->hart_count; i++)
		if (gdb->harts[i].wish >= HART_STEPS)
			return true;
	return false;
}

static bool step_is_over(const struct gdb *gdb, const struct hart *moved)
{
	const struct gdb_hart *one = &gdb->harts[moved->id];
	return one->wish == HART_STEPS ||
	       (one->wish == HART_STEPS_IN_RANGE && (moved->pc < one->low || moved->pc >= one->high));
}

/* Has the look-out, or a stop point of a command's, stopped the machine? */
static bool looks_at_pause(struct gdb *gdb)
{
	struct debugger *debugger = gdb->debugger;
	if (debugger->stopped && !gdb->stopped) {
		gdb->stop = (struct gdb_stop){GDB_POINT, debugger->hart, 0};
		gdb->stopped = true;
	}
	return gdb->stopped;
}

/* Instruction by instruction. */
static void run_steps(struct gdb *gdb)
{
	enum { STEPS = 4096 };
	struct debugger *debugger = gdb->debugger;
	struct machine *machine = gdb->machine;
	for (unsigned i = 0; i < STEPS && machine->stop == RUNNING && !gdb->stopped; i++) {
		struct hart *moved = sched_step(machine);
		travel_attend(debugger);
		if (moved && !machine->engine.pause.now)
			points_stepped(debugger, moved);
		if (looks_at_pause(gdb))
			return;
		if (!moved || !step_is_over(gdb, moved))
			continue;
		gdb->stop = (struct gdb_stop){GDB_STEPPED, moved->id, 0};
		gdb->stopped = true;
	}
}

/* Returns whether anything has happened at all. */
static bool run_slices(struct gdb *gdb)
{
	enum { SLICES = 256, CYCLES = 1 << 19 };
	struct machine *machine = gdb->machine;
	uint64_t cycles = 0;
	for (unsigned i = 0; i < SLICES && cycles < CYCLES && machine->stop == RUNNING && !machine->engine.pause.now;
	     i++) {
		cycles += sched_slice(machine);
		travel_attend(gdb->debugger);
	}
	looks_at_pause(gdb);
	return cycles != 0;
}

void gdb_burst(struct gdb *gdb)
{
	enum { IDLE_MS = 5 };
	struct machine *machine = gdb->machine;
	bool led = gdb->attached && !gdb->left;
	gdb->stopped = gdb->debugger->stopped = machine->engine.pause.now = false;
	gdb->in_burst = true;
	if (led)
		points_arm(gdb->debugger, NULL);
	travel_resume(gdb->debugger);
	if (led && (any_steps(gdb) || points_by_step(gdb->debugger)))
		run_steps(gdb);
	else if (!run_slices(gdb) && led && gdb->non_stop && machine->stop == RUNNING)
		gdb_link_wait(&gdb->link, false, IDLE_MS); /* what could run is held */
	machine_attend(machine);
	points_disarm(gdb->debugger);
	gdb->in_burst = false;
	if (led && (gdb->stopped || machine->stop != RUNNING))
		report(gdb);
}
