/* window.c, which opens and attends, window_draw.c and window_hear.c. */
#ifndef WINDOW_PARTS_H
#define WINDOW_PARTS_H

#include <stdint.h>
#include "dev/keys.h"
#include "dev/screen.h"
#include "dev/user_input.h"
#include "window/sdl.h"
#include "window/window.h"

struct window {
	struct window_config config;
	struct sdl sdl;
	SDL_Window *window;
	double next; /* when to look again, by the host's clock */

	unsigned chosen;             /* 1 + the screen that the user chose; 0: what there is to see */
	const struct screen *screen; /* that was drawn last */
	uint64_t changes;            /* ... and its changes then */
	uint32_t *pixels, *row;      /* what was drawn: width * height; and room for a row */
	uint32_t width, height;      /* 0: nothing was */
	SDL_Rect area;               /* of the window that the picture takes */
	bool placed;                 /* the window had the size of a picture before */
	bool stale;                  /* the whole window must be drawn */

	bool runs;     /* the machine: else nothing is begun, but keys are let go */
	bool told;     /* something waits for its report */
	bool full, grabbed, cursor_hidden;
	uint8_t down[KEY_CODES / 8]; /* keys that the guest knows to be down */
	SDL_FingerID fingers[USER_SLOTS];
	bool touching[USER_SLOTS];
	int32_t touches; /* so far: each has a number */
	unsigned shots; /* screenshots by key */
};

/* What the screen shows now, if that is something else. */
void window_draw(struct window *window);
/* The next look draws all of it. */
void window_redraw(struct window *window);

void window_hear(struct window *window, const SDL_Event *event);
/* Keys that are down are let go: nobody would hear of it. */
void window_let_go(struct window *window);
void window_grab(struct window *window, bool on);

/* The screen that is shown; NULL: there is none. */
struct screen *window_screen(const struct window *window);

#endif
