/*
 * Screens: what devices show. Who looks at one, a window or a file, sees what is there at that moment, and changes nothing; a screen has no state
 * of its own.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stdint.h>

enum { SCREENS_MAX = 10, SCREEN_SIDE_MAX = 16384, CURSOR_SIDE = 64 };

/* Where in a pixel's bytes its colours are. */
struct pixel_format {
	uint8_t bytes, red, green, blue;
};

/* A picture in the host's memory, or the guest's: row n begins n * stride bytes from `pixels` on. Of simulated time: it is good
 * until the machine runs on. */
struct screen_picture {
	const uint8_t *pixels;
	uint32_t width, height, stride;
	struct pixel_format format;
};

/* What is drawn over it where the pointer is: 0xAARRGGBB, in rows of CURSOR_SIDE. */
struct screen_cursor {
	int32_t x, y; /* of its upper left corner */
	const uint32_t *pixels; /* NULL: there is none */
};

struct screen {
	const char *kind; /* of the device: virtio-gpu-device, ramfb... */
	const char *id; /* NULL: none */
	/* False: nothing is shown. */
	bool (*look)(void *context, struct screen_picture *picture);
	/* May be NULL. */
	struct screen_cursor (*cursor)(void *context);
	void *context;
	bool in_memory; /* the guest draws without telling: whoever shows it finds out what has changed */
	uint64_t changes; /* else it grows whenever something does */
};

struct screens {
	struct screen *list[SCREENS_MAX];
	unsigned count;
};

/* The screen lives as long as they do. False: there are too many. */
bool screens_add(struct screens *screens, struct screen *screen);
/* By its id, or else by its kind; `name` NULL: the one that shows something (the last such), or the first. NULL: there is none. */
struct screen *screens_find(const struct screens *screens, const char *name);

bool screen_look(const struct screen *screen, struct screen_picture *picture);
/* A row as 0x00RRGGBB. */
void screen_row(const struct screen_picture *picture, uint32_t row, uint32_t *pixels);

enum screen_file { SCREEN_PPM, SCREEN_PNG };

/* What it shows into a file, without the cursor. 0, or -1 after a line on stderr. */
int screen_write(const struct screen *screen, const char *path, enum screen_file kind);

#endif
