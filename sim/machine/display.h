/* What the user of a machine sees and does, beside its console: screens, keyboard and pointer, and the window of -display sdl. */
#ifndef DISPLAY_H
#define DISPLAY_H

#include "dev/user_input.h"
#include "machine/machine.h"

/* Has the machine a device that takes user input? */
bool display_takes_input(const struct config *config);

/* User input, and the window if one is asked for: before devices are built. `closed` is called with the machine when the user closes the
 * window. 0, or -1 after a line. */
int display_add(struct machine *machine, const struct user_host *host, void (*closed)(void *context));
/* The window goes. */
void display_close(struct machine *machine);

/* Now and then while the machine runs: the window shows what is there, and hears of keys. */
void display_attend(struct machine *machine);
/* The same while it does not: what the user does is nobody's. */
void display_attend_stopped(struct machine *machine);

/* Is it to stand still, where it is, until its user wants it to go on? */
bool display_paused(const struct machine *machine);
/* The next letter of a command to the debugger that was given in the view; -1: there is none. */
int display_typed(struct machine *machine);

#endif
