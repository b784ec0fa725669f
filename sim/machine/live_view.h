/* --view: the machine as it runs, in a window (view/view.h). It looks on and changes nothing that the simulation can see. */
#ifndef LIVE_VIEW_H
#define LIVE_VIEW_H

#include <stdbool.h>

struct live_view;
struct machine;

/* As one of the harts' observers from now on. NULL after a line: there is no display, or no memory. */
struct live_view *live_view_open(struct machine *machine);
void live_view_close(struct live_view *live); /* NULL is allowed */

/* Now and then while the machine runs: draws, and hears of keys. False: the user has closed the window. */
bool live_view_attend(struct live_view *live);
/* The same at a debugger's prompt. */
bool live_view_attend_stopped(struct live_view *live);

/* The user has paused the machine, where no debugger has a prompt to stop at. */
bool live_view_paused(const struct live_view *live);

/* The next letter of a command to the debugger that the user has given in the window; -1: there is none. */
int live_view_typed(struct live_view *live);

#endif
