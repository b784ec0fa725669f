/*
 * Sdtrig: triggers that raise a breakpoint exception before an instruction executes, loads or stores at chosen
 * addresses (mcontrol, mcontrol6), after a number of instructions (icount), or before the first instruction of a
 * handler (itrigger, etrigger). Nothing is asked of code that runs while no trigger is armed: one that is asked before
 * each instruction is part of the execution key, an armed load or store trigger keeps the filter of host addresses
 * empty.
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
enum trigger_type {
	TRIGGER_MCONTROL = 2,
	TRIGGER_ICOUNT = 3,
	TRIGGER_ITRIGGER = 4,
	TRIGGER_ETRIGGER = 5,
	TRIGGER_MCONTROL6 = 6,
	TRIGGER_DISABLED = 15,
};

/* tdata1 of icount; csr.def has the fields of mcontrol and mcontrol6. */
#define ICOUNT_U (UINT64_C(1) << 6)
#define ICOUNT_S (UINT64_C(1) << 7)
#define ICOUNT_PENDING (UINT64_C(1) << 8)
#define ICOUNT_M (UINT64_C(1) << 9)
#define ICOUNT_ONE (UINT64_C(1) << 10)
#define ICOUNT_COUNT (UINT64_C(0x3fff) << 10)
#define ICOUNT_HIT (UINT64_C(1) << 24)
#define ICOUNT_VU (UINT64_C(1) << 25)
#define ICOUNT_VS (UINT64_C(1) << 26)

/* tdata1 of itrigger and etrigger; their tdata2 has a bit a cause. */
#define TRAP_TRIGGER_U (UINT64_C(1) << 6)
#define TRAP_TRIGGER_S (UINT64_C(1) << 7)
#define TRAP_TRIGGER_M (UINT64_C(1) << 9)
#define TRAP_TRIGGER_NMI (UINT64_C(1) << 10) /* itrigger: non-maskable interrupts */
#define TRAP_TRIGGER_VU (UINT64_C(1) << 11)
#define TRAP_TRIGGER_VS (UINT64_C(1) << 12)
#define TRAP_TRIGGER_HIT (UINT64_C(1) << 58)

struct triggers {
	struct trigger {
		uint64_t tdata1, tdata2, tdata3;
	} each[TRIGGERS];
	/* Bit n: trigger n could fire now, as far as mode and context go, for a fetch; for a load or store; for the
	 * number of instructions. */
	uint8_t match, data, counting;
	uint8_t execute; /* anything to be asked before each instruction */
	uint8_t enabled; /* bit n: trigger n matches something in some mode */
	/* Triggers that a trap matched: they fire before the first instruction of its handler. */
	struct {
		uint8_t matched;
		uint8_t mode; /* enum mode */
		uint64_t pc;
	} trap;
	/* The instruction counted last, and the triggers before it was: an instruction that reads them does not see
	 * itself. */
	struct {
		uint64_t retired, pc;
		uint64_t tdata1[TRIGGERS];
	} counted;
};

/* The bit of tdata1 that enables a trigger of that type in a mode; 0: there is none. */
uint64_t trigger_mode_bit(enum trigger_type type, unsigned mode); /* enum mode */

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

/* A trap is about to be taken from hart->mode: the itriggers and etriggers that match it, as a bit set. */
struct trap;
uint8_t trigger_match_trap(struct hart *hart, const struct trap *trap);

/* It has been taken: pc and mode are the handler's. */
void trigger_trapped(struct hart *hart, uint8_t matched);

/* tdata1 as the current instruction reads it. */
uint64_t trigger_read_tdata1(const struct hart *hart, unsigned index);

#endif
