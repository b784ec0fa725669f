/*
 * The timing model of one hart: what the engine asks while it translates, and what it tells when something dynamic
 * happens.
 *
 * A block of code belongs to the pipeline state it starts in, so that its costs are known when it is translated: when
 * each instruction issues, what leaving it by a branch costs and which state that leads to. While loads hit, branches
 * go as predicted and lines are present, nothing is asked at all. Everything else (a miss, a misprediction, a
 * division, a fence, a trap) adds to the model's `outcome` of the instruction; the block is left after it, and
 * model_settle takes that and says what it cost and in which state the hart goes on.
 */
#ifndef MODEL_H
#define MODEL_H

#include "hart/mmu.h"
#include "isa/events.h"
#include "timing/cache.h"
#include "timing/channel.h"
#include "timing/code_block.h"
#include "timing/l1_tlb.h"
#include "timing/near.h"
#include "timing/pipe.h"
#include "timing/predict.h"
#include "timing/ptw.h"
#include "timing/states.h"

enum { MEMO_ENTRIES = 4096 };

/* Of the cycles that something took, those of one cause each: so that a world switch can be split by causes. */
struct causes {
	/* walks: reads of the S- or VS-stage, of the G-stage; a fence that holds them up */
	uint16_t icache, first, second, fence;
};

/* A fence that an instruction asks for: it takes effect when the instruction commits. */
struct pending_fence {
	bool pending;
	enum fence_kind kind;
	struct fence fence;
};

/* What happened to the instruction that is being run, beyond what translation could know; all 0: nothing. Handlers
 * and the model's functions add to it, model_settle takes it. */
struct outcome {
	struct stall stall;
	uint16_t walk_second; /* of stall.translate's cycles, the G-stage's */
	bool walked; /* stall.translate is of a walk, which a fence may hold up */
	bool trap_walked; /* if it traps, it does so after its address was looked up */
	uint64_t wrong_pc; /* stall.flow is FLOW_WRONG: where the frontend went instead; 0: nowhere */
	struct pending_fence fence;
};

/* What model_settle found: the last instruction's stall, what its parts are of, and what may be remembered. */
struct settled {
	struct stall stall;
	struct causes translate; /* of stall.translate; of a trap: what its walk added */
	struct causes refetch; /* of stall.refetch */
	bool walked; /* a trap after a walk */
	uint32_t cycles; /* from the block's start to the next instruction */
	/* Where the engine may remember what comes next after all this; as it left it, or zero. NULL: that is not
	 * known. */
	uint64_t (*next)[2];
	/* A misprediction whose wrong path repeats as long as this is followed (model_follow_trail); NULL: it does
	 * not. Both are valid until the next call. */
	const struct trail *trail;
};

/* What all harts share. */
struct model_shared {
	struct cache l2;
	bool has_l2;
	unsigned users;
	struct channel channel; /* in use with dram.gap */
};

/* What pipe_step said of (block, instructions, stall). */
struct memo {
	const struct code_block *code;
	unsigned count;
	struct stall stall;
	uint32_t state;
	struct pipe_times times;
	uint64_t next[2]; /* the engine's */
	bool repeats; /* the last of them flushes or traps, and model->repeated has the wrong path behind it */
};

/* The wrong path behind a memo's last instruction, while no code has been written since. */
struct repeated {
	uint64_t code_writes;
	struct trail trail;
};

struct model {
	uint64_t store_log; /* doubleword offsets in their pages of the last 7 stores, 9 bits each, newest lowest */
	struct near_filter near;
	struct l1_tlb dtlb, itlb;
	struct ptw ptw;
	struct predictors predictors;
	struct cache l1i, l1d;

	const struct timing *timing;
	struct hart *hart;
	struct model_shared *shared;
	struct outcome outcome;
	uint64_t code_writes; /* to memory that blocks or wrong paths were made of */
	uint64_t walks_from; /* absolute cycle before which no walk starts: a fence is under way */
	uint64_t fetch_page, fetch_space; /* what the fetch TLB was last asked for */
	struct trail trail; /* of the last wrong path */
	struct shadow *shadow; /* shadow.h; NULL: nobody asks */

	struct states states;
	struct memo memo[MEMO_ENTRIES];
	struct repeated *repeated; /* of each memo */
	struct event_counts counts; /* for mhpmcounters and --stats */
};

int model_init(struct hart *hart, const struct timing *timing, struct model_shared *shared); /* 0, or -1: no memory */
void model_free(struct hart *hart);
/* As after model_init: nothing in caches, TLBs and predictors, an empty pipeline; counts go on. */
void model_cold(struct hart *hart);
int model_shared_init(struct model_shared *shared, const struct timing *timing);
void model_shared_cold(struct model_shared *shared);
void model_shared_free(struct model_shared *shared);

/* ---- for translation ---- */

/* What leaving the block costs, from its start, and the pipeline state that it leads to. */
struct code_exit {
	uint32_t cycles, state;
};

struct insn_cost {
	uint32_t issue, commit; /* cycles from the block's start */
	uint8_t stores; /* a load: stores before it that it may meet on their way to the cache */
	struct code_exit taken; /* a branch or jump: taken as predicted */
};

struct code_costs {
	struct insn_cost insns[CODE_MAX];
	uint32_t cycles; /* of all of them */
	struct code_exit fall; /* behind the last one */
};

/* The costs of a block that starts in the hart's pipeline state. `falls`: it may be left behind its last
 * instruction. */
