/*
 * What stop points meet while the machine moves. A breakpoint is met where its hart is about to run the instruction: what
 * interrupts it before that comes first. Everything else is met behind the step (an instruction with its trap, an interrupt, an
 * event) in which it happens.
 */
#include <stdlib.h>
#include <string.h>
#include "base/symbols.h"
#include "csr/csr.h"
#include "debug/points.h"
#include "hart/trap.h"

/* hart_steps inside an instruction. */
static uint64_t steps_now(const struct hart *hart) { return hart->retired + hart->trapped.count + hart->interrupted; }

/* Behind those of others that are met by the same step. */
static void obey_later(struct debugger *debugger, const char *commands)
{
	char *all;
	if (!commands || asprintf(&all, "%s%s", debugger->to_obey ? debugger->to_obey : "", commands) < 0)
		return;
	free(debugger->to_obey);
	debugger->to_obey = all;
}

/* False: it stops nothing, this time. */
static bool hit(struct debugger *debugger, struct stop_point *point, unsigned hart, const char *what)
{
	if (debugger->notices) {
		debugger->noticed = true;
		return false;
	}
	if (!debugger->searching) {
		point->hits++;
		if (point->ignored) {
			point->ignored--;
			return false;
		}
		obey_later(debugger, point->commands);
	}
	debugger->stopped = true;
	debugger->at_switch = point->kind == POINT_CATCH && point->which != CATCH_EVENT;
	debugger->stopped_before = point->kind == POINT_WATCH;
	debugger->hart = hart;
	snprintf(debugger->reason, sizeof debugger->reason, "%s %u: %s", what, point->number, point->text);
	return true;
}

/* ---- breakpoints ---- */

static bool condition_holds(struct debugger *debugger, const struct stop_point *point, unsigned hart)
{
	uint64_t value = 1;
	unsigned before = debugger->hart;
	debugger->hart = hart;
	if (point->condition)
		expression_all(debugger, point->condition, &value);
	debugger->hart = before;
	return value != 0;
}

static bool breaks_at(const struct stop_point *point, uint64_t pc)
{
	bool found = point->address == pc;
	for (size_t i = 0; i < point->other_count; i++)
		found |= point->others[i] == pc;
	return found;
}

static bool breaks(struct debugger *debugger, const struct hart *hart)
{
	bool stops = false;
	for (unsigned i = 0; i < debugger->point_count; i++) {
		struct stop_point *point = &debugger->points[i];
		if (point->disabled || point->kind != POINT_BREAK || !breaks_at(point, hart->pc) ||
		    !debug_is_there(debugger, hart, &point->place) || !condition_holds(debugger, point, hart->id) ||
		    !hit(debugger, point, hart->id, "breakpoint"))
			continue;
		stops = true;
		if (point->temporary && !debugger->searching)
			points_drop(debugger, i--);
	}
	return stops;
}

static bool is_aimed_at(const struct debugger *debugger, const struct hart *hart)
{
	const struct aim *aim = debugger->aim;
	return aim && hart->id == aim->hart && hart->pc == aim->pc && aim->there(debugger, hart, aim->context);
}

static bool meet_place(void *context, struct hart *hart)
{
	struct debugger *debugger = context;
	if (!debugger->looks || (!debugger->notices && debugger->passed[hart->id] == steps_now(hart)))
		return false;
	if (!debugger->notices)
		debugger->passed[hart->id] = steps_now(hart);
	debugger->aimed |= is_aimed_at(debugger, hart);
	return breaks(debugger, hart) || debugger->aimed;
}

void points_arrived(struct debugger *debugger, const struct hart *hart)
{
	if (debugger->passed[hart->id] == hart_steps(hart) || hart->waiting)
		return;
	debugger->passed[hart->id] = hart_steps(hart);
	breaks(debugger, hart);
}

/* ---- watchpoints ---- */

