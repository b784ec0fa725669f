/* The lanes: a row a hart, time from left to right. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "view/paint.h"

/* A lane from top to bottom. */
struct lane {
	struct view *view;
	const struct view_canvas *canvas;
	const struct view_detail *detail; /* NULL: buckets */
	struct view_sum *columns;         /* one a pixel of the lane */
	unsigned hart;
	int x, w;
	int marks_y, marks_h, body_y, body_h, zone_y, zone_h;
};

static double cycles_a_pixel(const struct lane *lane) { return (lane->view->to - lane->view->from) / lane->w; }

static int x_of(const struct lane *lane, double cycle)
{
	double x = (cycle - lane->view->from) / cycles_a_pixel(lane);
	return lane->x + (x < -1 ? -1 : x > lane->w + 1 ? lane->w + 1 : (int)x);
}

/* ---- columns ---- */

static void fill_from_buckets(const struct lane *lane)
{
	double step = cycles_a_pixel(lane), from = lane->view->from;
	for (int i = 0; i < lane->w; i++) {
		uint64_t begin = (uint64_t)(from + i * step), end = (uint64_t)(from + (i + 1) * step);
		view_model_sum(lane->view->source->model, lane->hart, begin, end > begin ? end : begin + 1,
		               &lane->columns[i]);
	}
}

static void fill_span(const struct lane *lane, const struct view_span *span)
{
	double step = cycles_a_pixel(lane), from = lane->view->from;
	double first = ((double)span->begin - from) / step, last = ((double)span->end - from) / step;
	first = first < 0 ? 0 : first;
	last = last > lane->w ? lane->w : last;
	for (int i = (int)first; i < lane->w && i < last; i++) {
		double begin = first > i ? first : i, end = last < i + 1 ? last : i + 1;
		if (end > begin)
			lane->columns[i].cycles[span->class] += (end - begin) * step;
	}
}

static void fill_from_detail(const struct lane *lane)
{
	const struct view_hart *hart = &lane->detail->model->harts[lane->hart];
	const struct view_span *span;
	memset(lane->columns, 0, (size_t)lane->w * sizeof(*lane->columns));
	for (uint64_t n = view_recent_span_at(&hart->recent, (uint64_t)lane->view->from);
	     (span = view_recent_span(&hart->recent, n)) != NULL && (double)span->begin < lane->view->to; n++)
		fill_span(lane, span);
	for (unsigned i = 0; i < hart->held_count; i++)
		fill_span(lane, &hart->held[i]);
	struct view_span open[2];
	view_hart_open(hart, open);
	fill_span(lane, &open[0]);
	fill_span(lane, &open[1]);
}

/* ---- worlds ---- */

static double total_of(const struct view_sum *sum)
{
	double total = 0;
	for (unsigned i = 0; i < VIEW_CLASSES; i++)
		total += sum->cycles[i];
	return total;
}

/* The class that has all of a column, as far as can be seen; VIEW_CLASSES: several share it. */
static unsigned class_of_column(const struct view_sum *sum, double cycles)
{
	for (unsigned i = 0; i < VIEW_CLASSES; i++)
		if (sum->cycles[i] > 0.98 * cycles)
			return i;
	return VIEW_CLASSES;
}

static void draw_shares(const struct lane *lane, int x, const struct view_sum *sum, double cycles)
{
	double below = 0;
	int bottom = lane->body_y + lane->body_h, last = bottom;
	for (unsigned n = 0; n < VIEW_CLASSES; n++) {
		unsigned class = (n + VIEW_GUEST) % VIEW_CLASSES; /* guests lie below */
		if (sum->cycles[class] <= 0)
			continue;
		below += sum->cycles[class] / cycles;
		int top = bottom - (int)lround((below > 1 ? 1 : below) * lane->body_h);
		paint_fill(lane->canvas, x, top, 1, last - top, paint_class(class));
		last = top;
	}
}

