#include "machine/live_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/host_clock.h"
#include "base/say.h"
#include "base/symbols.h"
#include "hart/mmu.h"
#include "hart/tlb.h"
#include "machine/machine.h"
#include "machine/zone_memory.h"
#include "timing/model.h"
#include "trace/trace.h"
#include "trace/world.h"
#include "view/view.h"
#include "window/view_window.h"

enum { MTIME_HZ = 10000000, WIDTH = 64 /* cycles of the first buckets */ };

/* A hart as it was heard of last. */
struct heard {
	uint64_t cycle, retired, waited;
};

struct live_view {
	struct observer observer; /* first */
	struct machine *machine;
	struct view_model model;
	struct view_detail detail;
	struct view_source source;
	struct view_window *window;
	struct heard *heard;
	struct view_state state;
	struct zone_memory memory[VIEW_ZONES];
	struct view_map maps[VIEW_ZONES];
	struct view_pages pages[VIEW_ZONES][ZONE_CELLS];
	double looked; /* at memory and TLBs, by the host's clock */
	struct view_occupancy *occupancy; /* of each hart's TLB */
	char (*names)[24];
	bool paused, at_prompt, closed;
	char command[80]; /* to the debugger */
	unsigned typed;   /* letters of it that were taken */
};

/* ---- events ---- */

static unsigned guest_of(const struct machine *machine, uint64_t hgatp)
{
	unsigned space = machine->symbols ? symbols_space_of(machine->symbols, hgatp) : SPACE_UNKNOWN;
	return space == SPACE_UNKNOWN ? 0 : space;
}

/* Where a debugger has gone back, what is heard again is known: the same happens. */
static bool is_known(const struct heard *heard, const struct trace_event *event)
{
	return event->cycle < heard->cycle || (event->cycle == heard->cycle && event->retired < heard->retired);
}

/* The statistics, who hear of events first, know what the exit that ends now went to. */
static void take_split(struct live_view *live, const struct trace_event *event)
{
	const struct split *split = &trace_world(live->machine->trace)->harts[event->hart].split;
	const struct view_hart *hart = &live->model.harts[event->hart];
	if (event->type == TRACE_WORLD && hart->outside && split->cycles != 0 &&
	    split->cycles == event->cycle - hart->exit.begin)
		view_model_split(&live->model, event->hart, split);
}

static void hear_run(struct observer *observer, struct hart *hart, const struct trace_event *event)
{
	struct live_view *live = (struct live_view *)observer;
	struct heard *heard = &live->heard[event->hart];
	struct trace_event told = *event;
	if (is_known(heard, event))
		return;
	take_split(live, event);
	if (hart->waited > heard->waited)
		view_model_idle(&live->model, event->hart, hart->waited - heard->waited);
	*heard = (struct heard){event->cycle, event->retired, hart->waited};
	if (event->type == TRACE_WORLD && mode_virt((enum mode)event->mode))
		told.guest = (uint16_t)guest_of(live->machine, event->value[2]);
	view_model_event(&live->model, &told);
}

/* ---- what the window asks ---- */

static void name_zones(struct live_view *live)
{
	for (unsigned i = 0; i < live->model.zone_count; i++) {
		const struct view_zone *zone = &live->model.zones[i];
		const char *name = zone->guest ? symbols_space_name(live->machine->symbols, zone->guest) : "";
		if (*name)
			view_model_name(&live->model, i, name);
	}
}

static const struct view_detail *detail(void *context, uint64_t from, uint64_t to)
{
	struct live_view *live = context;
	(void)to;
	for (unsigned i = 0; i < live->model.hart_count; i++)
		if (!view_model_recent(&live->model, i, from))
			return NULL;
	return &live->detail;
}

static const char *pc_name(void *context, unsigned zone, uint64_t pc, char *text, size_t size)
{
	struct live_view *live = context;
	unsigned space = zone >= live->model.zone_count       ? SPACE_HOST
	                 : live->model.zones[zone].guest != 0 ? live->model.zones[zone].guest
	                                                      : SPACE_UNKNOWN;
	uint64_t offset = 0;
	const char *known = live->machine->symbols ? symbols_find_in(live->machine->symbols, space, pc, &offset) : NULL;
	*text = '\0';
	if (known)
		snprintf(text, size, offset ? "%s+0x%" PRIx64 : "%s", known, offset);
	return text;
}

