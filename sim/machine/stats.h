/* --stats: one JSON object about a run. stats.def has its rows. */
#ifndef STATS_H
#define STATS_H

#include <stdio.h>

struct machine;

/* Write the statistics of a machine that has stopped. host_seconds: how long it ran, by the host's clock; the only
 * member besides "mips" that may differ from run to run. 0, or -1 with a line on stderr naming the file and the
 * reason. */
int stats_write(const char *path, const struct machine *machine, double host_seconds);

/* What each number is: a table, in Markdown. docs/statistics.md has it too. */
void stats_list(FILE *out);

#endif
