/*
 * --golden: a run compared, as it goes, with what an earlier one left in a file. The file is text for reviewers, hart by hart: traps and
 * changes of world by cause, function and zone; what the console said; how it ended. Nothing in it moves when a compiler moves
 * addresses; how harts interleave is not in it, nor what an interrupt makes happen (trace/interrupted.h). Cycles of VM exits are, if the run that wrote it was asked for them.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <stdbool.h>
#include <stdint.h>

struct golden;
struct observer;
struct symbols;

enum golden_cycles { GOLDEN_NO_CYCLES, GOLDEN_CYCLES };

struct golden_config {
	const char *path; /* NULL: nobody asks */
	bool update;      /* write it */
	enum golden_cycles cycles;
	unsigned percent; /* cycles may differ by so much; 0: not at all */
};

/* "exact" or "N%", N from 0 to 1000. 0, or -1. */
int golden_parse_cycles(const char *text, struct golden_config *config);

enum { GOLDEN_MESSAGE = 300 };
/* The run is another one from here: one line. */
typedef void golden_differs(void *context, unsigned hart, const char *message);

/* NULL after a line on stderr: the file cannot be read, or is none (exit code 2). All must outlive it. */
struct golden *golden_new(const struct golden_config *config, unsigned harts, const struct symbols *symbols,
                          golden_differs *differs, void *context);
void golden_free(struct golden *golden);
struct observer *golden_observer(struct golden *golden);

/* The run has ended so ("passed"). False: it lacks what the file has, or ended otherwise; `message` says what. */
bool golden_end(struct golden *golden, const char *how, char message[GOLDEN_MESSAGE]);
/* On stderr: what stands before and behind the place where they differ. */
void golden_tell(const struct golden *golden);
/* With `update`, once it has ended. 0, or -1 after a line on stderr. */
int golden_write(struct golden *golden);

#endif