struct counting {
	const struct live_view *live;
	struct view_occupancy *row;
};

static void count_tlb_entry(const struct counting *counting, bool virt, unsigned vmid)
{
	const struct view_model *model = &counting->live->model;
	for (unsigned i = 0; virt && i < model->zone_count; i++)
		if (model->zones[i].vmid == vmid) {
			counting->row->by_zone[i]++;
			return;
		}
	counting->row->others++;
}

static void count_visited(void *context, uint64_t va, uint64_t pa, unsigned page_shift, bool virt, unsigned asid,
                          unsigned vmid, const char *perms)
{
	(void)va;
	(void)pa;
	(void)page_shift;
	(void)asid;
	(void)perms;
	count_tlb_entry(context, virt, vmid);
}

static void count_pages(const struct counting *counting, const struct l1_tlb *tlb)
{
	counting->row->capacity += tlb->count;
	for (unsigned i = 0; i < tlb->count; i++)
		if (tlb->entries[i].shift != 0)
			count_tlb_entry(counting, space_virt(tlb->entries[i].space), space_vmid(tlb->entries[i].space));
}

/* The preset's first level, of fetch and of loads and stores; without a model the engine's own. */
static void count_hart(struct live_view *live, const struct hart *hart)
{
	struct counting counting = {live, &live->occupancy[hart->id]};
	*counting.row = (struct view_occupancy){.name = live->names[hart->id]};
	if (hart->model) {
		count_pages(&counting, &hart->model->itlb);
		count_pages(&counting, &hart->model->dtlb);
		return;
	}
	counting.row->capacity = hart->options->tlb_entries;
	mmu_visit_tlb(hart, count_visited, &counting);
}

static void look_at_memory(struct live_view *live, unsigned zone)
{
	const struct bus *bus = &live->machine->bus;
	struct zone_memory *memory = &live->memory[zone];
	struct view_map *map = &live->maps[zone];
	uint64_t cell = bus->dram_size / ZONE_CELLS;
	zone_memory_look(memory, bus, live->model.zones[zone].hgatp);
	*map = (struct view_map){.zone = zone, .pages = live->pages[zone]};
	for (unsigned i = 0; i < ZONE_CELLS; i++) {
		if (memory->bytes[i] == 0)
			continue;
		live->pages[zone][map->count++] = (struct view_pages){bus->dram_base + i * cell, cell,
		                                                      memory->fresh[i] != 0};
		map->bytes += memory->bytes[i];
	}
}

/* A few times a second. */
static const struct view_state *state(void *context)
{
	const double pause = 0.25;
	struct live_view *live = context;
	double now = host_seconds();
	if (now - live->looked < pause)
		return &live->state;
	live->looked = now;
	live->state.map_count = live->model.zone_count;
	for (unsigned i = 0; i < live->model.zone_count; i++)
		look_at_memory(live, i);
	for (unsigned i = 0; i < live->model.hart_count; i++)
		count_hart(live, &live->machine->harts[i]);
	return &live->state;
}

static bool is_paused(void *context)
{
	const struct live_view *live = context;
	return live->paused || live->at_prompt;
}

static bool type(struct live_view *live, const char *command, char reason[120])
{
	if (!live->machine->debugged || !live->at_prompt) {
		snprintf(reason, 120,
		         live->machine->debugged ? "pause it first" : "that takes a debugger: --debug on a terminal");
		return false;
	}
	snprintf(live->command, sizeof(live->command), "%s\n", command);
	live->typed = 0;
	return true;
}

static bool obey_pause(struct live_view *live, char reason[120])
{
	if (live->at_prompt)
		return type(live, "continue", reason);
	if (live->machine->debugged)
		live->machine->wants_debugger = true;
	else
		live->paused = !live->paused;
	return true;
}

static bool obey_catch(struct live_view *live, const struct view_exit *exit, char reason[120])
{
	char command[64];
	bool interrupt = exit && exit->cause >> 63;
	if (!exit) {
		snprintf(reason, 120, "point at an exit first");
		return false;
	}
	snprintf(command, sizeof(command), "catch exit %s%u", interrupt ? "i" : "", (unsigned)(exit->cause & 0xff));
	if (!type(live, command, reason))
		return false;
	snprintf(reason, 120, "stops at exits of this cause from now on: %s", command);
	return true;
}

