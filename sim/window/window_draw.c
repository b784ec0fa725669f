/* The window's picture: rows that are other ones than those that were drawn. */
#include <stdlib.h>
#include <string.h>
#include "window/window_parts.h"

struct screen *window_screen(const struct window *window)
{
	const struct screens *screens = window->config.screens;
	if (window->chosen != 0 && window->chosen <= screens->count)
		return screens->list[window->chosen - 1];
	return screens_find(screens, NULL);
}

/* Nothing is kept of what was drawn: another size, or no memory for it (then the window stays black). */
static void forget_picture(struct window *window)
{
	free(window->pixels);
	free(window->row);
	window->pixels = window->row = NULL;
	window->width = window->height = 0;
	window->stale = true;
}

static void fit_picture(struct window *window, const struct screen_picture *picture)
{
	if (picture->width == window->width && picture->height == window->height)
		return;
	forget_picture(window);
	window->pixels = calloc((size_t)picture->width * picture->height, sizeof(*window->pixels));
	window->row = malloc(picture->width * sizeof(*window->row));
	if (!window->pixels || !window->row) {
		forget_picture(window);
		return;
	}
	window->width = picture->width;
	window->height = picture->height;
	if (window->full)
		return;
	window->sdl.SetWindowSize(window->window, (int)picture->width, (int)picture->height);
	if (!window->placed) /* it was in the middle while it was small */
		window->sdl.SetWindowPosition(window->window, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED);
	window->placed = true;
}

static uint32_t blend(uint32_t below, uint32_t above)
{
	uint32_t alpha = above >> 24, result = 0;
	for (unsigned shift = 0; shift < 24; shift += 8) {
		uint32_t low = below >> shift & 0xff, high = above >> shift & 0xff;
		result |= ((low * (255 - alpha) + high * alpha) / 255) << shift;
	}
	return result;
}

/* What the guest's pointer covers of row y. */
static void draw_cursor(struct window *window, const struct screen_cursor *cursor, uint32_t y)
{
	int64_t row = (int64_t)y - cursor->y;
	if (!cursor->pixels || row < 0 || row >= CURSOR_SIDE)
		return;
	for (int64_t i = 0; i < CURSOR_SIDE; i++) {
		int64_t x = cursor->x + i;
		if (x >= 0 && x < window->width)
			window->row[x] = blend(window->row[x], cursor->pixels[row * CURSOR_SIDE + i]);
	}
}

/* The rows that have changed, [*first, *end), are copied. */
static void take_rows(struct window *window, const struct screen_picture *picture, uint32_t *first, uint32_t *end)
{
	const struct screen *screen = window->screen;
	struct screen_cursor cursor = {0};
	size_t bytes = window->width * sizeof(*window->row);
	if (screen->cursor)
		cursor = screen->cursor(screen->context);
	*first = window->height;
	*end = 0;
	for (uint32_t y = 0; y < window->height; y++) {
		uint32_t *drawn = window->pixels + (size_t)y * window->width;
		screen_row(picture, y, window->row);
		draw_cursor(window, &cursor, y);
		if (memcmp(drawn, window->row, bytes) == 0)
			continue;
		memcpy(drawn, window->row, bytes);
		*first = y < *first ? y : *first;
		*end = y + 1;
	}
}

/* As large as it fits with its sides as they are; 1:1 where the window has its size. */
static SDL_Rect area_in(const struct window *window, const SDL_Surface *surface)
{
	int64_t width = surface->w, height = surface->h;
	if (width * window->height > height * window->width)
		width = height * window->width / window->height;
	else
		height = width * window->height / window->width;
	return (SDL_Rect){.x = (int)((surface->w - width) / 2),
	                  .y = (int)((surface->h - height) / 2),
	                  .w = (int)width,
	                  .h = (int)height};
}

static void show_rows(struct window *window, SDL_Surface *surface, uint32_t first, uint32_t end)
{
	struct sdl *sdl = &window->sdl;
	SDL_Surface *picture = sdl->CreateRGBSurfaceWithFormatFrom(window->pixels, (int)window->width,
	                                                           (int)window->height, 32, (int)window->width * 4,
	                                                           SDL_PIXELFORMAT_RGB888);
	if (!picture)
		return;
	SDL_Rect rows = {.y = (int)first, .w = (int)window->width, .h = (int)(end - first)}, to = window->area;
	if (to.w == picture->w && to.h == picture->h) {
		to.y += rows.y;
		to.h = rows.h;
		sdl->UpperBlit(picture, &rows, surface, &to);
	} else {
		sdl->UpperBlitScaled(picture, NULL, surface, &to);
	}
	sdl->FreeSurface(picture);
	to = window->stale ? (SDL_Rect){.w = surface->w, .h = surface->h} : to;
	sdl->UpdateWindowSurfaceRects(window->window, &to, 1);
	window->stale = false;
}

/* Nothing is shown by anything: black. */
static void draw_nothing(struct window *window)
{
	if (window->width != 0)
		forget_picture(window);
	SDL_Surface *surface = window->stale ? window->sdl.GetWindowSurface(window->window) : NULL;
	if (!surface)
		return;
	SDL_Rect all = {.w = surface->w, .h = surface->h};
	window->sdl.FillRect(surface, NULL, 0);
	window->sdl.UpdateWindowSurfaceRects(window->window, &all, 1);
	window->stale = false;
}

void window_redraw(struct window *window) { window->stale = true; }

void window_draw(struct window *window)
{
	const struct screen *screen = window_screen(window);
	struct screen_picture picture;
	uint32_t first, end;
	if (!screen || !screen_look(screen, &picture)) {
		draw_nothing(window);
		return;
	}
	bool same = screen == window->screen && screen->changes == window->changes && !screen->in_memory;
	if (same && !window->stale)
		return;
	window->screen = screen;
	window->changes = screen->changes;
	fit_picture(window, &picture);
	if (window->width == 0)
		return;
	take_rows(window, &picture, &first, &end);
	if (first >= end && !window->stale)
		return;
	SDL_Surface *surface = window->sdl.GetWindowSurface(window->window);
	if (!surface)
		return;
	window->area = area_in(window, surface);
	if (window->stale) {
		window->sdl.FillRect(surface, NULL, 0);
		first = 0;
		end = window->height;
	}
	show_rows(window, surface, first, end);
}
