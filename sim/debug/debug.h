/* The debugger: a REPL over a machine (--debug). Commands come from a terminal (readline), a pipe, or --debug-cmd. */
#ifndef DEBUG_H
#define DEBUG_H

struct machine;

enum debug_result {
	DEBUG_DONE,
	DEBUG_FAILED, /* a command that nobody typed: unknown, refused, or an `assert` or `expect` that did not hold */
	DEBUG_UNUSABLE, /* after one line on stderr: commands that cannot be read */
};

/* Run until the user quits, the commands end, or the machine stopped and the commands end. machine->stop says how it
 * stands: RUNNING when the user quit early. --debug-cmd's commands come first; then standard input's if --debug was
 * given, or a GDB client's if -gdb was. *code: what `quit' was told to leave with, 0 to 255; -1 if nothing was said. */
enum debug_result debug_run(struct machine *machine, int *code);

#endif
