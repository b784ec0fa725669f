/*
 * What the user of a view looks at: a span of time, and what is under the pointer. It knows neither SDL nor where events come from: whoever
 * opens a window hands over keys and the pointer and a canvas to draw on; whoever has the run gives a model, details of a span, and obeys.
 */
#ifndef VIEW_H
#define VIEW_H

#include "view/model.h"

/* What drawing takes: places in pixels from the upper left corner, colours 0xRRGGBB. */
enum view_font { VIEW_SMALL, VIEW_PLAIN, VIEW_BOLD, VIEW_FONTS };
struct view_rect {
	int x, y, w, h;
};
struct view_canvas {
	void (*fill)(void *context, const struct view_rect *rect, uint32_t color);
	void (*text)(void *context, int x, int y, enum view_font font, uint32_t color,
	             const char *text); /* printable ASCII */
	int (*text_width)(void *context, enum view_font font, const char *text);
	void *context;
	int width, height;
	int scale; /* hundredths: 200 where a point is two pixels */
};

struct view_insn {
	uint64_t cycle, pc;
	uint32_t word;
	uint8_t hart, mode;
};

/* A span with all that happened there: spans and exits are the recent ones of its model. */
struct view_detail {
	const struct view_model *model;
	const struct view_insn *insns; /* in the order of each hart's cycles; NULL: they are not known */
	size_t insn_count;
};

/* Pages of a zone, as the G-stage maps them: host-physical. */
struct view_pages {
	uint64_t address, size;
	bool fresh; /* given to it of late */
};
struct view_map {
	unsigned zone;
	const struct view_pages *pages;
	size_t count;
	uint64_t bytes; /* that are mapped */
};
struct view_occupancy {
	const char *name; /* "TLB hart 0" */
	unsigned capacity, by_zone[VIEW_ZONES], others; /* entries in use */
};

/* Of the run as it is, or where a file ends. NULL: not known. */
struct view_state {
	uint64_t memory_begin, memory_size;
	const struct view_map *maps;
	unsigned map_count;
	const struct view_occupancy *occupancy;
	unsigned occupancy_count;
};

enum view_command { VIEW_PAUSE, VIEW_STEP, VIEW_BACK, VIEW_CATCH, VIEW_QUIT, VIEW_SCREENSHOT };

struct view_source {
	const struct view_model *model;
	const char *title; /* of what is shown */
	bool live;         /* it goes on: there are pause and follow */
	double hz;         /* cycles of a second; 0: not known */
	/* All that happened in [from, to), with the exits that go on there; NULL: nobody knows, or there are too many. */
	const struct view_detail *(*detail)(void *context, uint64_t from, uint64_t to);
	/* "main+0x10": what a pc of this zone is called (VIEW_ZONES: of the hypervisor); "": no name. */
	const char *(*name)(void *context, unsigned zone, uint64_t pc, char *text, size_t size);
	/* The instruction in words. May be NULL if no detail has any. */
	void (*insn)(void *context, const struct view_insn *insn, char *text, size_t size);
	const struct view_state *(*state)(void *context); /* NULL: there is none */
	/* What the user wants, with the exit under the pointer (NULL: none). False: it cannot be had; `reason` says why. */
	bool (*obey)(void *context, enum view_command command, const struct view_exit *exit, char reason[120]);
	bool (*paused)(void *context);
	void *context;
};

struct view {
	const struct view_source *source;
	double from, to; /* cycles that are shown */
	bool whole; /* from the beginning to the end, which moves */
	bool follow; /* the end stays in sight */
	int pointer_x, pointer_y; /* -1: it is elsewhere */
	bool dragging;
	bool help;
	struct view_exit chosen; /* under the pointer, or the last that was */
	bool has_chosen, under; /* under: it still is */
	unsigned slow; /* the slowest exit that was gone to last */
	char message[120];
	struct view_rect lanes; /* where they were drawn last */
};

void view_init(struct view *view, const struct view_source *source);

/* Keys by name: as SDL has them ("Left", "Space", "F1", "+"). True: something may look different. */
bool view_key(struct view *view, const char *key);
void view_pointer(struct view *view, int x, int y, bool down); /* down: the left button is */
void view_click(struct view *view); /* down and up at one place */
void view_wheel(struct view *view, int clicks); /* > 0: nearer */
void view_leave(struct view *view);

/* Everything. */
void view_draw(struct view *view, const struct view_canvas *canvas);

/* view_input.c */
void view_limit(struct view *view); /* the span lies in the run */
/* view_panels.c: beside and below the lanes */
void view_draw_panels(struct view *view, const struct view_canvas *canvas, const struct view_rect *side,
                      const struct view_rect *below);

#endif