static bool watches_bytes(const struct debugger *debugger, const struct stop_point *point)
{
	return point->kind == POINT_WATCH && !point->disabled && !point->in_register &&
	       bus_is_dram(&debugger->machine->bus, point->address, point->size);
}

static bool watches_these(const struct debugger *debugger, const struct stop_point *point, uint64_t pa, unsigned size)
{
	return watches_bytes(debugger, point) && pa < point->address + point->size && point->address < pa + size;
}

static bool changes_value(struct debugger *debugger, struct stop_point *point, unsigned hart)
{
	uint64_t value;
	char what[96];
	if (!points_read_watched(debugger, point, &value) || value == point->last)
		return false;
	snprintf(what, sizeof what, "0x%llx -> 0x%llx, watchpoint", (unsigned long long)point->last,
	         (unsigned long long)value);
	point->last = value;
	return hit(debugger, point, hart, what);
}

static bool was_accessed(struct debugger *debugger, struct stop_point *point, unsigned hart, const char *how)
{
	char what[96];
	points_refresh_one(debugger, point);
	snprintf(what, sizeof what, "%s, 0x%llx, watchpoint", how, (unsigned long long)point->last);
	return hit(debugger, point, hart, what);
}

static bool meet_store(void *context, struct hart *hart, uint64_t pa, unsigned size)
{
	struct debugger *debugger = context;
	unsigned who = hart ? hart->id : debugger->hart;
	bool stops = false;
	for (unsigned i = 0; debugger->looks && i < debugger->point_count; i++) {
		struct stop_point *point = &debugger->points[i];
		if (!watches_these(debugger, point, pa, size))
			continue;
		if (point->watched == WATCH_CHANGES)
			stops |= changes_value(debugger, point, who);
		else if (point->watched == WATCH_ACCESSES)
			stops |= was_accessed(debugger, point, who, "written");
	}
	return stops;
}

static bool meet_load(void *context, struct hart *hart, uint64_t pa, unsigned size)
{
	struct debugger *debugger = context;
	bool stops = false;
	for (unsigned i = 0; debugger->looks && i < debugger->point_count; i++) {
		struct stop_point *point = &debugger->points[i];
		if (point->watched != WATCH_CHANGES && watches_these(debugger, point, pa, size))
			stops |= was_accessed(debugger, point, hart->id, "read");
	}
	return stops;
}

/* Registers, and devices' memory: nobody tells of those. */
static bool is_unheard(const struct debugger *debugger, const struct stop_point *point)
{
	return point->kind == POINT_WATCH && !point->disabled && !watches_bytes(debugger, point);
}

void points_stepped(struct debugger *debugger, const struct hart *moved)
{
	for (unsigned i = 0; debugger->looks && i < debugger->point_count; i++) {
		struct stop_point *point = &debugger->points[i];
		if (is_unheard(debugger, point) && (!point->in_register || point->hart == moved->id))
			changes_value(debugger, point, moved->id);
	}
}

void points_refresh_one(struct debugger *debugger, struct stop_point *point)
{
	if (point->kind == POINT_WATCH)
		points_read_watched(debugger, point, &point->last);
}

void points_refresh(struct debugger *debugger)
{
	for (unsigned i = 0; i < debugger->point_count; i++)
		points_refresh_one(debugger, &debugger->points[i]);
	memset(debugger->passed, UINT8_MAX, sizeof debugger->passed);
}

/* ---- catchpoints ---- */

/* Into a guest or out of one. */
static bool is_switch(const struct trace_event *event)
{
	return event->type == TRACE_WORLD && event->value[0] != TRACE_RESET &&
	       mode_virt((enum mode)event->from) != mode_virt((enum mode)event->mode);
}

static bool point_matches(const struct debugger *debugger, const struct stop_point *point,
                          const struct trace_event *event)
{
	if (point->disabled || point->kind != POINT_CATCH || point->type != event->type)
		return false;
	if (point->which != CATCH_EVENT && !is_switch(event))
		return false;
	if (point->which == CATCH_EXIT && mode_virt((enum mode)event->mode))
		return false;
	if (!point->has_argument)
		return true;
	if (point->which == CATCH_SWITCH)
		return point->argument == symbols_space_of(debugger->machine->symbols, event->value[2]);
	return point->argument ==
	       (event->type == TRACE_WORLD && point->which == CATCH_EVENT ? event->mode : event->value[0]);
}

