/* The client's breakpoints and watchpoints (Z packets). None is written to memory: see debug/lookout.h. */
#include <stdlib.h>
#include <string.h>
#include "debug/gdb/gdb_stub.h"
#include "debug/lookout.h"

enum { SOFT_BREAK, HARD_BREAK, WATCH, READ_WATCH, ACCESS_WATCH, TYPES };
enum { WATCHED_MAX = PAGE_SIZE, POINTS_MAX = 10000 };

static bool is_watch(const struct gdb_point *point) { return point->type >= WATCH; }

static size_t page_count(const struct gdb_point *point)
{
	return (size_t)(((point->address & (PAGE_SIZE - 1)) + point->length + PAGE_SIZE - 1) / PAGE_SIZE);
}

/* Where byte `offset` of what is watched is. */
static uint64_t watched_at(const struct gdb_point *point, uint64_t offset)
{
	uint64_t in_pages = (point->address & (PAGE_SIZE - 1)) + offset;
	return point->pages[in_pages / PAGE_SIZE] + in_pages % PAGE_SIZE;
}

static bool concerns(const struct gdb *gdb, const struct gdb_point *point, unsigned hart)
{
	return point->process == 0 || point->process == gdb_process_of(gdb, hart);
}

static void pause_for(struct gdb *gdb, enum gdb_stop_kind kind, unsigned hart, uint64_t address)
{
	if (gdb->stopped)
		return;
	gdb->stopped = true;
	gdb->stop = (struct gdb_stop){kind, hart, address};
}

/* ---- what the engine and the bus tell ---- */

static bool reached(void *context, struct hart *hart)
{
	struct gdb *gdb = context;
	if (!gdb->in_burst)
		return false; /* a command runs the machine, or the past is looked through */
	for (size_t i = 0; i < gdb->point_count; i++) {
		const struct gdb_point *point = &gdb->points[i];
		if (is_watch(point) || point->address != hart->pc || !concerns(gdb, point, hart->id) ||
		    (point->gone && gdb->harts[hart->id].wish != HART_STOPS))
			continue;
		pause_for(gdb, point->type == SOFT_BREAK ? GDB_BREAK : GDB_HARD_BREAK, hart->id, 0);
		return true;
	}
	return false;
}

/* The first byte of [pa, pa+size) that is watched, as an offset into it; point->length: none. */
static uint64_t first_watched(const struct gdb_point *point, uint64_t pa, unsigned size)
{
	uint64_t first = point->length, in_page = point->address & (PAGE_SIZE - 1);
	for (size_t i = 0, count = page_count(point); i < count; i++) {
		uint64_t from = i ? i * PAGE_SIZE - in_page : 0, to = (i + 1) * PAGE_SIZE - in_page;
		to = to < point->length ? to : point->length;
		uint64_t start = watched_at(point, from), end = start + (to - from);
		if (pa < end && start < pa + size) {
			uint64_t offset = from + (pa > start ? pa - start : 0);
			first = offset < first ? offset : first;
		}
	}
	return first;
}

/* Have any of `size` bytes from `offset` on? */
static bool has_changed(const struct gdb *gdb, struct gdb_point *point, uint64_t offset, uint64_t size)
{
	bool changed = false;
	for (uint64_t i = offset; i < point->length && i - offset < size; i++) {
		uint8_t byte;
		if (!bus_peek(&gdb->machine->bus, watched_at(point, i), &byte, 1))
			continue;
		changed |= byte != point->last[i];
		point->last[i] = byte;
	}
	return changed;
}

static bool pause_at_load(void *context, struct hart *hart, uint64_t pa, unsigned size)
{
	struct gdb *gdb = context;
	if (!gdb->in_burst)
		return false;
	for (size_t i = 0; i < gdb->point_count; i++) {
		const struct gdb_point *point = &gdb->points[i];
		if (point->type != READ_WATCH && point->type != ACCESS_WATCH)
			continue;
		uint64_t offset = first_watched(point, pa, size);
		if (offset == point->length || !concerns(gdb, point, hart->id))
			continue;
		pause_for(gdb, point->type == READ_WATCH ? GDB_READ_WATCH : GDB_ACCESS_WATCH, hart->id,
		          point->address + offset);
		return true;
	}
	return false;
}

static bool stored(void *context, struct hart *hart, uint64_t pa, unsigned size)
{
	struct gdb *gdb = context;
	bool pause = false;
	if (!gdb->in_burst)
		return false; /* the client's own */
	for (size_t i = 0; i < gdb->point_count; i++) {
		struct gdb_point *point = &gdb->points[i];
		if (point->type != WATCH && point->type != ACCESS_WATCH)
			continue;
		uint64_t offset = first_watched(point, pa, size);
		bool told = offset != point->length &&
		            (has_changed(gdb, point, offset, size) || point->type == ACCESS_WATCH);
		if (!told || (hart && !concerns(gdb, point, hart->id)))
			continue;
		pause_for(gdb, point->type == WATCH ? GDB_WATCH : GDB_ACCESS_WATCH, hart ? hart->id : gdb->general,
		          point->address + offset);
		pause = true;
	}
	return pause;
}

void gdb_points_init(struct gdb *gdb)
{
	lookout_join(gdb->debugger->lookout, LOOKOUT_GDB,
	             &(struct lookout_client){reached, pause_at_load, stored, gdb});
}

/* ---- looking out ---- */

