/* What the user does in the window. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/say.h"
#include "window/window_parts.h"

static void push_event(struct window *window, enum user_sort sort, unsigned code, int32_t value)
{
	struct user_event event = {(uint16_t)sort, (uint16_t)code, value};
	if (user_input_wanted(window->config.user, sort))
		window->told |= user_input_push(window->config.user, &event, 0);
}

static void end_report(struct window *window)
{
	static const struct user_event event = {.sort = USER_REPORT};
	if (window->told)
		user_input_push(window->config.user, &event, 0);
	window->told = false;
}

/* ---- keys ---- */

static void tell_key(struct window *window, unsigned code, bool down)
{
	uint8_t bit = (uint8_t)(1 << code % 8), *byte = &window->down[code / 8];
	if (code == 0 || down == ((*byte & bit) != 0) || (down && !window->runs)) /* the guest repeats by itself */
		return;
	*byte = down ? *byte | bit : *byte & (uint8_t)~bit;
	push_event(window, USER_KEY, code, down);
	end_report(window);
}

void window_let_go(struct window *window)
{
	for (unsigned code = 1; code < KEY_CODES; code++)
		tell_key(window, code, false);
}

void window_grab(struct window *window, bool on)
{
	window->grabbed = on && window->sdl.SetRelativeMouseMode(SDL_TRUE) == 0;
	if (!on)
		window->sdl.SetRelativeMouseMode(SDL_FALSE);
	window->sdl.SetWindowTitle(window->window,
	                           window->grabbed ? "rvsim - ctrl-alt-g gives the mouse back" : "rvsim");
}

/* Under the first name that is free. */
static void take_screenshot(struct window *window)
{
	enum { SHOTS = 10000 };
	char path[32];
	const struct screen *screen = window_screen(window);
	if (!screen) {
		say("ctrl-alt-s: there is no screen");
		return;
	}
	do
		snprintf(path, sizeof(path), "rvsim-%u.png", ++window->shots);
	while (access(path, F_OK) == 0 && window->shots < SHOTS);
	if (screen_write(screen, path, SCREEN_PNG) == 0)
		say("screenshot: %s", path);
}

