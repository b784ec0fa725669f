/* Commands from a terminal. */
#ifndef TERMINAL_H
#define TERMINAL_H

struct debugger;

/* Lines with history and completion, until the user quits or closes the terminal. Prompts go to stderr. */
void terminal_read(struct debugger *debugger);

#endif