static void draw_zone_shares(const struct lane *lane, int x, int w, const struct view_sum *sum, double cycles)
{
	int bottom = lane->zone_y + lane->zone_h;
	for (unsigned zone = 0; zone < VIEW_ZONES; zone++) {
		double share = (sum->cycles[VIEW_GUEST + 2 * zone] + sum->cycles[VIEW_GUEST + 2 * zone + 1]) / cycles;
		int h = (int)ceil((share > 1 ? 1 : share) * lane->zone_h - 0.05);
		if (share <= 0)
			continue;
		paint_hatch(lane->canvas, x, bottom - h, w, h, zone);
		bottom -= h;
	}
}

/* In the lower half of the lane. */
static bool shows_insns(const struct lane *lane)
{
	return lane->detail && lane->detail->insns && cycles_a_pixel(lane) <= 0.5 &&
	       lane->body_h / 2 >= paint_points(lane->canvas, 14);
}

/* "VS smp", where there is room for it. */
static void draw_class_name(const struct lane *lane, int x, int w, unsigned class)
{
	const struct view_model *model = lane->view->source->model;
	char text[64];
	int pad = paint_points(lane->canvas, 4), high = paint_points(lane->canvas, 16);
	int room = shows_insns(lane) ? lane->body_h / 2 : lane->body_h;
	if (w < paint_points(lane->canvas, 30) || room < high)
		return;
	snprintf(text, sizeof(text), "%s%s%s", paint_class_name(class), view_is_guest(class) ? " " : "",
	         view_is_guest(class) ? model->zones[view_zone_of(class)].name : "");
	paint_text(lane->canvas, x + pad, lane->body_y + (room - high) / 2, w - 2 * pad, VIEW_SMALL,
	           paint_on_class(class), text);
}

/* Columns of one class are one rectangle; those that several share are drawn one by one. */
static void draw_worlds(const struct lane *lane)
{
	double step = cycles_a_pixel(lane);
	for (int i = 0; i < lane->w;) {
		const struct view_sum *sum = &lane->columns[i];
		unsigned owner = class_of_column(sum, step);
		int end = i + 1;
		while (end < lane->w && owner != VIEW_CLASSES && class_of_column(&lane->columns[end], step) == owner)
			end++;
		if (owner == VIEW_CLASSES) {
			if (total_of(sum) > 0)
				draw_shares(lane, lane->x + i, sum, step);
			draw_zone_shares(lane, lane->x + i, 1, sum, step);
		} else {
			paint_fill(lane->canvas, lane->x + i, lane->body_y, end - i, lane->body_h, paint_class(owner));
			if (view_is_guest(owner))
				paint_hatch(lane->canvas, lane->x + i, lane->zone_y, end - i, lane->zone_h,
				            view_zone_of(owner));
			draw_class_name(lane, lane->x + i, end - i, owner);
		}
		i = end;
	}
}

/* ---- exits ---- */

static void draw_mark(const struct lane *lane, int x, int w, double count, unsigned row)
{
	int h = lane->marks_h / 2 + (int)(log2(count < 1 ? 1 : count) * lane->marks_h / 16);
	h = h > lane->marks_h ? lane->marks_h : h < 2 ? 2 : h;
	paint_fill(lane->canvas, x, lane->marks_y + lane->marks_h - h, w, h, paint_cause(row));
}

/* Taller where there are more, in the colour of those that are most. */
static void draw_marks_from_buckets(const struct lane *lane)
{
	for (int i = 0; i < lane->w; i++) {
		double sum = 0;
		unsigned most = 0;
		for (unsigned row = 0; row < VIEW_CAUSES; row++) {
			sum += lane->columns[i].exits[row];
			if (lane->columns[i].exits[row] > lane->columns[i].exits[most])
				most = row;
		}
		if (sum > 0)
			draw_mark(lane, lane->x + i, 1, sum, most);
	}
}

