/* The loop that reads commands and runs them. */
#ifndef REPL_H
#define REPL_H

#include <stddef.h>
#include <stdio.h>

struct debugger;

/* One line as typed, which is changed: the empty one repeats the last. */
void repl_line(struct debugger *debugger, char *line);
/* Lines until the stream ends or the user quits. NULL, or why the stream could not be read to its end. */
const char *repl_stream(struct debugger *debugger, FILE *in);
/* The name of each command; NULL past the last. */
const char *repl_command_name(size_t index);

#endif
