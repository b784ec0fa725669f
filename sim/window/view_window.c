#include "window/view_window.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/host_clock.h"
#include "base/say.h"
#include "dev/screen.h"
#include "view/view.h"
#include "window/sdl.h"

enum { WIDTH = 1280, HEIGHT = 720, FIRST_GLYPH = ' ', END_GLYPH = 127, DRAG = 3 /* points: less is a click */ };

struct ttf_font;

/* Glyphs are drawn once, in white, and coloured as they are copied. */
struct face {
	struct ttf_font *font;
	SDL_Surface *glyphs[END_GLYPH - FIRST_GLYPH];
	int widths[END_GLYPH - FIRST_GLYPH];
};

struct view_window {
	struct sdl sdl;
	struct {
		void *library;
		bool begun;
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration */
#define TTF_CALL(result, name, arguments) result(*name) arguments;
#include "window/ttf_calls.def"
#undef TTF_CALL
	} ttf;
	const char *option;
	SDL_Window *window;
	SDL_Surface *surface;
	struct face faces[VIEW_FONTS];
	int scale, user_scale; /* hundredths */
	struct view view;
	double next; /* when to picture_look again, by the host's clock */
	double drawn;
	bool stale, closed;
	int down_x, down_y; /* where the button went down */
	unsigned shots;
};

/* ---- fonts ---- */

