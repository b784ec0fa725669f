/* Beside the lanes: what colours mean, exits by cause, the exit under the pointer, the slowest; below them: memory and occupancy. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "view/paint.h"

/* A panel is filled from top to bottom. */
struct panel {
	struct view *view;
	const struct view_canvas *canvas;
	int x, y, w, bottom;
};

static int points(const struct panel *panel, int n) { return paint_points(panel->canvas, n); }

static void heading(struct panel *panel, const char *left, const char *right)
{
	paint_text(panel->canvas, panel->x, panel->y, panel->w, VIEW_BOLD, PAINT_INK, left);
	if (right)
		paint_right(panel->canvas, panel->x + panel->w, panel->y + points(panel, 1), VIEW_SMALL, PAINT_FAINT,
		            right);
	paint_fill(panel->canvas, panel->x, panel->y + points(panel, 20), panel->w, 1, PAINT_LINE);
	panel->y += points(panel, 25);
}

static bool panel_room(const struct panel *panel, int lines)
{
	return panel->y + lines * points(panel, 18) <= panel->bottom;
}

/* "name       number" with a bar below it all. */
static void bar(struct panel *panel, uint32_t color, double share, const char *name, const char *number)
{
	int h = points(panel, 17), width = (int)((share > 1 ? 1 : share) * panel->w), swatch = points(panel, 9);
	int number_w = panel->canvas->text_width(panel->canvas->context, VIEW_SMALL, number);
	paint_fill(panel->canvas, panel->x, panel->y + h - points(panel, 3), panel->w, points(panel, 2), PAINT_BAND);
	paint_fill(panel->canvas, panel->x, panel->y + h - points(panel, 3), width < 1 && share > 0 ? 1 : width,
	           points(panel, 2), color);
	paint_fill(panel->canvas, panel->x, panel->y + points(panel, 3), swatch, swatch, color);
	paint_text(panel->canvas, panel->x + swatch + points(panel, 6), panel->y,
	           panel->w - number_w - swatch - points(panel, 14), VIEW_SMALL, PAINT_INK, name);
	paint_right(panel->canvas, panel->x + panel->w, panel->y, VIEW_SMALL, PAINT_INK, number);
	panel->y += points(panel, 18);
}

/* ---- legend ---- */

static void draw_legend(struct panel *panel)
{
	static const unsigned classes[] = {VIEW_M, VIEW_HS, VIEW_U, VIEW_GUEST, VIEW_GUEST + 1, VIEW_IDLE};
	const struct view_model *model = panel->view->source->model;
	const struct view_canvas *canvas = panel->canvas;
	int side = points(panel, 12), x = panel->x;
	heading(panel, "Worlds and zones", "zones with their exits");
	for (unsigned i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		paint_fill(canvas, x, panel->y + points(panel, 2), side, side, paint_class(classes[i]));
		x += side + points(panel, 4);
		x += paint_text(canvas, x, panel->y, panel->w, VIEW_SMALL, PAINT_INK, paint_class_name(classes[i])) +
		     points(panel, 10);
	}
	panel->y += points(panel, 20);
	for (unsigned i = 0; i < model->zone_count; i++) {
		char text[80], count[32];
		int left = panel->x + (int)(i % 2) * (panel->w / 2), wide = points(panel, 26);
		snprintf(text, sizeof(text), "%s: %s", model->zones[i].name,
		         paint_number(model->zones[i].exits, count));
		paint_hatch(canvas, left, panel->y + points(panel, 3), wide, points(panel, 11), i);
		paint_text(canvas, left + wide + points(panel, 5), panel->y, panel->w / 2 - wide - points(panel, 9),
		           VIEW_SMALL, PAINT_INK, text);
		if (i % 2 == 1 || i + 1 == model->zone_count)
			panel->y += points(panel, 19);
	}
	if (model->zone_count == 0) {
		paint_text(canvas, panel->x, panel->y, panel->w, VIEW_SMALL, PAINT_FAINT, "no zone has run yet");
		panel->y += points(panel, 19);
	}
	panel->y += points(panel, 6);
}

/* ---- exits by cause ---- */

static void sum_exits(const struct view *view, double counts[VIEW_CAUSES])
{
	const struct view_model *model = view->source->model;
	for (unsigned hart = 0; hart < model->hart_count; hart++) {
		struct view_sum sum;
		view_model_sum(model, hart, (uint64_t)view->from, (uint64_t)view->to + 1, &sum);
		for (unsigned row = 0; row < VIEW_CAUSES; row++)
			counts[row] += sum.exits[row];
	}
}

