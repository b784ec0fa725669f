#include "timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { VMID_LOW = 44, VMID_MASK = 0x3fff };

/* Where a hart is. */
struct lane {
	struct timeline_world world; /* that it is in: end is where it was last */
	uint64_t retired; /* when it came there */
	struct trace_event trap; /* its last */
	struct timeline_exit exit; /* the open one */
	bool outside;
};

struct timeline {
	struct export *export;
	const struct timeline_sink *sink;
	struct lane *lanes;
};

static void end_world(struct timeline *timeline, struct lane *lane, uint64_t cycle, uint64_t retired)
{
	lane->world.end = cycle;
	lane->world.instructions = retired - lane->retired;
	if (cycle > lane->world.begin && timeline->sink->world &&
	    export_shows(timeline->export, lane->world.hart, lane->world.begin, cycle))
		timeline->sink->world(timeline->sink->context, &lane->world);
}

static void end_exit(struct timeline *timeline, struct lane *lane, uint64_t cycle, bool ended)
{
	lane->exit.end = cycle;
	lane->exit.ended = ended;
	lane->outside = false;
	if (timeline->sink->exit && export_shows(timeline->export, lane->exit.hart, lane->exit.begin, cycle))
		timeline->sink->exit(timeline->sink->context, &lane->exit);
}

static void change_world(struct timeline *timeline, struct lane *lane, const struct trace_event *event)
{
	bool was = mode_virt((enum mode)event->from), is = mode_virt((enum mode)event->mode);
	struct timeline_guest left = lane->world.of;
	bool reset = event->value[0] == TRACE_RESET;
	end_world(timeline, lane, event->cycle, event->retired);
	if (lane->outside && (is || reset))
		end_exit(timeline, lane, event->cycle, !reset);
	lane->world = (struct timeline_world){
	    .hart = event->hart, .mode = (enum mode)event->mode, .begin = event->cycle, .of = left};
	lane->retired = event->retired;
	if (is)
		lane->world.of = (struct timeline_guest){
		    .guest = event->guest,
		    .vmid = (unsigned)(event->value[2] >> VMID_LOW) & VMID_MASK,
		    .vcpu = event->value[1],
		};
	if (was && !is && !reset) {
		lane->outside = true;
		lane->exit = (struct timeline_exit){
		    .hart = event->hart,
		    .mode = (enum mode)event->from,
		    .of = left,
		    .cause = event->value[0],
		    .has_trap = lane->trap.type == TRACE_TRAP && lane->trap.cycle == event->cycle,
		    .pc = lane->trap.pc,
		    .tval = lane->trap.value[1],
		    .begin = event->cycle,
		};
	}
}

static void take_split(struct timeline *timeline, struct lane *lane, const struct split *split)
{
	(void)timeline;
	if (!split || !lane->outside)
		return;
	lane->exit.has_split = true;
	memcpy(lane->exit.parts, split->parts, sizeof lane->exit.parts);
}

static void read_events(struct timeline *timeline)
{
	struct input *input = &timeline->export->input;
	struct trace_event event;
	while (input_next(input, &event)) {
		struct lane *lane = &timeline->lanes[event.hart];
		take_split(timeline, lane, trace_reader_split(input->reader, event.hart));
		if (timeline->sink->event && export_shows(timeline->export, event.hart, event.cycle, event.cycle))
			timeline->sink->event(timeline->sink->context, &event);
		if (event.type == TRACE_TRAP)
			lane->trap = event;
		if (event.type == TRACE_WORLD)
			change_world(timeline, lane, &event);
		if (event.cycle > lane->world.end) {
			lane->world.end = event.cycle;
			lane->world.instructions = event.retired - lane->retired;
		}
	}
}

int timeline_read(struct export *export, const struct timeline_sink *sink)
{
	unsigned count = trace_reader_header(export->input.reader)->hart_count;
	struct timeline timeline = {export, sink, calloc(count, sizeof *timeline.lanes)};
	if (!timeline.lanes)
		return trouble(export->input.path, "no memory");
	for (unsigned i = 0; i < count; i++)
		timeline.lanes[i].world.hart = i;
	read_events(&timeline);
	for (unsigned i = 0; i < count; i++) {
		struct lane *lane = &timeline.lanes[i];
		const struct trace_end *end = trace_reader_end(export->input.reader, i);
		uint64_t cycle = end->known ? end->cycle : lane->world.end;
		uint64_t retired = end->known ? end->retired : lane->retired + lane->world.instructions;
		end_world(&timeline, lane, cycle, retired);
		if (lane->outside)
			end_exit(&timeline, lane, cycle, false);
	}
	free(timeline.lanes);
	return 0;
}

const char *timeline_zone(struct export *export, const struct timeline_guest *of, char *text, size_t size)
{
	const char *name = of->guest ? trace_reader_guest(export->input.reader, of->guest) : "";
	if (*name)
		snprintf(text, size, "zone %s", name);
	else
		snprintf(text, size, "VMID %u", of->vmid);
	return text;
}