static void draw_exit_mark(const struct lane *lane, const struct view_exit *exit, int *free_x)
{
	int x = x_of(lane, (double)exit->begin), end = x_of(lane, (double)exit->end),
	    pad = paint_points(lane->canvas, 3);
	if (x >= lane->x + lane->w || end < lane->x)
		return;
	if (x >= lane->x)
		draw_mark(lane, x, paint_points(lane->canvas, 2), 1 << 16, exit->row);
	x = x < lane->x ? lane->x : x;
	if (end - x < paint_points(lane->canvas, 70) || x < *free_x || lane->marks_h < paint_points(lane->canvas, 13))
		return;
	end = end > lane->x + lane->w ? lane->x + lane->w : end;
	*free_x = x + pad +
	          paint_text(lane->canvas, x + pad, lane->marks_y - 1, end - x - 2 * pad, VIEW_SMALL, PAINT_INK,
	                     paint_cause_name(exit->cause)) +
	          pad;
}

static void draw_marks_from_detail(const struct lane *lane)
{
	const struct view_hart *hart = &lane->detail->model->harts[lane->hart];
	const struct view_exit *exit;
	int free_x = 0;
	for (uint64_t n = view_recent_exit_at(&hart->recent, (uint64_t)lane->view->from);
	     (exit = view_recent_exit(&hart->recent, n)) != NULL && (double)exit->begin < lane->view->to; n++)
		draw_exit_mark(lane, exit, &free_x);
	if (hart->outside) {
		struct view_exit open = hart->exit;
		open.end = hart->cycle;
		draw_exit_mark(lane, &open, &free_x);
	}
}

/* A flag with its rank at each of the slowest exits. */
static void draw_flags(const struct lane *lane)
{
	const struct view_model *model = lane->view->source->model;
	const struct view_canvas *canvas = lane->canvas;
	int side = paint_points(canvas, 13), high = lane->body_h;
	for (unsigned n = model->slowest_count; n-- > 0;) {
		const struct view_exit *exit = &model->slowest[n];
		char rank[12];
		double begin = (double)exit->begin;
		if (exit->hart != lane->hart || begin < lane->view->from || begin >= lane->view->to)
			continue;
		int x = x_of(lane, begin), left = x + side > lane->x + lane->w ? x - side + 1 : x;
		snprintf(rank, sizeof(rank), "%u", n + 1);
		paint_fill(canvas, x, lane->marks_y, paint_points(canvas, 1), lane->marks_h + high, PAINT_INK);
		if (high < side + 2)
			continue;
		paint_fill(canvas, left, lane->body_y, side, side + 2, PAINT_INK);
		paint_text(canvas, left + (side - canvas->text_width(canvas->context, VIEW_SMALL, rank)) / 2,
		           lane->body_y, side, VIEW_SMALL, 0xffffff, rank);
	}
}

/* ---- instructions ---- */

static bool insn_shown(const struct lane *lane, const struct view_insn *insn)
{
	return insn->hart == lane->hart && (double)insn->cycle < lane->view->to;
}

/* Each as a box with its words, from where it retired to where the next did. */
static void draw_insns(const struct lane *lane)
{
	const struct view_detail *detail = lane->detail;
	const struct view_source *source = lane->view->source;
	int half = lane->body_h / 2, pad = paint_points(lane->canvas, 3);
	if (!shows_insns(lane))
		return;
	for (size_t i = 0; i < detail->insn_count; i++) {
		const struct view_insn *insn = &detail->insns[i];
		char text[96];
		if (!insn_shown(lane, insn))
			continue;
		size_t next = i + 1;
		while (next < detail->insn_count && detail->insns[next].hart != lane->hart)
			next++;
		uint64_t end = next < detail->insn_count ? detail->insns[next].cycle : insn->cycle + 1;
		int x = x_of(lane, (double)insn->cycle), right = x_of(lane, (double)end);
		x = x < lane->x ? lane->x : x;
		right = right > lane->x + lane->w ? lane->x + lane->w : right;
		if (right - x < 2)
			continue;
		paint_fill(lane->canvas, x, lane->body_y + half, right - x, half, PAINT_GROUND);
		paint_fill(lane->canvas, x + 1, lane->body_y + half + 1, right - x - 1, half - 2, PAINT_BAND);
		source->insn(source->context, insn, text, sizeof(text));
		if (right - x > paint_points(lane->canvas, 24))
			paint_text(lane->canvas, x + pad,
			           lane->body_y + half + (half - paint_points(lane->canvas, 15)) / 2,
			           right - x - 2 * pad, VIEW_SMALL, PAINT_INK, text);
	}
}

