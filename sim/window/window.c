#include "window/window.h"

#include <stdlib.h>
#include <string.h>
#include "base/host_clock.h"
#include "base/say.h"
#include "window/window_parts.h"

enum { FIRST_WIDTH = 640, FIRST_HEIGHT = 400 };

static const double frame_seconds = 1.0 / 60;

/* Without Wayland its library would say so on stderr before X is tried. */
static int choose_video_driver(struct window *window)
{
	bool named = getenv("SDL_VIDEODRIVER") != NULL, wayland = getenv("WAYLAND_DISPLAY") != NULL;
	if (!named && !wayland && !getenv("DISPLAY"))
		return say("-display sdl: there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set");
	if (!named && !wayland)
		window->sdl.SetHint(SDL_HINT_VIDEODRIVER, "x11");
	return 0;
}

/* SDL goes on without a display, and nobody sees a thing: that is no window, unless it is asked for by name. */
static int check_video_driver(struct window *window)
{
	const char *driver = window->sdl.GetCurrentVideoDriver();
	if (getenv("SDL_VIDEODRIVER") || (driver && strcmp(driver, "offscreen") != 0 && strcmp(driver, "dummy") != 0))
		return 0;
	return say("-display sdl: there is no display to show a window on (is DISPLAY or WAYLAND_DISPLAY set?)");
}

static int begin_sdl(struct window *window)
{
	struct sdl *sdl = &window->sdl;
	if (sdl_open(sdl) != 0)
		return -1;
	window->begun = true;
	if (choose_video_driver(window) != 0)
		return -1;
	sdl->SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");     /* signals are the machine's */
	sdl->SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0"); /* OpenGL costs 100 MB for what is a copy */
	sdl->SetHint(SDL_HINT_TOUCH_MOUSE_EVENTS, "0");
	sdl->SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
	if (sdl->InitSubSystem(SDL_INIT_VIDEO) != 0)
		return say("-display sdl: there is no display that can be used: %s", sdl->GetError());
	if (check_video_driver(window) != 0)
		return -1;
	window->window = sdl->CreateWindow("rvsim", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, FIRST_WIDTH,
	                                   FIRST_HEIGHT, SDL_WINDOW_RESIZABLE);
	if (!window->window)
		return say("-display sdl: no window can be opened: %s", sdl->GetError());
	sdl->StopTextInput(); /* keys are keys, not text */
	if (window->config.full_screen)
		window->full = sdl->SetWindowFullscreen(window->window, SDL_WINDOW_FULLSCREEN_DESKTOP) == 0;
	return 0;
}

struct window *window_open(const struct window_config *config)
{
	struct window *window = calloc(1, sizeof(*window));
	if (!window) {
		say("out of memory for the window");
		return NULL;
	}
	window->config = *config;
	window->stale = true;
	if (begin_sdl(window) == 0)
		return window;
	window_close(window);
	return NULL;
}

void window_close(struct window *window)
{
	if (!window)
		return;
	if (window->window)
		window->sdl.DestroyWindow(window->window);
	if (window->begun)
		window->sdl.Quit();
	sdl_close(&window->sdl);
	free(window->pixels);
	free(window->row);
	free(window);
}

/* Where the guest draws a pointer of its own the host's is in the way. */
static void attend_cursor(struct window *window)
{
	bool pointer = user_input_wanted(window->config.user, USER_BUTTON);
	bool hidden = pointer && window->width != 0 && !window->config.shows_cursor;
	if (hidden == window->cursor_hidden)
		return;
	window->cursor_hidden = hidden;
	window->sdl.ShowCursor(hidden ? SDL_DISABLE : SDL_ENABLE);
}

void window_attend(struct window *window, bool runs)
{
	enum { SHARE = 12 }; /* of the time that passes a look takes at most one part in so many */
	const double rest = 0.25;
	double now = host_seconds();
	SDL_Event event;
	if (now < window->next)
		return;
	window->runs = runs;
	while (window->sdl.PollEvent(&event))
		window_hear(window, &event);
	attend_cursor(window);
	window_draw(window);
	double pause = (host_seconds() - now) * SHARE;
	pause = pause < frame_seconds ? frame_seconds : pause > rest ? rest : pause;
	window->next = now + pause;
}
