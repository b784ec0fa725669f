/* What the user does: where the view looks. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "view/view.h"

static const double least_span = 8; /* cycles */

void view_init(struct view *view, const struct view_source *source)
{
	*view = (struct view){
	    .source = source, .whole = true, .follow = source->live, .pointer_x = -1, .pointer_y = -1};
	view_limit(view);
}

void view_limit(struct view *view)
{
	double end = (double)view_model_end(view->source->model), span = view->to - view->from;
	if (view->whole) {
		view->from = 0;
		view->to = end < least_span ? least_span : end;
		return;
	}
	span = span < least_span ? least_span : span;
	if (span >= end) {
		view->from = 0;
		view->to = end < least_span ? least_span : end;
		return;
	}
	if (view->follow || view->from + span > end)
		view->from = end - span;
	if (view->from < 0)
		view->from = 0;
	view->to = view->from + span;
}

static double cycle_at(const struct view *view, int x)
{
	if (view->lanes.w <= 0)
		return view->from;
	return view->from + (view->to - view->from) * (x - view->lanes.x) / view->lanes.w;
}

/* Around a cycle that stays where it is. */
static void zoom(struct view *view, double around, double factor)
{
	double before = view->to - view->from, span = before * factor;
	span = span < least_span ? least_span : span;
	factor = span / before;
	view->whole = span >= (double)view_model_end(view->source->model);
	view->from = around - (around - view->from) * factor;
	view->to = view->from + span;
	view_limit(view);
}

static double middle(const struct view *view)
{
	bool inside = view->pointer_x >= view->lanes.x && view->pointer_x < view->lanes.x + view->lanes.w;
	return inside ? cycle_at(view, view->pointer_x) : (view->from + view->to) / 2;
}

static void pan(struct view *view, double cycles)
{
	view->whole = view->follow = false;
	view->from += cycles;
	view->to += cycles;
	view_limit(view);
}

static void go_to(struct view *view, double from, double to)
{
	view->whole = view->follow = false;
	view->from = from;
	view->to = to;
	view_limit(view);
}

/* The exit fills a part of the window. */
static void show_exit(struct view *view, const struct view_exit *exit)
{
	double length = (double)(exit->end - exit->begin), middle = (double)exit->begin + length / 2;
	length = length < 32 ? 32 : length;
	view->chosen = *exit;
	view->has_chosen = true;
	go_to(view, middle - length, middle + length);
}

static void next_slow(struct view *view)
{
	const struct view_model *model = view->source->model;
	if (model->slowest_count == 0) {
		snprintf(view->message, sizeof(view->message), "no exit has ended yet");
		return;
	}
	view->slow %= model->slowest_count;
	show_exit(view, &model->slowest[view->slow]);
	snprintf(view->message, sizeof(view->message), "exit %u of the slowest", ++view->slow);
}

static void want(struct view *view, enum view_command command)
{
	char reason[120] = "";
	if (!view->source->obey ||
	    !view->source->obey(view->source->context, command, view->has_chosen ? &view->chosen : NULL, reason))
		snprintf(view->message, sizeof(view->message), "%s",
		         *reason ? reason : "that is for a run, not for a file");
	else
		snprintf(view->message, sizeof(view->message), "%s", reason);
}

static void key_whole(struct view *view)
{
	view->whole = true;
	view_limit(view);
}

static void key_begin(struct view *view) { go_to(view, 0, view->to - view->from); }

static void key_end(struct view *view)
{
	double end = (double)view_model_end(view->source->model);
	go_to(view, end - (view->to - view->from), end);
}

static void key_follow(struct view *view)
{
	view->follow = !view->follow;
	view->whole &= !view->follow || view->source->live;
	view_limit(view);
}

static void key_in(struct view *view) { zoom(view, middle(view), 0.5); }
static void key_out(struct view *view) { zoom(view, middle(view), 2); }
static void key_left(struct view *view) { pan(view, -(view->to - view->from) / 8); }
static void key_right(struct view *view) { pan(view, (view->to - view->from) / 8); }
static void key_help(struct view *view) { view->help = !view->help; }
static void key_pause(struct view *view) { want(view, VIEW_PAUSE); }
static void key_step(struct view *view) { want(view, VIEW_STEP); }
static void key_back(struct view *view) { want(view, VIEW_BACK); }
static void key_catch(struct view *view) { want(view, VIEW_CATCH); }
static void key_quit(struct view *view) { want(view, VIEW_QUIT); }
static void key_shot(struct view *view) { want(view, VIEW_SCREENSHOT); }

bool view_key(struct view *view, const char *key)
{
	static const struct {
		const char *name;
		void (*does)(struct view *view);
	} keys[] = {
	    {"Up", key_in},     {"+", key_in},        {"=", key_in},       {"Down", key_out},    {"-", key_out},
	    {"Left", key_left}, {"Right", key_right}, {"Home", key_begin}, {"End", key_end},     {"0", key_whole},
	    {"F", key_follow},  {"S", key_step},      {"B", key_back},     {"Space", key_pause}, {"C", key_catch},
	    {"N", next_slow},   {"P", key_shot},      {"H", key_help},     {"F1", key_help},     {"Q", key_quit},
	};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, key) != 0)
			continue;
		view->message[0] = '\0';
		keys[i].does(view);
		return true;
	}
	return false;
}

void view_pointer(struct view *view, int x, int y, bool down)
{
	int moved = x - view->pointer_x;
	if (down && view->dragging && view->lanes.w > 0 && moved != 0)
		pan(view, -(view->to - view->from) * moved / view->lanes.w);
	view->dragging = down && view->pointer_x >= 0;
	view->pointer_x = x;
	view->pointer_y = y;
}

void view_click(struct view *view)
{
	if (view->under)
		key_catch(view);
}

void view_wheel(struct view *view, int clicks) { zoom(view, middle(view), pow(0.8, clicks)); }

void view_leave(struct view *view)
{
	view->pointer_x = view->pointer_y = -1;
	view->dragging = false;
}
