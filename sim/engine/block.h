/* Translated blocks: straight runs of ops inside one page, their cache, and the links between them. */
#ifndef BLOCK_H
#define BLOCK_H

#include <stddef.h>
#include "engine/exec.h"
#include "isa/insn.h"
#include "engine/op.h"
#include "timing/code_block.h"
#include "timing/model.h"

enum {
	BLOCK_MAX = CODE_MAX,     /* instructions: op.halves and op.index are bytes */
	/* ops: up to nine extra ones (pause, function, trigger, probe, tp, four notes) and an edge an instruction, and
	 * those at the block's ends */
	OPS_MAX = BLOCK_MAX * 13 + 8,
	BRANCHES_MAX = 4, /* branches that a block goes on after */
};

struct block;

/* Where control goes, learned at run time. Valid while hart->context equals `context`. */
struct link {
	struct block *block;
	uint64_t context;
};

/*
 * Where an op leaves its block. Two slots after the op hold what that takes; what follows in the block, if anything, is
 * the way on where a branch is not taken.
 */
enum { EDGE_FALL, EDGE_TAKEN, EDGES, EDGE_SLOTS = 2 };

struct edge {
	struct link links[EDGES];
	int64_t advance; /* what is added to hart->progress: instructions, less cycles << 32, from the block's start */
	uint32_t exits[EDGES]; /* with a timing model: the pipeline states it leads to */
	struct wrong *wrong[EDGES]; /* and what mispredictions of the branch did, the last first; NULL: not known */
};

_Static_assert(sizeof(struct link) == sizeof *((struct settled *)0)->next,
               "what the model keeps for the engine is a link");
_Static_assert((int)EDGE_FALL == (int)FLOW_NEXT && (int)EDGE_TAKEN == (int)FLOW_TAKEN, "an edge is a flow");
_Static_assert(sizeof(struct edge) == EDGE_SLOTS * sizeof(struct op), "the slots after an op with an edge");

/* That a block has bytes in a line of the instruction cache. */
struct block_line {
	struct block_line *next; /* in the list of its line, while the block is open */
	struct block *block;
	uint64_t line; /* physical address / bytes of a line */
};
enum { BLOCK_LINES_MAX = 32 };

struct block {
	struct code_block code; /* first: hart->code points here */
	uint32_t key; /* everything translation depended on: enum key_bit */
	uint32_t last; /* cycles before its last instruction: it must start before the hart's bound */
	int64_t need; /* so hart->progress must be greater than this: block_open and block_close */
	uint32_t lookahead; /* at least so many cycles before anything that another hart may notice; */
	uint16_t seen_from, seen_to; /* this was found out from the bytes of its page from one offset up to the other */
	struct block *hash_next, *page_next;
	struct block_line *lines; /* with a timing model: of all its lines, */
	uint32_t line_count;
	uint32_t unlisted; /* and a bit for each that is in no list */
	struct op ops[];
};

/* A misprediction whose wrong path repeats: what it cost and led to. A jump has one for each target and place that it was taken
 * to go to, up to a number. */
enum { WRONGS_MAX = 24 };
struct wrong {
	struct wrong *next;
	struct link link;
	uint64_t target, wrong_pc;
	int64_t advance; /* as edge->advance */
	uint32_t state;
	uint64_t code_writes; /* model->code_writes then */
	struct trail trail;
};

/* The execution key: what decides, besides bytes and pc, how an instruction is translated. */
enum key_bit {
	KEY_MODE = 7, /* enum mode */
	KEY_FS_ON = 1 << 3, /* FP instructions exist now */
	KEY_FS_DIRTY = 1 << 4, /* and need not be recorded */
	KEY_TRACE = 1 << 5, /* instructions are noted */
	KEY_TRIGGER = 1 << 6, /* an execute trigger is armed: trigger ops inserted */
	KEY_LPE = 1 << 7, /* indirect jumps expect landing pads */
	KEY_ELP = 1 << 8, /* the first instruction must be one */
	KEY_BITS = 9, /* above: the most instructions the block may have, 0: any number */
};

enum {
	JUMP_ENTRIES = 1024,
	ADDRESS_BUCKETS = 65536,
	PAGE_BUCKETS = 4096,
	LINE_BUCKETS = 8192,
	FEW_BLOCKS = 128,
	ARENA_BYTES = 32 << 20
};

