/* What the sub-commands of rvtrace share. Each has a file of its own, and a row in main.c. */
#ifndef RVTRACE_H
#define RVTRACE_H

#include "trace/format.h"
#include "trace/text.h"

enum { EXIT_SAME = 0, EXIT_DIFFERS = 1, EXIT_TROUBLE = 2 };

/* Sub-commands: argv[0] is the command's name. The exit status. */
int rvtrace_dump(int argc, char **argv);
int rvtrace_diff(int argc, char **argv);
int rvtrace_stat(int argc, char **argv);
int rvtrace_export(int argc, char **argv);
int rvtrace_info(int argc, char **argv);
int rvtrace_report(int argc, char **argv);

/* "rvtrace: SUBJECT: REASON" on stderr, in one line. EXIT_TROUBLE. */
int trouble(const char *subject, const char *reason);
/* How rvtrace is called, on stderr. EXIT_TROUBLE. */
int usage(void);
extern const char usage_text[];

/* All of the text is a number that is not negative. */
bool parse_number(const char *text, uint64_t *value);

struct world;
struct world_now;

/* A file being read. */
struct input {
	const char *path;
	struct trace_reader *reader;
	struct trace_names names;
	enum trace_status status; /* once input_next has returned false */
	struct input_symbol *symbols; /* those asked for last, by pc */
};

/* 0, or EXIT_TROUBLE after a line. */
int input_open(struct input *input, const char *path);
bool input_next(struct input *input, struct trace_event *event);
/* The symbol that holds an event's pc, and how far in; NULL: there is none. */
const char *input_symbol(struct input *input, const struct trace_event *event, uint64_t *offset);
/* Reads on to the file's end if nobody has: damage anywhere in it is trouble. Says what is to be said about how the file
 * ended; the exit status that follows. */
int input_close(struct input *input);
/* Closes it, with the reason why it is no good for what is asked. EXIT_TROUBLE. */
int input_refuse(struct input *input, const char *reason);

/* stat.c: all events into the statistics. now[]: where each hart stood at the end, or at its last event when the run was killed. */
void stat_read(struct input *input, struct world *world, struct world_now *now);

#endif