static bool obey_user(void *context, enum view_command command, const struct view_exit *exit, char reason[120])
{
	struct live_view *live = context;
	switch (command) {
	case VIEW_PAUSE: return obey_pause(live, reason);
	case VIEW_STEP: return type(live, "step", reason);
	case VIEW_BACK: return type(live, "reverse-step", reason);
	case VIEW_CATCH: return obey_catch(live, exit, reason);
	case VIEW_SCREENSHOT: return view_window_picture(live->window, reason);
	default: live->closed = true; return true;
	}
}

/* ---- the run ---- */

static bool show_now(struct live_view *live)
{
	uint64_t now = 0;
	for (unsigned i = 0; i < live->model.hart_count; i++)
		now = live->machine->harts[i].cycle > now ? live->machine->harts[i].cycle : now;
	for (unsigned i = 0; i < live->model.hart_count; i++) {
		const struct hart *hart = &live->machine->harts[i];
		if (hart->waiting)
			view_model_waits(&live->model, i, hart->cycle, now);
		else
			view_model_now(&live->model, i, hart->cycle);
	}
	name_zones(live);
	live->closed |= !view_window_attend(live->window);
	return !live->closed;
}

bool live_view_attend(struct live_view *live)
{
	if (live->at_prompt)
		view_window_redraw(live->window);
	live->at_prompt = false;
	return show_now(live);
}

bool live_view_attend_stopped(struct live_view *live)
{
	if (!live->at_prompt)
		view_window_redraw(live->window);
	live->at_prompt = true;
	return show_now(live);
}

bool live_view_paused(const struct live_view *live) { return live->paused; }

int live_view_typed(struct live_view *live)
{
	int letter = (unsigned char)live->command[live->typed];
	if (letter == '\0')
		return -1;
	live->typed++;
	return letter;
}

/* ---- opening ---- */

static bool make_parts(struct live_view *live, unsigned harts)
{
	live->heard = calloc(harts, sizeof(*live->heard));
	live->occupancy = calloc(harts, sizeof(*live->occupancy));
	live->names = calloc(harts, sizeof(*live->names));
	bool good = view_model_init(&live->model, harts, WIDTH) == 0 && live->heard && live->occupancy && live->names;
	for (unsigned i = 0; good && i < harts; i++)
		snprintf(live->names[i], sizeof(live->names[i]), "TLB of hart %u", i);
	return good;
}

struct live_view *live_view_open(struct machine *machine)
{
	struct live_view *live = calloc(1, sizeof(*live));
	if (!live || !make_parts(live, machine->hart_count)) {
		say("out of memory for --view");
		live_view_close(live);
		return NULL;
	}
	live->machine = machine;
	live->observer = (struct observer){.event = hear_run,
	                                   .wanted = 1 << TRACE_WORLD | 1 << TRACE_TRAP | 1 << TRACE_TP};
	live->detail.model = &live->model;
	live->state = (struct view_state){.maps = live->maps,
	                                  .occupancy = live->occupancy,
	                                  .occupancy_count = machine->hart_count,
	                                  .memory_begin = machine->bus.dram_base,
	                                  .memory_size = machine->bus.dram_size};
	live->source = (struct view_source){
	    .model = &live->model,
	    .title = "rvsim --view",
	    .live = true,
	    .hz = (double)MTIME_HZ * (double)machine->platform.cycles_per_tick,
	    .detail = detail,
	    .name = pc_name,
	    .state = state,
	    .obey = obey_user,
	    .paused = is_paused,
	    .context = live,
	};
	live->window = view_window_open(&live->source, "--view");
	if (!live->window) {
		live_view_close(live);
		return NULL;
	}
	observers_add(&machine->observers, &live->observer);
	return live;
}

void live_view_close(struct live_view *live)
{
	if (!live)
		return;
	if (live->window)
		observers_remove(&live->machine->observers, &live->observer);
	view_window_close(live->window);
	view_model_free(&live->model);
	free(live->heard);
	free(live->occupancy);
	free(live->names);
	free(live);
}
