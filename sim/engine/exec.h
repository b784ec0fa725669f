/* The engine: finds or translates blocks and runs them. */
#ifndef EXEC_H
#define EXEC_H

#include "engine/engine.h"
#include "hart/hart.h"

/* Per-hart engine with its block cache. 0, or -1: no memory. */
int exec_init(struct hart *hart);
void exec_free(struct hart *hart);

/* How often the engine had to do more than run what it knew. They depend on how it cuts the program into blocks. */
struct exec_stats {
	uint64_t left; /* runs of blocks that ended in the engine's loop, instead of leading on to the next block */
	uint64_t settled; /* of those, the ones whose cost the timing model had to work out */
	uint64_t translations; /* blocks that were translated */
	uint64_t flushes; /* times that all of them were forgotten */
	uint64_t wrong_new; /* mispredictions that this jump has not met before, or has forgotten, */
	uint64_t wrong_changed; /* and those whose wrong path is not what it was: both follow it through the model */
};
const struct exec_stats *exec_stats(const struct hart *hart);

/* Run the hart until hart->cycle >= bound, it waits, something asks to yield, or it has made max_steps steps (hart_steps;
 * UINT64_MAX: no limit); takes interrupts and traps on the way. True when the slice is over, false when only max_steps or a
 * pause (engine->pause) ended the run.
 * A slice ends at the first instruction boundary at or past the bound, whatever the blocks look like: that is why
 * stepping, hostile builds and both dispatchers give the same interleaving. */
bool exec_run(struct hart *hart, uint64_t bound, uint64_t max_steps);

/* Was the last slice that is over ended by who asked to yield? */
bool exec_yielded(const struct hart *hart);

/* Conservative lookahead (engine->catch_up): how far a hart that is paused between instructions, and does not wait, can
 * go before another can notice. */
struct lookahead {
	uint64_t cycle; /* the first at which it may do what another can notice */
	struct block *next; /* the block that comes next; NULL: not known */
};
struct lookahead exec_lookahead(const struct hart *hart);

/* Run the hart, whose lookahead this is and which has no effects to obey, until its lookahead ends at `bound` or
 * later, it waits, or something asks to yield. Returns its lookahead then. */
struct lookahead exec_run_lookahead(struct hart *hart, struct lookahead ahead, uint64_t bound);

/* One step of a slice that exec_run would run: an instruction, which retires or traps, or an interrupt that is taken instead of
 * it. True when the slice is over. */
bool exec_step(struct hart *hart, uint64_t bound);

/* Code bytes [pa, pa+size) were written from outside a hart (loader, debugger, DMA): forget their translations. */
void exec_invalidate(struct hart *hart, uint64_t pa, uint64_t size);

/* Ask for insn/mem trace ops to be part of translations from now on, or not. */
void exec_set_tracing(struct hart *hart, bool insn);

/* What a debugger waits for (engine->pause) is something else now. */
void exec_look_anew(struct hart *hart);

/* Behind the instruction that runs now, exec_run and exec_step do no more until engine->pause.now is cleared. */
static inline void exec_pause(struct hart *hart)
{
	hart->engine->pause.now = true;
	hart->effects |= EFFECT_MODE; /* the block ends there */
}

/* Timing on (hart->parked becomes the model, with everything cold) or off (the model is parked): where exec_run has
 * stopped. */
void exec_switch_timing(struct hart *hart, bool on);

/* Memory has been loaded anew and the hart has been reset: it begins with nothing translated, and cold caches. */
void exec_reset(struct hart *hart);

/* Memory and hart have been restored from where exec_run had stopped: every translation is forgotten, and nobody hears
 * of a change of mode. */
void exec_restored(struct hart *hart);

#endif
