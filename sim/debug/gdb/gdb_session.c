/* A client comes, goes, ends the run or begins it anew. */
#include <string.h>
#include "debug/gdb/gdb_stub.h"
#include "debug/travel.h"
#include "machine/restart.h"

/* D[;PROCESS] */
void gdb_detach(struct gdb *gdb, struct gdb_args args)
{
	uint64_t process;
	bool one = gdb_take(&args, ';');
	if (one &&
	    (!gdb_take_hex(&args, &process) || process == 0 || process > HARTS_MAX || !gdb->processes[process - 1])) {
		gdb_put_error(gdb, 1, "no such process");
		return;
	}
	for (unsigned i = 0; i < HARTS_MAX; i++)
		gdb->processes[i] &= one && i != process - 1;
	gdb_put(gdb, "OK");
	if (gdb_has_process(gdb))
		return;
	gdb_let_go(gdb);
	gdb->attached = gdb->left = true; /* the client is still there */
}

/* vAttach;PROCESS */
void gdb_attach(struct gdb *gdb, struct gdb_args args)
{
	uint64_t process;
	if (!gdb_take_hex(&args, &process) || process == 0 || process > HARTS_MAX ||
	    (process > 1 && (!gdb->machine->config->gdb.inferiors || process > gdb->machine->hart_count)) ||
	    gdb->ended) {
		gdb_put_error(gdb, 1, "no such process");
		return;
	}
	bool before[HARTS_MAX];
	memcpy(before, gdb->processes, sizeof before);
	if (gdb->left)
		gdb_take_over(gdb);
	memcpy(gdb->processes, before, sizeof before);
	gdb->processes[process - 1] = true;
	gdb->general = gdb->continuing = gdb->machine->config->gdb.inferiors ? (unsigned)process - 1 : 0;
	if (gdb->non_stop)
		gdb_put(gdb, "OK");
	gdb_ask_stop(gdb, args);
}

/* ! */
void gdb_extend(struct gdb *gdb, struct gdb_args args)
{
	(void)args;
	gdb->extended = true;
	gdb_put(gdb, "OK");
}

/* The program is gone; a client that can have it run again is asked first. */
static void end_program(struct gdb *gdb)
{
	gdb->ended = true;
	gdb->running = false;
	gdb->over |= !gdb->extended;
}

/* k */
void gdb_kill(struct gdb *gdb, struct gdb_args args)
{
	(void)args;
	gdb->deferred = true;
	end_program(gdb);
}

/* vKill;PROCESS */
void gdb_kill_process(struct gdb *gdb, struct gdb_args args)
{
	(void)args;
	end_program(gdb);
	gdb_put(gdb, "OK");
}

/* As by a reset, from power-off too: what ended so has no past that leads here. False: it cannot be, which is answered. */
static bool run_anew(struct gdb *gdb)
{
	struct machine *machine = gdb->machine;
	if (machine->stop == RUNNING && !gdb_may_change(gdb))
		return false;
	if (machine->stop != RUNNING)
		travel_stop(gdb->debugger);
	machine->stop = RUNNING;
	machine->stop_message[0] = '\0';
	machine->exit_code = 0;
	machine_restart(machine);
	gdb->ended = false;
	gdb->general = gdb->continuing = 0;
	gdb_take_over(gdb);
	return true;
}

/* R */
void gdb_restart(struct gdb *gdb, struct gdb_args args)
{
	(void)args;
	gdb->deferred = true;
	if (gdb->extended)
		run_anew(gdb);
}

/* vRun;FILE;ARGUMENT... */
void gdb_run(struct gdb *gdb, struct gdb_args args)
{
	if (run_anew(gdb))
		gdb_ask_stop(gdb, args);
}
