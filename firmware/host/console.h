/*
 * The console that all zones and the hypervisor share.
 *
 * With one zone its bytes go out as they come. With several, each zone's output is held until its line is
 * complete and goes out whole behind "[name] ", so lines of different zones never mix.
 */
#ifndef FIRMWARE_HOST_CONSOLE_H
#define FIRMWARE_HOST_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#define CONSOLE_LINE_MAX 512 /* a longer line is broken */

/* The unfinished line of one zone. Owned by the console's lock. */
struct console_line {
	char text[CONSOLE_LINE_MAX];
	uint32_t length;
};

/* Whether zones' lines are to be told apart. */
void console_init(bool several_zones);

/* A whole line of the hypervisor's own; the newline is added. */
void console_line(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* Output of a zone of that name. */
void console_zone_write(struct console_line *line, const char *name, const char *text, uint64_t size);

/* Ends the zone's last line, if it was left unfinished. */
void console_zone_end(struct console_line *line, const char *name);

#endif