struct exec {
	struct jump {
		uint64_t pc, context;
		struct block *block;
	} jumps[JUMP_ENTRIES], /* by virtual pc: what indirect jumps look up */
	    steps[JUMP_ENTRIES]; /* likewise for one-instruction blocks */
	struct block *by_address[ADDRESS_BUCKETS];
	struct block *by_page[PAGE_BUCKETS];
	struct block_line *by_line[LINE_BUCKETS]; /* of open blocks: what is closed when the line goes */
	struct block *made[FEW_BLOCKS]; /* since the last flush, as long as they are few */
	unsigned made_count;
	uint8_t *arena;
	size_t arena_used;
	struct uop uops[BLOCK_MAX]; /* of the block that was translated last */
	struct block *scratch; /* a block that must be translated anew each time: straddling pages or PMP regions */
	struct link found; /* the block that comes next where no edge leads to it */
	struct link *link; /* through which the block was just left, to be filled in; or `found`; */
	uint64_t target; /* it leads there, unless somebody has moved the hart since */
	bool settled; /* the block was left through an edge: the pipeline's state is right, */
	uint8_t flow; /* and this is how (enum flow) */
	struct {
		struct wrong **slot;
		uint64_t wrong_pc;
	} mispredicted; /* the last branch, if its edge did not know; or NULL */
	uint64_t epoch;
	bool yielded; /* the last slice that is over was ended by who asked to yield */
	uint64_t timer_cycle; /* the next cycle at which a Sstc comparison can raise an interrupt */
	enum mode last_mode; /* of the last world event */
	bool trace_insn;
	bool trace_begins; /* and the registers must be told first */
};

static inline unsigned jump_index(uint64_t pc) { return (pc >> 1) % JUMP_ENTRIES; }
static inline unsigned jump_index_in(uint64_t pc, uint32_t state) { return ((pc >> 1) + state * 37) % JUMP_ENTRIES; }

/* The block for hart->pc in the current context (and pipeline state). `limit`: most instructions; 0: as many as there are. NULL: a
 * fetch fault is in hart->trap; or, if none is pending, there is no such block yet, for code at *pa. */
struct block *block_find(struct hart *hart, unsigned limit, uint64_t *pa);
/* Then this is one, of no more than `most` instructions. NULL: a fetch fault. */
struct block *block_make(struct hart *hart, uint64_t pa, unsigned limit, unsigned most);

/* Translate at hart->pc, physical address pa, into `block` (room for OPS_MAX ops). `limit` instructions at most. A
 * fragile block's one instruction has its second half translated for itself. A fetch fault is left in hart->trap. */
void xlate(struct hart *hart, struct block *block, uint64_t pa, unsigned limit, bool fragile);

/* The block being run. */
static inline const struct block *block_running(const struct hart *hart) { return (const struct block *)hart->code; }

/* Room of a block with `ops` ops. */
static inline size_t block_size(size_t ops) { return sizeof(struct block) + ops * sizeof(struct op); }
unsigned block_ops(const struct block *block);

/* The block's lines are in the instruction cache: it may be led to until one of them goes. */
void block_admit(struct exec *exec, struct block *block);
/* hart->lines_gone. */
void block_lines_gone(struct hart *hart, uint64_t pa, uint64_t size);

/* Forget all blocks, and what the model knows of them. */
void block_flush(struct hart *hart);

/* Blocks may lead to this one, as long as its last instruction starts in time; or none may. */
static inline void block_open(struct block *block)
{
	block->need = (int64_t)((uint64_t)block->last << 32 | UINT32_MAX);
}
static inline void block_close(struct block *block) { block->need = INT64_MAX; }
static inline bool block_is_open(const struct block *block) { return block->need != INT64_MAX; }

/* Does an edge follow this op? Then op->rs3 says so. */
enum { HAS_EDGE = 0x80 };
static inline bool op_has_edge(const struct op *op) { return op->rs3 == HAS_EDGE; }
static inline unsigned op_slots(const struct op *op) { return op_has_edge(op) ? 1 + EDGE_SLOTS : 1; }
static inline struct edge *op_edge(const struct op *op) { return (struct edge *)(uintptr_t)(op + 1); }

static inline int64_t edge_advance(unsigned insns, uint32_t cycles)
{
	return (int64_t)(insns - ((uint64_t)cycles << 32));
}

/* Bytes from the room for blocks, which last until block_flush; NULL: there are no more. */
void *block_room(struct exec *exec, size_t size);

