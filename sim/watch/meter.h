/*
 * Splits world switches: watches a hart from a guest's trap to the next guest instruction, and tells the trace what the
 * cycles went to. It changes nothing: cycles, events and the hash are the same with and without. While no switch is
 * open it does nothing.
 */
#ifndef METER_H
#define METER_H

#include "hart/hart.h"
#include "timing/model.h"

struct state_reader;
struct state_writer;
struct symbols;

/* Meters for all harts. 0, or -1: no memory (some may have one: free them all the same). */
int meter_init(struct hart *hart, const struct symbols *symbols);
void meter_free(struct hart *hart);

/* The open switch and the functions seen so far: section "meter". What the pipelines of a timed hart's shadow hold
 * is timing's to save. Restored after meter_init; false: refused, and the meter is only good for meter_free. */
void meter_save(const struct hart *hart, struct state_writer *writer);
bool meter_restore(struct hart *hart, struct state_reader *reader);

/* A trap was taken, at cycle `taken`, from mode `from`: opens a switch if a guest trapped. */
void meter_trapped(struct hart *hart, enum mode from, uint64_t taken);

/* The rest only while hart->metering. */

/* A block of code was left; a pending trap is not taken yet. */
struct meter_run {
	const struct code_block *code;
	uint64_t start, insns; /* where the hart stood: its cycle, and instructions retired */
	struct settled settled; /* of the last instruction; without a model nothing */
};
void meter_ran(struct hart *hart, const struct meter_run *run);
/* With a model: fetch was late before what comes next, for these causes. */
void meter_fetched(struct hart *hart, const struct causes *late);
/* A trap that no instruction raised is about to be taken. */
void meter_interrupted(struct hart *hart);
/* The mode has changed by a return: closes the switch if a guest runs next. */
void meter_returned(struct hart *hart);
/* An open switch will never end: it is not told of. */
void meter_drop(struct hart *hart);
/* Timing has been switched in the middle of a world switch. */
void meter_switched(struct hart *hart);

#endif
