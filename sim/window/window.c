#include "window/window.h"

#include <stdlib.h>
#include "base/host_clock.h"
#include "base/say.h"
#include "window/window_parts.h"

enum { FIRST_WIDTH = 640, FIRST_HEIGHT = 400 };

static const double frame_seconds = 1.0 / 60;

static int begin_sdl(struct window *window)
{
	struct sdl *sdl = &window->sdl;
	if (sdl_open(sdl, "-display sdl") != 0)
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