/* Control leaves the block, to a place that is not known or may not start: pc, now and retired become exact. */
void block_leave(struct hart *hart, enum flow flow, struct link *link, uint32_t state, uint64_t target);

/* The first op of the block that a link leads to, if it may start; else NULL. */
static inline const struct op *block_follow(struct hart *hart, const struct link *link)
{
	struct block *next = link->block;
	if (__builtin_expect(link->context != hart->context || hart->progress <= next->need, 0))
		return NULL;
	hart->code = &next->code;
	return next->ops;
}

/* Control leaves the block through an edge of this op: the next block's first op if it is known and may start, else
 * NULL. */
static inline const struct op *block_exit(struct hart *hart, const struct op *op, unsigned taken)
{
	const struct edge *edge = op_edge(op);
	hart->progress += edge->advance;
	return block_follow(hart, &edge->links[taken]);
}

/* Likewise through an indirect jump. */
static inline const struct op *block_exit_indirect(struct hart *hart, const struct op *op, uint64_t target)
{
	const struct jump *jump = &hart->exec->jumps[jump_index(target)];
	struct block *next = jump->block;
	hart->progress += op_edge(op)->advance;
	if (__builtin_expect(jump->pc == target && jump->context == hart->context && hart->progress > next->need, 1)) {
		hart->code = &next->code;
		return next->ops;
	}
	return NULL;
}

#define BLOCK_EXIT(taken, target)                                                                                      \
	do {                                                                                                           \
		const struct op *exit_ = block_exit(hart, op, taken);                                                  \
		if (__builtin_expect(!exit_, 0)) {                                                                     \
			block_leave(hart, (enum flow)(taken), &op_edge(op)->links[taken], op_edge(op)->exits[taken],   \
			            target);                                                                           \
			LEAVE;                                                                                         \
		}                                                                                                      \
		OP_CONTINUE(exit_);                                                                                    \
	} while (0)

#define BLOCK_EXIT_INDIRECT(exit, target)                                                                              \
	do {                                                                                                           \
		const struct op *exit_ = exit(hart, op, target);                                                       \
		if (__builtin_expect(!exit_, 0)) {                                                                     \
			block_leave(hart, FLOW_TAKEN, NULL, op_edge(op)->exits[EDGE_TAKEN], target);                   \
			LEAVE;                                                                                         \
		}                                                                                                      \
		OP_CONTINUE(exit_);                                                                                    \
	} while (0)

/* The way on after a branch that is not taken. */
#define NEXT_AFTER_EDGE OP_CONTINUE(op + 1 + EDGE_SLOTS)

/* Ops that translation adds: they stand between instructions and carry the place of the instruction after them. */
op_fn op_pause; /* does a debugger stop before the instruction after this? */
op_fn op_end; /* the block is over, go to the next instruction */
op_fn op_trigger; /* does a trigger match the instruction after this? */
op_fn op_expect; /* the indirect jump after this expects a landing pad */
op_fn op_landing; /* is the instruction after this the landing pad that is expected? */
op_fn op_tp; /* the instruction before (at pc imm) wrote tp */
op_fn op_function; /* HS-mode enters a firmware function: --check looks at tp */
op_fn op_fs_dirty; /* FP state is about to change: mark it and translate anew */
op_fn op_leave_before; /* leave, before the instruction at this place */
op_fn op_leave_tp; /* op_leave_after, where an op_tp follows: this */
op_fn op_timing_from; /* --timing from=SYMBOL: this is the place */
op_fn op_timing_hint; /* an instruction that switches timing */
op_fn op_probe; /* timing: the next instruction's cost depends on values; in rm, whether it is an atomic access: */
enum { PROBE_NO_ACCESS, PROBE_LOAD, PROBE_STORE };
op_fn op_timed_jalr;
op_fn op_settle; /* timing: the block ends, and the model has to say what it cost */

/* Timed handlers by enum insn_id; NULL: the untimed one serves. Loads have two: the second also looks for stores on
 * their way. */
extern op_fn *const op_timed_forms[][OP_FORMS];
extern op_fn *const op_after_store_forms[][OP_FORMS];

/* Jumps of a hart without compressed instructions, whose targets must be 4-byte aligned. */
op_fn op_jump_misaligned; /* jal or a branch to a target that is not */
op_fn op_jalr_aligned; /* jalr: looks at its target */

#endif