/* ---- what is under the pointer ---- */

/* Of two exits the one that is nearer. */
static void prefer(const struct lane *lane, const struct view_exit *exit, double cycle, double *best)
{
	double begin = (double)exit->begin, end = (double)exit->end, reach = 4 * cycles_a_pixel(lane);
	double away = cycle < begin ? begin - cycle : cycle >= end ? cycle - end + 1 : 0;
	if (away > reach || away >= *best)
		return;
	*best = away;
	lane->view->chosen = *exit;
	lane->view->has_chosen = lane->view->under = true;
}

static void choose_exit(const struct lane *lane)
{
	struct view *view = lane->view;
	const struct view_model *model = view->source->model;
	int x = view->pointer_x, y = view->pointer_y;
	double cycle = view->from + cycles_a_pixel(lane) * (x - lane->x + 0.5), best = INFINITY;
	if (x < lane->x || x >= lane->x + lane->w || y < lane->marks_y || y >= lane->zone_y + lane->zone_h)
		return;
	for (unsigned n = 0; n < model->slowest_count; n++)
		if (model->slowest[n].hart == lane->hart)
			prefer(lane, &model->slowest[n], cycle, &best);
	if (best <= 4 * cycles_a_pixel(lane) || !lane->detail)
		return;
	const struct view_hart *hart = &lane->detail->model->harts[lane->hart];
	double from = cycle - 4 * cycles_a_pixel(lane);
	const struct view_exit *exit;
	for (uint64_t n = view_recent_exit_at(&hart->recent, from < 0 ? 0 : (uint64_t)from);
	     (exit = view_recent_exit(&hart->recent, n)) != NULL &&
	     (double)exit->begin <= cycle + 4 * cycles_a_pixel(lane);
	     n++)
		prefer(lane, exit, cycle, &best);
}

static void draw_chosen(const struct lane *lane)
{
	const struct view *view = lane->view;
	const struct view_exit *exit = &view->chosen;
	if (!view->has_chosen || exit->hart != lane->hart || (double)exit->end < view->from ||
	    (double)exit->begin > view->to)
		return;
	int x = x_of(lane, (double)exit->begin), end = x_of(lane, (double)exit->end),
	    thick = paint_points(lane->canvas, 2);
	x = x < lane->x ? lane->x : x;
	end = end > lane->x + lane->w ? lane->x + lane->w : end;
	end = end - x < thick ? x + thick : end;
	paint_fill(lane->canvas, x, lane->body_y - thick, end - x, thick, PAINT_CHOSEN);
	paint_fill(lane->canvas, x, lane->zone_y + lane->zone_h, end - x, thick, PAINT_CHOSEN);
}

/* ---- all of it ---- */

