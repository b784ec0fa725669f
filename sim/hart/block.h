/* Translated blocks: straight runs of ops inside one page, their cache, and the links between them. */
#ifndef BLOCK_H
#define BLOCK_H

#include <stddef.h>
#include "hart/exec.h"
#include "hart/insn.h"
#include "hart/op.h"

enum {
	BLOCK_MAX = 64,           /* instructions: op.halves and op.index are bytes */
	/* ops: up to five extra ones (function, trace, trigger, probe, tp) an instruction, and op_timing_from */
	OPS_MAX = BLOCK_MAX * 6 + 5,
};

struct block;

/* Where control goes after a block, learned at run time. Valid while hart->context equals `context`. */
struct link {
	struct block *block;
	uint64_t context;
};

enum { EDGE_FALL, EDGE_TAKEN, EDGES };

struct block {
	uint64_t pc, pa;
	uint32_t key;   /* everything translation depended on: enum key_bit */
	uint32_t cost[EDGES]; /* cycles of the whole block, when it is left that way */
	uint32_t last;  /* cycles before its last instruction: it must start before the hart's bound */
	uint16_t count; /* instructions */
	uint16_t bytes;
	/* With a timing model: the pipeline states it starts in and its edges lead to, and what the pipeline sees of
	 * it. */
	uint32_t state, exits[EDGES];
	/* `last` is UINT32_MAX, so that nothing chains here, until its lines are known to be in the cache */
	uint32_t warm_last;
	struct uop *uops;
	struct link links[EDGES];
	struct block *hash_next, *page_next;
	struct op ops[];
};

/* The execution key: what decides, besides bytes and pc, how an instruction is translated. */
enum key_bit {
	KEY_MODE = 7,        /* enum mode */
	KEY_FS_ON = 1 << 3,  /* FP instructions exist now */
	KEY_FS_DIRTY = 1 << 4, /* and need not be recorded */
	KEY_TRACE = 1 << 5,  /* trace ops inserted */
	KEY_TRIGGER = 1 << 6, /* an execute trigger is armed: trigger ops inserted */
	KEY_LPE = 1 << 7,    /* indirect jumps expect landing pads */
	KEY_ELP = 1 << 8,    /* the first instruction must be one */
	KEY_BITS = 9,        /* above: the most instructions the block may have, 0: any number */
};

enum { JUMP_ENTRIES = 1024, HASH_BUCKETS = 4096, ARENA_BYTES = 8 << 20 };

struct exec {
	struct jump {
		uint64_t pc, context;
		struct block *block;
	} jumps[JUMP_ENTRIES], /* by virtual pc: what indirect jumps look up */
	    steps[JUMP_ENTRIES], /* likewise for one-instruction blocks */
	    limited[JUMP_ENTRIES]; /* and for those of another limit */
	struct block *by_address[HASH_BUCKETS];
	struct block *by_page[HASH_BUCKETS];
	uint8_t *arena;
	size_t arena_used;
	struct block *scratch; /* a block that must be translated anew each time: straddling pages or PMP regions */
	struct link *link;     /* the edge just left, to be filled in */
	uint32_t state;        /* of the pipeline, outside blocks */
	bool settled;          /* the block was left through an edge: state is right */
	uint64_t epoch;
	uint64_t timer_cycle; /* the next cycle at which a Sstc comparison can raise an interrupt */
	enum mode last_mode;  /* of the last world event */
	bool trace_insn;
	struct {
		bool valid;
		struct insn insn;
		uint64_t pc, cycle, retired, address, stored;
	} traced; /* the instruction whose trace event waits for its result */
};

static inline unsigned jump_index(uint64_t pc) { return (pc >> 1) % JUMP_ENTRIES; }
static inline unsigned jump_index_in(uint64_t pc, uint32_t state) { return ((pc >> 1) + state * 37) % JUMP_ENTRIES; }

/* A block for hart->pc in the current context (and pipeline state), or NULL with a fetch fault in hart->trap. `limit`:
 * most instructions; 0: as many as there are. */
struct block *block_find(struct hart *hart, unsigned limit);

/* Translate at hart->pc, physical address pa, into `block` (room for OPS_MAX ops). `limit` instructions at most. A
 * fragile block's one instruction has its second half translated for itself. A fetch fault is left in hart->trap. */
void xlate(struct hart *hart, struct block *block, uint64_t pa, unsigned limit, bool fragile);

