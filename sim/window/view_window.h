/* A view (view/view.h) in a window of its own, with SDL2 and SDL2_ttf, which are looked for when one is asked for. */
#ifndef VIEW_WINDOW_H
#define VIEW_WINDOW_H

#include <stdbool.h>

struct view_source;
struct view_window;

/* NULL after a line on stderr that begins with `option`: there is no display, or something is not installed. The source lives longer. */
struct view_window *view_window_open(const struct view_source *source, const char *option);
/* NULL is allowed. */
void view_window_close(struct view_window *window);

/* Now and then: hears what the user does, and draws if it is time. A thirtieth of the time that passes or less goes into that. False: the user has closed it. */
bool view_window_attend(struct view_window *window);
/* The next look draws. */
void view_window_redraw(struct view_window *window);

/* What it shows, into a file under the first name that is free: rvsim-N.png. The name goes into `said`. */
bool view_window_picture(struct view_window *window, char said[120]);

#endif
