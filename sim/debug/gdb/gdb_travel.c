/* Going back: bs and bc. The past is looked through by the debugger's stop points, so the client's become such. */
#include <stdlib.h>
#include <string.h>
#include "debug/gdb/gdb_stub.h"
#include "debug/points.h"
#include "debug/travel.h"

enum { WATCHED_AT_ONCE = 8 };

/* Points of ours, beside those that monitor commands have set. Their texts are places in gdb->points, which last. */
struct lent {
	struct stop_point *own; /* the debugger's list before */
	unsigned own_count;
};

static bool is_looked_for(const struct gdb_point *point)
{
	return !point->gone && point->type != 3; /* reads are not */
}

static struct stop_point point_for(const struct gdb_point *point, char *text)
{
	bool watch = point->type >= 2;
	return (struct stop_point){
	    .kind = watch ? POINT_WATCH : POINT_BREAK,
	    .address = watch ? point->pages[0] + point->address % PAGE_SIZE : point->address,
	    .size = point->length < WATCHED_AT_ONCE ? (unsigned)point->length : WATCHED_AT_ONCE,
	    .text = text,
	};
}

static bool lend_points(struct gdb *gdb, struct lent *lent, char *text)
{
	struct debugger *debugger = gdb->debugger;
	struct stop_point *points = calloc(debugger->point_count + gdb->point_count + 1, sizeof *points);
	*lent = (struct lent){debugger->points, debugger->point_count};
	if (!points)
		return false;
	if (debugger->point_count)
		memcpy(points, debugger->points, debugger->point_count * sizeof *points);
	debugger->points = points;
	for (size_t i = 0; i < gdb->point_count; i++)
		if (is_looked_for(&gdb->points[i]))
			points[debugger->point_count++] = point_for(&gdb->points[i], text);
	points_refresh(debugger);
	return true;
}

static void take_back_points(struct debugger *debugger, const struct lent *lent)
{
	free(debugger->points);
	debugger->points = lent->own;
	debugger->point_count = lent->own_count;
	points_refresh(debugger);
}

/* Which of the client's points is it that the machine has come to? */
static struct gdb_stop stop_here(const struct gdb *gdb)
{
	const struct debugger *debugger = gdb->debugger;
	struct gdb_stop stop = {GDB_POINT, debugger->hart, 0};
	for (size_t i = 0; i < gdb->point_count; i++) {
		const struct gdb_point *point = &gdb->points[i];
		bool watch = point->type >= 2;
		if (!is_looked_for(point) || watch != debugger->stopped_before ||
		    (!watch && point->address != gdb->machine->harts[debugger->hart].pc))
			continue;
		stop.kind = !watch             ? (point->type ? GDB_HARD_BREAK : GDB_BREAK)
		            : point->type == 2 ? GDB_WATCH
		                               : GDB_ACCESS_WATCH;
		stop.address = point->address;
		return stop;
	}
	return stop;
}

static struct gdb_stop back_to_point(struct gdb *gdb)
{
	char no_text[] = "";
	struct debugger *debugger = gdb->debugger;
	struct gdb_stop stop = {GDB_HISTORY_BEGINS, gdb->continuing, 0};
	struct lent lent;
	if (!lend_points(gdb, &lent, no_text))
		return stop;
	if (travel_continue_back(debugger))
		stop = stop_here(gdb);
	take_back_points(debugger, &lent);
	return stop;
}

/* What the debugger complains of is no news to a client, who is told by the stop. */
static struct gdb_stop travel_back(struct gdb *gdb, bool step)
{
	struct debugger *debugger = gdb->debugger;
	struct gdb_stop stop = {GDB_HISTORY_BEGINS, gdb->continuing, 0};
	FILE *out = debugger->out;
	char *text = NULL;
	size_t size;
	bool failed = debugger->failed; /* a client is no script */
	debugger->out = open_memstream(&text, &size);
	gdb->link.interrupted = false;
	debugger->hart = gdb->continuing;
	debugger->stopped = false;
	if (!debugger->out)
		debugger->out = out;
	if (!step)
		stop = back_to_point(gdb);
	else if (travel_step_back(debugger, 1))
		stop.kind = GDB_STEPPED;
	if (stop.kind == GDB_HISTORY_BEGINS && gdb->link.interrupted)
		stop.kind = GDB_INTERRUPTED;
	if (debugger->out != out)
		fclose(debugger->out);
	debugger->out = out;
	debugger->failed = failed;
	free(text);
	return stop;
}

/* bs, bc */
void gdb_back(struct gdb *gdb, struct gdb_args args)
{
	bool step = gdb_take(&args, 's');
	if ((!step && !gdb_take(&args, 'c')) || args.at != args.end)
		return; /* an empty answer: it is not known */
	if (gdb->non_stop || !gdb->debugger->travel) {
		gdb_put_error(gdb, 1, "non-stop mode has no past");
		return;
	}
	gdb_stopped_at(gdb, travel_back(gdb, step));
}