static void draw_label(const struct lane *lane, int pitch)
{
	const struct view_canvas *canvas = lane->canvas;
	const struct view_hart *hart = &lane->view->source->model->harts[lane->hart];
	int left = paint_points(canvas, 12), most = lane->x - left - paint_points(canvas, 8);
	char text[80], name[64];
	if (pitch < paint_points(canvas, 16))
		return;
	snprintf(text, sizeof(text), "hart %u", lane->hart);
	paint_text(canvas, left, lane->body_y - paint_points(canvas, 2), most, VIEW_BOLD, PAINT_INK, text);
	if (pitch < paint_points(canvas, 52))
		return;
	snprintf(text, sizeof(text), "tp %" PRIx64, hart->tp);
	paint_text(canvas, left, lane->body_y + paint_points(canvas, 16), most, VIEW_SMALL, PAINT_FAINT, text);
	unsigned zone = mode_virt(hart->tp_mode) ? hart->zone : VIEW_ZONES;
	const char *known = lane->view->source->name(lane->view->source->context, zone, hart->tp_pc, name,
	                                             sizeof(name));
	if (hart->tp_pc != 0 && pitch >= paint_points(canvas, 66) && *known) {
		snprintf(text, sizeof(text), "%s: %s", mode_name(hart->tp_mode), known);
		paint_text(canvas, left, lane->body_y + paint_points(canvas, 31), most, VIEW_SMALL, PAINT_FAINT, text);
	}
}

static void draw_lane(struct lane *lane, int top, int pitch)
{
	int gap = pitch / 10;
	lane->marks_y = top;
	lane->marks_h = pitch / 5;
	lane->body_y = lane->marks_y + lane->marks_h;
	lane->zone_h = pitch / 6;
	lane->body_h = pitch - lane->marks_h - lane->zone_h - gap;
	lane->zone_y = lane->body_y + lane->body_h;
	if (lane->detail)
		fill_from_detail(lane);
	else
		fill_from_buckets(lane);
	paint_fill(lane->canvas, lane->x, lane->body_y, lane->w, lane->body_h + lane->zone_h, PAINT_BAND);
	draw_worlds(lane);
	if (lane->detail)
		draw_insns(lane);
	if (lane->detail)
		draw_marks_from_detail(lane);
	else
		draw_marks_from_buckets(lane);
	draw_flags(lane);
	choose_exit(lane);
	draw_label(lane, pitch);
}

static void draw_lanes(struct view *view, const struct view_canvas *canvas)
{
	const struct view_rect *area = &view->lanes;
	unsigned count = view->source->model->hart_count;
	struct view_sum *columns = calloc((size_t)area->w, sizeof(*columns));
	struct lane lane = {.view = view, .canvas = canvas, .columns = columns, .x = area->x, .w = area->w};
	int most = paint_points(canvas, 140), pitch = area->h / (int)count;
	pitch = pitch > most ? most : pitch < 4 ? 4 : pitch;
	view->under = false;
	if (!columns)
		return;
	if (view->source->detail)
		lane.detail = view->source->detail(view->source->context, (uint64_t)view->from,
		                                   (uint64_t)ceil(view->to));
	for (lane.hart = 0; lane.hart < count && (int)(lane.hart + 1) * pitch <= area->h; lane.hart++)
		draw_lane(&lane, area->y + (int)lane.hart * pitch, pitch);
	for (unsigned i = 0; i < lane.hart; i++) { /* the pointer may have chosen one of another lane */
		struct lane drawn = lane;
		drawn.hart = i;
		drawn.body_y = area->y + (int)i * pitch + pitch / 5;
		drawn.zone_h = pitch / 6;
		drawn.zone_y = area->y + (int)(i + 1) * pitch - pitch / 10 - drawn.zone_h;
		draw_chosen(&drawn);
	}
	free(columns);
}

/* Steps of 1, 2 or 5 times a power of ten. */
static double axis_step(double least)
{
	double step = pow(10, floor(log10(least)));
	return step * 5 < least ? step * 10 : step * 2 < least ? step * 5 : step < least ? step * 2 : step;
}

