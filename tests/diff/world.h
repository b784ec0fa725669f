/* The memory that a case's slots run in: page tables and the addresses worth trying. */
#ifndef DIFF_WORLD_H
#define DIFF_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include "emit.h"
#include "layout.h"

enum { ROOTS = 4, GUEST_ROOTS = 3, MAX_PLACES = 160, MAX_MAPPED = (ROOTS + GUEST_ROOTS) * DATA_PAGES };

/* A level-0 entry for a data page, and which fences reach what is cached of it. */
struct mapped {
	unsigned pte;     /* world->ptes[pte] */
	unsigned id;      /* ASID, or VMID of a G-stage's */
	uint64_t address; /* virtual or guest-physical */
	bool guest_stage, aliased; /* aliased: other addresses lead to it too */
};

/* Tables that single slots switch to and edit (slot_edit). */
struct own_tables {
	uint64_t satp, table[5]; /* by level */
};

struct world {
	struct random *random;
	struct diff_pte ptes[MAX_PTES];
	unsigned pte_count;
	unsigned tame_ptes;            /* those before are the case's own code: not to be edited */
	uint64_t next_table;
	uint64_t satp[ROOTS];          /* values for satp and vsatp */
	uint64_t hgatp[GUEST_ROOTS];
	uint64_t places[MAX_PLACES];   /* virtual or guest-physical addresses of pages */
	unsigned place_count;
	struct own_tables own;
	struct mapped mapped[MAX_MAPPED];
	unsigned mapped_count;
	bool wild;                     /* also what implementations are known to treat in ways of their own */
	bool all;                      /* CSR fields of extensions that QEMU 7.2 does not have */
};

void world_make(struct world *world, struct random *random, bool wild);

/* A page table entry, legal or not, for a leaf at `level` that leads to data. */
uint64_t world_leaf(struct world *world, unsigned level, bool guest_stage);

/* An address for an access of `size` bytes: mostly one that some table maps to data. */
uint64_t world_address(struct world *world, unsigned size);

#endif
