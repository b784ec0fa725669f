/*
 * Instructions, cycles and VM exits by function and zone, counted while harts run: --profile. Blocks of code are counted,
 * as their notes (trace/run.h) tell when each was entered: an instruction's cycles go up to the next block, so that those asleep
 * belong to the function with the wfi. Functions are looked up at the end.
 */
#ifndef COUNTS_H
#define COUNTS_H

#include "base/symbols.h"
#include "base/trace_event.h"
#include "trace/run.h"

struct counts;
struct counts *counts_new(unsigned hart_count); /* NULL: no memory */
void counts_free(struct counts *counts);

/* A block of code that notes will name; `number`: what the trace's file calls it, 0: nothing. The number to note. */
uint32_t counts_text(struct counts *counts, uint32_t number, const struct trace_text *text);
/* Each time before the notes are forgotten. */
void counts_notes(struct counts *counts, unsigned hart, const struct trace_notes *notes);
/* A world event, once the notes before it have been counted. */
void counts_world(struct counts *counts, const struct symbols *symbols, const struct trace_event *event);
/* Where the hart stands at the end. */
void counts_finish(struct counts *counts, unsigned hart, uint64_t cycle, uint64_t retired);

/* As folded stacks where the name ends in ".folded", else in callgrind's format; both have zones and functions alone, no
 * callers. 0, or -1 after a line on stderr. */
int counts_write(const struct counts *counts, const struct symbols *symbols, const char *path);

#endif
