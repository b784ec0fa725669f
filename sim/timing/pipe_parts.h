/* What the files of the pipeline share. */
#ifndef PIPE_PARTS_H
#define PIPE_PARTS_H

#include <string.h>
#include "timing/pipe.h"

static inline int later(int a, int b) { return a > b ? a : b; }

/* Newest first: put one in front. */
static inline void push_time(int16_t *times, unsigned count, int time)
{
	memmove(times + 1, times, (count - 1) * sizeof *times);
	times[0] = (int16_t)time;
}

/* ---- pipe_state.c ---- */

/* What has been fetched and not issued is thrown away. */
void pipe_forget_fetched(struct pipe *pipe);
/* What has been issued and not committed is thrown away; stores that have committed go on to memory. */
void pipe_forget_issued(struct pipe *pipe);

/* ---- pipe_frontend.c ---- */

/* Request the fetch words that the instruction still needs. Returns the request of its last one. */
int frontend_fetch(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall);

/* The instruction leaves the fetch queue: not before `base` allows it to issue. Returns when. */
int frontend_dequeue(const struct timing *timing, struct pipe *pipe, int request, int base);

/* Fetch goes on from an address it did not expect. */
void frontend_redirect(struct pipe *pipe, int request);

/* A jump that left the fetch queue at `dequeue` and issued at `issue` was predicted, or not. */
void frontend_jump(const struct timing *timing, struct pipe *pipe, const struct stall *stall, int issue, int dequeue);

/* Let fetch be no further ahead of issue than a state can hold. */
void frontend_limit(struct pipe *pipe, int base);

#endif
