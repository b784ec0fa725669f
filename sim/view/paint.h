/* What drawing shares: colours that the colour-blind tell apart (Okabe and Ito), and words that fit. */
#ifndef VIEW_PAINT_H
#define VIEW_PAINT_H

#include "view/view.h"

enum {
	PAINT_GROUND = 0xffffff,
	PAINT_BAND = 0xf2f4f7,
	PAINT_LINE = 0xc8ccd4,
	PAINT_INK = 0x1b1f27,
	PAINT_FAINT = 0x646b78,
	PAINT_ALARM = 0xd55e00,
	PAINT_CHOSEN = 0x000000,
};

/* Of a point: a hundredth of a scale of 100. */
static inline int paint_points(const struct view_canvas *canvas, int points) { return points * canvas->scale / 100; }

void paint_fill(const struct view_canvas *canvas, int x, int y, int w, int h, uint32_t color);
/* No wider than that: what does not fit ends in dots. Its width. */
int paint_text(const struct view_canvas *canvas, int x, int y, int most, enum view_font font, uint32_t color,
               const char *text);
void paint_right(const struct view_canvas *canvas, int right, int y, enum view_font font, uint32_t color,
                 const char *text);

uint32_t paint_class(unsigned class);
uint32_t paint_on_class(unsigned class); /* words on it */
uint32_t paint_cause(unsigned row);
uint32_t paint_zone(unsigned zone);
/* A zone's colour under its hatch. */
void paint_hatch(const struct view_canvas *canvas, int x, int y, int w, int h, unsigned zone);
const char *paint_class_name(unsigned class);

/* "1,234,567" */
const char *paint_number(uint64_t number, char text[32]);
/* "load guest-page fault" */
const char *paint_cause_name(uint64_t cause);

#endif
