/* Commands that are obeyed where a stop point has stopped the machine: `commands` ... `end`. */
#ifndef POINT_COMMANDS_H
#define POINT_COMMANDS_H

#include <stdbool.h>

struct debugger;

/* Is the line one of a list that is being read? Then it has been taken. False: it is a command to be run now. */
bool point_commands_line(struct debugger *debugger, const char *line);
/* There are no more lines where they came from: a complaint if a list has no end, which is forgotten. */
void point_commands_end(struct debugger *debugger);
/* Forget the list that is being read, if there is one. */
void point_commands_forget(struct debugger *debugger);

#endif