static void describe_event(const struct trace_event *event, char *text, size_t size)
{
	switch (event->type) {
	case TRACE_TRAP:
		snprintf(text, size, "%s in %s, catchpoint", cause_name(event->value[0] >> 63, event->value[0] & 0xff),
		         mode_name(event->mode));
		break;
	case TRACE_WORLD:
		snprintf(text, size, "%s -> %s, catchpoint", mode_name(event->from), mode_name(event->mode));
		break;
	case TRACE_CSR:
		snprintf(text, size, "%s = 0x%llx, catchpoint", csr_info((unsigned)event->value[0])->name,
		         (unsigned long long)event->value[1]);
		break;
	default:
		snprintf(text, size, "%s = 0x%llx, catchpoint", event->type == TRACE_TP ? "tp" : "irq lines",
		         (unsigned long long)event->value[0]);
	}
}

void points_event(struct debugger *debugger, const struct trace_event *event)
{
	for (unsigned i = 0; debugger->looks && i < debugger->point_count; i++) {
		char what[128];
		if (!point_matches(debugger, &debugger->points[i], event))
			continue;
		describe_event(event, what, sizeof what);
		if (hit(debugger, &debugger->points[i], event->hart, what))
			lookout_pause(debugger->lookout, &debugger->machine->harts[event->hart]);
	}
}

/* ---- looking out ---- */

bool points_noticed_by_step(const struct debugger *debugger)
{
	for (unsigned i = 0; i < debugger->point_count; i++)
		if (is_unheard(debugger, &debugger->points[i]))
			return true;
	return false;
}

/* Translated code tells of these where it does not end. */
static bool is_told_inside(const struct stop_point *point)
{
	return point->kind == POINT_CATCH && !point->disabled && (point->type == TRACE_CSR || point->type == TRACE_TP);
}

bool points_by_step(const struct debugger *debugger)
{
	for (unsigned i = 0; i < debugger->point_count; i++)
		if (is_told_inside(&debugger->points[i]))
			return true;
	return points_noticed_by_step(debugger);
}

/* False: no memory. */
static bool add_wish(const struct debugger *debugger, const struct stop_point *point, struct lookout_wish *wish)
{
	if (point->disabled || point->kind == POINT_CATCH)
		return true;
	if (point->kind == POINT_WATCH) {
		bool heard = watches_bytes(debugger, point);
		wish->loads |= heard && point->watched != WATCH_CHANGES;
		return !heard || lookout_add_bytes(debugger->lookout, wish, point->address, point->size);
	}
	bool good = lookout_add_place(wish, point->address);
	for (size_t i = 0; i < point->other_count; i++)
		good = good && lookout_add_place(wish, point->others[i]);
	return good;
}

void points_arm(struct debugger *debugger, const struct aim *aim)
{
	struct lookout_wish wish = {0};
	for (unsigned i = 0; i < debugger->point_count; i++)
		if (!add_wish(debugger, &debugger->points[i], &wish))
			complain(debugger, "no memory for stop point %u", debugger->points[i].number);
	if (aim && !lookout_add_place(&wish, aim->pc))
		complain(debugger, "no memory");
	lookout_set(debugger->lookout, LOOKOUT_POINTS, &wish);
	debugger->aim = aim;
	debugger->aimed = debugger->stopped = false;
	debugger->looks = true;
}

void points_disarm(struct debugger *debugger)
{
	debugger->looks = debugger->notices = false;
	debugger->aim = NULL;
	debugger->machine->engine.pause.now = false;
}

struct lookout_client points_client(struct debugger *debugger)
{
	return (struct lookout_client){meet_place, meet_load, meet_store, debugger};
}
