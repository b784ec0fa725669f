/*
 * rvtrace view: a trace in a window. One pass over the file makes the model (view/model.h), and marks on the way; what happened in a
 * span that is looked at closely is read again, from the mark before it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/array.h"
#include "isa/insn.h"
#include "rvtrace.h"
#include "view/view.h"
#include "window/view_window.h"

enum {
	WIDTH = 64,           /* cycles of the first buckets */
	MARKS = 128,          /* at most; then every other goes */
	EVENTS_LOOK = 1 << 16, /* between two looks at the window */
	INSNS = 1 << 14,
	INSN_SPAN = 4096,     /* cycles: closer than that, instructions are shown */
};

struct mark {
	struct trace_mark *place;
	struct view_hart *harts; /* as they were there: no buckets */
	uint64_t furthest;       /* cycle of any hart */
};

struct viewed {
	struct input input;
	struct view_window *window;
	struct view_model whole, near;
	struct view_detail detail;
	struct view_insn *insns;
	uint64_t near_from, near_to; /* that `near' has; equal: nothing */
	bool near_insns;
	struct mark marks[MARKS];
	unsigned mark_count;
	uint64_t chunks_apart, chunk; /* chunks between two marks; that of the last */
	bool read, quits;
	char title[160];
};

/* ---- reading ---- */

static void name_zones(struct viewed *viewed)
{
	struct view_model *model = &viewed->whole;
	for (unsigned i = 0; i < model->zone_count; i++) {
		const char *name = model->zones[i].guest
		                       ? trace_reader_guest(viewed->input.reader, model->zones[i].guest)
		                       : "";
		if (*name)
			view_model_name(model, i, name);
	}
}

static void put_event(struct viewed *viewed, struct view_model *model, const struct trace_event *event)
{
	const struct split *split = trace_reader_split(viewed->input.reader, event->hart);
	if (split)
		view_model_split(model, event->hart, split);
	view_model_event(model, event);
}

static void free_mark(struct mark *mark)
{
	trace_mark_free(mark->place);
	free(mark->harts);
}

static void thin_marks(struct viewed *viewed)
{
	for (unsigned i = 0; i < MARKS / 2; i++) {
		size_t kept = (size_t)2 * i;
		free_mark(&viewed->marks[kept + 1]);
		viewed->marks[i] = viewed->marks[kept];
	}
	viewed->mark_count = MARKS / 2;
	viewed->chunks_apart *= 2;
}

static void put_mark(struct viewed *viewed)
{
	const struct view_model *model = &viewed->whole;
	uint64_t chunks = trace_reader_sizes(viewed->input.reader)->chunks;
	if (viewed->mark_count != 0 && chunks < viewed->chunk + viewed->chunks_apart)
		return;
	struct mark mark = {.place = trace_reader_mark(viewed->input.reader), .furthest = view_model_end(model)};
	mark.harts = mark.place ? malloc(model->hart_count * sizeof(*mark.harts)) : NULL;
	if (!mark.harts) {
		free_mark(&mark);
		return;
	}
	memcpy(mark.harts, model->harts, model->hart_count * sizeof(*mark.harts));
	if (viewed->mark_count == MARKS)
		thin_marks(viewed);
	viewed->marks[viewed->mark_count++] = mark;
	viewed->chunk = chunks;
}

static void set_title(struct viewed *viewed)
{
	char note[64];
	const char *slash = strrchr(viewed->input.path, '/');
	if (viewed->read)
		snprintf(note, sizeof(note), "%" PRIu64 " exits", viewed->whole.exits);
	else
		snprintf(note, sizeof(note), "reading: %" PRIu64 " events so far",
		         trace_reader_events(viewed->input.reader));
	snprintf(viewed->title, sizeof(viewed->title), "%s    %s", slash ? slash + 1 : viewed->input.path, note);
}

