/* What an access would do, without doing it: the same rules in the same order as mem.c and xlate_fetch.c have them, but by the
 * tables in memory and not by the TLB, and nothing changes. */
#ifndef ASK_H
#define ASK_H

#include "hart/mmu.h"

enum ask_kind { ASK_LOAD, ASK_STORE, ASK_FETCH, ASK_AMO /* and SC */, ASK_LR };

struct question {
	enum ask_kind kind;
	struct mmu_context context;
	uint64_t va; /* as the program has it; ASK_FETCH: even */
	unsigned size; /* 1, 2, 4, 8; ASK_FETCH: the instruction's own length counts instead */
	walk_visitor *visitor; /* may be NULL */
	void *visitor_context;
};

struct answer {
	bool granted;
	struct trap trap; /* unless granted */
	const char *reason; /* of an access fault or a misaligned address, in words; NULL: a walk_step has said it */
	const char *place; /* "dram", a device's name; NULL: there is nothing, or it did not come to that */
	unsigned size; /* bytes; of a fetch: of the instruction, or of what could be seen of it */
	struct translation first; /* of the (part of the) access that is first in memory; valid if granted */
	bool crosses; /* into another page: */
	struct translation second;
};

void mem_ask(struct hart *hart, const struct question *question, struct answer *answer);

#endif