static void drop_at(struct gdb *gdb, size_t index)
{
	struct gdb_point *point = &gdb->points[index];
	free(point->last);
	free(point->pages);
	gdb->point_count--;
	memmove(point, point + 1, (gdb->point_count - index) * sizeof *point);
}

/* False: no memory. */
static bool wish_for(const struct gdb *gdb, const struct gdb_point *point, struct lookout_wish *wish)
{
	bool good = true;
	if (!is_watch(point))
		return lookout_add_place(wish, point->address);
	wish->loads |= point->type == READ_WATCH || point->type == ACCESS_WATCH;
	for (size_t i = 0; point->type != READ_WATCH && i < page_count(point); i++)
		good &= lookout_add_bytes(gdb->debugger->lookout, wish, point->pages[i], PAGE_SIZE);
	return good;
}

static void tell_lookout(struct gdb *gdb)
{
	struct lookout_wish wish = {0};
	for (size_t i = 0; i < gdb->point_count; i++)
		if (!wish_for(gdb, &gdb->points[i], &wish))
			break;
	lookout_set(gdb->debugger->lookout, LOOKOUT_GDB, &wish);
}

void gdb_points_arm(struct gdb *gdb, bool alone)
{
	for (size_t i = gdb->point_count; i-- > 0;)
		if (gdb->points[i].gone && !alone)
			drop_at(gdb, i);
	for (size_t i = 0; i < gdb->point_count; i++)
		if (is_watch(&gdb->points[i]))
			has_changed(gdb, &gdb->points[i], 0, PAGE_SIZE); /* what the client wrote is no change */
	tell_lookout(gdb);
}

void gdb_points_clear(struct gdb *gdb)
{
	while (gdb->point_count)
		drop_at(gdb, gdb->point_count - 1);
	free(gdb->points);
	gdb->points = NULL;
	tell_lookout(gdb);
}

/* ---- packets ---- */

static struct gdb_point *find_point(const struct gdb *gdb, const struct gdb_point *like)
{
	for (size_t i = 0; i < gdb->point_count; i++) {
		struct gdb_point *point = &gdb->points[i];
		if (point->type == like->type && point->address == like->address && point->length == like->length &&
		    point->process == like->process)
			return point;
	}
	return NULL;
}

/* What is watched is what the address means now: later world switches do not move it. */
static bool locate_watched(struct gdb *gdb, struct gdb_point *point)
{
	size_t count = page_count(point);
	uint64_t page = point->address & ~(uint64_t)(PAGE_SIZE - 1);
	point->pages = calloc(count, sizeof *point->pages);
	point->last = calloc(1, (size_t)point->length);
	bool good = point->pages && point->last;
	for (size_t i = 0; good && i < count; i++)
		good = gdb_locate(gdb, page + i * PAGE_SIZE, &point->pages[i]) != 0 &&
		       bus_is_dram(&gdb->machine->bus, point->pages[i], PAGE_SIZE);
	if (good)
		return true;
	free(point->pages);
	free(point->last);
	return false;
}

static bool take_point(struct gdb *gdb, struct gdb_args *args, struct gdb_point *point)
{
	uint64_t type;
	*point = (struct gdb_point){.process = gdb_process_of(gdb, gdb->general)};
	if (!gdb->machine->config->gdb.inferiors)
		point->process = 0;
	if (!gdb_take_hex(args, &type) || type >= TYPES || !gdb_take(args, ',') ||
	    !gdb_take_hex(args, &point->address) || !gdb_take(args, ',') || !gdb_take_hex(args, &point->length))
		return false;
	point->type = (unsigned)type;
	return true;
}

/* Z TYPE,ADDRESS,KIND */
void gdb_insert_point(struct gdb *gdb, struct gdb_args args)
{
	struct gdb_point point;
	if (!take_point(gdb, &args, &point))
		return; /* an empty answer: a type that there is not */
	struct gdb_point *known = find_point(gdb, &point);
	if (known) {
		known->gone = false;
		gdb_put(gdb, "OK");
		return;
	}
	if (is_watch(&point) && (point.length == 0 || point.length > WATCHED_MAX)) {
		gdb_put_error(gdb, 0x16, "from 1 to %u bytes can be watched", WATCHED_MAX);
		return;
	}
	struct gdb_point *points = gdb->point_count < POINTS_MAX
	                               ? realloc(gdb->points, (gdb->point_count + 1) * sizeof *points)
	                               : NULL;
	if (!points) {
		gdb_put_error(gdb, 0x0c, "too many points");
		return;
	}
	gdb->points = points;
	if (is_watch(&point) && !locate_watched(gdb, &point)) {
		gdb_put_error(gdb, 0x0e, "only RAM can be watched, where the hart's translation finds it");
		return;
	}
	points[gdb->point_count++] = point;
	gdb_put(gdb, "OK");
}

/* z TYPE,ADDRESS,KIND: a client takes breakpoints away to let one hart pass; for the others they hold meanwhile. */
void gdb_remove_point(struct gdb *gdb, struct gdb_args args)
{
	struct gdb_point like;
	if (!take_point(gdb, &args, &like))
		return;
	struct gdb_point *point = find_point(gdb, &like);
	if (point && is_watch(point))
		drop_at(gdb, (size_t)(point - gdb->points));
	else if (point)
		point->gone = true;
	gdb_put(gdb, "OK");
}
