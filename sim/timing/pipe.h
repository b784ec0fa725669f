/*
 * The pipeline of a core that issues and commits in order: one function from (state, instruction, what happened to it)
 * to the next state. The state holds all that the past can still do to the future and nothing else: two states that no
 * future can tell apart are the same bytes. So the engine may cut a program into blocks as it likes, remember what a
 * block does to a state, and add a constant instead of asking again.
 *
 * pipe_frontend.c is the half that fetches, pipe.c the half that issues, executes and commits, pipe_state.c what a
 * state forgets. The numbers are those of timing/param.def.
 */
#ifndef PIPE_H
#define PIPE_H

#include "base/state.h"
#include "isa/insn.h"
#include "timing/timing.h"

enum uop_kind {
	UOP_ALU,
	UOP_MUL,
	UOP_DIV,
	UOP_BRANCH,
	UOP_JAL,
	UOP_JALR,
	UOP_LOAD,
	UOP_STORE,
	UOP_AMO,
	UOP_CSR,
	UOP_NONE,
	UOP_FPU,
	UOP_FDIV,
};

enum uop_flag {
	UOP_FLUSH = 1 << 0,   /* flushes the pipeline: what follows is fetched anew when it commits */
	UOP_DRAIN = 1 << 1,   /* commits when all stores have reached memory */
	UOP_RETURN = 1 << 2,  /* xret: fetch waits for it */
	UOP_ICACHE = 1 << 3,  /* fence.i */
	UOP_WALKS = 1 << 4,   /* an address-translation fence */
	UOP_PROBE = 1 << 5,   /* its cost depends on values: the model is asked before it runs */
	UOP_SETTLE = 1 << 6,  /* the block ends after it, and the model is asked what it cost */
};

/* An instruction as the pipeline sees it. Registers: 0 none, 1..31 integer, 32..63 floating point. */
struct uop {
	uint8_t kind, flags;
	uint8_t rd, rs[3];
	uint8_t latency; /* from issue to the issue of what reads rd, where that is fixed */
	uint8_t place;   /* pc % 128 / 2, and bit 7: four bytes long */
};

static inline unsigned uop_length(const struct uop *uop) { return uop->place & 0x80 ? 4 : 2; } /* bytes */

struct uop uop_of(const struct timing *timing, const struct insn *insn, uint64_t pc);

enum flow {
	FLOW_NEXT,    /* sequential, as predicted */
	FLOW_TAKEN,   /* a jump, as predicted */
	FLOW_WRONG,   /* mispredicted: fetch is redirected when the jump is resolved */
};

/* What happened to one instruction beyond hits and right predictions, in cycles; all 0: nothing. */
struct stall {
	uint16_t device;    /* a load from a device, or a store to one: until it has answered */
	uint16_t unused;    /* 0: whoever remembers stalls compares words of 8 bytes */
	uint16_t translate; /* a load or store: until its address is translated */
	uint16_t memory;    /* a load or atomic: until its data have come; a store: until its line has */
	uint16_t unit;      /* a division: all it takes */
	uint16_t refetch;   /* a flush or misprediction: from the usual request of what follows to its real one */
	/* a load: 1 + how many stores lie between it and the last one to its doubleword; 0: no such store is pending */
	uint8_t conflict;
	uint8_t flow; /* enum flow */
	uint16_t trap; /* it raised an exception: as pipe_trap says; 0: it did not */
};

/* stall.trap of an exception. `access`: it is a load or store's, whose translation took so many cycles. */
static inline uint16_t pipe_trap(const struct timing *timing, bool access, unsigned translate)
{
	return (uint16_t)(1 + (access ? timing->lsu_access + translate : 0));
}

enum { USED_SINGLE = 0x80 };
enum { PIPE_PENDING = 10, PIPE_STORES = 7, PIPE_WINDOW = 15, PIPE_QUEUE = 15, PIPE_NEVER = -30000 };

/* Times are relative to the earliest cycle in which the next instruction may issue. PIPE_NEVER: too long ago to
 * matter. */
struct pipe {
	/* ---- frontend ---- */
	int16_t fetch_next; /* earliest request of the next fetch word */
	int16_t fetch_last; /* request of the word with the last instruction's end */
	int16_t fetch_stall; /* cycles that the next word waits for its line or its page */
	int16_t target_dequeue[2]; /* of predicted-taken jumps: when each left the fetch queue; newest first */
	/* ---- units ---- */
	int16_t alu_free; /* earliest issue to an integer unit */
	int16_t alu_port; /* the cycle after a multiplication or division: its result takes the ALU's port */
	int16_t fdiv_free; /* earliest issue to the FPU */
	int16_t mem_issue; /* last load or store: its issue */
	int16_t mem_access, mem_access_before; /* it, and the one before it: when each has got at the data cache */
	int16_t load_port; /* earliest access of the next load to the data cache */
	int16_t committed; /* last commit */
	int16_t drained; /* when the last store leaves the store buffer */
	int16_t device_free; /* when the last device that was asked has answered */
	int16_t unused[3]; /* 0: states are compared as words of 8 bytes */
	int16_t store_commit[PIPE_STORES], store_drain[PIPE_STORES]; /* of each store; newest first */
	int16_t commit[PIPE_WINDOW]; /* of each instruction, when its place in the scoreboard is free; newest first */
	int16_t dequeue[PIPE_QUEUE]; /* of each instruction, when it left the fetch queue; newest first */
	/* the scoreboard's results that are not there yet; `unused` is 0, so that there are no gaps */
	struct {
		int16_t ready;
		uint8_t reg, unused;
	} pending[PIPE_PENDING];
	/* issue slots used in that cycle, and USED_SINGLE: among them the only one that multiplies, jumps and
	 * computes FP */
	uint8_t used;
	uint8_t commits; /* instructions committed in the last commit cycle */
	uint8_t redirected; /* the next instruction begins in a fetch word of its own */
	uint8_t commit_exclusive; /* no other instruction commits in the same cycle as the last one */
};

/* The pipeline after a reset. */
void pipe_reset(struct pipe *pipe);

/* Times of one instruction, relative to the base before the first of a run of steps. */
struct pipe_times {
	int issue, commit;
	int fetch; /* request of the word with its end */
	int access; /* a load, store or atomic: when it asks the data cache */
	/* in which fetch along the predicted path is killed by the instruction's misprediction, flush or trap */
	int killed;
	int restart; /* after it: the usual request of the right path */
	/* in: the base before it, out: that after it */
	int next;
};

/* Advance over one instruction. */
void pipe_step(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall,
               struct pipe_times *times);

/* After a run of steps: make times relative to the new base, and forget what cannot matter any more. */
void pipe_settle(const struct timing *timing, struct pipe *pipe, int base);

/* Section "pipe" of a settled state. Refuses what is none. */
void pipe_save(const struct pipe *pipe, struct state_writer *writer);
bool pipe_restore(const struct timing *timing, struct pipe *pipe, struct state_reader *reader);

#endif
