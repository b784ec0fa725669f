/* The debugger: a REPL over a machine (--debug). Commands come from a terminal (readline), a pipe, or --debug-cmd. */
#ifndef DEBUG_H
#define DEBUG_H

struct machine;

/* Run until the user quits, the commands end, or the machine stopped and the commands end. machine->stop says how it
 * stands: RUNNING when the user quit early. --debug-cmd's commands come first; then standard input's if --debug was
 * given. 0, or -1 after one line on stderr (a script that cannot be read). */
int debug_run(struct machine *machine);

#endif