static int open_ttf(struct view_window *window)
{
	window->ttf.library = dlopen("libSDL2_ttf-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!window->ttf.library)
		return say("%s: SDL2_ttf is not there (package libsdl2-ttf-2.0-0): %s", window->option, dlerror());
#define TTF_CALL(result, name, arguments)                                                                              \
	window->ttf.name = (__typeof__(window->ttf.name))dlsym(window->ttf.library, "TTF_" #name);                     \
	if (!window->ttf.name)                                                                                         \
		return say("%s: this SDL2_ttf has no TTF_%s", window->option, #name);
#include "window/ttf_calls.def"
#undef TTF_CALL
	if (window->ttf.Init() != 0)
		return say("%s: SDL2_ttf: %s", window->option, window->sdl.GetError());
	window->ttf.begun = true;
	return 0;
}

static void close_face(struct view_window *window, struct face *face)
{
	for (unsigned i = 0; i < END_GLYPH - FIRST_GLYPH; i++)
		window->sdl.FreeSurface(face->glyphs[i]);
	if (face->font)
		window->ttf.CloseFont(face->font);
	*face = (struct face){0};
}

static int open_face(struct view_window *window, struct face *face, const char *file, int size)
{
	char path[96];
	const SDL_Color white = {255, 255, 255, 255};
	snprintf(path, sizeof(path), "/usr/share/fonts/truetype/dejavu/%s.ttf", file);
	face->font = window->ttf.OpenFont(path, size * window->scale / 100);
	if (!face->font)
		return say("%s: %s: it is not there (package fonts-dejavu-core)", window->option, path);
	for (int i = 0; i < END_GLYPH - FIRST_GLYPH; i++) {
		char text[2] = {(char)(FIRST_GLYPH + i), '\0'};
		face->glyphs[i] = window->ttf.RenderUTF8_Blended(face->font, text, white);
		window->ttf.SizeUTF8(face->font, text, &face->widths[i], NULL);
	}
	return 0;
}

static int open_faces(struct view_window *window)
{
	static const struct {
		const char *file;
		int size;
	} fonts[VIEW_FONTS] = {[VIEW_SMALL] = {"DejaVuSans", 12},
	                       [VIEW_PLAIN] = {"DejaVuSans", 14},
	                       [VIEW_BOLD] = {"DejaVuSans-Bold", 13}};
	for (unsigned i = 0; i < VIEW_FONTS; i++) {
		close_face(window, &window->faces[i]);
		if (open_face(window, &window->faces[i], fonts[i].file, fonts[i].size) != 0)
			return -1;
	}
	return 0;
}

/* ---- the canvas ---- */

static void fill(void *context, const struct view_rect *rect, uint32_t color)
{
	struct view_window *window = context;
	SDL_Rect to = {rect->x, rect->y, rect->w, rect->h};
	window->sdl.FillRect(window->surface, &to, color);
}

static unsigned glyph_of(char letter)
{
	unsigned code = (unsigned char)letter;
	return (code < FIRST_GLYPH || code >= END_GLYPH ? '?' : code) - FIRST_GLYPH;
}

static void draw_text(void *context, int x, int y, enum view_font font, uint32_t color, const char *text)
{
	struct view_window *window = context;
	for (const struct face *face = &window->faces[font]; *text; text++) {
		unsigned glyph = glyph_of(*text);
		SDL_Rect to = {.x = x, .y = y};
		SDL_Surface *from = face->glyphs[glyph];
		if (from) {
			window->sdl.SetSurfaceColorMod(from, (Uint8)(color >> 16), (Uint8)(color >> 8), (Uint8)color);
			window->sdl.UpperBlit(from, NULL, window->surface, &to);
		}
		x += face->widths[glyph];
	}
}

static int text_width(void *context, enum view_font font, const char *text)
{
	const struct view_window *window = context;
	int width = 0;
	for (; *text; text++)
		width += window->faces[font].widths[glyph_of(*text)];
	return width;
}

/* Where a point is more than a pixel: as the display has it, times what the user wants. */
static bool fit_scale(struct view_window *window)
{
	int w = WIDTH, h;
	window->sdl.GetWindowSize(window->window, &w, &h);
	int scale = w > 0 ? window->surface->w * window->user_scale / w : window->user_scale;
	if (scale == window->scale)
		return true;
	window->scale = scale;
	return open_faces(window) == 0;
}

static void draw(struct view_window *window)
{
	struct view_canvas canvas = {fill, draw_text, text_width, window, 0, 0, 0};
	window->surface = window->sdl.GetWindowSurface(window->window);
	if (!window->surface || !fit_scale(window))
		return;
	canvas.width = window->surface->w;
	canvas.height = window->surface->h;
	canvas.scale = window->scale;
	view_draw(&window->view, &canvas);
	window->sdl.UpdateWindowSurface(window->window);
	window->stale = false;
	window->drawn = host_seconds();
}

/* ---- a picture ---- */

static bool picture_look(void *context, struct screen_picture *picture)
{
	const struct view_window *window = context;
	const SDL_Surface *surface = window->surface;
	*picture = (struct screen_picture){
	    .pixels = surface->pixels,
	    .width = (uint32_t)surface->w,
	    .height = (uint32_t)surface->h,
	    .stride = (uint32_t)surface->pitch,
	    .format = {4, surface->format->Rshift / 8, surface->format->Gshift / 8, surface->format->Bshift / 8},
	};
	return surface->format->BytesPerPixel == 4;
}

bool view_window_picture(struct view_window *window, char said[120])
{
	enum { SHOTS = 10000 };
	char path[32];
	struct screen screen = {.kind = "the view", .look = picture_look, .context = window};
	draw(window); /* without what the last key said */
	if (!window->surface)
		return false;
	do
		snprintf(path, sizeof(path), "rvsim-%u.png", ++window->shots);
	while (access(path, F_OK) == 0 && window->shots < SHOTS);
	bool good = screen_write(&screen, path, SCREEN_PNG) == 0;
	snprintf(said, 120, good ? "picture: %s" : "%s cannot be written", path);
	if (good)
		say("%s", said);
	return good;
}

/* ---- what the user does ---- */

static int to_pixels(const struct view_window *window, int place)
{
	int w = 0, h;
	window->sdl.GetWindowSize(window->window, &w, &h);
	return w > 0 && window->surface ? place * window->surface->w / w : place;
}

static void key_pressed(struct view_window *window, const SDL_KeyboardEvent *key)
{
	const char *name = window->sdl.GetKeyName(key->keysym.sym);
	bool control = key->keysym.mod & KMOD_CTRL;
	enum { SCALE_LEAST = 50, SCALE_MOST = 400, SCALE_STEP = 25 };
	int step = !control ? 0 : *name == '-' ? -SCALE_STEP : *name == '=' || *name == '+' ? SCALE_STEP : 0;
	if (*name == '=' && (key->keysym.mod & KMOD_SHIFT))
		name = "+";
	if (step != 0 && window->user_scale + step >= SCALE_LEAST && window->user_scale + step <= SCALE_MOST)
		window->user_scale += step;
	else if (!control)
		view_key(&window->view, name);
	window->stale = true;
}

static void button_changed(struct view_window *window, const SDL_MouseButtonEvent *button)
{
	int x = to_pixels(window, button->x), y = to_pixels(window, button->y);
	if (button->button != SDL_BUTTON_LEFT)
		return;
	bool down = button->type == SDL_MOUSEBUTTONDOWN;
	view_pointer(&window->view, x, y, down);
	if (!down && abs(x - window->down_x) <= DRAG && abs(y - window->down_y) <= DRAG)
		view_click(&window->view);
	window->down_x = x;
	window->down_y = y;
	window->stale = true;
}

static void hear(struct view_window *window, const SDL_Event *event)
{
	switch (event->type) {
	case SDL_QUIT: window->closed = true; break;
	case SDL_KEYDOWN: key_pressed(window, &event->key); break;
	case SDL_MOUSEBUTTONDOWN:
	case SDL_MOUSEBUTTONUP: button_changed(window, &event->button); break;
	case SDL_MOUSEMOTION:
		view_pointer(&window->view, to_pixels(window, event->motion.x), to_pixels(window, event->motion.y),
		             event->motion.state & SDL_BUTTON_LMASK);
		window->stale = true;
		break;
	case SDL_MOUSEWHEEL:
		view_wheel(&window->view,
		           event->wheel.direction == SDL_MOUSEWHEEL_FLIPPED ? -event->wheel.y : event->wheel.y);
		window->stale = true;
		break;
	case SDL_WINDOWEVENT:
		if (event->window.event == SDL_WINDOWEVENT_LEAVE)
			view_leave(&window->view);
		if (event->window.event == SDL_WINDOWEVENT_CLOSE)
			window->closed = true;
		window->stale = true;
		break;
	default: break;
	}
}

/* ---- the window ---- */

static int begin(struct view_window *window)
{
	struct sdl *sdl = &window->sdl;
	if (sdl_open(sdl, window->option) != 0 || open_ttf(window) != 0)
		return -1;
	window->window = sdl->CreateWindow("rvsim view", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, WIDTH,
	                                   HEIGHT, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
	if (!window->window)
		return say("%s: no window can be opened: %s", window->option, sdl->GetError());
	sdl->StopTextInput(); /* keys are keys, not text */
	window->surface = sdl->GetWindowSurface(window->window);
	if (!window->surface)
		return say("%s: %s", window->option, sdl->GetError());
	return fit_scale(window) ? 0 : -1;
}

struct view_window *view_window_open(const struct view_source *source, const char *option)
{
	struct view_window *window = calloc(1, sizeof(*window));
	if (!window) {
		say("out of memory for the window");
		return NULL;
	}
	window->option = option;
	window->user_scale = 100;
	window->stale = true;
	view_init(&window->view, source);
	if (begin(window) == 0)
		return window;
	view_window_close(window);
	return NULL;
}

void view_window_close(struct view_window *window)
{
	if (!window)
		return;
	for (unsigned i = 0; i < VIEW_FONTS && window->ttf.begun; i++)
		close_face(window, &window->faces[i]);
	if (window->ttf.begun)
		window->ttf.Quit();
	if (window->ttf.library)
		dlclose(window->ttf.library);
	if (window->window)
		window->sdl.DestroyWindow(window->window);
	sdl_close(&window->sdl);
	free(window);
}

void view_window_redraw(struct view_window *window) { window->stale = true; }

bool view_window_attend(struct view_window *window)
{
	enum { SHARE = 32 };
	const double frame = 1.0 / 60, rest = 0.5, live = 0.25;
	double now = host_seconds();
	SDL_Event event;
	if (now < window->next)
		return !window->closed;
	while (window->sdl.PollEvent(&event))
		hear(window, &event);
	if (window->stale || (window->view.source->live && now - window->drawn >= live))
		draw(window);
	double pause = (host_seconds() - now) * SHARE;
	window->next = now + (pause < frame ? frame : pause > rest ? rest : pause);
	return !window->closed;
}