/* The one pass. The window shows what has been read so far. */
static void read_all(struct viewed *viewed)
{
	struct trace_event event;
	uint64_t number = 0;
	while (!viewed->quits && input_next(&viewed->input, &event)) {
		put_event(viewed, &viewed->whole, &event);
		put_mark(viewed);
		if (++number % EVENTS_LOOK != 0)
			continue;
		name_zones(viewed);
		set_title(viewed);
		view_window_redraw(viewed->window);
		viewed->quits |= !view_window_attend(viewed->window);
	}
	for (unsigned i = 0; i < viewed->whole.hart_count; i++) {
		const struct trace_end *end = trace_reader_end(viewed->input.reader, i);
		if (end->known)
			view_model_now(&viewed->whole, i, end->cycle);
	}
	name_zones(viewed);
	viewed->read = true;
	set_title(viewed);
	view_window_redraw(viewed->window);
}

/* ---- a span, read again ---- */

/* The model as it was at a mark, but for its buckets, which nobody asks. */
static void begin_near(struct viewed *viewed, const struct mark *mark)
{
	struct view_model *near = &viewed->near;
	view_model_clear(near);
	near->width = viewed->whole.width;
	memcpy(near->zones, viewed->whole.zones, sizeof(near->zones));
	memcpy(near->causes, viewed->whole.causes, sizeof(near->causes));
	near->zone_count = viewed->whole.zone_count;
	near->cause_count = viewed->whole.cause_count;
	for (unsigned i = 0; i < near->hart_count; i++) {
		struct view_hart *hart = &near->harts[i];
		struct view_hart own = *hart;
		*hart = mark->harts[i];
		hart->buckets = own.buckets;
		hart->recent = own.recent;
	}
}

static void keep_insn(struct viewed *viewed, const struct trace_event *event)
{
	bool inside = event->cycle >= viewed->near_from && event->cycle < viewed->near_to;
	if (event->type != TRACE_INSN || !viewed->near_insns || !inside || viewed->detail.insn_count == INSNS)
		return;
	viewed->insns[viewed->detail.insn_count++] = (struct view_insn){
	    .cycle = event->cycle, .pc = event->pc, .word = event->word, .hart = event->hart, .mode = event->mode};
}

/* All harts have come past the span, and exits that were open there have ended. */
static bool past(const struct view_model *near, uint64_t to)
{
	enum { PATIENCE = 1 << 22 }; /* cycles that a hart may be behind, or an exit may last */
	bool all = true;
	for (unsigned i = 0; i < near->hart_count; i++)
		all &= near->harts[i].cycle >= to && (!near->harts[i].outside || near->harts[i].exit.begin >= to);
	return all || view_model_end(near) > to + PATIENCE;
}

static void read_near(struct viewed *viewed, uint64_t from, uint64_t to, bool insns)
{
	struct trace_event event;
	const struct mark *mark = NULL;
	for (unsigned i = 0; i < viewed->mark_count && (i == 0 || viewed->marks[i].furthest <= from); i++)
		mark = &viewed->marks[i];
	viewed->near_from = viewed->near_to = 0;
	viewed->detail = (struct view_detail){.model = &viewed->near, .insns = insns ? viewed->insns : NULL};
	if (!mark || trace_reader_back(viewed->input.reader, mark->place) != 0)
		return;
	begin_near(viewed, mark);
	viewed->near_from = from;
	viewed->near_to = to;
	viewed->near_insns = insns;
	while (!past(&viewed->near, to) && input_next(&viewed->input, &event)) {
		put_event(viewed, &viewed->near, &event);
		keep_insn(viewed, &event);
	}
	for (unsigned i = 0; i < viewed->near.hart_count; i++) { /* who is behind has no events until the end */
		const struct view_hart *hart = &viewed->near.harts[i], *whole = &viewed->whole.harts[i];
		if (hart->cycle < to)
			view_model_now(&viewed->near, i, whole->cycle < to ? whole->cycle : to);
	}
}

/* Exits of all harts in what is shown: more than a window has pixels are not looked at one by one. */
static bool is_close(const struct viewed *viewed, uint64_t from, uint64_t to)
{
	enum { EXITS = 1 << 13 };
	for (unsigned i = 0; i < viewed->whole.hart_count; i++) {
		struct view_sum sum;
		double exits = 0;
		view_model_sum(&viewed->whole, i, from, to, &sum);
		for (unsigned row = 0; row < VIEW_CAUSES; row++)
			exits += sum.exits[row];
		if (exits > EXITS)
			return false;
	}
	return true;
}

static bool all_recent(const struct view_model *model, uint64_t from)
{
	bool recent = true;
	for (unsigned i = 0; i < model->hart_count; i++)
		recent &= view_model_recent(model, i, from);
	return recent;
}

