#include "dev/screen.h"

#include <string.h>

bool screens_add(struct screens *screens, struct screen *screen)
{
	if (screens->count == SCREENS_MAX)
		return false;
	screens->list[screens->count++] = screen;
	return true;
}

bool screen_look(const struct screen *screen, struct screen_picture *picture)
{
	return screen->look(screen->context, picture) && picture->width != 0 && picture->height != 0;
}

struct screen *screens_find(const struct screens *screens, const char *name)
{
	struct screen_picture picture;
	for (unsigned i = screens->count; i-- > 0;) {
		struct screen *screen = screens->list[i];
		if (name ? screen->id && strcmp(screen->id, name) == 0 : screen_look(screen, &picture))
			return screen;
	}
	for (unsigned i = 0; i < screens->count; i++)
		if (!name || strcmp(screens->list[i]->kind, name) == 0)
			return screens->list[i];
	return NULL;
}

void screen_row(const struct screen_picture *picture, uint32_t row, uint32_t *pixels)
{
	const struct pixel_format format = picture->format;
	const uint8_t *byte = picture->pixels + (uint64_t)row * picture->stride;
	if (format.bytes == 4 && format.red == 2 && format.green == 1 && format.blue == 0) { /* most are so */
		memcpy(pixels, byte, (size_t)picture->width * 4);
		for (uint32_t i = 0; i < picture->width; i++)
			pixels[i] &= 0xffffff;
		return;
	}
	for (uint32_t i = 0; i < picture->width; i++, byte += format.bytes)
		pixels[i] = (uint32_t)byte[format.red] << 16 | (uint32_t)byte[format.green] << 8 | byte[format.blue];
}
