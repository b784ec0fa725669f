/* DWARF's expressions: where a variable is, or its value. */
#ifndef LOCATION_H
#define LOCATION_H

#include "source/program.h"
#include "source/view.h"

enum location_kind {
	PLACE_MEMORY,   /* at `address` */
	PLACE_REGISTER, /* in column `address` */
	PLACE_VALUE,    /* `value` is what it is, in memory it is nowhere */
	PLACE_BYTES,    /* likewise, `bytes` of them */
	PLACE_LOST,     /* optimized out: `reason` */
};

struct location {
	enum location_kind kind;
	uint64_t address, value;
	uint8_t
	    bytes[64]; /* what pieces put together, or a constant; bits that are lost are clear, and so in `valid` */
	uint64_t valid;    /* bit n: bytes[n] */
	unsigned size;
	const char *reason;
};

/* The value, or address, that operations lead to, from a stack that holds *initial where that is not NULL. `attribute`: what they
 * are from; `function`: whose frame DW_OP_fbreg means; each may be NULL. Never fails: what cannot be had is PLACE_LOST. */
struct location_ops {
	const Dwarf_Op *ops;
	size_t count;
	const uint64_t *initial;
	Dwarf_Attribute *attribute;
	Dwarf_Die *function;
};
void location_compute(const struct source_view *view, const struct location_ops *ops, struct location *place);
/* Where the variable of this entry is in the view's frame; `function`: the function that really runs, NULL: none. */
void location_of(const struct source_view *view, Dwarf_Die *variable, Dwarf_Die *function, struct location *place);
/* A column of the view's frame. */
bool location_column(const struct source_view *view, unsigned column, uint64_t *value);

#endif
