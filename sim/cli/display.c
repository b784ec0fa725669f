#include "cli/display.h"

#include <string.h>
#include "cli/values.h"

enum { SIDE_LEAST = 16, DEFAULT_WIDTH = 1280, DEFAULT_HEIGHT = 800 };

/* A word behind the kind: as QEMU's of sdl. */
static int set_sdl_property(struct options *options, const char *name, const char *value)
{
	struct config *config = &options->config;
	bool on = true;
	if (strcmp(name, "grab-mod") == 0) {
		if (value && strcmp(value, "lctrl-lalt") == 0)
			return 0;
		return bad("-display sdl: grab-mod=%s is not supported: it is lctrl-lalt here", value ? value : "");
	}
	if (value && !options_switch(value, &on))
		return bad("-display sdl: %s=%s: must be on or off", name, value);
	if (strcmp(name, "show-cursor") == 0)
		config->display.cursor = on;
	else if (strcmp(name, "window-close") == 0)
		config->display.stays = !on;
	else if (strcmp(name, "full-screen") == 0)
		config->display.full_screen = on;
	else if (strcmp(name, "gl") != 0)
		return bad("-display sdl: unknown property '%s' (show-cursor, window-close, full-screen, gl=off)",
		           name);
	else if (on)
		return bad("-display sdl: gl=on is not supported: virtio-gpu has no 3D here");
	return 0;
}

int display_option(struct options *options, const struct option_row *row, char *value)
{
	char *list = keep_text(options, value);
	const char *kind = next_item(&list);
	bool sdl = strcmp(kind, "sdl") == 0;
	if (!sdl && strcmp(kind, "none") != 0)
		return bad("-%s %s: must be none or sdl", row->name, value);
	options->config.display.sdl = sdl;
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		if (!sdl)
			return bad("-%s none: '%s' says nothing of it", row->name, item);
		if (set_sdl_property(options, item, setting) != 0)
			return -1;
	}
	return 0;
}

int display_side(const char *model, const char *name, const char *value, uint32_t *side)
{
	uint64_t number;
	if (!number_between(value, SIDE_LEAST, SCREEN_SIDE_MAX, &number))
		return bad("-device %s: %s=%s: must be from %d to %d", model, name, value, SIDE_LEAST, SCREEN_SIDE_MAX);
	*side = (uint32_t)number;
	return 0;
}

int display_ramfb(struct options *options, char *list)
{
	struct config *config = &options->config;
	if (config->ramfb.present)
		return bad("-device ramfb: there can be one only");
	config->ramfb.present = true;
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *value = cut_value(item);
		if (!value || *value == '\0' || strcmp(item, "id") != 0)
			return bad("-device ramfb: unknown property '%s' (id=)", item);
		config->ramfb.id = value;
	}
	return 0;
}

static int set_framebuffer_property(struct framebuffer_config *config, const char *name, const char *value)
{
	static const char model[] = "simple-framebuffer";
	if (!value || *value == '\0')
		return bad("-device %s: '%s' needs a value", model, name);
	if (strcmp(name, "id") == 0) {
		config->id = value;
		return 0;
	}
	if (strcmp(name, "xres") == 0)
		return display_side(model, name, value, &config->width);
	if (strcmp(name, "yres") == 0)
		return display_side(model, name, value, &config->height);
	if (strcmp(name, "addr") != 0)
		return bad("-device %s: unknown property '%s' (xres=, yres=, addr=, id=)", model, name);
	if (!number_between(value, 1, UINT64_MAX, &config->address) || config->address % 4096 != 0)
		return bad("-device %s: addr=%s: must be an address of memory, on a page of 4096 bytes", model, value);
	return 0;
}

int display_framebuffer(struct options *options, char *list)
{
	struct framebuffer_config *config = &options->config.framebuffer;
	if (config->present)
		return bad("-device simple-framebuffer: there can be one only");
	*config = (struct framebuffer_config){.present = true, .width = DEFAULT_WIDTH, .height = DEFAULT_HEIGHT};
	for (char *item; (item = next_item(&list)) != NULL;) {
		char *value = cut_value(item);
		if (set_framebuffer_property(config, item, value) != 0)
			return -1;
	}
	return 0;
}
