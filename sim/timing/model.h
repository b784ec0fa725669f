/*
 * The timing model of one hart: what the engine asks while it translates, and what it tells when something dynamic
 * happens.
 *
 * A block belongs to the pipeline state it starts in; its ops carry exact prefix costs, its edges the state they lead
 * to. So while loads hit, branches go as predicted and lines are present, nothing is asked at all. Everything else (a
 * miss, a misprediction, a division, a fence, a trap) leaves the block after its instruction; model_settle then says
 * what it cost and in which state the hart goes on.
 */
#ifndef MODEL_H
#define MODEL_H

#include "engine/block.h"
#include "hart/mmu.h"
#include "isa/events.h"
#include "timing/cache.h"
#include "timing/channel.h"
#include "timing/l1_tlb.h"
#include "timing/pipe.h"
#include "timing/states.h"
#include "timing/ptw.h"

enum { NEAR_ENTRIES = 1024, NEAR_BANKS = MODE_COUNT * 2, MEMO_ENTRIES = 4096, RAS_MAX = 16 };

/* No address less its line's bits, with the three that misalignment would leave, is this: lines have 16 bytes at
 * least. */
#define NEAR_EMPTY UINT64_C(8)

/* A line whose every access of one direction hits in the TLB and in the cache: host address = va + addend. */
struct near_entry {
	uint64_t tag;        /* va of the line; NEAR_EMPTY when there is none */
	uint64_t addend;
	struct page_path path; /* what a use does to the TLB's tree */
};

/* One bank per effective data context, as in hart/mem.c. */
struct near_bank {
	struct near_entry read[NEAR_ENTRIES], write[NEAR_ENTRIES];
	/* bit i % 64 of filled[i / 64]: an entry i may hold something; so that what has to go is found without a
	 * search */
	uint64_t filled[NEAR_ENTRIES / 64];
};

/* Of the cycles that something took, those of one cause each: so that a world switch can be split by causes. */
struct causes {
	/* walks: reads of the S- or VS-stage, of the G-stage; a fence that holds them up */
	uint16_t icache, first, second, fence;
};

/* What model_settle found: the last instruction's stall, and what its parts are of. */
struct settled {
	struct stall stall;
	struct causes translate; /* of stall.translate; of a trap: what its walk added */
	struct causes refetch;   /* of stall.refetch */
	bool walked;             /* a trap after a walk */
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
	const struct block *block;
	unsigned count;
	struct stall stall;
	uint32_t state;
	struct pipe_times times;
	struct link link; /* to the block after them, as that of an edge */
	bool strayed;     /* the last of them flushes or traps, and model->strays has the wrong path behind it */
};

enum { BHT_VALID = 4 };

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
	struct trail_line { uint64_t tag; uint32_t slot; } lines[TRAIL_LINES];
	struct trail_branch { uint32_t place; bool backward, taken; } branches[TRAIL_BRANCHES]; /* place: as op->word */
};

/* A misprediction whose wrong path repeats. */
struct wrong {
	struct link link;
	uint64_t target, wrong_pc;
	int64_t advance; /* as edge->advance */
	uint32_t state;
	uint64_t writes; /* exec->writes then: what the wrong path consists of */
	struct trail trail;
};

/* The wrong path behind a memo's last instruction, as in struct wrong. */
struct stray {
	uint64_t writes;
	struct trail trail;
};

struct model {
	uint64_t store_log;     /* doubleword offsets in their pages of the last 7 stores, 9 bits each, newest lowest */
	struct near_bank *near; /* of the current effective data mode */
	uint64_t line_mask;     /* -(bytes of a data line) */
	unsigned line_shift;
	struct pages dtlb, itlb;
	struct walker walker;
	uint8_t *bht;           /* two bits and VALID each */
	unsigned bht_mask;
	bool bht_noted;         /* branches do more than bht_next says */
	uint64_t history;
	unsigned history_index; /* what the history does to an index of the BHT */
	struct { uint64_t pc, target; bool valid; } *btb; /* associative: the one used last comes first */
	uint64_t ras[RAS_MAX];
	unsigned ras_used;

	const struct timing *timing;
	struct hart *hart;
	struct stall stall;     /* of the last instruction that ran; all 0: none */
	struct edge *wrong_edge; /* of the branch that was mispredicted, and which way it goes */
	unsigned wrong_taken;
	struct trail trail;     /* of the last wrong path */
	bool strayed;           /* an edge's misprediction was the last thing, since somebody last cleared it */
	uint64_t wrong_pc;      /* FLOW_WRONG: where the frontend went instead; 0: nowhere */
	bool trap_walked;       /* a trap after a walk: stall.translate holds its cycles */
	uint16_t walk_second;   /* of the last walk's cycles, the G-stage's */
	struct causes late;     /* why fetch was late since somebody last cleared it */
	struct settled settled;
	struct shadow *shadow;  /* shadow.h; NULL: nobody asks */
	bool walked;            /* stall.translate is of a walk that a fence may hold up */
	uint64_t walks_from;    /* absolute cycle before which no walk starts */
	struct { bool pending; enum fence_kind kind; struct fence fence; } fence;

