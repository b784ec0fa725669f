#include "view/paint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "trace/world.h"

void paint_fill(const struct view_canvas *canvas, int x, int y, int w, int h, uint32_t color)
{
	struct view_rect rect = {x, y, w, h};
	if (w > 0 && h > 0)
		canvas->fill(canvas->context, &rect, color);
}

int paint_text(const struct view_canvas *canvas, int x, int y, int most, enum view_font font, uint32_t color,
               const char *text)
{
	char cut[160];
	int width = canvas->text_width(canvas->context, font, text);
	if (width > most) {
		size_t length = strlen(text);
		length = length < sizeof(cut) - 3 ? length : sizeof(cut) - 3;
		do
			snprintf(cut, sizeof(cut), "%.*s..", (int)length, text);
		while ((width = canvas->text_width(canvas->context, font, cut)) > most && length-- > 1);
		if (width > most)
			return 0;
		text = cut;
	}
	canvas->text(canvas->context, x, y, font, color, text);
	return width;
}

void paint_right(const struct view_canvas *canvas, int right, int y, enum view_font font, uint32_t color,
                 const char *text)
{
	int width = canvas->text_width(canvas->context, font, text);
	canvas->text(canvas->context, right - width, y, font, color, text);
}

/* Worlds: M, HS, U, idle; VS and VU are the two blues. */
uint32_t paint_class(unsigned class)
{
	static const uint32_t colors[] = {
	    [VIEW_M] = 0xd55e00, [VIEW_HS] = 0xe69f00, [VIEW_U] = 0xf0e442, [VIEW_IDLE] = 0xdfe2e8};
	if (view_is_guest(class))
		return (class - VIEW_GUEST) % 2 ? 0x8ccdf2 : 0x0072b2;
	return colors[class];
}

uint32_t paint_on_class(unsigned class)
{
	bool dark = class == VIEW_M || (view_is_guest(class) && (class - VIEW_GUEST) % 2 == 0);
	return dark ? 0xffffff : PAINT_INK;
}

const char *paint_class_name(unsigned class)
{
	static const char *const names[] = {[VIEW_M] = "M", [VIEW_HS] = "HS", [VIEW_U] = "U", [VIEW_IDLE] = "idle"};
	if (view_is_guest(class))
		return (class - VIEW_GUEST) % 2 ? "VU" : "VS";
	return names[class];
}

uint32_t paint_cause(unsigned row)
{
	static const uint32_t colors[] = {0x000000, 0x009e73, 0xcc79a7, 0xd55e00,
	                                  0x0072b2, 0xe69f00, 0x56b4e9, 0xb8a900};
	enum { COUNT = sizeof(colors) / sizeof(colors[0]) };
	return row < COUNT ? colors[row] : 0x8a909c;
}

uint32_t paint_zone(unsigned zone)
{
	static const uint32_t colors[VIEW_ZONES] = {0x009e73, 0xcc79a7, 0xf0e442, 0x56b4e9,
	                                            0x8a909c, 0xe69f00, 0x0072b2, 0x444444};
	return colors[zone % VIEW_ZONES];
}

/* Zone 0 is plain, 1 has upright bars, 2 diagonals, 3 dots, and so on: told apart without colour, too. */
static bool hatched(unsigned zone, int column, int row)
{
	switch (zone) {
	case 1: return column % 4 == 0;
	case 2: return (column + row) % 4 == 0;
	case 3: return column % 3 == 0 && row % 2 == 0;
	case 4: return row % 2 == 0;
	case 5: return (column - row) % 3 == 0;
	case 6: return column % 2 == 0;
	case 7: return (column + row) % 2 == 0;
	default: return false;
	}
}

void paint_hatch(const struct view_canvas *canvas, int x, int y, int w, int h, unsigned zone)
{
	int step = paint_points(canvas, 2);
	step = step < 1 ? 1 : step;
	paint_fill(canvas, x, y, w, h, paint_zone(zone));
	if (zone == 0)
		return;
	for (int row = 0; row * step < h; row++)
		for (int at = x / step; at * step < x + w; at++) {
			int left = at * step < x ? x : at * step,
			    right = (at + 1) * step < x + w ? (at + 1) * step : x + w;
			int tall = (row + 1) * step <= h ? step : h - row * step;
			if (hatched(zone, at, row))
				paint_fill(canvas, left, y + row * step, right - left, tall, PAINT_INK);
		}
}

const char *paint_number(uint64_t number, char text[32])
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, number), out = 0;
	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			text[out++] = ',';
		text[out++] = digits[i];
	}
	text[out] = '\0';
	return text;
}

const char *paint_cause_name(uint64_t cause) { return world_cause_name(cause); }