void model_costs(struct model *model, const struct code_block *code, bool falls, struct code_costs *costs);

/* What instructions that have no stalls will cost, from the state the hart is in on: cycles until after each. A
 * branch is `taken` as predicted, or not. */
struct model_ahead {
	struct pipe pipe;
	struct pipe_times times;
};
void model_ahead_begin(const struct model *model, struct model_ahead *ahead);
uint32_t model_ahead_step(const struct model *model, struct model_ahead *ahead, const struct insn *insn, uint64_t pc,
                          bool taken);

/* Does fetching instructions touch nothing that harts share? */
bool model_fetches_privately(const struct model *model);

/* The block is about to be entered at its first instruction: may it? `resident`: all its lines were in the
 * instruction cache, and hart->lines_gone has named none of them since. 0: yes. Otherwise at most that many of its
 * instructions are in the instruction cache; MODEL_RETRY: hart->pipeline_state has changed, find the block anew.
 * Adds to *late why fetch is late. */
enum { MODEL_RETRY = -1 };
int model_fetch(struct hart *hart, const struct code_block *code, bool resident, struct causes *late);

/* Likewise before there is a block: how many instructions at hart->pc, which is at pa, are in the instruction cache, at most
 * CODE_MAX; or MODEL_RETRY. */
int model_fetch_ahead(struct hart *hart, uint64_t pa, struct causes *late);

/* All blocks are gone: forget what refers to them, but keep the state the hart is in. */
void model_forget_code(struct hart *hart);

/* ---- while running ---- */

/* The block hart->code was left after hart->retired - hart->insns instructions (a pending trap: during the next
 * one): set cycle, now, insns and the pipeline state. */
void model_settle(struct hart *hart, struct settled *settled);

/* What comes behind a stall, when nothing else has happened: cycles from the block's start, and as in struct settled. */
struct passed {
	uint32_t cycles, state;
	uint64_t (*next)[2];
};
/* Likewise, behind the first `count` instructions of a block that need not be left: it has stalled there, or not even that.
 * False: it has to be left, nothing has changed. */
bool model_pass(struct hart *hart, unsigned count, struct passed *passed);

/* A trap that no instruction of a block raised: an interrupt, or a fault of fetch. */
void model_trap(struct hart *hart);

/* A load or store has happened at va, `host` on the host (NULL: not plain memory that may be reached directly): look
 * in TLB and cache, let the near filter know it. True: it has a stall, leave the block. */
bool model_data(struct hart *hart, uint64_t va, enum access access, const uint8_t *host);
/* It raised a fault instead. */
void model_fault(struct hart *hart, uint64_t va, enum access access);

/* An instruction whose cost depends on values is about to run. An atomic: `host` as of model_data. */
void model_probe(struct hart *hart, enum insn_id id, unsigned rs1, unsigned rs2, const uint8_t *host);

/* A jump or branch was mispredicted: the frontend went to wrong_pc (0: nowhere). */
static inline void model_mispredicted(struct model *model, uint64_t wrong_pc)
{
	model->outcome.stall.flow = FLOW_WRONG;
	model->outcome.wrong_pc = wrong_pc;
}

/* Which of the last `count` stores (7 at most) went to va's doubleword: 1 for the newest; 0: none. All are compared
 * at once: of the fields that are 0 now, the lowest is found exactly. */
static inline unsigned model_conflict(const struct model *model, uint64_t va, unsigned count)
{
	const uint64_t ones = UINT64_C(0x0040201008040201), fields = (UINT64_C(1) << 9 * count) - 1;
	uint64_t differ = model->store_log ^ (va >> 3 & 0x1ff) * ones;
	uint64_t same = (differ - ones) & ~differ & ones << 8 & fields;
	return same ? (unsigned)__builtin_ctzll(same) / 9 + 1 : 0;
}

static inline void model_log_store(struct model *model, uint64_t va)
{
	model->store_log = model->store_log << 9 | (va >> 3 & 0x1ff);
}

/* Does the frontend see the same again, on a wrong path that it went before? Then its calls and returns have
 * happened. */
static inline bool model_follow_trail(struct model *model, const struct trail *trail)
{
	const struct predictors *predictors = &model->predictors;
	for (unsigned i = 0; i < trail->line_count; i++)
		if (model->l1i.lines[trail->lines[i].slot] != trail->lines[i].tag)
			return false;
	for (unsigned i = 0; i < trail->branch_count; i++) {
		uint8_t entry =
		    predictors->bht[(trail->branches[i].place ^ predictors->history_index) & predictors->bht_mask];
		if ((entry & BHT_VALID ? (entry & 2) != 0 : trail->branches[i].backward) != trail->branches[i].taken)
			return false;
	}
	return !trail->jump_count || predict_follow_jumps(&model->predictors, trail);
}

/* Save and restore (base/state.h), where exec_run has stopped: sections of all parts, and "model". Only into a model
 * of the same preset; the hart comes first (hart_restore). What was remembered of blocks is forgotten. False:
 * refused, and the model is only good for model_free. */
struct state_writer;
struct state_reader;
void model_save(const struct model *model, struct state_writer *writer);
bool model_restore(struct hart *hart, struct state_reader *reader);
void model_shared_save(const struct model_shared *shared, struct state_writer *writer);
bool model_shared_restore(struct model_shared *shared, struct state_reader *reader);

#endif
