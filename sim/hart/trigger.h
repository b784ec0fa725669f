/*
 * Sdtrig: triggers that raise a breakpoint exception before an instruction executes, loads or stores at chosen
 * addresses. Nothing is asked of code that runs while no trigger is armed: an armed execute trigger is part of the
 * execution key, an armed load or store trigger keeps the filter of host addresses empty.
 *
 * There are no "norm:" tags for this extension: comments name registers and fields of the RISC-V Debug Specification.
 */
#ifndef TRIGGER_H
#define TRIGGER_H

#include <stdbool.h>
#include <stdint.h>

struct hart;

enum { TRIGGERS = 8 };

/* tdata1.type */
enum trigger_type { TRIGGER_MCONTROL = 2, TRIGGER_MCONTROL6 = 6, TRIGGER_DISABLED = 15 };

struct triggers {
	struct trigger {
		uint64_t tdata1, tdata2, tdata3;
	} each[TRIGGERS];
	/* Bit n: trigger n could fire now, as far as mode and context go, for a fetch; for a load or store. */
	uint8_t execute, data;
	uint8_t enabled; /* bit n: trigger n matches something in some mode */
};

/* Recompute which triggers are armed: the mode, status, context, an address space or a trigger has changed. */
void trigger_arm(struct hart *hart);

/* The instruction at hart->pc, of `length` bytes (0: not known), is about to execute. True: a trigger fired, and a
 * breakpoint exception is in hart->trap. */
bool trigger_on_execute(struct hart *hart, unsigned length);

/* An access of the instruction at hart->pc to [va, va+size) is about to happen, before any check of it. `sized` is the
 * size that triggers which select a size compare: 0 for cache operations. `guest`: va is a guest virtual address. */
struct trigger_access {
	uint64_t va;
	unsigned size, sized, length; /* length: of the instruction */
	bool load, store, guest;
};
bool trigger_on_access(struct hart *hart, const struct trigger_access *access);

#endif
