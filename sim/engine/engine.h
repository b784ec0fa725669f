/* What the engines of all harts share: how they are to work, and what is asked of them while they do. */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hart;

/* What a debugger waits for. Asking changes nothing that a run can see; a pause is no end of the slice. */
struct engine_pause {
	const uint64_t
	    *places; /* ascending pcs: the instruction at each is asked about. A change needs exec_look_anew */
	size_t place_count;
	/* The hart, which is exact, is about to run the instruction at its pc, one of the places. True: pause before it. */
	bool (*reached)(void *context, struct hart *hart);
	/* It has loaded `size` bytes of DRAM at pa. True: pause behind the instruction. NULL: nobody asks; a change needs
	 * exec_look_anew. */
	bool (*loaded)(void *context, struct hart *hart, uint64_t pa, unsigned size);
	void *context;
	bool now; /* exec_run and exec_step do no more than obey effects, until this is cleared */
};

/* These change no result. */
struct engine_options {
	unsigned block_ops; /* most instructions in a block, 1..64; 1 in hostile builds */
	bool flush_always; /* hostile: forget every translation at each block */
};

struct engine {
	struct engine_options options;
	/* --timing from=: where it begins, until it has; whether hints switch it, and what the last one asked for. */
	struct {
		bool at_pc, guest; /* guest: of V=1 */
		uint64_t pc;
		bool hints;
		enum { TIMING_STAYS, TIMING_GOES_ON, TIMING_GOES_OFF } request;
	} timing;
	/* A semihosting call, which marks stand around; NULL: they mean nothing. It changes registers and memory and may set
	 * hart->effects. False: the hart waits (hart->waiting), and asks again. `user`: from U- and VU-mode too. */
	struct {
		bool (*call)(void *context, struct hart *hart);
		void *context;
		bool user;
	} semihosting;
	/* The hart is about to do what others may notice, and they may be behind it: let them run to where it is.
	 * NULL: all are. */
	void (*catch_up)(struct hart *hart);
	bool caught_up; /* they have, and what comes next may have changed for them */
	struct engine_pause pause;
};

#endif
