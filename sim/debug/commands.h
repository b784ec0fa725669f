/* Every command is a function, and a row of commands.def that names it: nothing else has to know of it. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>

struct debugger;

/* args: what follows the name, without blanks around it. False after a complaint; state is unchanged then. */
typedef bool command_function(struct debugger *debugger, const char *args);

#define COMMAND(function, name, shortest, args, help) command_function function;
#include "debug/commands.def"
#undef COMMAND

#endif
