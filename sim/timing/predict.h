/* Branch prediction as the frontend has it: a branch history table, a branch target buffer, a return-address stack. */
#ifndef PREDICT_H
#define PREDICT_H

#include <stdbool.h>
#include <stdint.h>
#include "timing/timing.h"

enum { RAS_MAX = 16, BHT_VALID = 4 };

struct predictors {
	uint8_t *bht;           /* two bits and VALID each */
	unsigned bht_mask;
	bool bht_noted;         /* branches do more than bht_next says */
	uint64_t history;
	unsigned history_index; /* what the history does to an index of the BHT */
	struct {
		uint64_t pc, target;
		bool valid;
	} *btb; /* associative: the one used last comes first */
	uint64_t ras[RAS_MAX];
	unsigned ras_used;
	const struct timing *timing;
};

/* What the frontend saw on a wrong path: as long as these lines are in the cache and these branches are predicted
 * like that, it does the same again, which is nothing. */
enum { TRAIL_LINES = 8, TRAIL_BRANCHES = 8, TRAIL_JUMPS = 4 };
struct trail {
	bool repeats; /* and it saw nothing else that may change, no other page */
	uint8_t line_count, branch_count, jump_count;
	struct trail_jump {
		enum { JUMP_CALL, JUMP_RETURN, JUMP_INDIRECT } kind;
		uint32_t slot;    /* JUMP_INDIRECT: of the BTB */
		uint64_t address; /* of return, pushed or popped; predicted; 0: none */
	} jumps[TRAIL_JUMPS];
	struct trail_line {
		uint64_t tag;
		uint32_t slot;
	} lines[TRAIL_LINES];
	struct trail_branch {
		uint32_t place;
		bool backward, taken;
	} branches[TRAIL_BRANCHES]; /* place: as op->word */
};

int predict_init(struct predictors *predictors, const struct timing *timing); /* 0, or -1: no memory */
void predict_free(struct predictors *predictors);
void predict_clear(struct predictors *predictors); /* as after predict_init */

/* A trap or a return from one has happened: some cores forget what they have learned. */
void predict_trapped(struct predictors *predictors);

/* ---- branches ---- */

/* The index of a branch's counter but for the history. */
uint32_t predict_place(const struct predictors *predictors, uint64_t pc);
bool predict_branch(const struct predictors *predictors, uint64_t pc, bool backward);

/* What a branch's outcome does to its counter; and to the history, and to the counter beyond that. */
static inline unsigned bht_next(unsigned entry, bool taken)
{
	unsigned count = entry & 3;
	count = taken ? count + (count < 3) : count - (count > 0);
	return BHT_VALID | count;
}
void predict_note_branch(struct predictors *predictors, uint8_t *counter, bool taken);

/* ---- jumps; rd: 32 or 0 for x0, length in bytes ---- */

/* x1 and x5 are link registers: writing one calls, jumping to one returns. */
static inline bool predict_is_link(unsigned reg) { return reg == 1 || reg == 5; }
bool predict_is_return(unsigned rd, unsigned rs1, unsigned length);

void predict_call(struct predictors *predictors, uint64_t return_address);
/* The target an indirect jump is predicted to have, 0 if none; a return pops its address. */
uint64_t predict_indirect(struct predictors *predictors, unsigned rd, unsigned rs1, unsigned length, uint64_t pc);
void predict_learn_indirect(struct predictors *predictors, unsigned rd, unsigned rs1, unsigned length, uint64_t pc,
                            uint64_t target);

/* Do the jumps of a wrong path have the same targets again? Then they have happened. */
bool predict_follow_jumps(struct predictors *predictors, const struct trail *trail);

/* Section "predictors". Refuses those of another size. */
struct state_writer;
struct state_reader;
void predict_save(const struct predictors *predictors, struct state_writer *writer);
bool predict_restore(struct predictors *predictors, struct state_reader *reader);

#endif
