/* The kinds of slots, and what a case starts with. */
#ifndef DIFF_SLOTS_H
#define DIFF_SLOTS_H

#include "emit.h"
#include "world.h"

/* An address in a case's code that is known once all slots are. */
struct patch {
	unsigned at;   /* where the four instructions are, in halves */
	unsigned slot;
	bool user;
};

enum { MAX_PATCHES = 4 * MAX_SLOTS };

struct maker {
	struct random *random;
	struct world *world;
	struct code code;
	unsigned slot;
	struct patch patches[MAX_PATCHES];
	unsigned patch_count;
};

/* Code that runs in M-mode before the first slot and returns by x1. */
void slot_initialize(struct maker *maker);

/* A slot of a random kind, without the instruction that sets its number. */
void slot_make(struct maker *maker);

/* Put the address of `slot` (fixed length code) into x[rd] / write it where it was left out. */
void slot_address_load(struct maker *maker, unsigned rd, unsigned slot, bool user);
void slot_address_patch(struct maker *maker, const unsigned short *offsets);

/* A random access to a random CSR (slots_csr.c). */
void slot_csr(struct maker *maker);
void slot_csr_number(struct maker *maker);
void slot_csr_initialize(struct maker *maker);

/* Loads, stores, atomics, HLV and HSV (slots_mem.c). */
void slot_memory(struct maker *maker);
void slot_guest_memory(struct maker *maker);
void slot_compressed_memory(struct maker *maker);
void slot_float_memory(struct maker *maker);
void slot_atomic(struct maker *maker);
void slot_reservation(struct maker *maker);
void slot_modify_privilege(struct maker *maker);

static inline unsigned any_register(struct maker *maker)
{
	return CASE_X_FIRST + pick(maker->random, CASE_X_COUNT);
}

/* Two different registers. */
static inline unsigned other_register(struct maker *maker, unsigned than)
{
	unsigned other = CASE_X_FIRST + pick(maker->random, CASE_X_COUNT - 1);
	return other >= than ? other + 1 : other;
}

#endif