static void toggle_full_screen(struct window *window)
{
	uint32_t width = window->width, height = window->height;
	window->full = !window->full;
	window->sdl.SetWindowFullscreen(window->window, window->full ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
	if (!window->full && width != 0) /* some window managers leave it as large as it was */
		window->sdl.SetWindowSize(window->window, (int)width, (int)height);
	window_redraw(window);
}

/* ctrl-alt and a key: as in QEMU's window, and s. True: it was for rvsim. */
static bool obey_hotkey(struct window *window, SDL_Scancode key)
{
	if (key >= SDL_SCANCODE_1 && key <= SDL_SCANCODE_9) {
		unsigned number = key - SDL_SCANCODE_1 + 1;
		if (number <= window->config.screens->count)
			window->chosen = number;
		window_redraw(window);
		return true;
	}
	switch (key) {
	case SDL_SCANCODE_0:
		window->chosen = 0;
		window_redraw(window);
		return true;
	case SDL_SCANCODE_F: toggle_full_screen(window); return true;
	case SDL_SCANCODE_G: window_grab(window, !window->grabbed); return true;
	case SDL_SCANCODE_S: take_screenshot(window); return true;
	case SDL_SCANCODE_U:
		if (window->width != 0 && !window->full)
			window->sdl.SetWindowSize(window->window, (int)window->width, (int)window->height);
		return true;
	default: return false;
	}
}

static void hear_key(struct window *window, const SDL_KeyboardEvent *key)
{
	bool down = key->type == SDL_KEYDOWN;
	bool hot = (key->keysym.mod & KMOD_CTRL) && (key->keysym.mod & KMOD_LALT);
	if (down && hot && (key->repeat || obey_hotkey(window, key->keysym.scancode)))
		return;
	tell_key(window, key_by_usage((unsigned)key->keysym.scancode), down);
}

/* ---- pointer ---- */

/* Of the picture's width or height, in USER_PLACE_MAX parts. */
static int32_t place_on(int at, int start, int length)
{
	int64_t place = length > 1 ? (int64_t)(at - start) * USER_PLACE_MAX / (length - 1) : 0;
	return (int32_t)(place < 0 ? 0 : place > USER_PLACE_MAX ? USER_PLACE_MAX : place);
}

static bool wants(const struct window *window, enum user_sort sort)
{
	return user_input_wanted(window->config.user, sort);
}

/* Where there is a touch screen and no pointer, the mouse is a finger. */
static bool mouse_touches(const struct window *window)
{
	return !wants(window, USER_BUTTON) && wants(window, USER_TOUCH);
}

static void touch(struct window *window, unsigned slot, bool down, int32_t x, int32_t y)
{
	bool before = window->touching[slot], any = false;
	if (down ? !window->runs : !before)
		return;
	window->touching[slot] = down;
	for (unsigned i = 0; i < USER_SLOTS; i++)
		any |= window->touching[i];
	push_event(window, USER_TOUCH, TOUCH_SLOT, (int32_t)slot);
	if (down != before)
		push_event(window, USER_TOUCH, TOUCH_NUMBER, down ? window->touches++ & 0xffff : -1);
	if (down) {
		push_event(window, USER_TOUCH, TOUCH_X, x);
		push_event(window, USER_TOUCH, TOUCH_Y, y);
	}
	if (down != before)
		push_event(window, USER_TOUCH, TOUCH_ANY, any);
	end_report(window);
}

static void touch_by_mouse(struct window *window, bool down, int x, int y)
{
	const SDL_Rect *area = &window->area;
	touch(window, 0, down, place_on(x, area->x, area->w), place_on(y, area->y, area->h));
}

/* The slot that the finger has, or a free one. USER_SLOTS: there are too many fingers. */
static unsigned slot_of(const struct window *window, SDL_FingerID finger)
{
	for (unsigned i = 0; i < USER_SLOTS; i++)
		if (window->touching[i] && window->fingers[i] == finger)
			return i;
	for (unsigned i = 0; i < USER_SLOTS; i++)
		if (!window->touching[i])
			return i;
	return USER_SLOTS;
}

static void hear_finger(struct window *window, const SDL_TouchFingerEvent *finger)
{
	unsigned slot = slot_of(window, finger->fingerId);
	if (slot == USER_SLOTS)
		return;
	window->fingers[slot] = finger->fingerId;
	touch(window, slot, finger->type != SDL_FINGERUP, (int32_t)(finger->x * USER_PLACE_MAX),
	      (int32_t)(finger->y * USER_PLACE_MAX));
}

static void tell_place(struct window *window, int x, int y)
{
	const SDL_Rect *area = &window->area;
	push_event(window, USER_PLACE, 0, place_on(x, area->x, area->w));
	push_event(window, USER_PLACE, 1, place_on(y, area->y, area->h));
}

static void hear_motion(struct window *window, const SDL_MouseMotionEvent *motion)
{
	if (window->width == 0 || !window->runs)
		return;
	if (mouse_touches(window)) {
		if (motion->state & SDL_BUTTON_LMASK)
			touch_by_mouse(window, true, motion->x, motion->y);
		return;
	}
	if (wants(window, USER_PLACE)) {
		tell_place(window, motion->x, motion->y);
	} else if (window->grabbed) {
		push_event(window, USER_MOVE, 0, motion->xrel);
		push_event(window, USER_MOVE, 1, motion->yrel);
	} else {
		return;
	}
	end_report(window);
}

static void hear_button(struct window *window, const SDL_MouseButtonEvent *button)
{
	static const uint16_t codes[] = {
	    [SDL_BUTTON_LEFT] = BTN_LEFT, [SDL_BUTTON_MIDDLE] = BTN_MIDDLE, [SDL_BUTTON_RIGHT] = BTN_RIGHT,
	    [SDL_BUTTON_X1] = BTN_SIDE,   [SDL_BUTTON_X2] = BTN_EXTRA,
	};
	bool down = button->type == SDL_MOUSEBUTTONDOWN;
	if ((down && !window->runs) || window->width == 0 || button->button >= sizeof(codes) / sizeof(codes[0]) ||
	    codes[button->button] == 0)
		return;
	if (mouse_touches(window)) {
		if (button->button == SDL_BUTTON_LEFT)
			touch_by_mouse(window, down, button->x, button->y);
		return;
	}
	if (!wants(window, USER_PLACE) && wants(window, USER_MOVE) && !window->grabbed) {
		if (down && button->button == SDL_BUTTON_LEFT) /* the click is for that */
			window_grab(window, true);
		return;
	}
	if (wants(window, USER_PLACE))
		tell_place(window, button->x, button->y);
	push_event(window, USER_BUTTON, codes[button->button], down);
	end_report(window);
}

static void hear_wheel(struct window *window, const SDL_MouseWheelEvent *wheel)
{
	int32_t clicks = wheel->direction == SDL_MOUSEWHEEL_FLIPPED ? -wheel->y : wheel->y;
	if (clicks == 0 || !window->runs || (!window->grabbed && !wants(window, USER_PLACE)))
		return;
	push_event(window, USER_WHEEL, 0, clicks);
	end_report(window);
}

/* ---- the window ---- */

static void hear_window(struct window *window, const SDL_WindowEvent *event)
{
	switch (event->event) {
	case SDL_WINDOWEVENT_FOCUS_LOST:
		window_let_go(window);
		if (window->grabbed)
			window_grab(window, false);
		break;
	case SDL_WINDOWEVENT_EXPOSED:
	case SDL_WINDOWEVENT_SIZE_CHANGED: window_redraw(window); break;
	default: break;
	}
}

void window_hear(struct window *window, const SDL_Event *event)
{
	switch (event->type) {
	case SDL_QUIT:
		if (window->config.closed)
			window->config.closed(window->config.context);
		break;
	case SDL_WINDOWEVENT: hear_window(window, &event->window); break;
	case SDL_KEYDOWN:
	case SDL_KEYUP: hear_key(window, &event->key); break;
	case SDL_MOUSEMOTION: hear_motion(window, &event->motion); break;
	case SDL_MOUSEBUTTONDOWN:
	case SDL_MOUSEBUTTONUP: hear_button(window, &event->button); break;
	case SDL_MOUSEWHEEL: hear_wheel(window, &event->wheel); break;
	case SDL_FINGERDOWN:
	case SDL_FINGERUP:
	case SDL_FINGERMOTION: hear_finger(window, &event->tfinger); break;
	default: break;
	}
}
