/* Who takes a trap, and what sends it there. */
#ifndef ROUTE_H
#define ROUTE_H

#include <stdio.h>
#include "hart/hart.h"

/* Decided once, when the trap is taken, by what the CSRs hold then: later they may tell another story. */
struct trap_route {
	enum mode from, to; /* the same if the hart stops */
	bool interrupt;
	uint8_t cause;      /* as raised: enum cause, enum irq, or an RNMI's from RNMI_FIRST on */
	uint8_t code;       /* the number that the handler reads, of the same kind */
	bool delegated;     /* bit `cause` of medeleg or mideleg */
	bool delegated_again; /* of hedeleg or hideleg */
	enum mode meant;    /* whom delegation alone would give it to */
	bool twice;         /* `meant` could not take it (SDT): M takes it as a double trap */
	enum trap_way {
		WAY_VECTOR,        /* through the trap vector of `to` */
		WAY_RNMI,          /* a resumable non-maskable interrupt, to its handler */
		WAY_RNMI_HANDLER, /* M could not take it (MDT, or NMIE in its handler) and gives it to that handler */
		WAY_STOP, /* likewise, but there is no handler: the hart stops for good */
	} way;
};

/* Of a trap that the hart, in the mode it is in, would take now. */
struct trap_route trap_route(const struct hart *hart, const struct trap *trap);

/* In words, one line without its end. */
void trap_explain(const struct trap_route *route, FILE *out);

#endif