static void draw_axis(const struct view *view, const struct view_canvas *canvas, int y, int h)
{
	const struct view_rect *area = &view->lanes;
	double span = view->to - view->from, step = axis_step(span * paint_points(canvas, 110) / area->w);
	step = step < 1 ? 1 : step;
	for (double at = ceil(view->from / step) * step; at < view->to; at += step) {
		char text[32];
		int x = area->x + (int)((at - view->from) * area->w / span);
		paint_number((uint64_t)at, text);
		paint_fill(canvas, x, y + h - paint_points(canvas, 5), 1, paint_points(canvas, 5) + area->h,
		           PAINT_LINE);
		int width = canvas->text_width(canvas->context, VIEW_SMALL, text), pad = paint_points(canvas, 3);
		if (x + pad + width < area->x + area->w)
			paint_text(canvas, x + pad, y, area->w, VIEW_SMALL, PAINT_FAINT, text);
		else if (x - pad - width > area->x)
			paint_text(canvas, x - pad - width, y, area->w, VIEW_SMALL, PAINT_FAINT, text);
	}
}

/* The whole run, and where the window is in it. */
static void draw_overview(const struct view *view, const struct view_canvas *canvas, int y, int h)
{
	const struct view_model *model = view->source->model;
	const struct view_rect *area = &view->lanes;
	double end = (double)view_model_end(model), step = end / area->w;
	for (int i = 0; i < area->w; i++) {
		struct view_sum sum;
		double shares[VIEW_CLASSES] = {0}, below = 0;
		int last = y + h;
		for (unsigned hart = 0; hart < model->hart_count; hart++) {
			view_model_sum(model, hart, (uint64_t)(i * step), (uint64_t)((i + 1) * step) + 1, &sum);
			for (unsigned class = 0; class < VIEW_CLASSES; class ++)
				shares[view_is_guest(class) ? VIEW_GUEST : class] += sum.cycles[class] / (step + 1) /
				                                                     model->hart_count;
		}
		for (unsigned n = 0; n <= VIEW_GUEST; n++) {
			unsigned class = (n + VIEW_GUEST) % (VIEW_GUEST + 1);
			below += shares[class];
			int top = y + h - (int)lround((below > 1 ? 1 : below) * h);
			paint_fill(canvas, area->x + i, top, 1, last - top, paint_class(class));
			last = top;
		}
	}
	int left = area->x + (int)(view->from / end * area->w), right = area->x + (int)(view->to / end * area->w),
	    thick = paint_points(canvas, 2);
	right = right - left < 3 * thick ? left + 3 * thick : right > area->x + area->w ? area->x + area->w : right;
	paint_fill(canvas, left, y - thick, right - left, thick, PAINT_INK);
	paint_fill(canvas, left, y + h, right - left, thick, PAINT_INK);
	paint_fill(canvas, left, y, thick, h, PAINT_INK);
	paint_fill(canvas, right - thick, y, thick, h, PAINT_INK);
	paint_text(canvas, paint_points(canvas, 12), y + h / 2 - paint_points(canvas, 8), area->x, VIEW_SMALL,
	           PAINT_FAINT, "whole run");
}

static void draw_title(const struct view *view, const struct view_canvas *canvas, int h)
{
	const struct view_source *source = view->source;
	char text[160], from[32], span[32];
	int y = (h - paint_points(canvas, 19)) / 2, margin = paint_points(canvas, 12);
	const char *state = !source->live                                       ? ""
	                    : source->paused && source->paused(source->context) ? "   PAUSED"
	                    : view->follow                                      ? "   live"
	                                                                        : "   live, stays here";
	paint_fill(canvas, 0, 0, canvas->width, h, PAINT_INK);
	snprintf(text, sizeof(text), "from %s   %s cycles%s", paint_number((uint64_t)view->from, from),
	         paint_number((uint64_t)(view->to - view->from), span), state);
	paint_right(canvas, canvas->width - margin, y, VIEW_PLAIN, 0xffffff, text);
	int taken = canvas->text_width(canvas->context, VIEW_PLAIN, text) + 3 * margin;
	paint_text(canvas, margin, y, canvas->width - taken, VIEW_BOLD, 0xffffff, source->title);
}