static const struct view_detail *detail(void *context, uint64_t from, uint64_t to)
{
	struct viewed *viewed = context;
	bool insns = trace_reader_header(viewed->input.reader)->events >> TRACE_INSN & 1 && to - from <= INSN_SPAN;
	if (!viewed->read || !is_close(viewed, from, to))
		return NULL;
	if (!insns && all_recent(&viewed->whole, from)) {
		viewed->detail = (struct view_detail){.model = &viewed->whole};
		viewed->near_to = viewed->near_from = 0;
		return &viewed->detail;
	}
	bool there = viewed->near_to != viewed->near_from && from >= viewed->near_from && to <= viewed->near_to &&
	             (viewed->near_insns || !insns);
	if (!there) {
		uint64_t more = (to - from) / 2;
		read_near(viewed, from > more ? from - more : 0, to + more, insns);
	}
	return viewed->near_to != viewed->near_from && all_recent(&viewed->near, from) ? &viewed->detail : NULL;
}

/* ---- what the window asks ---- */

static const char *name(void *context, unsigned zone, uint64_t pc, char *text, size_t size)
{
	struct viewed *viewed = context;
	uint64_t offset = 0;
	bool guest = zone < viewed->whole.zone_count;
	const char *known = trace_reader_symbol(viewed->input.reader, guest ? MODE_VS : MODE_HS,
	                                        guest ? viewed->whole.zones[zone].guest : 0, pc, &offset);
	*text = '\0';
	if (known)
		snprintf(text, size, offset ? "%s+0x%" PRIx64 : "%s", known, offset);
	return text;
}

static void insn(void *context, const struct view_insn *row, char *text, size_t size)
{
	(void)context;
	struct isa isa = isa_default();
	struct insn decoded = decode(&isa, row->word);
	disasm(&decoded, row->pc, text, size);
	for (char *tab = text; (tab = strchr(tab, '\t')) != NULL;)
		*tab = ' ';
}

static bool obey(void *context, enum view_command command, const struct view_exit *exit, char reason[120])
{
	struct viewed *viewed = context;
	(void)exit;
	if (command == VIEW_SCREENSHOT)
		return view_window_picture(viewed->window, reason);
	viewed->quits |= command == VIEW_QUIT;
	return command == VIEW_QUIT;
}

/* ---- all of it ---- */

static void show(struct viewed *viewed)
{
	enum { PAUSE = 10000 }; /* microseconds */
	read_all(viewed);
	while (!viewed->quits && view_window_attend(viewed->window))
		usleep(PAUSE);
}

static int view_file(struct viewed *viewed)
{
	unsigned harts = trace_reader_header(viewed->input.reader)->hart_count;
	viewed->insns = malloc(INSNS * sizeof(*viewed->insns));
	viewed->chunks_apart = 1;
	if (!viewed->insns || view_model_init(&viewed->whole, harts, WIDTH) != 0 ||
	    view_model_init(&viewed->near, harts, WIDTH) != 0)
		return trouble(viewed->input.path, "no memory");
	struct view_source source = {.model = &viewed->whole,
	                             .title = viewed->title,
	                             .detail = detail,
	                             .name = name,
	                             .insn = insn,
	                             .obey = obey,
	                             .context = viewed};
	set_title(viewed);
	viewed->window = view_window_open(&source, "rvtrace view");
	if (!viewed->window)
		return EXIT_TROUBLE;
	show(viewed);
	view_window_close(viewed->window);
	return 0;
}

int rvtrace_view(int argc, char **argv)
{
	struct viewed viewed = {0};
	if (argc != 2 || *argv[1] == '-')
		return usage();
	if (input_open(&viewed.input, argv[1]))
		return EXIT_TROUBLE;
	if (!(trace_reader_header(viewed.input.reader)->events >> TRACE_WORLD & 1))
		return input_refuse(&viewed.input, "the trace has no world events: record with events=world");
	int result = view_file(&viewed);
	for (unsigned i = 0; i < viewed.mark_count; i++)
		free_mark(&viewed.marks[i]);
	view_model_free(&viewed.whole);
	view_model_free(&viewed.near);
	free(viewed.insns);
	return input_close(&viewed.input) | result;
}
