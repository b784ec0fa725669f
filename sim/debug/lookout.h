/* Who waits for the machine to come somewhere, without stepping it: the engine asks before the instruction at an address and after
 * a load, the bus tells of stores (engine->pause). One look-out for all who wait: the stop points of the REPL and a GDB client's. */
#ifndef LOOKOUT_H
#define LOOKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hart;
struct lookout;
struct machine;

/* True, from a question: pause there. All of them may be asked while the machine moves for other reasons. */
struct lookout_client {
	/* The hart, which is exact, is about to run the instruction at its pc, one of the places. */
	bool (*reached)(void *context, struct hart *hart);
	/* It has loaded `size` bytes of DRAM at pa. */
	bool (*loaded)(void *context, struct hart *hart, uint64_t pa, unsigned size);
	/* Bytes of a page that is looked at were stored, by this hart or, NULL, by an event. */
	bool (*stored)(void *context, struct hart *hart, uint64_t pa, unsigned size);
	void *context;
};

/* What a client waits for. */
struct lookout_wish {
	uint64_t *places; /* pcs */
	size_t place_count, place_capacity;
	uint64_t *pages; /* of DRAM, by physical address */
	size_t page_count, page_capacity;
	bool loads;
};

/* NULL: no memory. The machine lives longer. */
struct lookout *lookout_new(struct machine *machine);
void lookout_free(struct lookout *lookout);

enum lookout_who { LOOKOUT_POINTS, LOOKOUT_GDB, LOOKOUT_CLIENTS };
void lookout_join(struct lookout *lookout, enum lookout_who who, const struct lookout_client *client);
void lookout_leave(struct lookout *lookout, enum lookout_who who);

/* False: no memory. */
bool lookout_add_place(struct lookout_wish *wish, uint64_t pc);
/* All pages of [pa, pa+size) that are DRAM. */
bool lookout_add_bytes(const struct lookout *lookout, struct lookout_wish *wish, uint64_t pa, uint64_t size);
/* From now on the client waits for this, which goes over to the look-out; translations are made anew if that changes anything. */
void lookout_set(struct lookout *lookout, enum lookout_who who, struct lookout_wish *wish);

/* The machine pauses: behind the instruction that this hart runs now, if it runs one. */
void lookout_pause(struct lookout *lookout, struct hart *hart);

#endif
