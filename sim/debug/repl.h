/* The loop that reads commands and runs them. */
#ifndef REPL_H
#define REPL_H

#include <stdbool.h>
#include <stddef.h>

struct debugger;

/* One line as typed, which is changed: the empty one repeats the last. */
void repl_line(struct debugger *debugger, char *line);
/* A command that another one runs: its name and arguments, no blanks before them. False after a complaint. */
bool repl_command(struct debugger *debugger, const char *text);
/* Lines from a file until it ends, the user quits or the run is called off. NULL, or why it could not be read to its
 * end. */
const char *repl_stream(struct debugger *debugger, int fd);
/* The name of each command; NULL past the last. */
const char *repl_command_name(size_t index);
/* The whole name of a command by what is typed for it; NULL: none, or several. */
const char *repl_command_named(const char *word, size_t length);

#endif
