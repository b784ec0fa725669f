/*
 * What time would be if some causes of delay did not exist. The same instructions go through one pipeline a level. The
 * first level sees only the instructions. Each of the others sees one cause of stalls more, and the last sees all of
 * them, so its time is the hart's own. The difference of two neighbours is what that cause cost beyond those before
 * it: where stalls overlap, the earlier cause has the cycle. The differences add up to the whole by construction.
 *
 * It changes nothing in the model. Whoever wants it feeds it everything that runs: watch/meter.c does, while a world
 * switch is open.
 */
#ifndef SHADOW_H
#define SHADOW_H

#include "timing/model.h"

enum shadow_level {
	SHADOW_INSN,     /* traps, returns and fences cost nothing, every jump is predicted, caches and TLBs hit */
	SHADOW_TRAP,     /* traps and returns flush the pipeline */
	SHADOW_FENCE,    /* fences flush it, and walks wait for them */
	SHADOW_BRANCH,   /* mispredictions */
	SHADOW_ICACHE,   /* misses of the instruction cache */
	SHADOW_DCACHE,   /* misses of the data cache, but for those of walks */
	SHADOW_DEVICE,   /* devices */
	SHADOW_FIRST,    /* walks: S- or VS-stage */
	SHADOW_SECOND,   /* walks: G-stage. All there is */
	SHADOW_LEVELS
};

/* Instructions of a block one after another. `fetch` is what fetch waited for before the first of them, `settled` what
 * happened to the last one. */
struct shadow_run {
	const struct uop *uops;
	unsigned count;
	bool lasting;  /* uops stay where they are until shadow_forget: the outcome can be kept */
	bool jumped;   /* the last one was a jump, and taken */
	struct causes fetch;
	struct settled settled; /* stall.trap: the last one did not retire */
};

struct shadow;

struct shadow *shadow_new(const struct timing *timing); /* NULL: no memory */
void shadow_free(struct shadow *shadow);

/* A trap has been taken, and the hart's pipeline is as `pipe`. That of the first level has the handler's instructions
 * fetched already. */
void shadow_begin(struct shadow *shadow, const struct pipe *pipe);

/* Adds to time[] the cycles that the run takes on each level. */
void shadow_run(struct shadow *shadow, const struct shadow_run *run, uint64_t time[SHADOW_LEVELS]);

/* Blocks are gone: forget what is remembered by the address of their uops. */
void shadow_forget(struct shadow *shadow);

/* Each level's pipeline, as sections of their own. Refuses those that are none of the preset's. */
struct state_writer;
struct state_reader;
void shadow_save(const struct shadow *shadow, struct state_writer *writer);
bool shadow_restore(struct shadow *shadow, struct state_reader *reader);

#endif
