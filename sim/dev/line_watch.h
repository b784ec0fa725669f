/*
 * What is written to the console, looked at line by line for --expect and --fail-on.
 *
 * A line is what a terminal would show: without escape sequences and NULs, ended by CR, LF or both. An unfinished one is
 * looked at after each byte, so that a prompt is seen as it stands, and nothing depends on how bytes are cut. What says
 * something of the line's end ($, \b, \>) is only judged where the line ends, or stands (line_watch_stands).
 */
#ifndef LINE_WATCH_H
#define LINE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line_watch;
struct state_reader;
struct state_writer;

enum console_match { CONSOLE_EXPECTED, CONSOLE_FAILED };

struct console_pattern {
	enum console_match kind;
	const char *text; /* a POSIX extended regular expression */
};

/* NULL after a line on stderr. */
struct line_watch *line_watch_new(const struct console_pattern *patterns, size_t count);
void line_watch_free(struct line_watch *watch);

void line_watch_byte(struct line_watch *watch, uint8_t byte);
/* Nothing will follow for now: the line so far is taken as it is. */
void line_watch_stands(struct line_watch *watch);

/* Is a line begun? */
bool line_watch_begun(const struct line_watch *watch);
/* The first CONSOLE_FAILED that matched, with the line so far where it did; NULL: none has. */
const struct console_pattern *line_watch_failed(const struct line_watch *watch, const char **line);
/* Is there something to expect, and has all of it matched? */
bool line_watch_satisfied(const struct line_watch *watch);
/* What is expected and has not matched, from *at on, which moves behind it; NULL: no more. */
const struct console_pattern *line_watch_missing(const struct line_watch *watch, size_t *at);

/* Parts of the console's section: the line, and what has matched. */
void line_watch_save(const struct line_watch *watch, struct state_writer *writer);
/* *same: the expressions are those that were watched for; else nothing has matched yet. */
bool line_watch_restore(struct line_watch *watch, struct state_reader *reader, bool *same);

#endif