static void draw_causes(struct panel *panel)
{
	const struct view *view = panel->view;
	const struct view_model *model = view->source->model;
	double counts[VIEW_CAUSES] = {0}, most = 0;
	double per = view->source->hz > 0 ? view->source->hz : 1e6, span = view->to - view->from;
	bool shown[VIEW_CAUSES] = {false};
	sum_exits(view, counts);
	for (unsigned row = 0; row < model->cause_count; row++)
		most = counts[row] > most ? counts[row] : most;
	heading(panel, view->source->hz > 0 ? "Exits a second" : "Exits a million cycles", "in what is shown");
	for (unsigned n = 0; n < model->cause_count && n < 8 && panel_room(panel, 1); n++) {
		unsigned best = VIEW_CAUSES;
		char text[48], rate[32];
		for (unsigned row = 0; row < model->cause_count; row++)
			if (!shown[row] && (best == VIEW_CAUSES || counts[row] > counts[best]))
				best = row;
		shown[best] = true;
		double each = counts[best] / span * per;
		if (each < 100)
			snprintf(text, sizeof(text), "%.1f", each);
		else
			snprintf(text, sizeof(text), "%s", paint_number((uint64_t)(each + 0.5), rate));
		bool rest = best == VIEW_CAUSES - 1;
		bar(panel, paint_cause(best), most > 0 ? counts[best] / most : 0,
		    rest ? "others" : paint_cause_name(model->causes[best].cause), text);
	}
	if (model->cause_count == 0) {
		paint_text(panel->canvas, panel->x, panel->y, panel->w, VIEW_SMALL, PAINT_FAINT, "no exit yet");
		panel->y += points(panel, 18);
	}
	panel->y += points(panel, 8);
}

/* ---- an exit ---- */

static void line(struct panel *panel, const char *name, const char *value)
{
	int label = points(panel, 66);
	paint_text(panel->canvas, panel->x, panel->y, label, VIEW_SMALL, PAINT_FAINT, name);
	paint_text(panel->canvas, panel->x + label, panel->y, panel->w - label, VIEW_SMALL, PAINT_INK, value);
	panel->y += points(panel, 17);
}

static void draw_split(struct panel *panel, const struct view_exit *exit)
{
	uint64_t length = exit->end - exit->begin, most = 1;
	for (unsigned part = 0; part < SPLIT_PARTS; part++)
		most = exit->parts[part] > most ? exit->parts[part] : most;
	for (unsigned part = 0; part < SPLIT_PARTS && panel_room(panel, 1); part++) {
		char text[64], number[32];
		if (exit->parts[part] == 0)
			continue;
		snprintf(text, sizeof(text), "%s  %2.0f %%", paint_number(exit->parts[part], number),
		         100.0 * (double)exit->parts[part] / (double)length);
		bar(panel, part == SPLIT_WAIT ? 0xb4b9c3 : 0x0072b2, (double)exit->parts[part] / (double)most,
		    split_titles[part], text);
	}
}

static void draw_exit(struct panel *panel)
{
	const struct view *view = panel->view;
	const struct view_exit *exit = &view->chosen;
	char text[128], number[32], name[64];
	heading(panel, "Exit", view->under ? "under the pointer" : view->has_chosen ? "chosen" : NULL);
	if (!view->has_chosen) {
		paint_text(panel->canvas, panel->x, panel->y, panel->w, VIEW_SMALL, PAINT_FAINT,
		           "point at a mark, or press n");
		panel->y += points(panel, 26);
		return;
	}
	line(panel, "cause", paint_cause_name(exit->cause));
	snprintf(text, sizeof(text), "hart %u, %s", exit->hart, view->source->model->zones[exit->zone].name);
	line(panel, "where", text);
	if (exit->has_trap) {
		const char *known = view->source->name(view->source->context, exit->zone, exit->pc, name, sizeof(name));
		snprintf(text, sizeof(text), "0x%" PRIx64 " %s", exit->pc, known);
		line(panel, "pc", text);
		snprintf(text, sizeof(text), "0x%" PRIx64, exit->tval);
		line(panel, "tval", text);
	}
	line(panel, "cycle", paint_number(exit->begin, number));
	snprintf(text, sizeof(text), "%s cycles%s", paint_number(exit->end - exit->begin, number),
	         exit->ended ? "" : " so far");
	line(panel, "took", text);
	if (exit->has_split)
		draw_split(panel, exit);
	else
		line(panel, "split", view->source->live ? "with --stats, --trace or --debug" : "the trace has none");
	panel->y += points(panel, 8);
}

static void list_slowest(struct panel *panel)
{
	const struct view_model *model = panel->view->source->model;
	if (!panel_room(panel, 3))
		return;
	heading(panel, "Slowest exits", "cycles, without waiting");
	for (unsigned i = 0; i < model->slowest_count && panel_room(panel, 1); i++) {
		const struct view_exit *exit = &model->slowest[i];
		char text[128], number[32];
		snprintf(text, sizeof(text), "%u  %s, %s", i + 1, paint_cause_name(exit->cause),
		         model->zones[exit->zone].name);
		paint_number(view_exit_busy(exit), number);
		int width = panel->canvas->text_width(panel->canvas->context, VIEW_SMALL, number);
		paint_text(panel->canvas, panel->x, panel->y, panel->w - width - points(panel, 10), VIEW_SMALL,
		           PAINT_INK, text);
		paint_right(panel->canvas, panel->x + panel->w, panel->y, VIEW_SMALL, PAINT_INK, number);
		panel->y += points(panel, 17);
	}
}

