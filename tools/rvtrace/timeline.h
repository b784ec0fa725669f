/*
 * What ran when, out of world events: for every hart the worlds it was in and its VM exits, each told when it ends. What an exit is:
 * trace/world.h.
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "export.h"
#include "trace/split.h"

/* Whose code ran in a guest's world, or was left by an exit. */
struct timeline_guest {
	unsigned guest;  /* as in struct trace_event; 0: not known */
	unsigned vmid;
	uint64_t vcpu;   /* sscratch: what the hypervisor knows it by */
};

/* A hart was in `mode' in the cycles [begin, end). */
struct timeline_world {
	unsigned hart;
	enum mode mode;
	struct timeline_guest of; /* with V=1 */
	uint64_t begin, end, instructions;
};

struct timeline_exit {
	unsigned hart;
	enum mode mode; /* that was left */
	struct timeline_guest of;
	uint64_t cause;
	bool has_trap;  /* the trace tells of the trap: */
	uint64_t pc, tval;
	uint64_t begin, end;
	bool ended;     /* the hart came to a guest again; else `end' is where the trace ends */
	bool has_split;
	uint64_t parts[SPLIT_PARTS];
};

struct timeline_sink {
	void (*world)(void *context, const struct timeline_world *world);
	void (*exit)(void *context, const struct timeline_exit *exit);
	void (*event)(void *context,
	              const struct trace_event *event); /* every one that is shown, before what it ends */
	void *context;
};

/* Reads all of the trace. 0, or EXIT_TROUBLE after a line. */
int timeline_read(struct export *export, const struct timeline_sink *sink);

/* "zone smp", "VMID 3": in a text of that size. */
const char *timeline_zone(struct export *export, const struct timeline_guest *of, char *text, size_t size);

#endif
