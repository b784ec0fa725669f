/* The files that a run is to write, looked at before anything is: none is touched by that. */
#ifndef OUTPUTS_H
#define OUTPUTS_H

struct config;

/* Can all of them be written, is each of them named once, and none of them something that the run reads, or a program? 0,
 * or -1 after a line on stderr. */
int outputs_check(const struct config *config);
/* The same of one more, which `what` asks for: "trace on". */
int outputs_check_one(const struct config *config, const char *what, const char *path);

#endif