/* ---- below: memory and occupancy ---- */

static void draw_map_row(const struct panel *panel, const struct view_state *state, const struct view_map *map,
                         int left, int h)
{
	double per = (double)state->memory_size / (panel->x + panel->w - left);
	for (size_t i = 0; i < map->count; i++) {
		const struct view_pages *pages = &map->pages[i];
		if (pages->address < state->memory_begin || pages->address >= state->memory_begin + state->memory_size)
			continue;
		int x = left + (int)((double)(pages->address - state->memory_begin) / per);
		int end = left + (int)((double)(pages->address + pages->size - state->memory_begin) / per);
		end = end > x ? end : x + 1;
		end = end > panel->x + panel->w ? panel->x + panel->w : end;
		if (pages->fresh)
			paint_fill(panel->canvas, x, panel->y, end - x, h, PAINT_ALARM);
		else
			paint_hatch(panel->canvas, x, panel->y + points(panel, 3), end - x, h - points(panel, 3),
			            map->zone);
	}
}

static void draw_maps(struct panel *panel, const struct view_state *state)
{
	const struct view_model *model = panel->view->source->model;
	int left = panel->x + points(panel, 130), h = points(panel, 15);
	char text[96];
	if (state->map_count == 0)
		return;
	snprintf(text, sizeof(text), "0x%" PRIx64 " + %" PRIu64 " MiB; new: red", state->memory_begin,
	         state->memory_size >> 20);
	heading(panel, "Memory by zone (G-stage)", text);
	for (unsigned i = 0; i < state->map_count && panel_room(panel, 1); i++) {
		const struct view_map *map = &state->maps[i];
		snprintf(text, sizeof(text), "%s, %.1f MiB", model->zones[map->zone].name,
		         (double)map->bytes / (1 << 20));
		paint_text(panel->canvas, panel->x, panel->y, left - panel->x - points(panel, 6), VIEW_SMALL, PAINT_INK,
		           text);
		paint_fill(panel->canvas, left, panel->y, panel->x + panel->w - left, h, PAINT_BAND);
		draw_map_row(panel, state, map, left, h);
		panel->y += points(panel, 19);
	}
	panel->y += points(panel, 6);
}

static void draw_occupancy(struct panel *panel, const struct view_state *state)
{
	const struct view_canvas *canvas = panel->canvas;
	heading(panel, "TLB entries by zone", "orange: not of a zone");
	int left = panel->x + points(panel, 130), h = points(panel, 13),
	    room = panel->x + panel->w - left - points(panel, 80);
	for (unsigned i = 0; i < state->occupancy_count && panel_room(panel, 1); i++) {
		const struct view_occupancy *row = &state->occupancy[i];
		unsigned used = row->others;
		char text[48];
		int x = left;
		paint_text(canvas, panel->x, panel->y, left - panel->x, VIEW_SMALL, PAINT_INK, row->name);
		paint_fill(canvas, left, panel->y + points(panel, 1), room, h, PAINT_BAND);
		for (unsigned zone = 0; zone < VIEW_ZONES; zone++) {
			int end = left +
			          (int)((double)(used - row->others + row->by_zone[zone]) * room / row->capacity);
			used += row->by_zone[zone];
			if (end > x)
				paint_hatch(canvas, x, panel->y + points(panel, 1), end - x, h, zone);
			x = end;
		}
		int end = left + (int)((double)used * room / row->capacity);
		paint_fill(canvas, x, panel->y + points(panel, 1), end - x, h, paint_class(VIEW_HS));
		snprintf(text, sizeof(text), "%u of %u", used, row->capacity);
		paint_right(canvas, panel->x + panel->w, panel->y, VIEW_SMALL, PAINT_INK, text);
		panel->y += points(panel, 17);
	}
}

void view_draw_panels(struct view *view, const struct view_canvas *canvas, const struct view_rect *side,
                      const struct view_rect *below)
{
	struct panel panel = {view, canvas, side->x, side->y, side->w, side->y + side->h};
	const struct view_state *state = below->h > 0 ? view->source->state(view->source->context) : NULL;
	draw_legend(&panel);
	draw_causes(&panel);
	draw_exit(&panel);
	list_slowest(&panel);
	if (!state)
		return;
	panel = (struct panel){view, canvas, below->x, below->y, below->w, below->y + below->h};
	draw_maps(&panel, state);
	draw_occupancy(&panel, state);
}
