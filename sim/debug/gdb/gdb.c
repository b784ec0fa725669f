/* Serving a client: gdb.h. */
#include "debug/gdb/gdb.h"

#include <stdlib.h>
#include "base/host_clock.h"
#include "base/say.h"
#include "debug/gdb/gdb_stub.h"
#include "debug/lookout.h"
#include "dev/console.h"

/* A new client: nothing of the one before it is left. */
static void greet(struct gdb *gdb)
{
	gdb_wire_begin(&gdb->wire);
	gdb->multiprocess = gdb->error_texts = gdb->described = gdb->extended = false;
	gdb->knows_swbreak = gdb->knows_hwbreak = gdb->left = false;
	gdb->general = gdb->continuing = gdb->listed = 0;
}

/* It has gone, however: if it had the machine, the machine goes on. */
static void bid_farewell(struct gdb *gdb)
{
	gdb_link_drop(&gdb->link);
	if (gdb->attached)
		gdb_let_go(gdb);
}

static void obey_byte(struct gdb *gdb, uint8_t byte)
{
	enum gdb_wire_event event = gdb_wire_byte(&gdb->wire, byte);
	if (event == GDB_WIRE_INTERRUPT)
		gdb_interrupt(gdb);
	if (event != GDB_WIRE_PACKET && event != GDB_WIRE_TOO_LONG)
		return;
	gdb->link.spoken = true;
	if (!gdb->attached)
		gdb_take_over(gdb);
	if (event == GDB_WIRE_TOO_LONG)
		gdb_wire_send(&gdb->wire, "E01", 3);
	else
		gdb_obey(gdb);
}

/* What has come. While the machine moves no more than a little at a time: a flood of bytes must not keep it up. */
static void listen_to(struct gdb *gdb)
{
	enum { CHUNK = 4096 };
	uint8_t bytes[CHUNK];
	ssize_t got = gdb->link.client >= 0 ? gdb_link_read(&gdb->link, bytes, sizeof bytes) : 0;
	for (ssize_t i = 0; i < got && !gdb->over; i++)
		obey_byte(gdb, bytes[i]);
	if (got < 0)
		bid_farewell(gdb);
	if (gdb_link_accept(&gdb->link)) {
		if (gdb->attached)
			gdb_let_go(gdb);
		greet(gdb);
	}
}

static void answer_to(struct gdb *gdb)
{
	if (gdb->link.client < 0)
		return;
	ssize_t sent = gdb->wire.out_count ? gdb_link_write(&gdb->link, gdb->wire.out, gdb->wire.out_count) : 0;
	if (sent < 0 || gdb->wire.choked)
		bid_farewell(gdb);
	else if (sent > 0)
		gdb_wire_sent(&gdb->wire, (size_t)sent);
}

/* The machine has ended, and nobody is there who could have it run again, or has to be told for one more process. */
static bool is_over(const struct gdb *gdb)
{
	bool listens = gdb->link.client >= 0 && gdb->attached && (gdb->extended || gdb_has_process(gdb));
	return gdb->over || gdb->machine->stop == STOP_SIGNAL || gdb->machine->stop == STOP_QUIT ||
	       ((gdb->machine->stop != RUNNING || gdb->ended) && !listens);
}

static void serve(struct gdb *gdb)
{
	enum { LOOK_MS = 100 };
	while (!is_over(gdb)) {
		listen_to(gdb);
		answer_to(gdb);
		if (gdb_moves(gdb)) {
			gdb_burst(gdb);
		} else if (!is_over(gdb)) {
			gdb_link_wait(&gdb->link, gdb->wire.out_count != 0, LOOK_MS);
			machine_attend(gdb->machine);
			gdb->over |= machine_called_off(gdb->machine);
		}
	}
}

/* The last words reach the client, who goes then, if it does so soon. */
static void say_goodbye(struct gdb *gdb)
{
	enum { WAIT_MS = 50 };
	double deadline = host_seconds() + 0.5;
	for (;;) {
		answer_to(gdb);
		if (gdb->link.client < 0 || (gdb->over && !gdb->wire.out_count) || host_seconds() >= deadline)
			break;
		gdb_link_wait(&gdb->link, gdb->wire.out_count != 0, WAIT_MS);
		listen_to(gdb);
	}
}

int gdb_serve(struct debugger *debugger)
{
	struct machine *machine = debugger->machine;
	struct gdb *gdb = calloc(1, sizeof *gdb);
	struct gdb_hart *harts = calloc(machine->hart_count, sizeof *harts);
	int result = -1;
	if (!gdb || !harts) {
		say("gdb: no memory");
	} else {
		gdb->debugger = debugger;
		gdb->machine = machine;
		gdb->harts = harts;
		gdb->waits = machine->config->stopped;
		debugger->gdb = gdb;
		debugger->link = &gdb->link;
		gdb_points_init(gdb);
		result = gdb_link_open(&gdb->link, &machine->config->gdb, machine->config->quiet);
	}
	if (result == 0) {
		console_raw(machine->console, machine->config->nographic);
		serve(gdb);
		say_goodbye(gdb);
		bid_farewell(gdb);
		gdb_link_close(&gdb->link);
		gdb_wire_free(&gdb->wire);
		free(gdb->answer_text);
		debugger->gdb = NULL;
		debugger->link = NULL;
	}
	lookout_leave(debugger->lookout, LOOKOUT_GDB);
	free(harts);
	free(gdb);
	return result;
}
