/*
 * The window of -display sdl: one screen of the machine's, and what the user does with keyboard, mouse and fingers in it. It lives on the host's
 * side alone: what it shows changes nothing, and what it hears goes through user_input.h.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdbool.h>

struct screens;
struct user_input;
struct window;

struct window_config {
	const struct screens *screens; /* may be filled later */
	struct user_input *user;       /* NULL: nobody takes what the user does */
	bool shows_cursor;             /* the host's pointer, too, where the guest has one of its own */
	bool full_screen;
	void (*closed)(void *context); /* the user wants to end the run. NULL: nothing happens */
	void *context;
};

/* NULL after a line on stderr: there is no display that can be used. */
struct window *window_open(const struct window_config *config);
/* NULL is allowed. */
void window_close(struct window *window);

/* Now and then: hears what the user does, and draws if it is time and something has changed. Less than a tenth of the time that
 * passes goes into that. While the machine is stopped (`runs` false) the user's input is dropped. */
void window_attend(struct window *window, bool runs);

#endif
