/*
 * Where cycles went by function, and who called whom: a calling context tree out of insn events. An instruction costs the cycles up to
 * the hart's next one; what a trap costs goes to the first instruction of its handler. Every hart has a stack in each mode and guest: a
 * handler is called by what that stack had on top, not by what it interrupted in another mode.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include "export.h"

enum profile_cost { COST_CYCLES, COST_INSTRUCTIONS, COST_TRAPS, COST_TLB, COSTS };
extern const char *const profile_costs[COSTS]; /* "Cycles"... */

struct profile_function {
	const char *name; /* "0x80000000" where there is none */
	const char *space; /* whose code it is: "machine and hypervisor", "guest smp" */
};

struct profile_node {
	size_t function, parent; /* parent: a node; of a root itself */
	size_t first, next; /* child, and child of the same parent; 0: none */
	uint64_t calls, self[COSTS];
};

struct profile {
	struct profile_function *functions;
	size_t function_count, function_capacity;
	struct profile_node *nodes; /* parents before children; [0] is the root of all */
	size_t node_count, node_capacity;
	bool has_tlb; /* the trace tells of TLBs */
	bool failed; /* no memory */
};

/* Reads all of the trace. 0, or EXIT_TROUBLE after a line. */
int profile_read(struct export *export, struct profile *profile);
void profile_free(struct profile *profile);

#endif
