/* What the debugger keeps of programs' source: struct debugger has one pointer to it. */
#ifndef DEBUG_SOURCE_H
#define DEBUG_SOURCE_H

#include "debug/debugger.h"
#include "source/lines.h"

struct programs;
struct source_text;

/* What `list` has shown, and where the hart was then. */
struct listed {
	bool valid;
	struct source_line line;
	unsigned first, last, hart;
	uint64_t pc;
};

/* The frame that the user has chosen, and where the hart was then. */
struct chosen {
	unsigned number, hart;
	uint64_t pc, cycle;
};

struct source_state {
	struct programs *programs;
	struct source_text *text;
	struct listed listed;
	struct chosen chosen;
	struct kept *kept;
	struct displays *displays;
	struct left *left; /* left.h */
};

/* False: no memory. */
bool source_open(struct debugger *debugger);
void source_close(struct debugger *debugger);

#endif