	uint64_t fetch_page, fetch_space; /* what the fetch TLB was last asked for */
	struct cache l1i, l1d;
	struct model_shared *shared;
	struct near_bank *banks; /* NEAR_BANKS and one that stays empty */
	unsigned banks_used;     /* bit n: bank n has an entry that may hold something */
	struct states states;
	struct memo memo[MEMO_ENTRIES];
	struct stray *strays; /* of each memo */
	struct uop uops[BLOCK_MAX]; /* of the block that is being translated, or is translated anew each time */
	struct event_counts counts; /* for mhpmcounters and --stats */
};

int model_init(struct hart *hart, const struct timing *timing, struct model_shared *shared); /* 0, or -1: no memory */
void model_free(struct hart *hart);
/* As after model_init: nothing in caches, TLBs and predictors, an empty pipeline; counts go on. */
void model_cold(struct hart *hart);
void model_shared_cold(struct model_shared *shared);
int model_shared_init(struct model_shared *shared, const struct timing *timing);
void model_shared_free(struct model_shared *shared);

/* ---- for translation ---- */

/* Fill the costs of a block's ops, choose timed handlers, find the states its edges lead to. `uops`: one for each
 * instruction. */
void model_block(struct hart *hart, struct block *block, const struct op *end);

/* What instructions that have no stalls will cost, from the state the hart is in on: cycles until after each. A
 * branch is `taken` as predicted, or not. */
struct model_ahead {
	struct pipe pipe;
	struct pipe_times times;
};
void model_ahead_begin(const struct model *model, struct model_ahead *ahead);
uint32_t model_ahead_step(const struct model *model, struct model_ahead *ahead, const struct insn *insn, uint64_t pc, bool taken);

/* Does fetching instructions touch nothing that harts share? */
bool model_fetches_alone(const struct model *model);

/* The block is about to be entered at its first instruction: may it? 0: yes. Otherwise at most that many of its
 * instructions are in the instruction cache; MODEL_RETRY: hart->exec->state has changed, find the block anew. */
enum { MODEL_RETRY = -1 };
int model_enter(struct hart *hart, struct block *block);

/* All translations are gone: forget what refers to them, but keep the state the hart is in. */
void model_forget_blocks(struct hart *hart);

/* ---- while running ---- */

/* The block was left after hart->retired - hart->insns instructions (a pending trap: during the next one): set cycle,
 * now, insns and the pipeline state. */
void model_settle(struct hart *hart);

/* A trap that no instruction of a block raised: an interrupt, or a fault of fetch. */
void model_trap(struct hart *hart);

/* A load or store has happened: look in TLB and cache, let the filter know it. True: it has a stall, leave the
 * block. */
bool model_data(struct hart *hart, uint64_t va, enum access access);
/* It raised a fault instead. */
void model_fault(struct hart *hart, uint64_t va, enum access access);

/* The cycle in which the load, store or atomic that is being looked at asks the data cache, as its stall stands. */
uint64_t model_access_cycle(struct model *model);

/* Ask before an instruction whose cost depends on values. */
void model_probe(struct hart *hart, const struct op *op);

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

static inline bool near_find(struct hart *hart, const struct near_entry *entries, uint64_t va, unsigned size, uint8_t **host)
{
	struct model *model = hart->model;
	const struct near_entry *entry = &entries[(va >> model->line_shift) % NEAR_ENTRIES];
	*host = (uint8_t *)(uintptr_t)(va + entry->addend);
	if (__builtin_expect((va & (model->line_mask | (size - 1))) != entry->tag, 0))
		return false;
	pages_follow(&model->dtlb, &entry->path);
	return true;
}

/* The filter's first emptiness. Forget it: all of it, or the writable view of a DRAM page; choose the bank (index,
 * or -1: the empty one). */
void model_near_init(struct model *model);
void model_near_flush(struct hart *hart);
void model_near_forget_page(struct hart *hart, const uint8_t *host);
void model_near_select(struct hart *hart, int bank);

/* The index of a branch's counter but for the history; and what its outcome does to the history, and to its counter
 * beyond bht_next. */
uint32_t model_branch_place(const struct model *model, uint64_t pc);
void model_note_branch(struct model *model, uint8_t *counter, bool taken);

/* Does the frontend see the same again? Then its calls and returns have happened. */
bool model_follow_jumps(struct model *model, const struct trail *trail);
static inline bool model_follow_trail(struct model *model, const struct trail *trail)
{
	for (unsigned i = 0; i < trail->line_count; i++)
		if (model->l1i.lines[trail->lines[i].slot] != trail->lines[i].tag)
			return false;
	for (unsigned i = 0; i < trail->branch_count; i++) {
		uint8_t entry = model->bht[(trail->branches[i].place ^ model->history_index) & model->bht_mask];
		if ((entry & BHT_VALID ? (entry & 2) != 0 : trail->branches[i].backward) != trail->branches[i].taken)
			return false;
	}
	return !trail->jump_count || model_follow_jumps(model, trail);
}

/* Branches: push a return address; the target an indirect jump is predicted to have, 0 if none. */
void model_call(struct model *model, uint64_t address);
uint64_t model_predict_indirect(struct model *model, const struct op *op, uint64_t pc);
void model_learn_indirect(struct model *model, const struct op *op, uint64_t pc, uint64_t target);

static inline unsigned bht_next(unsigned entry, bool taken)
{
	unsigned count = entry & 3;
	count = taken ? count + (count < 3) : count - (count > 0);
	return BHT_VALID | count;
}

#endif
