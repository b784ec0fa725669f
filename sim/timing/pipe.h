/*
 * The pipeline: one function from (state, instruction, what happened to it) to the next state. The state holds all that
 * the past can still do to the future, as times relative to the earliest cycle in which the next instruction may issue,
 * and nothing else: two states that cannot be told apart by any future are the same bytes. So the engine may cut a
 * program into blocks as it likes, remember what a block does to a state, and add a constant instead of asking again.
 */
#ifndef PIPE_H
#define PIPE_H

#include "isa/insn.h"
#include "timing/timing.h"

enum uop_kind {
	UOP_ALU, UOP_MUL, UOP_DIV, UOP_BRANCH, UOP_JAL, UOP_JALR, UOP_LOAD, UOP_STORE, UOP_AMO, UOP_CSR, UOP_NONE,
	UOP_FPU, UOP_FDIV,
};

enum uop_flag {
	UOP_FLUSH = 1 << 0,   /* what follows is fetched anew at commit */
	UOP_DRAIN = 1 << 1,   /* commits when all stores have reached memory */
	UOP_RETURN = 1 << 2,  /* xret: fetch waits for it */
	UOP_ICACHE = 1 << 3,  /* fence.i */
	UOP_WALKS = 1 << 4,   /* an address-translation fence */
	UOP_PROBE = 1 << 5,   /* its cost depends on values: ask before it runs */
	UOP_SETTLE = 1 << 6,  /* the block ends after it and the model looks again */
};

/* An instruction as the pipeline sees it. Registers: 0 none, 1..31 integer, 32..63 floating point. */
struct uop {
	uint8_t kind, flags;
	uint8_t rd, rs[3];
	uint8_t latency; /* from issue to a dependent's issue, where that is fixed */
	uint8_t place;   /* pc % 128 / 2, and bit 7: four bytes long */
};

static inline unsigned uop_length(const struct uop *uop) { return uop->place & 0x80 ? 4 : 2; } /* bytes */

struct uop uop_of(const struct timing *timing, const struct insn *insn, uint64_t pc);

enum flow {
	FLOW_NEXT,    /* sequential, as predicted */
	FLOW_TAKEN,   /* a jump, as predicted */
	FLOW_WRONG,   /* mispredicted: the frontend starts anew when it is resolved */
};

/* What happened to one instruction beyond hits and right predictions; all 0: nothing. */
struct stall {
	uint16_t fetch[2];  /* more cycles until its first, its second fetch word arrives */
	uint16_t translate; /* a load or store: cycles until its address is translated */
	uint16_t memory;    /* a load: more cycles until its data arrive; an atomic likewise */
	uint16_t unit;      /* division: its cycles */
	uint16_t refetch;   /* a flush or misprediction: earliest fetch, after the usual one */
	/* a load: 1 + how many stores lie between it and the last one to its doubleword; 0: none pending */
	uint8_t conflict;
	uint8_t flow;       /* enum flow */
	uint16_t trap;      /* 1 + cycles: it raised an exception instead */
};

enum { USED_SINGLE = 0x80 };
enum { PIPE_PENDING = 10, PIPE_STORES = 7, PIPE_WINDOW = 15, PIPE_QUEUE = 15, PIPE_NEVER = -30000 };

/* Times relative to the earliest issue of the next instruction; PIPE_NEVER: too long ago to matter. */
struct pipe {
	int16_t fetch_next;          /* earliest request of the next fetch word */
	int16_t fetch_last;          /* request of the word with the last instruction's end */
	/* more cycles that the next word takes: its line or its page has to be fetched first */
	int16_t fetch_late;
	int16_t target_pop[2];       /* decode of the last predicted-taken jumps, newest first */
	int16_t alu_free, alu_port;  /* integer units; the cycle after a multiplication */
	int16_t fdiv_free;
	/* last load or store: issue, and when it and the one before reach the cache */
	int16_t mem_issue, mem_pop, mem_pop_before;
	int16_t load_port;           /* earliest next access of a load to the cache */
	int16_t committed;           /* last commit */
	int16_t drain;               /* when the last store leaves the store buffer */
	int16_t store_commit[PIPE_STORES], store_gone[PIPE_STORES]; /* newest first */
	int16_t commit[PIPE_WINDOW]; /* newest first: when an entry of the window is free */
	int16_t pop[PIPE_QUEUE];     /* newest first: when it left the fetch queue */
	struct { int16_t ready; uint8_t reg, csr; } pending[PIPE_PENDING];
	/* issue slots used in that cycle, and USED_SINGLE: the one that multiplies, jumps and computes FP */
	uint8_t used;
	uint8_t commits;             /* instructions committed in the last commit cycle */
	uint8_t redirected;          /* the next instruction starts a new fetch word */
	uint8_t commit_alone;        /* the last one to commit shares its cycle with none */
};

/* The pipeline after a reset. */
void pipe_reset(struct pipe *pipe);

/* Times of one instruction, relative to the base before it. */
struct pipe_times {
	int issue, commit, fetch; /* fetch: request of its last word */
	int access;               /* a load, store or atomic: when it asks the data cache */
	/* the frontend may run ahead along the predicted path for requests up to this cycle */
	int window;
	int restart;              /* after a misprediction or flush: the usual request of the right path */
	/* in: the base before it, out: the new one; times of the state stay relative to the first */
	int next;
};

/* Advance over one instruction. */
void pipe_step(const struct timing *timing, struct pipe *pipe, const struct uop *uop, const struct stall *stall,
               struct pipe_times *times);

/* After a run of steps: make times relative to the new base, and bring the state into its one form: what cannot matter
 * any more is forgotten. */
void pipe_settle(const struct timing *timing, struct pipe *pipe, int base);

#endif
