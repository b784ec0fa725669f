#include "window/sdl.h"

#include <dlfcn.h>
#include "base/say.h"

int sdl_open(struct sdl *sdl)
{
	*sdl = (struct sdl){.library = dlopen("libSDL2-2.0.so.0", RTLD_NOW | RTLD_LOCAL)};
	if (!sdl->library)
		return say("-display sdl: SDL 2 is not there (package libsdl2-2.0-0): %s", dlerror());
#define SDL_CALL(result, name, arguments)                                                                              \
	sdl->name = (__typeof__(sdl->name))dlsym(sdl->library, "SDL_" #name);                                          \
	if (!sdl->name)                                                                                                \
		return say("-display sdl: this SDL 2 has no SDL_%s", #name);
#include "window/sdl_calls.def"
#undef SDL_CALL
	return 0;
}

void sdl_close(struct sdl *sdl)
{
	if (sdl->library)
		dlclose(sdl->library);
	*sdl = (struct sdl){0};
}
