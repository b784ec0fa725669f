/* GDB's remote stub (-s, -gdb): a front end to the debugger beside the REPL. */
#ifndef GDB_H
#define GDB_H

struct debugger;

/* Listen where the configuration says, and run the machine as a client has it, or by itself while there is none: until
 * it has stopped for good, a client ends it or the host does. 0, or -1 after a line on stderr: nobody can come in. */
int gdb_serve(struct debugger *debugger);

#endif
