#include "window/sdl.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include "base/say.h"

static int find_calls(struct sdl *sdl, const char *option)
{
	sdl->library = dlopen("libSDL2-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!sdl->library)
		return say("%s: SDL 2 is not there (package libsdl2-2.0-0): %s", option, dlerror());
#define SDL_CALL(result, name, arguments)                                                                              \
	sdl->name = (__typeof__(sdl->name))dlsym(sdl->library, "SDL_" #name);                                          \
	if (!sdl->name)                                                                                                \
		return say("%s: this SDL 2 has no SDL_%s", option, #name);
#include "window/sdl_calls.def"
#undef SDL_CALL
	return 0;
}

/* Without Wayland its library would say so on stderr before X is tried. */
static int choose_video_driver(struct sdl *sdl, const char *option)
{
	bool named = getenv("SDL_VIDEODRIVER") != NULL, wayland = getenv("WAYLAND_DISPLAY") != NULL;
	if (!named && !wayland && !getenv("DISPLAY"))
		return say("%s: there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set", option);
	if (!named && !wayland)
		sdl->SetHint(SDL_HINT_VIDEODRIVER, "x11");
	return 0;
}

/* SDL goes on without a display, and nobody sees a thing: that is no window, unless it is asked for by name. */
static int check_video_driver(struct sdl *sdl, const char *option)
{
	const char *driver = sdl->GetCurrentVideoDriver();
	if (getenv("SDL_VIDEODRIVER") || (driver && strcmp(driver, "offscreen") != 0 && strcmp(driver, "dummy") != 0))
		return 0;
	return say("%s: there is no display to show a window on (is DISPLAY or WAYLAND_DISPLAY set?)", option);
}

int sdl_open(struct sdl *sdl, const char *option)
{
	*sdl = (struct sdl){0};
	if (find_calls(sdl, option) != 0)
		return -1;
	sdl->begun = true;
	if (choose_video_driver(sdl, option) != 0)
		return -1;
	sdl->SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");     /* signals are the machine's */
	sdl->SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0"); /* OpenGL costs 100 MB for what is a copy */
	sdl->SetHint(SDL_HINT_TOUCH_MOUSE_EVENTS, "0");
	sdl->SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
	if (sdl->InitSubSystem(SDL_INIT_VIDEO) != 0)
		return say("%s: there is no display that can be used: %s", option, sdl->GetError());
	return check_video_driver(sdl, option);
}

void sdl_close(struct sdl *sdl)
{
	if (sdl->begun)
		sdl->QuitSubSystem(SDL_INIT_VIDEO);
	if (sdl->library)
		dlclose(sdl->library);
	*sdl = (struct sdl){0};
}
