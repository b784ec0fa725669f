/* What harts left behind when traps took them elsewhere: the registers of whom a handler interrupted, whatever it saves them in. */
#ifndef LEFT_H
#define LEFT_H

#include "debug/debugger.h"
#include "source/view.h"

struct left {
	bool valid;
	struct frame frame; /* at the instruction that trapped, or was to be next */
	enum mode mode; /* that it ran in */
	uint64_t space, stage2; /* satp or vsatp, and hgatp, that its addresses meant something by */
	uint64_t cycle;
	bool interrupt;
	uint8_t cause;
};

/* False: no memory. */
bool left_open(struct debugger *debugger);
void left_close(struct debugger *debugger);
/* Parts of the debugger's section: it goes back in time with the machine. */
void left_save(const struct debugger *debugger, struct state_writer *writer);
bool left_restore(struct debugger *debugger, struct state_reader *reader);
/* A trap is about to be taken; a world was changed. */
void left_hear(struct debugger *debugger, struct hart *hart, const struct trace_event *event);
/* Whom the last trap from another mode into this one took away, if it is still away; `same`: the last one from the same mode,
 * which may have returned since. NULL: there is none. */
const struct left *left_by(const struct debugger *debugger, const struct hart *hart, enum mode mode, bool same);
/* Do addresses of its mode still mean what they did? */
bool left_is_mapped(const struct hart *hart, const struct left *left);

#endif
