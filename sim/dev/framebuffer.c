#include "dev/framebuffer.h"

#include "base/bus.h"
#include "base/say.h"

enum { PIXEL_BYTES = 4 };

uint64_t framebuffer_bytes(const struct framebuffer_config *config)
{
	return (uint64_t)config->width * config->height * PIXEL_BYTES;
}

static bool framebuffer_look(void *context, struct screen_picture *picture)
{
	const struct framebuffer *framebuffer = context;
	*picture = (struct screen_picture){
	    .pixels = bus_host(framebuffer->bus, framebuffer->address),
	    .width = framebuffer->width,
	    .height = framebuffer->height,
	    .stride = framebuffer->width * PIXEL_BYTES,
	    .format = {PIXEL_BYTES, 2, 1, 0},
	};
	return true;
}

int framebuffer_add(struct framebuffer *framebuffer, const struct framebuffer_config *config, uint64_t address,
                    const struct bus *bus, struct screens *screens)
{
	*framebuffer = (struct framebuffer){
	    .screen = {.kind = "simple-framebuffer",
	               .id = config->id,
	               .look = framebuffer_look,
	               .context = framebuffer,
	               .in_memory = true},
	    .bus = bus,
	    .address = address,
	    .width = config->width,
	    .height = config->height,
	};
	return screens_add(screens, &framebuffer->screen)
	           ? 0
	           : say("-device simple-framebuffer: there are too many screens");
}
