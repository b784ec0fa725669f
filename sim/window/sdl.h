/* SDL 2, which is looked for when a window is asked for: a run without one needs no display, and no SDL. */
#ifndef WINDOW_SDL_H
#define WINDOW_SDL_H

#include <stdbool.h>
#include <SDL2/SDL.h>

struct sdl {
	void *library;
	bool begun;
#define SDL_CALL(result, name, arguments) result(*name) arguments;
#include "window/sdl_calls.def"
#undef SDL_CALL
};

/* For windows. 0, or -1 after a line on stderr, which begins with `option`: SDL is not installed, or lacks something, or there is no
 * display. sdl_close in both cases. */
int sdl_open(struct sdl *sdl, const char *option);
void sdl_close(struct sdl *sdl);

#endif
