/* SDL 2, which is looked for when a window is asked for: a run without one needs no display, and no SDL. */
#ifndef WINDOW_SDL_H
#define WINDOW_SDL_H

#include <SDL2/SDL.h>

struct sdl {
	void *library;
#define SDL_CALL(result, name, arguments) result(*name) arguments;
#include "window/sdl_calls.def"
#undef SDL_CALL
};

/* 0, or -1 after a line on stderr: it is not installed, or lacks something. sdl_close in both cases. */
int sdl_open(struct sdl *sdl);
void sdl_close(struct sdl *sdl);

#endif