static void draw_foot(const struct view *view, const struct view_canvas *canvas, int y, int most)
{
	static const char keys[] =
	    "drag, arrows: move   wheel, + -: zoom   0: whole run   n: slowest exit   p: picture   h: all keys";
	bool said = view->message[0] != '\0';
	paint_text(canvas, paint_points(canvas, 12), y, most, VIEW_SMALL, said ? PAINT_ALARM : PAINT_FAINT,
	           said ? view->message : keys);
}

static void draw_help(const struct view_canvas *canvas)
{
	static const char *const lines[][2] = {
	    {"drag, Left, Right", "move in time"},
	    {"wheel, Up, Down, +, -", "nearer, further: around the pointer"},
	    {"0", "the whole run"},
	    {"Home, End", "its beginning, its end"},
	    {"n", "the slowest exits, one after the other"},
	    {"f", "follow a run as it goes on"},
	    {"space", "pause, and go on"},
	    {"s, b", "a step forward, a step back (with --debug)"},
	    {"c, click", "stop at exits of this cause (with --debug)"},
	    {"p", "a picture: rvsim-N.png"},
	    {"h, q", "this text; close the window"},
	};
	enum { COUNT = sizeof(lines) / sizeof(lines[0]) };
	int line = paint_points(canvas, 22), w = paint_points(canvas, 560), h = (COUNT + 1) * line;
	int x = (canvas->width - w) / 2, y = (canvas->height - h) / 2, edge = paint_points(canvas, 2);
	paint_fill(canvas, x - edge, y - edge, w + 2 * edge, h + 2 * edge, PAINT_INK);
	paint_fill(canvas, x, y, w, h, PAINT_GROUND);
	for (unsigned i = 0; i < COUNT; i++) {
		int at = y + line / 2 + (int)i * line;
		paint_text(canvas, x + line, at, w, VIEW_BOLD, PAINT_INK, lines[i][0]);
		paint_text(canvas, x + paint_points(canvas, 210), at, w - paint_points(canvas, 220), VIEW_PLAIN,
		           PAINT_INK, lines[i][1]);
	}
}

void view_draw(struct view *view, const struct view_canvas *canvas)
{
	int bar = paint_points(canvas, 34), axis = paint_points(canvas, 24), foot = paint_points(canvas, 26);
	int overview = paint_points(canvas, 26), side = paint_points(canvas, 330), left = paint_points(canvas, 142);
	int margin = paint_points(canvas, 12), top = bar + axis, bottom = canvas->height - foot - overview - margin;
	bool state = view->source->state && view->source->state(view->source->context) != NULL;
	int below = state ? paint_points(canvas, view->source->model->hart_count > 2 ? 210 : 170) : 0;
	int width = canvas->width - left - side - margin;
	view_limit(view);
	paint_fill(canvas, 0, 0, canvas->width, canvas->height, PAINT_GROUND);
	if (width < paint_points(canvas, 60) || bottom - below - top < paint_points(canvas, 30)) {
		paint_text(canvas, margin, margin, canvas->width - 2 * margin, VIEW_PLAIN, PAINT_INK,
		           "the window is too small");
		return;
	}
	view->lanes = (struct view_rect){left, top, width, bottom - below - top};
	draw_axis(view, canvas, bar + paint_points(canvas, 4), axis - paint_points(canvas, 4));
	draw_lanes(view, canvas);
	draw_title(view, canvas, bar);
	draw_overview(view, canvas, bottom + margin / 2, overview);
	draw_foot(view, canvas, canvas->height - foot + paint_points(canvas, 4), left + width - margin);
	struct view_rect panel = {left + width + margin, bar + margin, side - margin,
	                          canvas->height - bar - 2 * margin};
	struct view_rect under = {margin, bottom - below, left + width - margin, below};
	view_draw_panels(view, canvas, &panel, &under);
	if (view->help)
		draw_help(canvas);
}
