/*
 * What time would be if some causes of delay did not exist: the same instructions go through pipelines that see ever
 * more of what happened. The first knows the instructions alone; each of the others adds one cause, and the last knows
 * all, so it is the hart's own. The difference of two neighbours is what that cause cost beyond those before it: where
 * causes overlap, the earlier one has the cycle. The differences add up to the whole by construction.
 *
 * It changes nothing in the model. Whoever wants it feeds it everything that runs: split.c does, while a world switch
 * is open.
 */
#ifndef SHADOW_H
#define SHADOW_H

#include "timing/model.h"

enum shadow_level {
	SHADOW_INSN,     /* traps, returns and fences cost nothing, jumps are predicted, caches and TLBs hit */
	SHADOW_TRAP,     /* traps and returns flush the pipeline */
	SHADOW_FENCE,    /* fences do, and hold up walks */
	SHADOW_BRANCH,   /* mispredictions */
	SHADOW_ICACHE,   /* misses of the instruction cache */
	SHADOW_DCACHE,   /* misses of the data cache, but those of walks */
	SHADOW_FIRST,    /* walks: S- or VS-stage */
	SHADOW_SECOND,   /* G-stage: all there is */
	SHADOW_LEVELS
};

/* Instructions of a block one after another. What is in `settled` and `late` happened to the last one, and before the
 * first. */
struct shadow_run {
	const struct uop *uops;
	unsigned count;
	bool lasting;  /* uops stay where they are until shadow_forget */
	bool jumped;   /* the last one was a jump, and went elsewhere */
	struct causes late;
	struct settled settled; /* stall.trap: the last one did not retire */
};

struct shadow;

struct shadow *shadow_new(const struct timing *timing); /* NULL: no memory */
void shadow_free(struct shadow *shadow);

/* A trap has been taken: the hart's pipeline is as `pipe`. The first level's has its instructions at hand. */
void shadow_begin(struct shadow *shadow, const struct pipe *pipe);

/* Adds to time[] what the run takes on each level. */
void shadow_run(struct shadow *shadow, const struct shadow_run *run, uint64_t time[SHADOW_LEVELS]);

/* Blocks are gone: what was remembered by the address of their uops is worth nothing. */
void shadow_forget(struct shadow *shadow);

#endif