/* Room of a block with `ops` ops. */
static inline size_t block_size(size_t ops) { return sizeof(struct block) + ops * sizeof(struct op); }
unsigned block_ops(const struct block *block);

/* Lines of the instruction cache are gone: blocks with bytes in [pa, pa+size) ask before they are entered again. */
void block_chill(struct exec *exec, uint64_t pa, uint64_t size);

/* Forget all blocks. */
void block_flush(struct exec *exec);

/* Control leaves the block through an edge: the next block's first op if it is known and may start, else NULL with
 * pc, now and retired exact. */
static inline const struct op *block_exit(struct hart *hart, unsigned edge, uint64_t target)
{
	struct block *block = hart->block;
	struct link *link = &block->links[edge];
	hart->cycle += block->cost[edge];
	hart->insns += block->count;
	if (__builtin_expect(link->context == hart->context && hart->cycle + link->block->last < hart->bound, 1)) {
		hart->block = link->block;
		return link->block->ops;
	}
	hart->pc = target;
	hart->now = hart->cycle;
	hart->retired = hart->insns;
	hart->exec->link = link;
	hart->exec->state = block->exits[edge];
	hart->exec->settled = true;
	return NULL;
}

/* Likewise through an indirect jump. */
static inline const struct op *block_exit_indirect(struct hart *hart, uint64_t target)
{
	struct block *block = hart->block;
	unsigned index = jump_index(target);
	struct block *next = hart->exec->jumps[index].block;
	hart->cycle += block->cost[EDGE_TAKEN];
	hart->insns += block->count;
	if (__builtin_expect(hart->exec->jumps[index].pc == target && hart->exec->jumps[index].context == hart->context &&
	                         hart->cycle + next->last < hart->bound, 1)) {
		hart->block = next;
		return next->ops;
	}
	hart->pc = target;
	hart->now = hart->cycle;
	hart->retired = hart->insns;
	hart->exec->link = NULL;
	return NULL;
}

#define BLOCK_EXIT(edge, target)                                                                                     \
	do {                                                                                                         \
		const struct op *exit_ = block_exit(hart, edge, target);                                             \
		if (__builtin_expect(!exit_, 0))                                                                     \
			LEAVE;                                                                                       \
		OP_CONTINUE(exit_);                                                                                  \
	} while (0)

#define BLOCK_EXIT_INDIRECT(target)                                                                                  \
	do {                                                                                                         \
		const struct op *exit_ = block_exit_indirect(hart, target);                                          \
		if (__builtin_expect(!exit_, 0))                                                                     \
			LEAVE;                                                                                       \
		OP_CONTINUE(exit_);                                                                                  \
	} while (0)

/* Ops that translation adds: they stand between instructions and carry the place of the instruction after them. */
op_fn op_end;      /* the block is over, go to the next instruction */
/* an instruction starts: settle the previous one's event, remember this one (imm = its struct insn id) */
op_fn op_trace;
op_fn op_trigger;  /* does a trigger match the instruction after this? */
op_fn op_expect;   /* the indirect jump after this expects a landing pad */
op_fn op_landing;  /* is the instruction after this the landing pad that is expected? */
op_fn op_tp;       /* the instruction before (at pc imm) wrote tp */
op_fn op_function; /* HS-mode enters a firmware function: --check looks at tp */
op_fn op_fs_dirty; /* FP state is about to change: mark it and translate anew */
op_fn op_leave_tp; /* op_leave_after, when op_tp is the next op */
op_fn op_timing_from; /* --timing from=SYMBOL: this is the place */
op_fn op_timing_hint; /* an instruction that switches timing */
op_fn op_probe;    /* timing: the next instruction's cost depends on values */
op_fn op_timed_jalr;
op_fn op_settle;   /* timing: the block ends, and the model has to say what it cost */

/* Timed handlers by enum insn_id; NULL: the untimed one serves. Loads have two: the second also looks for stores on
 * their way. */
extern op_fn *const op_timed_table[];
extern op_fn *const op_timed_after_store[];

/* Jumps of a hart without compressed instructions, whose targets must be 4-byte aligned. */
op_fn op_jump_misaligned; /* jal or a branch to a target that is not */
op_fn op_jalr_aligned;    /* jalr: looks at its target */

/* Emit the event of op_trace's instruction, now that its result is known. */
void traced_settle(struct hart *hart);

#endif
